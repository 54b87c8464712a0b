"""The trigger on comments that keeps locked and slow places so."""

import pgtrigger

from readinggroup.groups.models import DECIDING

# Checked with the paragraph's row held, as whoever restricts holds it (`restricting.py`). Each statement
# here sees all that was committed before, so nothing is said after a lock began, nor twice in slow mode.
SAID_WHERE_ONE_MAY = pgtrigger.Trigger(
    name="said_where_one_may",
    level=pgtrigger.Statement,
    when=pgtrigger.After,
    operation=pgtrigger.Insert,
    referencing=pgtrigger.Referencing(new="new_values"),
    declare=[("place", "record"), ("again", "timestamptz")],
    func="""
        FOR place IN
            SELECT here.*, said.id AS said_id, said.author_id FROM new_values said
            JOIN discussion_restriction here ON here.reading_id = said.reading_id
                AND (here.paragraph_id = said.paragraph_id OR here.thread_id = said.root_id)
            WHERE here.until IS NULL OR here.until > clock_timestamp()
            ORDER BY here.kind, here.id
        LOOP
            IF place.kind = 'locked' THEN
                RAISE EXCEPTION 'nobody writes where it is locked' USING ERRCODE = 'check_violation',
                    CONSTRAINT = 'comment_place_is_not_locked', DETAIL = place.id;
            ELSIF place.kind = 'slow' THEN
                SELECT max(earlier.created_at) + place.every INTO again FROM discussion_comment earlier
                WHERE earlier.reading_id = place.reading_id AND earlier.author_id = place.author_id
                    AND earlier.id <> place.said_id
                    AND (earlier.paragraph_id = place.paragraph_id
                        OR place.thread_id IN (earlier.id, earlier.root_id))
                    AND earlier.created_at > clock_timestamp() - place.every;
                IF again IS NOT NULL AND NOT EXISTS (
                    SELECT FROM groups_membership member
                    JOIN readings_reading reading ON reading.group_id = member.group_id
                    WHERE reading.id = place.reading_id AND member.user_id = place.author_id
                        AND member.roles && ARRAY[{deciding}]::varchar[]
                ) THEN
                    RAISE EXCEPTION 'too soon where it is slow' USING ERRCODE = 'check_violation',
                        CONSTRAINT = 'comment_is_not_too_soon',
                        DETAIL = format('%s %s', place.id, extract(epoch FROM again));
                END IF;
            END IF;
        END LOOP;
        RETURN NULL;
    """.replace("{deciding}", ", ".join(f"'{role}'" for role in DECIDING)),
)
