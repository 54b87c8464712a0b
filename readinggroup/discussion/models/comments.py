"""A comment on a paragraph of a reading, its wordings, and the triggers that keep the tree true."""

import uuid
from typing import NamedTuple

import pghistory
import pgtrigger
from django.conf import settings
from django.contrib.postgres.indexes import GinIndex
from django.contrib.postgres.search import SearchVectorField
from django.db import models
from django.db.models import Case, Exists, F, OuterRef, Q, Value, When
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from readinggroup.groups.models import Rule
from readinggroup.groups.permissions import Can, may
from readinggroup.lib.constraints import at_most
from readinggroup.lib.full_text import keeps_search, renews_search
from readinggroup.lib.markup import LONGEST
from readinggroup.lib.prepared import Parameter
from readinggroup.lib.public_ids import new_public_id
from readinggroup.readings.models import Reading, Veil
from texts.models import Edition, Paragraph, ParagraphVersion

from ._counting import COUNTING
from ._restricting import SAID_WHERE_ONE_MAY
from ._veiling import COMES_UNDER_A_VEIL

# The longest chain of answers. A conversation of two people that goes deeper is better begun anew.
DEEPEST = 60


class State(models.TextChoices):
    """Who may see a comment's words."""

    VISIBLE = "visible", _("visible")
    VEILED = "veiled", _("waits")  # would be visible but for a veil: its author, and who has written under it there
    HELD = "held", _("held")  # its author and moderators, until a moderator has looked
    WITHDRAWN = "withdrawn", _("withdrawn")  # taken back by its author
    HIDDEN = "hidden", _("hidden")  # by a moderator's decision


# Of these the author may do what authors do, and others who see them may answer.
OPEN_STATES = (State.VISIBLE, State.HELD, State.VEILED)  # in order: a constraint is made of them
# Whoever may read these, reads them as others do; how many may differs.
SHOWN_STATES = (State.VISIBLE, State.VEILED)
# Of these a stub stands where somebody has answered.
STUB_STATES = (State.WITHDRAWN, State.HIDDEN)


class HeldFor(models.TextChoices):
    """Why a comment is held, as a sentence that its author is told."""

    NEWCOMER = "newcomer", _("The first comments of newcomers are looked at before others see them.")
    LINKS = "links", _("It holds more links than is usual here.")
    FLOOD = "flood", _("Many comments were written here by the same person within a few minutes.")
    REPEATED = "repeated", _("The same person has said the same here within a day.")
    PLACE = "place", _("What is written in this place is looked at before others see it.")
    HANDED_IN = "handed_in", _("It was hidden, and its author has changed it and handed it in again.")


class QuestionState(models.TextChoices):
    """Whether a thread asks something, and whether that was answered."""

    OPEN = "open", _("open question")
    ANSWERED = "answered", _("answered")


class Viewer(NamedTuple):
    """Who looks: all that it depends on which comments they see. Two of the same `traits` are asked the same SQL."""

    group: int  # its key; or a parameter
    user: int | None  # the same; None for visitors
    is_member: bool
    reads_all: bool
    moderates: bool
    # Whether they see what others have said under a veil where they have themselves: not on a page kept for many.
    veils_are_lifted: bool

    @classmethod
    def of(cls, membership):
        """This member, or visitor, as they look now. A viewer is one already."""
        if isinstance(membership, cls):
            return membership
        reads_all, moderates = (may(membership, verb) for verb in (Can.READ_ALL, Can.MODERATE))
        lifted = getattr(membership, "veils_are_lifted", True)
        return cls(membership.group.pk, membership.user_id, membership.is_member, reads_all, moderates, lifted)

    @property
    def traits(self) -> tuple:
        """What the SQL depends on."""
        return tuple(self[2:])

    @classmethod
    def with_traits(cls, traits):
        """Anybody of these traits, for a question that is prepared: `group` and `user` are its parameters."""
        return cls(Parameter("group"), Parameter("user"), *traits)


