"""The triggers on comments that number them, count them, and keep what each reader has seen true."""

import pgtrigger

_COUNT_CHANGES = """
    INSERT INTO readings_paragraphactivity (reading_id, paragraph_id, comments, changes, said)
    SELECT DISTINCT reading_id, paragraph_id, 0, 0, 0 FROM ({changes}) change
    ORDER BY 1, 2
    ON CONFLICT (reading_id, paragraph_id) DO NOTHING;

    -- In order, so that two changes of several paragraphs wait for one another: an UPDATE locks as its join comes by.
    PERFORM 1 FROM readings_paragraphactivity
    WHERE (reading_id, paragraph_id) IN (SELECT reading_id, paragraph_id FROM ({changes}) change)
    ORDER BY reading_id, paragraph_id FOR NO KEY UPDATE;

    UPDATE readings_paragraphactivity activity
    SET comments = activity.comments + change.step, waiting = activity.waiting + change.waiting,
        changes = activity.changes + change.times
    FROM (
        SELECT reading_id, paragraph_id, sum(step) AS step, sum(waiting) AS waiting, count(*) AS times
        FROM ({changes}) step GROUP BY 1, 2
    ) change
    WHERE activity.reading_id = change.reading_id AND activity.paragraph_id = change.paragraph_id;
    RETURN NULL;
"""
# What is no longer, or newly, visible counts no longer, or anew, for everyone who has seen it. The counting trigger has
# locked the paragraph's row before this one runs (they fire in the order of their names): see `readings.Seen`.
_SEEN_CHANGES = """
    PERFORM 1 FROM readings_seen seen
    JOIN ({changes}) change USING (reading_id, paragraph_id)
    WHERE change.step <> 0 AND seen.sequences @> change.sequence
    ORDER BY seen.id FOR NO KEY UPDATE OF seen;

    UPDATE readings_seen seen SET comments = seen.comments + change.step
    FROM (
        SELECT theirs.id, sum(step.step) AS step FROM ({changes}) step
        JOIN readings_seen theirs USING (reading_id, paragraph_id)
        WHERE theirs.sequences @> step.sequence GROUP BY theirs.id
    ) change
    WHERE seen.id = change.id AND change.step <> 0;
    RETURN NULL;
"""
_CHANGED = "SELECT reading_id, paragraph_id, sequence, sum(step) AS step FROM ({} UNION ALL {}) each GROUP BY 1, 2, 3"
_STEPS = (
    "SELECT reading_id, paragraph_id, sequence, {}(state = 'visible')::int AS step,"
    " {}(state = 'veiled')::int AS waiting FROM {}_values"
)
_ADDED, _TAKEN = _STEPS.format("", "", "new"), _STEPS.format("-", "-", "old")


def _counting(name, operation, changes, func=_COUNT_CHANGES, **referencing):
    """A statement-level trigger: a bulk change of 100,000 comments costs one upsert, not 100,000."""
    return pgtrigger.Trigger(
        name=name,
        level=pgtrigger.Statement,
        when=pgtrigger.After,
        operation=operation,
        referencing=pgtrigger.Referencing(**referencing),
        func=func.format(changes=changes),
    )


