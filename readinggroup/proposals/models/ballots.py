"""A question that is put to the members: its options, who may vote, and the box with the papers."""

from datetime import timedelta
from hashlib import sha256

from django.conf import settings
from django.db import models
from django.db.models import Exists, F, OuterRef, Q
from django.db.models.functions import Now
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from readinggroup.groups.models import Group
from readinggroup.groups.permissions import Can, may
from readinggroup.lib.constraints import at_most
from readinggroup.lib.public_ids import new_public_id

from . import _freezing
from .proposals import Proposal


class BallotState(models.TextChoices):
    """Where a ballot is in its life."""

    DRAFT = "draft", _("draft")  # who may hold ballots sees it
    ANNOUNCED = "announced", _("announced")
    OPEN = "open", _("open")
    CLOSED = "closed", _("closed")
    VOID = "void", _("void")


class Method(models.TextChoices):
    """How the papers are counted. Declared before the ballot opens."""

    APPROVAL = "approval", _("approval: name all that you would like")
    RANKING = "ranking", _("ranking: put them in your order (Schulze)")
    CHOICE = "choice", _("one choice")


class BallotQuerySet(models.QuerySet):
    """Ballots, by who may see them and how they stand."""

    def visible_to(self, membership):
        """The group's ballots that this member, or visitor, may see: drafts are for who may hold ballots."""
        theirs = self.filter(group=membership.group.pk)
        return theirs if may(membership, Can.HOLD_BALLOTS) else theirs.exclude(state=BallotState.DRAFT)

    def with_standing_of(self, user_id, written=None):
        """Each with `is_elector` and `has_voted` of this person, which are for nobody else's eyes.

        Where the question is prepared, both are parameters: the person's key, and the same `written` as text.
        """
        mine = Elector.objects.filter(ballot=OuterRef("pk"), user=user_id)
        voted = BallotBox.objects.filter(ballot=OuterRef("pk"), voted__has_key=written or str(user_id))
        return self.annotate(is_elector=Exists(mine), has_voted=Exists(voted))

    def taking_votes(self):
        """Those that are open at this moment, by the database's clock: the one that the box goes by."""
        return self.filter(state=BallotState.OPEN, closes_at__gt=Now())

    def hold(self, pk):
        """The ballot as it stands, held until this transaction ends. Of an open one the box is held before it."""
        return self.select_for_update(of=("self",)).select_related("group").get(pk=pk)


class Ballot(models.Model):
    """A question that the members answer between two moments. Frozen from its opening; ended early only by being void.

    `result` is what the count gave, once it is closed: nobody sees anything of it before. `version` rises with each
    change before the opening, so that none is overwritten unseen.
    """

    MOST_OPTIONS = 50
    LEAST_OPTIONS = 2
    # Those who have not voted are reminded so long before the end; of a short ballot when a quarter of it is left.
    REMINDED_BEFORE = timedelta(days=1)

    group = models.ForeignKey(Group, on_delete=models.CASCADE, related_name="ballots")
    public_id = models.CharField(max_length=10, unique=True, default=new_public_id, editable=False)
    question = models.CharField(_("question"), max_length=300)
    words = models.TextField(_("what it is about"), max_length=5_000, blank=True)
    method = models.CharField(_("method"), max_length=10, choices=Method.choices, default=Method.APPROVAL)
    state = models.CharField(max_length=10, choices=BallotState.choices, default=BallotState.DRAFT)
    is_secret = models.BooleanField(_("secret: nobody learns who voted how"), default=True)
    quorum = models.PositiveSmallIntegerField(_("quorum, in percent of those who may vote"), default=0)
    seats = models.PositiveSmallIntegerField(_("how many are chosen"), default=1)
    opens_at = models.DateTimeField(_("opens"))
    closes_at = models.DateTimeField(_("closes"))
    version = models.PositiveIntegerField(default=1, editable=False)
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    created_at = models.DateTimeField(db_default=Now())
    announced_at = models.DateTimeField(null=True, blank=True)
    opened_at = models.DateTimeField(null=True, blank=True)
    reminded_at = models.DateTimeField(null=True, blank=True)  # when those were reminded who had not voted
    closed_at = models.DateTimeField(null=True, blank=True)
    voided_at = models.DateTimeField(null=True, blank=True)
    voided_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )  # nobody: it could not be opened
    void_reason = models.TextField(_("why it is void"), max_length=2_000, blank=True)
    result = models.JSONField(null=True, blank=True)

    objects = BallotQuerySet.as_manager()

    class Meta:
        ordering = ["-opens_at", "-pk"]
        indexes = [models.Index(fields=["group", "state"], name="ballot_in_a_group")]
        constraints = [
            models.CheckConstraint(condition=Q(state__in=BallotState.values), name="ballot_state_is_known"),
            models.CheckConstraint(condition=Q(method__in=Method.values), name="ballot_method_is_known"),
            models.CheckConstraint(condition=~Q(question=""), name="ballot_asks_something"),
            models.CheckConstraint(condition=Q(closes_at__gt=F("opens_at")), name="ballot_closes_after_it_opens"),
            models.CheckConstraint(condition=Q(quorum__lte=100), name="ballot_quorum_is_a_share"),
            models.CheckConstraint(condition=Q(seats__gte=1, seats__lte=50), name="ballot_chooses_some"),
            models.CheckConstraint(
                condition=Q(state=BallotState.DRAFT, announced_at=None)
                | ~Q(state=BallotState.DRAFT) & Q(announced_at__isnull=False),
                name="ballot_announced_says_when",
            ),
            models.CheckConstraint(
                condition=Q(state__in=[BallotState.DRAFT, BallotState.ANNOUNCED], opened_at=None)
                | Q(state__in=[BallotState.OPEN, BallotState.CLOSED], opened_at__isnull=False)
                | Q(state=BallotState.VOID),
                name="ballot_opened_says_when",
            ),
            models.CheckConstraint(
                condition=Q(state=BallotState.CLOSED, closed_at__isnull=False)
                | ~Q(state=BallotState.CLOSED) & Q(closed_at=None),
                name="ballot_closed_says_when",
            ),
            models.CheckConstraint(
                condition=Q(state=BallotState.VOID, voided_at__isnull=False) & ~Q(void_reason="")
                | ~Q(state=BallotState.VOID) & Q(voided_at=None, voided_by=None, void_reason=""),
                name="ballot_void_says_when_and_why",
            ),
            models.CheckConstraint(
                condition=Q(result=None) | Q(state=BallotState.CLOSED), name="ballot_result_is_of_a_closed_one"
            ),
            at_most("words", 5_000, name="ballot_words_are_not_too_long"),
            at_most("void_reason", 2_000, name="ballot_void_reason_is_not_too_long"),
        ]
        triggers = _freezing.BALLOT

    def __str__(self):
        return self.question

    @property
    def can_change(self):
        """Whether it has not been opened."""
        return self.state in {BallotState.DRAFT, BallotState.ANNOUNCED}

    @property
    def can_void(self):
        """Whether it was announced and is not over."""
        return self.state in {BallotState.ANNOUNCED, BallotState.OPEN}

    @property
    def takes_votes(self):
        """Whether it is open now, by this machine's clock; what counts is the database's."""
        return self.state == BallotState.OPEN and self.closes_at > timezone.now()

    @property
    def is_counted(self):
        """Whether its papers can be read."""
        return self.state == BallotState.CLOSED and self.result is not None

    @property
    def remind_at(self):
        """When those are reminded who have not voted, of one that was opened."""
        return self.closes_at - min(self.REMINDED_BEFORE, (self.closes_at - self.opened_at) / 4)