class CommentQuerySet(models.QuerySet):
    """Comments, by who may see them."""

    def visible_to(self, membership):
        """What this member, or visitor, may see, each with `shown_html`: its words, or "" where a stub stands.

        The words of a stub never leave the database for anyone.
        """
        viewer = Viewer.of(membership)
        readable = words_are_for(viewer)
        # Who may not read a held comment yet sees a stub where somebody has answered, so that the answer has its place.
        answers = self.model._base_manager.filter(parent=OuterRef("pk"))
        held_but_answered = Q(Exists(answers), state=State.HELD)
        stubs = (Q(state__in=STUB_STATES) | held_but_answered) & _no_veil_hides(viewer)
        here = Q(reading__group_id=viewer.group)
        if not viewer.reads_all:
            here &= Q(reading__for_members=False)
        return (
            self.filter(here)
            .filter(readable | stubs)
            .annotate(
                shown_html=Case(When(readable, then=F("body_html")), default=Value(""), output_field=models.TextField())
            )
        )

    def readable_by(self, membership):
        """Of what this member, or visitor, may see, what they may read: no stubs."""
        return self.visible_to(membership).filter(words_are_for(Viewer.of(membership)))

    def readable_in(self, readings, membership):
        """The same of some readings that this member, or visitor, may open (the caller has seen to that).

        Without a join, by which Postgres would read all that matches before it takes the newest.
        """
        return self.filter(words_are_for(Viewer.of(membership)), reading__in=[reading.pk for reading in readings])

    def no_veil_hides_from(self, membership):
        """Without what lies under a veil that hides it from this member, or visitor."""
        return self.filter(_no_veil_hides(Viewer.of(membership)))

    def said_by(self, user):
        """All that this person has said in the groups that they belong to, as they may see it: with `shown_html`."""
        here = Q(reading__group__memberships__user=user, reading__group__memberships__left_at=None)
        words = Case(
            When(state__in=OPEN_STATES, then=F("body_html")), default=Value(""), output_field=models.TextField()
        )
        return self.filter(here, author=user).annotate(shown_html=words)


def words_are_for(viewer) -> Q:
    """Whose words this member, or visitor, may read, of what they may see."""
    readable = Q(state=State.VISIBLE)
    if viewer.is_member:
        held = Q(state=State.HELD)
        readable |= held if viewer.moderates else held & Q(author_id=viewer.user)
        readable |= Q(state=State.VEILED) & _veil_is_open_to(viewer)
    return readable


def _veil_is_open_to(viewer) -> Q:
    """Of what lies under a veil what this member may know of.

    What is their own; what others have said where they have said something themselves under a veil, even if they have
    taken that back since; and to who moderates, what was reported.
    """
    reported = Q(shown_to_moderators=True) if viewer.moderates else Q(pk__in=[])
    if not viewer.veils_are_lifted:
        return reported
    mine = Comment._base_manager.filter(
        reading=OuterRef("reading"), paragraph=OuterRef("paragraph"), author=viewer.user, veil__isnull=False
    )
    return Q(author_id=viewer.user) | Q(Exists(mine)) | reported


def _no_veil_hides(viewer) -> Q:
    """What lies under no veil, or under one that is open to this person."""
    is_free = Q(veil=None)
    return is_free | _veil_is_open_to(viewer) if viewer.is_member else is_free


