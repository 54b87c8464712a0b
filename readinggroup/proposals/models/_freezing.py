"""What the database itself keeps of ballots: they are frozen from their opening, and each elector has one paper.

A refusal says in general words what was wrong: a message is logged, and a paper must not be.
"""

import pgtrigger

# Nothing of a ballot that was opened is ever removed, but with its group when that one's time has come.
_GROUP_GOES = """EXISTS (
    SELECT FROM groups_group WHERE id = (SELECT group_id FROM proposals_ballot WHERE id = {ballot})
        AND delete_at <= clock_timestamp()
)"""


def refuse(words, constraint) -> str:
    return f"RAISE EXCEPTION '{words}' USING ERRCODE = 'check_violation', CONSTRAINT = '{constraint}';"


# What was declared before the opening; the rest says what became of it.
DECLARED = (
    "group_id", "public_id", "question", "words", "method", "is_secret", "quorum", "seats", "opens_at", "closes_at",
    "created_by_id", "created_at", "announced_at", "opened_at",
)  # fmt: skip
ENDED = ("closed_at", "void_reason", "voided_at", "voided_by_id")


def row(which, columns) -> str:
    return f"ROW({', '.join(f'{which}.{column}' for column in columns)})"


BALLOT = [
    pgtrigger.Trigger(
        name="is_frozen",
        level=pgtrigger.Row,
        when=pgtrigger.Before,
        operation=pgtrigger.Update,
        func=f"""
            IF NEW.state <> OLD.state AND (OLD.state, NEW.state) NOT IN (
                ('draft', 'announced'), ('announced', 'open'), ('announced', 'void'), ('open', 'closed'),
                ('open', 'void')
            ) THEN
                {refuse("a ballot does not go back", "ballot_goes_on")}
            END IF;
            IF OLD.opened_at IS NOT NULL AND {row("NEW", DECLARED)} IS DISTINCT FROM {row("OLD", DECLARED)} THEN
                {refuse("a ballot is frozen from its opening", "ballot_is_frozen")}
            END IF;
            IF NEW.state = 'closed' AND OLD.state = 'open' AND clock_timestamp() < OLD.closes_at THEN
                {refuse("a ballot closes when it was said", "ballot_closes_in_time")}
            END IF;
            IF OLD.state IN ('closed', 'void')
               AND ({row("NEW", ENDED)} IS DISTINCT FROM {row("OLD", ENDED)}
                    OR OLD.result IS NOT NULL AND NEW.result IS DISTINCT FROM OLD.result) THEN
                {refuse("what came of a ballot stays", "ballot_result_stays")}
            END IF;
            RETURN NEW;
        """,
    ),
    pgtrigger.Trigger(
        name="stays_once_announced",
        level=pgtrigger.Row,
        when=pgtrigger.Before,
        operation=pgtrigger.Delete,
        func=f"""
            IF OLD.announced_at IS NOT NULL AND NOT {_GROUP_GOES.format(ballot="OLD.id")} THEN
                {refuse("a ballot that was announced ends by being void", "ballot_stays")}
            END IF;
            RETURN OLD;
        """,
    ),
]


def frozen_with_its_ballot(name) -> pgtrigger.Trigger:
    """Rows of a ballot that is open are neither made nor changed nor removed.

    The ballot's row is held to look at it: whoever is about to open it comes before or after.
    """
    return pgtrigger.Trigger(
        name=name,
        level=pgtrigger.Row,
        when=pgtrigger.Before,
        operation=pgtrigger.Insert | pgtrigger.Update | pgtrigger.Delete,
        declare=[("opened", "timestamptz"), ("asked", "bigint")],
        func=f"""
            asked := CASE WHEN TG_OP = 'INSERT' THEN NEW.ballot_id ELSE OLD.ballot_id END;
            SELECT opened_at INTO opened FROM proposals_ballot WHERE id = asked FOR SHARE;
            IF opened IS NOT NULL AND NOT (TG_OP = 'DELETE' AND {_GROUP_GOES.format(ballot="asked")}) THEN
                {refuse("a ballot is frozen from its opening", "ballot_is_frozen")}
            END IF;
            IF TG_OP = 'UPDATE' AND NEW.ballot_id <> OLD.ballot_id THEN
                {refuse("a ballot is frozen from its opening", "ballot_is_frozen")}
            END IF;
            RETURN CASE WHEN TG_OP = 'DELETE' THEN OLD ELSE NEW END;
        """,  # noqa: S608 - our own SQL
    )


_OPTION = "SELECT FROM proposals_option WHERE ballot_id = OLD.ballot_id AND"