class Option(models.Model):
    """What one can vote for: a proposal, or words. All of it is as it was at the opening.

    `supporters` and `proposed_at` break ties.
    """

    ballot = models.ForeignKey(Ballot, on_delete=models.CASCADE, related_name="options")
    number = models.PositiveSmallIntegerField()
    proposal = models.ForeignKey(Proposal, on_delete=models.PROTECT, null=True, blank=True, related_name="options")
    title = models.CharField(_("option"), max_length=300)
    author = models.CharField(max_length=300, blank=True)
    supporters = models.PositiveIntegerField(default=0)
    proposed_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["number"]
        constraints = [
            models.UniqueConstraint(fields=["ballot", "number"], name="option_number_once"),
            models.UniqueConstraint(fields=["ballot", "proposal"], name="option_proposal_once"),
            models.CheckConstraint(condition=Q(number__gte=1, number__lte=50), name="option_number_is_one"),
            models.CheckConstraint(condition=~Q(title=""), name="option_says_something"),
        ]
        triggers = [_freezing.frozen_with_its_ballot("option_is_frozen")]

    def __str__(self):
        return self.title


class Elector(models.Model):
    """Who may vote: the members at the opening. Whether they have, the box knows; how, nobody does."""

    ballot = models.ForeignKey(Ballot, on_delete=models.CASCADE, related_name="electors")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="elector_in")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["ballot", "user"], name="elector_once")]
        triggers = [_freezing.frozen_with_its_ballot("elector_is_frozen")]

    def __str__(self):
        return f"{self.user_id} in {self.ballot_id}"


class BallotBoxQuerySet(models.QuerySet):
    """Boxes."""

    def hold(self, ballot):
        """The box of the ballot, held until this transaction ends: votes, the closing and the voiding wait for it."""
        return self.select_for_update(no_key=True).get(ballot=ballot)


class BallotBox(models.Model):
    """The papers of a ballot, and who has voted: two heaps in ONE row, so that nothing tells which came with which.

    Rows of their own would be written by the same transaction and lie in the order in which they came: `xmin`, `ctid`
    and every dump would link them. Here each vote writes the whole row anew. Both are JSON objects, which Postgres
    keeps in the order of their keys: `papers` by receipt (random), `voted` by elector (primary key of the person -> 1).

    A paper is {"ranks": {"<option number>": rank}} (1 is best; what is not ranked is below all that is),
    {"named": [option numbers]}, or {"abstains": true}; with "reason" if one was given, and "by" in open ballots alone.
    A trigger holds that there are as many papers as people who have voted, that these are electors, that one paper
    changes at a time and none is ever taken out, and that the ballot is open at that moment.
    """

    KEY_BYTES = 16
    RECEIPT = 16  # hex digits
    LONGEST_REASON = 1_000

    ballot = models.OneToOneField(Ballot, on_delete=models.CASCADE, related_name="box")
    voted = models.JSONField(default=dict)
    papers = models.JSONField(default=dict)

    objects = BallotBoxQuerySet.as_manager()

    class Meta:
        verbose_name_plural = "ballot boxes"
        triggers = _freezing.BOX

    def __str__(self):
        return f"box of {self.ballot_id}"


def receipt_of(key: str) -> str:
    """Under which a paper is published whose voter holds this key (32 hex digits). It does not lead back to the key."""
    return sha256(bytes.fromhex(key)).hexdigest()[: BallotBox.RECEIPT]
