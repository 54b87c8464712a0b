"""A text that somebody would like the group to read, who supports it, and what became of it."""

import uuid

import pghistory
import pgtrigger
from django.conf import settings
from django.db import models
from django.db.models import Exists, OuterRef, Q, Subquery
from django.db.models.functions import Coalesce, Now
from django.utils.translation import gettext_lazy as _

from readinggroup.groups.models import Group, Membership
from readinggroup.lib.constraints import at_most
from readinggroup.lib.languages import LONGEST_TAG, validate_language_tag
from readinggroup.lib.public_ids import new_public_id
from readinggroup.readings.models import ParagraphActivity, Reading, TextImport


class ProposalState(models.TextChoices):
    """Where a proposal is in its life."""

    DRAFT = "draft", _("draft")  # for those who make it alone
    OPEN = "open", _("proposed")  # on the list
    NEXT_BALLOT = "next_ballot", _("on the next ballot")
    ON_BALLOT = "on_ballot", _("on the ballot")  # frozen
    ACCEPTED = "accepted", _("accepted")  # will be read: chosen by ballot, or at once by an organizer
    LATER = "later", _("later")
    DECLINED = "declined", _("declined")
    WITHDRAWN = "withdrawn", _("withdrawn")
    FADED = "faded", _("faded")  # nobody has asked for it in a long time


# Members want these, and nobody has decided yet. What is the same stands on the list once.
LIVING = (ProposalState.OPEN, ProposalState.NEXT_BALLOT, ProposalState.ON_BALLOT, ProposalState.LATER)
# Of these the words can be changed, hands raised and taken back, and organizers can put one on a ballot.
CHANGEABLE = (ProposalState.OPEN, ProposalState.NEXT_BALLOT, ProposalState.LATER)
# These an organizer may answer, again if need be. What a ballot has begun or decided, nobody answers.
ANSWERABLE = (*CHANGEABLE, ProposalState.DECLINED, ProposalState.FADED)

# What a proposal says, of which every wording is kept.
SAYS = ("title", "author", "language", "translator", "year", "words", "why", "where", "rights")


class ProposalQuerySet(models.QuerySet):
    """Proposals, by who may see them and how they stand."""

    def visible_to(self, membership):
        """What this member, or visitor, may see of the group's: what is proposed, and drafts that they have part in."""
        shown = ~Q(state=ProposalState.DRAFT)
        if membership.is_member:
            shown |= Q(proposer=membership.user_id) | Q(Exists(_parts_of(membership.user_id)))
        return self.filter(shown, group=membership.group.pk)

    def living(self):
        """Those that members want, and that nobody has decided about."""
        return self.filter(state__in=LIVING)

    def made_by(self, user_id):
        """Those of which this person is proposer or co-proposer: they may change them."""
        return self.filter(Q(proposer=user_id) | Q(Exists(_parts_of(user_id).exclude(agreed_at=None))))

    def with_counts(self, user_id):
        """Each with how much is said about it, and whether this person supports it: `said`, `is_supported`."""
        talk = ParagraphActivity.objects.filter(reading=OuterRef("talk")).values("comments")[:1]
        mine = Support.objects.filter(proposal=OuterRef("pk"), user=user_id)
        return self.annotate(said=Coalesce(Subquery(talk), 0), is_supported=Exists(mine))


def _parts_of(user_id):
    return CoProposer.objects.filter(proposal=OuterRef("pk"), user=user_id)


