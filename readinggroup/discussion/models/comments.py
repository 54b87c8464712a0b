"""A comment on a paragraph of a reading, its wordings, and the triggers that keep counters, unread and tree true."""

import uuid

import pghistory
import pgtrigger
from django.conf import settings
from django.contrib.postgres.indexes import GinIndex
from django.contrib.postgres.search import SearchVectorField
from django.db import models
from django.db.models import Case, Exists, F, OuterRef, Q, Value, When
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from readinggroup.groups.permissions import Can, may
from readinggroup.lib.constraints import at_most
from readinggroup.lib.full_text import keeps_search, renews_search
from readinggroup.lib.markup import LONGEST
from readinggroup.lib.public_ids import new_public_id
from readinggroup.readings.models import Reading
from texts.models import Edition, Paragraph, ParagraphVersion

# The longest chain of answers. A conversation of two people that goes deeper is better begun anew.
DEEPEST = 60


class State(models.TextChoices):
    """Who may see a comment's words."""

    VISIBLE = "visible", _("visible")
    HELD = "held", _("held")  # its author and moderators, until a moderator has looked
    WITHDRAWN = "withdrawn", _("withdrawn")  # taken back by its author
    HIDDEN = "hidden", _("hidden")  # by a moderator's decision


# Of these the author may do what authors do, and others who see them may answer.
OPEN_STATES = (State.VISIBLE, State.HELD)  # in order: a constraint is made of them
# Of these a stub stands where somebody has answered.
STUB_STATES = (State.WITHDRAWN, State.HIDDEN)


class QuestionState(models.TextChoices):
    """Whether a thread asks something, and whether that was answered."""

    OPEN = "open", _("open question")
    ANSWERED = "answered", _("answered")


class CommentQuerySet(models.QuerySet):
    """Comments, by who may see them."""

    def visible_to(self, membership):
        """What this member, or visitor, may see, each with `shown_html`: its words, or "" where a stub stands.

        The words of a stub never leave the database for anyone.
        """
        readable = _words_are_for(membership)
        # Who may not read a held comment yet sees a stub where somebody has answered, so that the answer has its place.
        answers = self.model._base_manager.filter(parent=OuterRef("pk"))
        held_but_answered = Q(Exists(answers), state=State.HELD)
        here = Q(reading__group_id=membership.group.pk)
        if not may(membership, Can.READ_ALL):
            here &= Q(reading__for_members=False)
        return (
            self.filter(here)
            .filter(readable | Q(state__in=STUB_STATES) | held_but_answered)
            .annotate(
                shown_html=Case(When(readable, then=F("body_html")), default=Value(""), output_field=models.TextField())
            )
        )

    def readable_by(self, membership):
        """Of what this member, or visitor, may see, what they may read: no stubs."""
        return self.visible_to(membership).filter(_words_are_for(membership))

    def readable_in(self, readings, membership):
        """The same of some readings that this member, or visitor, may open (the caller has seen to that).

        Without a join, by which Postgres would read all that matches before it takes the newest.
        """
        return self.filter(_words_are_for(membership), reading__in=[reading.pk for reading in readings])

    def said_by(self, user):
        """All that this person has said in the groups that they belong to, as they may see it: with `shown_html`."""
        here = Q(reading__group__memberships__user=user, reading__group__memberships__left_at=None)
        words = Case(
            When(state__in=OPEN_STATES, then=F("body_html")), default=Value(""), output_field=models.TextField()
        )
        return self.filter(here, author=user).annotate(shown_html=words)


def _words_are_for(membership) -> Q:
    """Whose words this member, or visitor, may read, of what they may see."""
    readable = Q(state=State.VISIBLE)
    if membership.is_member:
        held = Q(state=State.HELD)
        readable |= held if may(membership, Can.MODERATE) else held & Q(author_id=membership.user_id)
    return readable