# What the model of comments carries.
COUNTING = [
    # Numbered with the paragraph's row held until the commit: whoever sees a number has seen all before it. A
    # statement that adds comments to several paragraphs adds them in the paragraphs' order, or may deadlock. What is
    # new is counted in the same step, so that the row, for which others wait, is written once; the trigger that lays
    # veils has been there before (they fire in the order of their names). What is moved is counted by `count_changed`.
    pgtrigger.Trigger(
        name="is_numbered",
        level=pgtrigger.Row,
        when=pgtrigger.Before,
        operation=pgtrigger.Insert | pgtrigger.UpdateOf("reading_id", "paragraph_id"),
        func="""
            IF TG_OP = 'UPDATE' AND (NEW.reading_id, NEW.paragraph_id) = (OLD.reading_id, OLD.paragraph_id) THEN
                RETURN NEW;
            END IF;
            INSERT INTO readings_paragraphactivity AS activity
                (reading_id, paragraph_id, comments, waiting, changes, said)
            VALUES (
                NEW.reading_id, NEW.paragraph_id, (TG_OP = 'INSERT' AND NEW.state = 'visible')::int,
                (TG_OP = 'INSERT' AND NEW.state = 'veiled')::int, (TG_OP = 'INSERT')::int, 1
            )
            ON CONFLICT (reading_id, paragraph_id) DO UPDATE SET
                comments = activity.comments + EXCLUDED.comments, waiting = activity.waiting + EXCLUDED.waiting,
                changes = activity.changes + EXCLUDED.changes, said = activity.said + 1
            RETURNING said INTO NEW.sequence;
            RETURN NEW;
        """,
    ),
    # What one has written oneself is seen; for whoever has muted its author, too.
    pgtrigger.Trigger(
        name="seen_by_its_author",
        level=pgtrigger.Statement,
        when=pgtrigger.After,
        operation=pgtrigger.Insert,
        referencing=pgtrigger.Referencing(new="new_values"),
        func="""
            INSERT INTO readings_seen AS seen (reading_id, paragraph_id, user_id, sequences, comments)
            SELECT reading_id, paragraph_id, author_id,
                range_agg(int4range(sequence, sequence, '[]')), count(*) FILTER (WHERE state = 'visible')
            FROM (
                SELECT reading_id, paragraph_id, author_id, sequence, state FROM new_values
                UNION ALL
                SELECT said.reading_id, said.paragraph_id, muted.by_id, said.sequence, said.state
                FROM new_values said
                JOIN discussion_mutedperson muted ON muted.person_id = said.author_id
                JOIN readings_reading reading
                    ON reading.id = said.reading_id AND reading.group_id = muted.group_id
            ) seen_by GROUP BY 1, 2, 3 ORDER BY 1, 2, 3
            ON CONFLICT (reading_id, paragraph_id, user_id) DO UPDATE
            SET sequences = seen.sequences + EXCLUDED.sequences, comments = seen.comments + EXCLUDED.comments;
            RETURN NULL;
        """,
    ),
    _counting("count_gone", pgtrigger.Delete, _TAKEN, old="old_values"),
    _counting(
        "count_changed",
        pgtrigger.Update,
        f"{_TAKEN} UNION ALL {_ADDED}",
        old="old_values",
        new="new_values",
    ),
    _counting("seen_gone", pgtrigger.Delete, _TAKEN, _SEEN_CHANGES, old="old_values"),
    _counting(
        "seen_changed",
        pgtrigger.Update,
        _CHANGED.format(_TAKEN, _ADDED),
        _SEEN_CHANGES,
        old="old_values",
        new="new_values",
    ),
    # Whoever has seen a comment has seen it also where it was moved to.
    _counting(
        "seen_moved",
        pgtrigger.Update,
        "",
        """
            INSERT INTO readings_seen AS seen (reading_id, paragraph_id, user_id, sequences, comments)
            SELECT now.reading_id, now.paragraph_id, theirs.user_id,
                range_agg(int4range(now.sequence, now.sequence, '[]')),
                count(*) FILTER (WHERE now.state = 'visible')
            FROM old_values was JOIN new_values now USING (id)
            JOIN readings_seen theirs ON theirs.reading_id = was.reading_id
                AND theirs.paragraph_id = was.paragraph_id AND theirs.sequences @> was.sequence
            WHERE (now.reading_id, now.paragraph_id) <> (was.reading_id, was.paragraph_id)
            GROUP BY 1, 2, 3 ORDER BY 1, 2, 3
            ON CONFLICT (reading_id, paragraph_id, user_id) DO UPDATE
            SET sequences = seen.sequences + EXCLUDED.sequences, comments = seen.comments + EXCLUDED.comments;
            RETURN NULL;
        """,
        old="old_values",
        new="new_values",
    ),
]