class CommentManager(models.Manager.from_queryset(CommentQuerySet)):
    """Leaves the search vectors in the database."""

    def get_queryset(self):
        return super().get_queryset().defer("search")


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
    `veil` is the one that it lies under, until that is opened: given and taken by triggers (`_veiling.py`, `veils.py`).
    """

    public_id = models.CharField(max_length=10, unique=True, default=new_public_id, editable=False)
    # Each index is written with every comment. Those of `Meta` begin with the reading, and hold what is rarely there.
    reading = models.ForeignKey(Reading, on_delete=models.PROTECT, related_name="comments", db_index=False)
    paragraph = models.ForeignKey(Paragraph, on_delete=models.PROTECT, related_name="comments")
    version = models.ForeignKey(ParagraphVersion, on_delete=models.PROTECT, related_name="comments")
    parent = models.ForeignKey("self", on_delete=models.PROTECT, null=True, blank=True, related_name="answers")
    root = models.ForeignKey("self", on_delete=models.PROTECT, null=True, blank=True, related_name="thread")
    depth = models.PositiveSmallIntegerField(default=0)
    author = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="comments", db_index=False
    )
    key = models.UUIDField(default=uuid.uuid4)
    body = models.TextField(_("comment"), max_length=LONGEST)
    body_html = models.TextField()
    search = SearchVectorField(db_default="", editable=False)  # of the words, kept by the database
    wording = models.PositiveIntegerField(default=1)
    oldest_shown = models.PositiveIntegerField(default=1)
    # Those before it were held or hidden when they were changed: none but moderators and the author reads them.
    oldest_cleared = models.PositiveIntegerField(default=1)
    sequence = models.PositiveIntegerField(db_default=0, editable=False)  # drawn by the database
    # Given back by the database, which knows of veils.
    state = models.CharField(
        max_length=10, choices=State.choices, default=State.VISIBLE, db_default=State.VISIBLE.value
    )
    veil = models.ForeignKey(
        Veil, on_delete=models.PROTECT, null=True, blank=True, editable=False, related_name="+", db_index=False
    )
    shown_to_moderators = models.BooleanField(db_default=False, editable=False)  # reported while it lay under a veil
    # What a withdrawn comment is put back to: what was held is not shown by taking it back and putting it back.
    withdrawn_from = models.CharField(max_length=10, choices=State.choices, blank=True, default="")
    withdrawn_at = models.DateTimeField(null=True, blank=True)
    # Why it is held; kept while its author has withdrawn it, since it is put back to where it was.
    held_for = models.CharField(max_length=10, choices=HeldFor.choices, blank=True, default="")
    # The rule under which a moderator has hidden it; none where no rule of the group's was needed.
    hidden_under = models.ForeignKey(
        Rule, on_delete=models.PROTECT, null=True, blank=True, related_name="+", db_index=False
    )
    # Of the first comment of a thread: whether it asks something, who has said so last, and where it is answered.
    question = models.CharField(max_length=10, choices=QuestionState.choices, blank=True, default="")
    question_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, blank=True, related_name="+", db_index=False
    )
    question_at = models.DateTimeField(null=True, blank=True)
    answered_in = models.ForeignKey(
        "self", on_delete=models.PROTECT, null=True, blank=True, related_name="+", db_index=False
    )
    created_at = models.DateTimeField(db_default=Now())
    edited_at = models.DateTimeField(null=True, blank=True)

    objects = CommentManager()

    class Meta:
        indexes = [
            GinIndex(fields=["search"], name="comment_search", gin_pending_list_limit=256),
            # The discussion of a paragraph, in the order in which it was said.
            models.Index(fields=["reading", "paragraph", "root", "created_at"], name="comment_discussion"),
            # What one person has said, and said lately: asked at every post.
            models.Index(fields=["author", "created_at"], name="comment_author"),
            # What lies under a veil, and whether one has said something under it at this paragraph.
            models.Index(fields=["veil"], condition=Q(veil__isnull=False), name="comment_under_veil"),
            models.Index(
                fields=["author", "reading", "paragraph"],
                condition=Q(veil__isnull=False),
                name="comment_said_under_veil",
            ),
            models.Index(fields=["reading", "question"], condition=~Q(question=""), name="comment_questions"),
            # Whether a rule, a person or a comment is still named by one, when it is deleted.
            models.Index(fields=["hidden_under"], condition=Q(hidden_under__isnull=False), name="comment_hidden_under"),
            models.Index(fields=["question_by"], condition=Q(question_by__isnull=False), name="comment_question_by"),
            models.Index(fields=["answered_in"], condition=Q(answered_in__isnull=False), name="comment_answered_in"),
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
                condition=Q(veil=None) & ~Q(state=State.VEILED) & ~Q(withdrawn_from=State.VEILED)
                | Q(veil__isnull=False) & ~Q(state=State.VISIBLE) & ~Q(withdrawn_from=State.VISIBLE),
                name="comment_is_veiled_under_a_veil_alone",
            ),
            models.CheckConstraint(
                condition=(~Q(state=State.WITHDRAWN) & Q(withdrawn_at=None, withdrawn_from=""))
                | Q(state=State.WITHDRAWN, withdrawn_at__isnull=False, withdrawn_from__in=OPEN_STATES),
                name="comment_withdrawn_says_when_and_from_what",
            ),
            models.CheckConstraint(
                condition=Q(held_for="")
                | Q(held_for__in=HeldFor.values) & (Q(state=State.HELD) | Q(withdrawn_from=State.HELD)),
                name="comment_held_for_is_of_what_is_held",
            ),
            models.CheckConstraint(
                condition=Q(hidden_under=None) | Q(state=State.HIDDEN), name="comment_hidden_under_is_of_what_is_hidden"
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
                condition=Q(
                    oldest_cleared__gte=1, oldest_shown__gte=F("oldest_cleared"), oldest_shown__lte=F("wording")
                ),
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
            SAID_WHERE_ONE_MAY,
            COMES_UNDER_A_VEIL,
            *COUNTING,
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