@pghistory.track(
    pghistory.UpdateEvent("reworded", condition=pghistory.AnyChange(*SAYS), row=pghistory.Old),
    fields=[*SAYS, "wording", "edited_at", "edited_by"],
    model_name="ProposalWording",
    obj_field=pghistory.ObjForeignKey(related_name="wordings"),
    context_field=None,
)
class Proposal(models.Model):
    """A text that a member would like the group to read: what it is, how long, where it can be had, and why.

    What it says can be changed until it stands on a ballot; `wording` counts the changes. What is said about it is said
    at the one paragraph of `talk`, a reading whose text are the proposal's own words. `reading` is what came of it.
    `key` comes from the form that was sent: the same form sent twice is one proposal. `fingerprint` is the same of what
    is the same text (`alike.py`).
    """

    LONGEST_WHY = 5_000
    MOST_WORDS = 10_000_000

    group = models.ForeignKey(Group, on_delete=models.CASCADE, related_name="proposals")
    public_id = models.CharField(max_length=10, unique=True, default=new_public_id, editable=False)
    key = models.UUIDField(default=uuid.uuid4, editable=False)
    proposer = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="proposals")
    state = models.CharField(max_length=12, choices=ProposalState.choices, default=ProposalState.DRAFT)
    title = models.CharField(_("title"), max_length=300)
    author = models.CharField(_("author"), max_length=300, blank=True)
    language = models.CharField(_("language"), max_length=LONGEST_TAG, blank=True, validators=[validate_language_tag])
    translator = models.CharField(_("translation by"), max_length=300, blank=True)
    year = models.SmallIntegerField(_("year"), null=True, blank=True)
    words = models.PositiveIntegerField(_("length in words"), null=True, blank=True)
    why = models.TextField(_("why it is worth reading"), max_length=LONGEST_WHY, blank=True)
    where = models.CharField(_("where it can be had"), max_length=500, blank=True)
    rights = models.CharField(_("rights"), max_length=500, blank=True)
    fingerprint = models.CharField(max_length=64, editable=False)
    text_import = models.ForeignKey(
        TextImport, on_delete=models.SET_NULL, null=True, blank=True, related_name="proposals"
    )
    talk = models.OneToOneField(Reading, on_delete=models.PROTECT, null=True, blank=True, related_name="proposal")
    reading = models.ForeignKey(
        Reading, on_delete=models.SET_NULL, null=True, blank=True, related_name="came_of_proposals"
    )
    wording = models.PositiveIntegerField(default=1)
    supporters = models.PositiveIntegerField(db_default=0, editable=False)  # kept by the database
    created_at = models.DateTimeField(db_default=Now())
    proposed_at = models.DateTimeField(null=True, blank=True)
    edited_at = models.DateTimeField(null=True, blank=True)
    edited_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )

    objects = ProposalQuerySet.as_manager()

    class Meta:
        ordering = ["-supporters", "proposed_at", "pk"]
        constraints = [
            models.CheckConstraint(condition=Q(state__in=ProposalState.values), name="proposal_state_is_known"),
            models.CheckConstraint(
                condition=Q(state=ProposalState.DRAFT, proposed_at=None)
                | ~Q(state=ProposalState.DRAFT) & Q(proposed_at__isnull=False),
                name="proposal_on_the_list_says_since_when",
            ),
            models.CheckConstraint(
                condition=Q(state=ProposalState.DRAFT) | Q(talk__isnull=False), name="proposal_on_the_list_has_a_talk"
            ),
            models.CheckConstraint(
                condition=Q(edited_at=None, edited_by=None) | Q(edited_at__isnull=False, edited_by__isnull=False),
                name="proposal_edited_says_when_and_by_whom",
            ),
            models.CheckConstraint(condition=Q(words=None) | Q(words__lte=10_000_000), name="proposal_has_a_length"),
            models.UniqueConstraint(fields=["proposer", "key"], name="proposal_sent_once"),
            # Of two who propose the same at once the database refuses the second.
            models.UniqueConstraint(
                fields=["group", "fingerprint"], condition=Q(state__in=LIVING), name="proposal_stands_once"
            ),
            at_most("why", 5_000, name="proposal_why_is_not_too_long"),
        ]
        indexes = [models.Index(fields=["group", "state"], name="proposal_in_a_group")]
        triggers = [
            pgtrigger.Trigger(
                name="frozen_on_a_ballot",
                level=pgtrigger.Row,
                when=pgtrigger.Before,
                operation=pgtrigger.UpdateOf(*SAYS),
                condition=pgtrigger.Condition(
                    "OLD.state = 'on_ballot' AND ROW({new}) IS DISTINCT FROM ROW({old})".format(
                        **{row: ", ".join(f'{row.upper()}."{name}"' for name in SAYS) for row in ("new", "old")}
                    )
                ),
                func="""
                    RAISE EXCEPTION 'what stands on a ballot is not reworded'
                        USING ERRCODE = 'check_violation', CONSTRAINT = 'proposal_is_frozen_on_a_ballot';
                """,
            )
        ]

    def __str__(self):
        return self.title

    @property
    def can_change(self):
        """Whether its words can be changed."""
        return self.state in {ProposalState.DRAFT, *CHANGEABLE}

    @property
    def takes_support(self):
        """Whether hands can be raised for it, and taken back."""
        return self.state in CHANGEABLE

    @property
    def can_be_withdrawn(self):
        """Whether those who proposed it may take it back."""
        return self.state in CHANGEABLE

    @property
    def can_come_back(self):
        """Whether it can be put on the list again."""
        return self.state in {ProposalState.FADED, ProposalState.WITHDRAWN}

    @property
    def can_be_answered(self):
        """Whether an organizer may say what becomes of it."""
        return self.state in ANSWERABLE


