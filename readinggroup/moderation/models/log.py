"""The public log of moderation: rows that are only ever added, each sealed with the one before it."""

import hashlib
from datetime import UTC

import pgtrigger
from django.db import models
from django.db.models.functions import Now

from readinggroup.lib.constraints import at_most

# What stands before a group's first entry.
GENESIS = "0" * 64


class LogEntry(models.Model):
    """One decision as everyone may read it: names withheld. It outlives its author, its comment and its group.

    Nothing refers to anything: `group_key` was the group's primary key, `decision` the decision's public id. `facts` is
    JSON, kept as the text that was sealed. `hash` is SHA-256 over what `sealed` says, in which the entry before is
    included: whoever changes a byte of one has to change all that follow. Numbered within the group, without a gap.
    """

    group_key = models.BigIntegerField()
    number = models.PositiveIntegerField(db_default=0, editable=False)
    at = models.DateTimeField(db_default=Now(), editable=False)
    decision = models.CharField(max_length=10, unique=True)
    facts = models.TextField()
    previous = models.CharField(max_length=64, db_default="", editable=False)
    hash = models.CharField(max_length=64, db_default="", editable=False)

    class Meta:
        ordering = ["group_key", "number"]
        constraints = [
            models.UniqueConstraint(fields=["group_key", "number"], name="log_entry_number_once"),
            at_most("facts", 100_000, name="log_entry_is_not_too_long"),
        ]
        triggers = [
            pgtrigger.Trigger(
                name="is_sealed",
                level=pgtrigger.Row,
                when=pgtrigger.Before,
                operation=pgtrigger.Insert,
                # One group's entries come one after the other: the second waits until the first is committed.
                func=f"""
                    PERFORM pg_advisory_xact_lock(hashtextextended('moderation log', NEW.group_key));
                    SELECT number + 1, hash INTO NEW.number, NEW.previous FROM moderation_logentry
                    WHERE group_key = NEW.group_key ORDER BY number DESC LIMIT 1;
                    NEW.number := COALESCE(NEW.number, 1);
                    IF NEW.number = 1 THEN NEW.previous := '{GENESIS}'; END IF;
                    NEW.at := clock_timestamp();
                    NEW.hash := encode(sha256(convert_to(concat_ws(E'\\n', NEW.previous, NEW.group_key, NEW.number,
                        to_char(NEW.at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'), NEW.decision, NEW.facts
                    ), 'UTF8')), 'hex');
                    RETURN NEW;
                """,  # noqa: S608 - zeros of our own
            ),
            pgtrigger.Trigger(
                name="is_never_changed",
                level=pgtrigger.Statement,
                when=pgtrigger.Before,
                operation=pgtrigger.Update | pgtrigger.Delete | pgtrigger.Truncate,
                func="""
                    RAISE EXCEPTION 'the log of moderation is only added to'
                        USING ERRCODE = 'check_violation', CONSTRAINT = 'log_entry_is_append_only';
                """,
            ),
        ]

    def __str__(self):
        return f"{self.group_key}/{self.number}"

    @property
    def sealed(self) -> str:
        """What the hash is made of: a line each."""
        at = self.at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
        return "\n".join([self.previous, str(self.group_key), str(self.number), at, self.decision, self.facts])

    @property
    def is_whole(self) -> bool:
        """Whether the entry is what was sealed."""
        return hashlib.sha256(self.sealed.encode()).hexdigest() == self.hash