class CommentManager(models.Manager.from_queryset(CommentQuerySet)):
    """Leaves the search vectors in the database."""

    def get_queryset(self):
        return super().get_queryset().defer("search")


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
    SET comments = activity.comments + change.step, changes = activity.changes + change.times
    FROM (
        SELECT reading_id, paragraph_id, sum(step) AS step, count(*) AS times
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
_ADDED = "SELECT reading_id, paragraph_id, sequence, (state = 'visible')::int AS step FROM new_values"
_TAKEN = "SELECT reading_id, paragraph_id, sequence, -(state = 'visible')::int AS step FROM old_values"


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


@pghistory.track(
    pghistory.UpdateEvent("reworded", condition=pghistory.AnyChange("body"), row=pghistory.Old),
    fields=["body", "body_html", "wording", "edited_at"],
    model_name="CommentWording",
    obj_field=pghistory.ObjForeignKey(related_name="wordings"),
    context_field=None,
)
class Comment(models.Model):
    """What one person said about one paragraph of one reading, in answer to another comment or to none.

    `key` comes from the form that was sent: the same form sent twice is one comment. `wording` counts the edits, so
    that an edit made elsewhere in the meantime is noticed; the author may keep those before `oldest_shown` from others.
    `sequence` numbers the comments of one paragraph of one reading, without a gap, as they are committed.
    """

    public_id = models.CharField(max_length=10, unique=True, default=new_public_id, editable=False)
    reading = models.ForeignKey(Reading, on_delete=models.PROTECT, related_name="comments")
    paragraph = models.ForeignKey(Paragraph, on_delete=models.PROTECT, related_name="comments")
    version = models.ForeignKey(ParagraphVersion, on_delete=models.PROTECT, related_name="comments")
    parent = models.ForeignKey("self", on_delete=models.PROTECT, null=True, blank=True, related_name="answers")
    root = models.ForeignKey("self", on_delete=models.PROTECT, null=True, blank=True, related_name="thread")
    depth = models.PositiveSmallIntegerField(default=0)
    author = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="comments")
    key = models.UUIDField(default=uuid.uuid4)
    body = models.TextField(_("comment"), max_length=LONGEST)
    body_html = models.TextField()
    search = SearchVectorField(db_default="", editable=False)  # of the words, kept by the database
    wording = models.PositiveIntegerField(default=1)
    oldest_shown = models.PositiveIntegerField(default=1)
    sequence = models.PositiveIntegerField(db_default=0, editable=False)  # drawn by the database
    state = models.CharField(max_length=10, choices=State.choices, default=State.VISIBLE)
    # What a withdrawn comment is put back to: what was held is not shown by taking it back and putting it back.
    withdrawn_from = models.CharField(max_length=10, choices=State.choices, blank=True, default="")
    withdrawn_at = models.DateTimeField(null=True, blank=True)
    # Of the first comment of a thread: whether it asks something, who has said so last, and where it is answered.
    question = models.CharField(max_length=10, choices=QuestionState.choices, blank=True, default="")
    question_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    question_at = models.DateTimeField(null=True, blank=True)
    answered_in = models.ForeignKey("self", on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    created_at = models.DateTimeField(db_default=Now())
    edited_at = models.DateTimeField(null=True, blank=True)

    objects = CommentManager()

    class Meta:
        indexes = [
            GinIndex(fields=["search"], name="comment_search", gin_pending_list_limit=256),
            # The discussion of a paragraph, in the order in which it was said.
            models.Index(fields=["reading", "paragraph", "root", "created_at"], name="comment_discussion"),
            models.Index(fields=["reading", "question"], condition=~Q(question=""), name="comment_questions"),
        ]
        constraints = [
            models.UniqueConstraint(fields=["reading", "paragraph", "sequence"], name="comment_sequence_once"),
            models.UniqueConstraint(fields=["author", "key"], name="comment_sent_once"),
            models.CheckConstraint(condition=Q(depth__lte=DEEPEST), name="comment_is_not_too_deep"),
            models.CheckConstraint(
                condition=Q(parent=None, root=None, depth=0) | Q(parent__isnull=False, root__isnull=False, depth__gt=0),
                name="comment_answer_has_a_root",
            ),
            models.CheckConstraint(condition=~Q(body=""), name="comment_says_something"),
            models.CheckConstraint(condition=Q(state__in=State.values), name="comment_state_is_known"),
            models.CheckConstraint(
                condition=(~Q(state=State.WITHDRAWN) & Q(withdrawn_at=None, withdrawn_from=""))
                | Q(state=State.WITHDRAWN, withdrawn_at__isnull=False, withdrawn_from__in=OPEN_STATES),
                name="comment_withdrawn_says_when_and_from_what",
            ),
            models.CheckConstraint(
                condition=Q(question="", question_by=None, question_at=None)
                | Q(
                    question__in=QuestionState.values, question_by__isnull=False, question_at__isnull=False, parent=None
                ),
                name="comment_question_is_of_a_thread_and_says_who_and_when",
            ),
            models.CheckConstraint(
                condition=Q(answered_in=None) | Q(question=QuestionState.ANSWERED),
                name="comment_answered_in_is_answered",
            ),
            models.CheckConstraint(
                condition=Q(oldest_shown__gte=1, oldest_shown__lte=F("wording")),
                name="comment_oldest_shown_is_a_wording",
            ),
            at_most("body", LONGEST, name="comment_is_not_too_long"),
        ]
        triggers = [
            pgtrigger.Trigger(
                name="answers_where_it_was_asked",
                level=pgtrigger.Row,
                when=pgtrigger.Before,
                operation=pgtrigger.Insert,
                condition=pgtrigger.Q(new__parent__isnull=False),
                declare=[("asked", "discussion_comment%ROWTYPE")],
                func="""
                    SELECT * INTO asked FROM discussion_comment WHERE id = NEW.parent_id;
                    IF asked.reading_id <> NEW.reading_id OR asked.paragraph_id <> NEW.paragraph_id THEN
                        RAISE EXCEPTION 'an answer stands at the paragraph of what it answers'
                            USING ERRCODE = 'check_violation', CONSTRAINT = 'comment_answers_in_place';
                    END IF;
                    NEW.depth := asked.depth + 1;
                    NEW.root_id := COALESCE(asked.root_id, asked.id);
                    RETURN NEW;
                """,
            ),
            # A line that begins with > is a quotation: the words of others are found where they were said.
            keeps_search(
                "regexp_replace(NEW.body, '^ {0,3}>[^\\n]*', '', 'gn')",
                "FROM readings_reading reading JOIN texts_edition edition ON edition.id = reading.edition_id"
                " WHERE reading.id = NEW.reading_id",
                "body",
                "reading_id",
            ),
            # Checked when they are written, with the memberships held: nothing is said after a suspension has begun.
            pgtrigger.Trigger(
                name="said_by_who_may",
                level=pgtrigger.Statement,
                when=pgtrigger.After,
                operation=pgtrigger.Insert,
                referencing=pgtrigger.Referencing(new="new_values"),
                declare=[("standing", "record")],
                func="""
                    FOR standing IN
                        SELECT member.left_at, member.suspended_until FROM groups_membership member
                        WHERE (member.group_id, member.user_id) IN (
                            SELECT reading.group_id, said.author_id FROM new_values said
                            JOIN readings_reading reading ON reading.id = said.reading_id
                        )
                        ORDER BY member.id FOR SHARE
                    LOOP
                        IF standing.left_at IS NOT NULL OR standing.suspended_until > clock_timestamp() THEN
                            RAISE EXCEPTION 'who has left or is suspended says nothing'
                                USING ERRCODE = 'check_violation', CONSTRAINT = 'comment_author_may_write';
                        END IF;
                    END LOOP;
                    RETURN NULL;
                """,
            ),
            # Checked with the paragraph's row held, as whoever restricts holds it (`restricting.py`). Each statement
            # here sees all that was committed before, so nothing is said after a lock began, nor twice in slow mode.
            pgtrigger.Trigger(
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
                                    AND member.roles && ARRAY['owner', 'moderator']::varchar[]
                            ) THEN
                                RAISE EXCEPTION 'too soon where it is slow' USING ERRCODE = 'check_violation',
                                    CONSTRAINT = 'comment_is_not_too_soon',
                                    DETAIL = format('%s %s', place.id, extract(epoch FROM again));
                            END IF;
                        END IF;
                    END LOOP;
                    RETURN NULL;
                """,
            ),
            # Numbered with the paragraph's row held until the commit: whoever sees a number has seen all before it. A
            # statement that adds comments to several paragraphs adds them in the paragraphs' order, or may deadlock.
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
                        (reading_id, paragraph_id, comments, changes, said)
                    VALUES (NEW.reading_id, NEW.paragraph_id, 0, 0, 1)
                    ON CONFLICT (reading_id, paragraph_id) DO UPDATE SET said = activity.said + 1
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
            _counting("count_new", pgtrigger.Insert, _ADDED, new="new_values"),
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

    def __str__(self):
        return self.public_id

    def oldest_wording_for(self, membership) -> int:
        """From which wording on who may read this comment may read its wordings.

        Moderators and its author read all, others those that the author has left to be seen.
        """
        reads_all = may(membership, Can.MODERATE) or self.author_id == membership.user_id
        return 1 if reads_all else self.oldest_shown

    @property
    def is_shown_whole(self):
        """Whether its words are there to be read, for whom `visible_to` let it through."""
        return self.shown_html != ""


class DiscussedEdition(Edition):
    """An edition whose language is corrected: what was said about it is searched anew; this holds that trigger."""

    class Meta:
        proxy = True
        triggers = [
            renews_search(
                "discussion_comment", "reading_id IN (SELECT id FROM readings_reading WHERE edition_id = NEW.id)"
            )
        ]