class CoProposer(models.Model):
    """Somebody who proposes it together with the proposer: asked by them, and one of them once they have agreed."""

    MOST = 10

    proposal = models.ForeignKey(Proposal, on_delete=models.CASCADE, related_name="co_proposers")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="co_proposals")
    asked_at = models.DateTimeField(db_default=Now())
    agreed_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["pk"]
        constraints = [models.UniqueConstraint(fields=["proposal", "user"], name="co_proposer_once")]

    def __str__(self):
        return f"{self.user_id} with {self.proposal_id}"


def _counts_hands(name, operation, rows, sign):
    """The proposals' numbers follow, in the statement that raises hands or takes them back."""
    return pgtrigger.Trigger(
        name=name,
        level=pgtrigger.Statement,
        when=pgtrigger.After,
        operation=operation,
        referencing=pgtrigger.Referencing(**{rows.partition("_")[0]: rows}),
        # In order, so that two who take several hands back wait for one another.
        func=f"""
            PERFORM 1 FROM proposals_proposal WHERE id IN (SELECT proposal_id FROM {rows})
            ORDER BY id FOR NO KEY UPDATE;
            UPDATE proposals_proposal proposal SET supporters = proposal.supporters {sign} counted.hands
            FROM (SELECT proposal_id, count(*) AS hands FROM {rows} GROUP BY proposal_id) counted
            WHERE counted.proposal_id = proposal.id;
            RETURN NULL;
        """,  # noqa: S608 - our own names
    )


class Support(models.Model):
    """A hand raised for a proposal. A trigger keeps the proposal's number of them."""

    proposal = models.ForeignKey(Proposal, on_delete=models.CASCADE, related_name="support")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="supported_proposals")
    created_at = models.DateTimeField(db_default=Now())

    class Meta:
        ordering = ["pk"]
        constraints = [models.UniqueConstraint(fields=["proposal", "user"], name="support_once")]
        triggers = [
            _counts_hands("raised_hands_count", pgtrigger.Insert, "new_values", "+"),
            _counts_hands("lowered_hands_count", pgtrigger.Delete, "old_values", "-"),
            pgtrigger.ReadOnly(name="a_hand_is_not_handed_on", fields=["proposal", "user"]),
        ]

    def __str__(self):
        return f"{self.user_id} for {self.proposal_id}"


class ProposalEvent(models.Model):
    """A proposal came into a state: when, by whom, and the published reason."""

    LONGEST = 2_000

    proposal = models.ForeignKey(Proposal, on_delete=models.CASCADE, related_name="events")
    state = models.CharField(max_length=12, choices=ProposalState.choices)
    reason = models.TextField(_("reason, for all to read"), max_length=LONGEST, blank=True)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    at = models.DateTimeField(db_default=Now())

    class Meta:
        ordering = ["at", "pk"]
        constraints = [
            models.CheckConstraint(condition=Q(state__in=ProposalState.values), name="proposal_event_state_is_known"),
            at_most("reason", 2_000, name="proposal_event_reason_is_not_too_long"),
        ]

    def __str__(self):
        return f"{self.proposal_id}: {self.state}"


class LeavingSupporter(Membership):
    """Whoever leaves a group takes their hands down, and is no co-proposer there; this holds that trigger."""

    class Meta:
        proxy = True
        triggers = [
            pgtrigger.Trigger(
                name="takes_hands_down",
                level=pgtrigger.Row,
                when=pgtrigger.After,
                operation=pgtrigger.UpdateOf("left_at"),
                condition=pgtrigger.Q(new__left_at__isnull=False) & pgtrigger.Q(old__left_at__isnull=True),
                # What was decided keeps its number.
                func="""
                    DELETE FROM proposals_support WHERE user_id = NEW.user_id AND proposal_id IN (
                        SELECT id FROM proposals_proposal WHERE group_id = NEW.group_id
                        AND state IN ('open', 'next_ballot', 'later', 'faded')
                    );
                    DELETE FROM proposals_coproposer WHERE user_id = NEW.user_id AND proposal_id IN (
                        SELECT id FROM proposals_proposal WHERE group_id = NEW.group_id
                        AND state IN ('draft', 'open', 'next_ballot', 'later', 'faded')
                    );
                    RETURN NULL;
                """,
            )
        ]


class ShelvedImport(TextImport):
    """A file that came with a proposal and was put on the shelf is what came of it; this holds that trigger."""

    class Meta:
        proxy = True
        triggers = [
            pgtrigger.Trigger(
                name="is_what_came_of_it",
                level=pgtrigger.Row,
                when=pgtrigger.After,
                operation=pgtrigger.UpdateOf("reading_id"),
                condition=pgtrigger.Q(new__reading__isnull=False),
                func="""
                    UPDATE proposals_proposal SET reading_id = NEW.reading_id
                    WHERE text_import_id = NEW.id AND reading_id IS NULL;
                    RETURN NULL;
                """,
            )
        ]