# What may stand on a paper: see BallotBox.
_PAPER_IS_ONE = f"""
    jsonb_typeof(paper) = 'object'
    AND paper - ARRAY['ranks', 'named', 'abstains', 'reason', 'by'] = '{{}}'
    AND (paper ? 'ranks')::int + (paper ? 'named')::int + (paper ? 'abstains')::int = 1
    AND COALESCE(paper -> 'abstains' = 'true', true)
    AND COALESCE(jsonb_typeof(paper -> 'reason') = 'string' AND length(paper ->> 'reason') BETWEEN 1 AND 1000, true)
    AND CASE WHEN paper ? 'abstains' THEN true
        WHEN asked.method = 'ranking' THEN
            jsonb_typeof(paper -> 'ranks') = 'object' AND paper -> 'ranks' <> '{{}}' AND NOT EXISTS (
                SELECT FROM jsonb_each(paper -> 'ranks') AS given (option, rank)
                WHERE rank::text !~ '^[1-9][0-9]?$' OR NOT EXISTS ({_OPTION} number::text = given.option)
            )
        ELSE
            jsonb_typeof(paper -> 'named') = 'array' AND paper -> 'named' <> '[]'
            AND (asked.method <> 'choice' OR jsonb_array_length(paper -> 'named') = 1)
            AND (SELECT count(*) = count(DISTINCT option)
                    AND bool_and(EXISTS ({_OPTION} to_jsonb(number) = given.option))
                 FROM jsonb_array_elements(paper -> 'named') AS given (option))
    END
"""  # noqa: S608 - our own SQL

BOX = [
    pgtrigger.Trigger(
        name="begins_empty",
        level=pgtrigger.Row,
        when=pgtrigger.Before,
        operation=pgtrigger.Insert | pgtrigger.Delete,
        declare=[("opened", "timestamptz")],
        func=f"""
            IF TG_OP = 'DELETE' THEN
                IF NOT {_GROUP_GOES.format(ballot="OLD.ballot_id")} THEN
                    {refuse("a ballot is frozen from its opening", "ballot_is_frozen")}
                END IF;
                RETURN OLD;
            END IF;
            SELECT opened_at INTO opened FROM proposals_ballot WHERE id = NEW.ballot_id FOR SHARE;
            IF opened IS NOT NULL OR NEW.voted <> '{{}}' OR NEW.papers <> '{{}}' THEN
                {refuse("a box is empty when its ballot opens", "box_begins_empty")}
            END IF;
            RETURN NEW;
        """,  # noqa: S608 - our own SQL
    ),
    pgtrigger.Trigger(
        name="holds_one_paper_each",
        level=pgtrigger.Row,
        when=pgtrigger.Before,
        operation=pgtrigger.Update,
        declare=[
            ("asked", "record"),
            ("voter", "text"),
            ("receipt", "text"),
            ("paper", "jsonb"),
            ("is_new", "boolean"),
            ("people", "integer"),
            ("papers", "integer"),
        ],
        func=f"""
            SELECT * INTO asked FROM proposals_ballot WHERE id = OLD.ballot_id;
            IF NEW.ballot_id <> OLD.ballot_id OR asked.state <> 'open' OR clock_timestamp() >= asked.closes_at THEN
                {refuse("the ballot takes no votes", "ballot_takes_votes")}
            END IF;
            SELECT count(*) INTO people FROM jsonb_object_keys(NEW.voted);
            SELECT count(*) INTO papers FROM jsonb_object_keys(NEW.papers);
            IF people <> papers OR NOT NEW.voted @> OLD.voted
               OR EXISTS (SELECT FROM jsonb_object_keys(OLD.papers) AS was (number) WHERE NOT NEW.papers ? was.number)
               OR people > 1 + (SELECT count(*) FROM jsonb_object_keys(OLD.voted)) THEN
                {refuse("each elector has one paper", "box_one_paper_each")}
            END IF;
            SELECT key INTO voter FROM jsonb_each(NEW.voted) WHERE NOT OLD.voted ? key;
            is_new := voter IS NOT NULL;
            IF is_new AND (NEW.voted -> voter <> '1' OR NOT EXISTS (
                SELECT FROM proposals_elector WHERE ballot_id = OLD.ballot_id AND user_id::text = voter
            )) THEN
                {refuse("only electors vote", "box_only_electors")}
            END IF;
            papers := 0;
            FOR receipt, paper IN
                SELECT key, value FROM jsonb_each(NEW.papers) WHERE value IS DISTINCT FROM OLD.papers -> key
            LOOP
                papers := papers + 1;
                IF papers > 1 OR is_new <> (NOT OLD.papers ? receipt) THEN
                    {refuse("one paper changes at a time", "box_one_paper_each")}
                END IF;
                IF receipt !~ '^[0-9a-f]{{16}}$' OR ({_PAPER_IS_ONE}) IS NOT TRUE THEN
                    {refuse("this is no paper of this ballot", "box_paper_is_one")}
                END IF;
                -- On a secret paper stands no name; on an open one that of its voter, from first to last.
                IF asked.is_secret AND paper ? 'by' OR NOT asked.is_secret AND
                   COALESCE(paper ->> 'by', '') <> COALESCE(voter, OLD.papers -> receipt ->> 'by') THEN
                    {refuse("whose paper it is is said in open ballots alone", "box_secret_is_secret")}
                END IF;
            END LOOP;
            RETURN NEW;
        """,  # noqa: S608 - our own SQL
    ),
]
