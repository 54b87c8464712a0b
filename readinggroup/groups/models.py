"""A reading group and its people."""

import hashlib
import secrets
from datetime import UTC, datetime, timedelta, tzinfo
from functools import cache

import pgtrigger
from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.functions import TransactionNow
from django.core.signing import BadSignature, Signer
from django.db import connection, models
from django.db.models.functions import Lower, Now
from django.utils import timezone
from django.utils.functional import cached_property
from django.utils.translation import gettext_lazy as _

from readinggroup.accounts.models import User
from readinggroup.accounts.names import (
    LONGEST_NAME,
    LONGEST_SKELETON,
    NAME_ONCE,
    skeleton,
    validate_display_name,
)
from readinggroup.lib.constraints import at_most
from readinggroup.lib.languages import LONGEST_TAG, validate_language_tag
from readinggroup.lib.public_ids import new_public_id
from readinggroup.lib.quick_rows import columns_of
from readinggroup.lib.time_zones import LONGEST_ZONE, validate_time_zone, zone_called


class Role(models.TextChoices):
    """What a member is besides being a member. One person may be several of them."""

    OWNER = "owner", _("owner")
    ORGANIZER = "organizer", _("organizer")
    MODERATOR = "moderator", _("moderator")


class Visibility(models.TextChoices):
    """Who sees that the group exists and what it says."""

    PUBLIC = "public", _("public: everyone reads, members write")
    LISTED = "listed", _("listed: everyone sees that it exists and what it is about, members see the rest")
    MEMBERS = "members", _("members only: hidden from everyone else")


class Group(models.Model):
    """People who read together."""

    slug = models.SlugField(max_length=60, unique=True)
    name = models.CharField(_("name"), max_length=100)
    description = models.TextField(_("description"), max_length=2_000, blank=True)
    visibility = models.CharField(
        _("visibility"), max_length=10, choices=Visibility.choices, default=Visibility.MEMBERS
    )
    language = models.CharField(
        _("language"), max_length=LONGEST_TAG, default=settings.LANGUAGE_CODE, validators=[validate_language_tag]
    )
    time_zone = models.CharField(
        _("time zone"), max_length=LONGEST_ZONE, default=settings.TIME_ZONE, validators=[validate_time_zone]
    )
    archived_at = models.DateTimeField(null=True, blank=True, editable=False)
    delete_at = models.DateTimeField(null=True, blank=True, editable=False)  # from then on it may be removed
    created_at = models.DateTimeField(db_default=Now())

    DELETED_AFTER = timedelta(days=14)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=models.Q(visibility__in=Visibility.values), name="group_visibility_is_known"
            ),
            at_most("description", 2_000, name="group_description_is_not_too_long"),
        ]

    def __str__(self):
        return self.name

    @property
    def is_public(self):
        return self.visibility == Visibility.PUBLIC

    @property
    def is_known(self):
        """Whether others may learn that it exists."""
        return self.visibility != Visibility.MEMBERS

    @property
    def is_closed(self):
        """Whether it can only be read: in the archive, or about to be deleted."""
        return self.archived_at is not None or self.delete_at is not None

    @property
    def zone(self) -> tzinfo:
        """The zone in which the group's dates are told."""
        return zone_called(self.time_zone) or UTC

    @property
    def current_rules(self):
        """The rules that stand, as a RuleSet with its `rules`; None before there are any."""
        return self.rule_sets.with_rules().first()

    @cached_property
    def names_here(self) -> dict:
        """Who is shown here under another name than their own: few people, one query for this object."""
        return dict(self.memberships.exclude(name_here="").values_list("user_id", "name_here"))

    def name_of(self, user) -> str:
        """How this group calls the person."""
        return self.names_here.get(user.pk) or user.display_name


class MembershipQuerySet(models.QuerySet):
    """Members of groups, by what they are."""

    def active(self):
        """Those who belong now: who left keeps the row, so that what they wrote keeps its place."""
        return self.filter(left_at=None)

    def called(self, name):
        """Those whose name here begins so, former members too; case and letters that look alike are one."""
        return self.filter(name_skeleton__startswith=skeleton(name))

    def exceptions(self):
        """Whoever holds a role or is called otherwise here, former members too: the rest are as their account says."""
        return self.exclude(roles=[], name_here="")

    def who_may_invite(self):
        """Those who answer requests to join, and are not suspended."""
        return self.active().filter(roles__overlap=[Role.OWNER, Role.ORGANIZER]).exclude(suspended_until__gt=Now())

    def update(self, **changes):
        if changes.get("name_here"):
            changes["name_skeleton"] = skeleton(changes["name_here"])
        return super().update(**changes)

    def standing(self, user_id, slug):
        """The person's membership in the group of that name; unsaved if they have none.

        If there is no such group, nobody's membership in a hidden group that is nowhere: whoever may not learn of a
        group gets the same after the same work, and the time does not tell the two apart.
        """
        with connection.cursor() as cursor:
            cursor.execute(f"SELECT {standing_columns()} {STANDING}", [slug, user_id])
            return standing_from(cursor.fetchone())


# Every page of a group begins by asking how one stands to it, and building that from models took five times as long as
# Postgres takes to answer: hence SQL. These three let a page ask for more in the same question.
STANDING = (
    "FROM (VALUES (1)) AS one"  # there is always a row
    " LEFT JOIN groups_group g ON g.slug = %s"
    " LEFT JOIN groups_membership m ON m.group_id = g.id AND m.user_id = %s AND m.left_at IS NULL"
)


@cache
def standing_columns() -> str:
    """What is selected of STANDING."""
    return ", ".join([f"g.{name}" for name in columns_of(Group)] + [f"m.{name}" for name in columns_of(Membership)])


def standing_from(row) -> "Membership":
    """The membership that a row of STANDING describes; whatever follows in the row is somebody else's."""
    groups, memberships = columns_of(Group), columns_of(Membership)
    group = Group(visibility=Visibility.MEMBERS)
    if row[0] is not None:
        group = Group.from_db(connection.alias, groups, row[: len(groups)])
    theirs = row[len(groups) : len(groups) + len(memberships)]
    if theirs[0] is None:
        return Membership(group=group)
    membership = Membership.from_db(connection.alias, memberships, theirs)
    membership.group = group
    return membership


class Membership(models.Model):
    """One person's belonging to one group, with the roles they hold there.

    A visitor of a public group is described by an unsaved Membership without a user, so that every view and every
    query can start from `membership`.
    """

    LONGEST_REASON = 1_000
    FOR_GOOD = datetime(9999, 1, 1, tzinfo=UTC)  # until when somebody is suspended whom no day lets in again

    group = models.ForeignKey(Group, on_delete=models.CASCADE, related_name="memberships")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="memberships")
    roles = ArrayField(models.CharField(max_length=10, choices=Role.choices), default=list, blank=True)
    joined_at = models.DateTimeField(db_default=Now())
    welcomed_at = models.DateTimeField(null=True, blank=True)  # when they put the welcome away
    left_at = models.DateTimeField(null=True, blank=True)
    # Who left because an owner ended it: by whom, and why.
    removed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    removed_for = models.CharField(_("reason"), max_length=LONGEST_REASON, blank=True)
    # Until then they read and do not write; and who leaves meanwhile does not come back before.
    suspended_until = models.DateTimeField(null=True, blank=True)
    suspended_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    suspended_for = models.CharField(_("reason"), max_length=LONGEST_REASON, blank=True)
    # The name under which this group shows them, where it is not their own; a pseudonym is taken by who has left.
    name_here = models.CharField(
        _("name in this group"), max_length=LONGEST_NAME, blank=True, validators=[validate_display_name]
    )
    under_pseudonym = models.BooleanField(default=False)
    name_skeleton = models.CharField(max_length=LONGEST_SKELETON, editable=False)  # of the name that is shown

    objects = MembershipQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["group", "user"], name="membership_once"),
            # Of former members too: what they wrote stays, and nobody may pass for them.
            models.UniqueConstraint(fields=["group", "name_skeleton"], name=NAME_ONCE),
            models.CheckConstraint(
                condition=models.Q(roles__contained_by=Role.values), name="membership_roles_are_known"
            ),
            models.CheckConstraint(
                condition=models.Q(suspended_until=None, suspended_by=None, suspended_for="")
                | models.Q(suspended_until__isnull=False, suspended_by__isnull=False) & ~models.Q(suspended_for=""),
                name="membership_suspended_says_by_whom_and_why",
            ),
            models.CheckConstraint(
                condition=models.Q(removed_by=None, removed_for="")
                | models.Q(removed_by__isnull=False, left_at__isnull=False) & ~models.Q(removed_for=""),
                name="membership_removed_says_by_whom_and_why",
            ),
            models.CheckConstraint(
                condition=models.Q(suspended_until=None) | ~models.Q(roles__contains=[Role.OWNER]),
                name="membership_owner_is_not_suspended",
            ),
            models.CheckConstraint(
                condition=models.Q(under_pseudonym=False) | models.Q(left_at__isnull=False) & ~models.Q(name_here=""),
                name="membership_pseudonym_is_of_who_left",
            ),
        ]
        triggers = [
            pgtrigger.Trigger(
                name="one_owner_stays",
                level=pgtrigger.Row,
                when=pgtrigger.After,
                operation=pgtrigger.Update,
                # Two owners who leave at once would each still see the other: the group's row makes them wait.
                func="""
                    IF 'owner' = ANY(OLD.roles) AND OLD.left_at IS NULL
                       AND NOT ('owner' = ANY(NEW.roles) AND NEW.left_at IS NULL) THEN
                        PERFORM 1 FROM groups_group WHERE id = OLD.group_id FOR NO KEY UPDATE;
                        IF NOT EXISTS (
                            SELECT 1 FROM groups_membership
                            WHERE group_id = OLD.group_id AND 'owner' = ANY(roles) AND left_at IS NULL
                        ) THEN
                            RAISE EXCEPTION 'a group has at least one owner'
                                USING ERRCODE = 'check_violation', CONSTRAINT = 'group_has_an_owner';
                        END IF;
                    END IF;
                    RETURN NULL;
                """,
            ),
            pgtrigger.Trigger(
                name="is_called_as_the_person_is",
                level=pgtrigger.Row,
                when=pgtrigger.Before,
                operation=pgtrigger.Insert | pgtrigger.UpdateOf("name_here", "name_skeleton"),
                # Whoever renames themselves meanwhile is waited for, so that no membership keeps the former name.
                func="""
                    IF NEW.name_here = '' THEN
                        SELECT name_skeleton INTO NEW.name_skeleton FROM accounts_user
                        WHERE id = NEW.user_id FOR NO KEY UPDATE;
                    END IF;
                    RETURN NEW;
                """,
            ),
        ]

    def __str__(self):
        return f"{self.user} in {self.group}"

    def save(self, *args, update_fields=None, **kwargs):
        if self.name_here:
            self.name_skeleton = skeleton(self.name_here)
        if update_fields is not None and "name_here" in update_fields:
            update_fields = {*update_fields, "name_skeleton"}
        super().save(*args, update_fields=update_fields, **kwargs)

    @property
    def is_member(self):
        return self.pk is not None and self.left_at is None

    @property
    def is_suspended(self):
        return self.suspended_until is not None and self.suspended_until > timezone.now()

    @property
    def suspended_to(self):
        """The last day of a suspension, or None where no day ends it."""
        return None if self.suspended_until == self.FOR_GOOD else self.suspended_until

    @property
    def name(self):
        """How this group calls the person."""
        return self.name_here or self.user.display_name

    @property
    def role_names(self):
        """The roles in words, or "member"."""
        return ", ".join(str(Role(role).label) for role in self.roles) or str(_("member"))


class RenamedUser(User):
    """A person who changes their name is renamed in every group that calls them by it; this holds that trigger."""

    class Meta:
        proxy = True
        triggers = [
            pgtrigger.Trigger(
                name="is_renamed_in_groups",
                level=pgtrigger.Row,
                when=pgtrigger.After,
                operation=pgtrigger.UpdateOf("name_skeleton"),
                condition=pgtrigger.Q(new__name_skeleton__df=pgtrigger.F("old__name_skeleton")),
                declare=[("clash", "text")],
                # The group is named where it can be told; of two at once the unique constraint refuses the second.
                func="""
                    SELECT g.name INTO clash FROM groups_membership mine
                    JOIN groups_membership theirs ON theirs.group_id = mine.group_id AND theirs.user_id <> NEW.id
                    JOIN groups_group g ON g.id = mine.group_id
                    WHERE mine.user_id = NEW.id AND mine.name_here = '' AND theirs.name_skeleton = NEW.name_skeleton
                    LIMIT 1;
                    IF FOUND THEN
                        RAISE EXCEPTION 'a name is shown once in a group'
                            USING ERRCODE = 'unique_violation', CONSTRAINT = 'membership_name_once', HINT = clash;
                    END IF;
                    UPDATE groups_membership SET name_skeleton = NEW.name_skeleton
                    WHERE user_id = NEW.id AND name_here = '';
                    RETURN NULL;
                """,
            )
        ]


class InvitationQuerySet(models.QuerySet):
    """Invitations, by whether they still open the door."""

    def good(self):
        """Those that can be used now. A group that is closed takes nobody in; opened again, it does."""
        return self.filter(
            revoked_at=None,
            expires_at__gt=timezone.now(),
            used__lt=models.F("uses"),
            group__archived_at=None,
            group__delete_at=None,
        )


class Invitation(models.Model):
    """A link that makes people members: so many, until then, with these roles. Only its token's hash is kept.

    Opening the link joins nobody; a button does.
    """

    MOST_USES = 500
    LONGEST = timedelta(days=90)

    group = models.ForeignKey(Group, on_delete=models.CASCADE, related_name="invitations")
    token_hash = models.CharField(max_length=64, unique=True)
    roles = ArrayField(models.CharField(max_length=10, choices=Role.choices), default=list, blank=True)
    uses = models.PositiveIntegerField(_("for how many people"), default=1)
    used = models.PositiveIntegerField(default=0)
    expires_at = models.DateTimeField()
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="invitations")
    created_at = models.DateTimeField(db_default=Now())
    revoked_at = models.DateTimeField(null=True, blank=True)

    objects = InvitationQuerySet.as_manager()

    class Meta:
        constraints = [
            models.CheckConstraint(condition=models.Q(used__lte=models.F("uses")), name="invitation_uses_are_kept"),
            models.CheckConstraint(
                condition=models.Q(roles__contained_by=Role.values), name="invitation_roles_are_known"
            ),
        ]

    def __str__(self):
        return f"invitation {self.pk} to {self.group}"

    @staticmethod
    def new_token() -> str:
        return secrets.token_urlsafe(24)

    @staticmethod
    def hash_of(token: str) -> str:
        return hashlib.sha256(token.encode()).hexdigest()

    @property
    def role_names(self):
        """What one becomes by it."""
        return ", ".join(str(Role(role).label) for role in self.roles) or str(_("member"))


class EmailInvitationQuerySet(models.QuerySet):
    """Invitations by mail, by how they stand."""

    def waiting(self):
        return self.filter(accepted_at=None, revoked_at=None)

    def good(self):
        return self.waiting().filter(expires_at__gt=timezone.now())

    def mail_is_due(self):
        return self.good().filter(mail_at__lte=timezone.now())


class EmailInvitation(models.Model):
    """An invitation that is mailed to one address and can be accepted by nobody else.

    Its link is signed, not stored: whoever reads the database cannot follow it. `mail_at` says when a mail is due, or
    to be tried again; None when there is nothing to send. Who was invited is shown to who invited them.
    """

    LIFETIME = timedelta(days=30)
    MOST_MAILS = 3  # to one address by one invitation
    PAUSE = timedelta(hours=1)  # before it can be sent again
    SIGNER = Signer(salt="groups.email_invitation")

    public_id = models.CharField(max_length=10, unique=True, default=new_public_id, editable=False)
    group = models.ForeignKey(Group, on_delete=models.CASCADE, related_name="email_invitations")
    email = models.EmailField(_("e-mail address"))
    roles = ArrayField(models.CharField(max_length=10, choices=Role.choices), default=list, blank=True)
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="email_invitations")
    created_at = models.DateTimeField(db_default=Now())
    expires_at = models.DateTimeField()
    accepted_at = models.DateTimeField(null=True, blank=True)
    accepted_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    revoked_at = models.DateTimeField(null=True, blank=True)
    mails = models.PositiveSmallIntegerField(default=1)  # how many were asked for
    asked_at = models.DateTimeField(db_default=Now())  # when the last of them was
    mail_at = models.DateTimeField(null=True, blank=True, db_default=Now())
    attempts = models.PositiveSmallIntegerField(default=0)
    mailed_at = models.DateTimeField(null=True, blank=True)

    objects = EmailInvitationQuerySet.as_manager()

    class Meta:
        ordering = ["-created_at", "-pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["group", "email"],
                condition=models.Q(accepted_at=None, revoked_at=None),
                name="email_invitation_waits_once",
            ),
            models.CheckConstraint(condition=models.Q(email=Lower("email")), name="email_invitation_is_lower_case"),
            models.CheckConstraint(condition=models.Q(mails__lte=3), name="email_invitation_mails_are_few"),
            models.CheckConstraint(
                condition=models.Q(roles__contained_by=Role.values), name="email_invitation_roles_are_known"
            ),
            models.CheckConstraint(
                condition=models.Q(accepted_at=None, accepted_by=None)
                | models.Q(accepted_at__isnull=False, accepted_by__isnull=False, revoked_at=None),
                name="email_invitation_accepted_says_by_whom",
            ),
        ]
        indexes = [
            models.Index(
                fields=["mail_at"], condition=models.Q(mail_at__isnull=False), name="email_invitation_mail_due"
            ),
        ]

    def __str__(self):
        return f"invitation {self.pk} by mail to {self.group}"

    @property
    def token(self) -> str:
        """What the link holds."""
        return self.SIGNER.sign(self.public_id)

    @classmethod
    def public_id_in(cls, token: str) -> str | None:
        """Which invitation's link this is; None if we have not signed it."""
        try:
            return cls.SIGNER.unsign(token)
        except BadSignature:
            return None

    @property
    def role_names(self):
        """What one becomes by it."""
        return ", ".join(str(Role(role).label) for role in self.roles) or str(_("member"))

    @property
    def standing(self) -> str:
        """How it stands, in a word."""
        if self.accepted_at:
            return _("accepted")
        if self.revoked_at:
            return _("taken back")
        return _("waiting") if self.expires_at > timezone.now() else _("too old")

    @property
    def can_be_sent_again(self) -> bool:
        now = timezone.now()
        waits = not self.accepted_at and not self.revoked_at and self.expires_at > now
        return waits and self.mails < self.MOST_MAILS and self.asked_at <= now - self.PAUSE

    def is_for(self, user) -> bool:
        """Whether this account has shown that the address is its own."""
        return user.emailaddress_set.filter(email=self.email, verified=True).exists()


class JoinRequest(models.Model):
    """Somebody asks to be taken in, with a word of introduction; an organizer answers."""

    LONGEST = 1_000

    group = models.ForeignKey(Group, on_delete=models.CASCADE, related_name="join_requests")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="join_requests")
    words = models.TextField(_("who you are, and why you would like to read with us"), max_length=LONGEST)
    created_at = models.DateTimeField(db_default=Now())
    answered_at = models.DateTimeField(null=True, blank=True)
    answered_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, blank=True, related_name="+"
    )
    accepted = models.BooleanField(default=False)
    answer = models.CharField(_("a word to them"), max_length=LONGEST, blank=True)

    class Meta:
        constraints = [
            # One open request a person and group; what was answered stays beside it.
            models.UniqueConstraint(
                fields=["group", "user"], condition=models.Q(answered_at=None), name="join_request_open_once"
            ),
            models.CheckConstraint(
                condition=models.Q(answered_at__isnull=False) | models.Q(accepted=False),
                name="join_request_accepted_is_answered",
            ),
            at_most("words", 1_000, name="join_request_is_not_too_long"),
        ]

    def __str__(self):
        return f"{self.user} asks to join {self.group}"


_GONE_WITH_ITS_GROUP = """
    IF TG_OP = 'DELETE' AND EXISTS (
        SELECT 1 FROM groups_group WHERE id = {group} AND delete_at <= clock_timestamp()
    ) THEN
        RETURN OLD;
    END IF;
    RAISE EXCEPTION 'what was written here stays as it was'
        USING ERRCODE = 'check_violation', CONSTRAINT = TG_TABLE_NAME || '_is_append_only';
"""


def _append_only(group: str) -> pgtrigger.Trigger:
    """Rows are added, never changed, and go only with a group whose time has come. `group` is SQL for its key."""
    return pgtrigger.Trigger(
        name="append_only",
        level=pgtrigger.Row,
        when=pgtrigger.Before,
        operation=pgtrigger.Update | pgtrigger.Delete,
        func=_GONE_WITH_ITS_GROUP.format(group=group),
    )


class RuleSetQuerySet(models.QuerySet):
    """The rules of groups, version by version."""

    def with_rules(self):
        return self.prefetch_related("rules")


class RuleSet(models.Model):
    """All rules of a group as they stand from one moment on. A change is a new set; the earlier ones stay as they were.

    What happened under one set is judged by it: a decision names the Rule of the set that stood then.
    """

    MOST_RULES = 30

    group = models.ForeignKey(Group, on_delete=models.CASCADE, related_name="rule_sets")
    number = models.PositiveIntegerField()
    note = models.CharField(_("what is changed, and why"), max_length=500, blank=True)
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    created_at = models.DateTimeField(db_default=TransactionNow())  # of its rules too: see Rule's trigger

    objects = RuleSetQuerySet.as_manager()

    class Meta:
        ordering = ["-number"]
        constraints = [models.UniqueConstraint(fields=["group", "number"], name="rule_set_number_once")]
        triggers = [_append_only("OLD.group_id")]

    def __str__(self):
        return f"rules {self.number} of {self.group_id}"


class Rule(models.Model):
    """One rule of a set, called by its number: "Rule 3"."""

    LONGEST = 1_000

    rule_set = models.ForeignKey(RuleSet, on_delete=models.CASCADE, related_name="rules")
    number = models.PositiveSmallIntegerField()
    title = models.CharField(_("in a few words"), max_length=100)
    words = models.TextField(_("what it means"), max_length=LONGEST, blank=True)

    class Meta:
        ordering = ["number"]
        constraints = [
            models.UniqueConstraint(fields=["rule_set", "number"], name="rule_number_once"),
            models.CheckConstraint(
                condition=models.Q(number__gte=1, number__lte=RuleSet.MOST_RULES), name="rule_number_is_possible"
            ),
            models.CheckConstraint(condition=~models.Q(title=""), name="rule_has_a_title"),
            at_most("words", 1_000, name="rule_is_not_too_long"),
        ]
        triggers = [
            _append_only("(SELECT group_id FROM groups_ruleset WHERE id = OLD.rule_set_id)"),
            pgtrigger.Trigger(
                name="a_set_is_written_at_once",
                level=pgtrigger.Row,
                when=pgtrigger.Before,
                operation=pgtrigger.Insert,
                func="""
                    IF (SELECT created_at FROM groups_ruleset WHERE id = NEW.rule_set_id) <> now() THEN
                        RAISE EXCEPTION 'no rule is added to a set that stands'
                            USING ERRCODE = 'check_violation', CONSTRAINT = 'rule_set_is_written_at_once';
                    END IF;
                    RETURN NEW;
                """,
            ),
        ]

    def __str__(self):
        return f"{self.number}. {self.title}"


class ChangeKind(models.TextChoices):
    """What was done with a group as a whole."""

    VISIBILITY = "visibility", _("who sees the group")
    ARCHIVED = "archived", _("put into the archive")
    REOPENED = "reopened", _("taken out of the archive")
    HANDED_OVER = "handed_over", _("handed to a new owner")
    DELETION = "deletion", _("to be deleted")
    KEPT = "kept", _("not to be deleted after all")
    TEXT_KEPT = "text_kept", _("a text kept for members")
    TEXT_OPENED = "text_opened", _("a text opened to everyone who sees the group")


class GroupChange(models.Model):
    """The log of a group: who changed what of it as a whole, and when. Rows are only added."""

    group = models.ForeignKey(Group, on_delete=models.CASCADE, related_name="changes")
    kind = models.CharField(max_length=12, choices=ChangeKind.choices)
    before = models.CharField(max_length=300, blank=True)
    after = models.CharField(max_length=300, blank=True)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField(db_default=Now())

    class Meta:
        ordering = ["-at", "-pk"]
        constraints = [
            models.CheckConstraint(condition=models.Q(kind__in=ChangeKind.values), name="group_change_kind_is_known")
        ]
        triggers = [_append_only("OLD.group_id")]

    def __str__(self):
        return f"{self.kind} of {self.group_id}"

    @property
    def became(self) -> str:
        """What it is since, in words; "" where the kind says it all."""
        labels = dict(Visibility.choices) if self.kind == ChangeKind.VISIBILITY else {}
        return str(labels.get(self.after, self.after))


class Handover(models.Model):
    """An owner offers the group to another member; it changes hands when that one accepts."""

    group = models.ForeignKey(Group, on_delete=models.CASCADE, related_name="handovers")
    giver = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    receiver = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    created_at = models.DateTimeField(db_default=Now())
    answered_at = models.DateTimeField(null=True, blank=True)  # or taken back
    accepted = models.BooleanField(default=False)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["group"], condition=models.Q(answered_at=None), name="handover_one_at_a_time"
            ),
            models.CheckConstraint(
                condition=~models.Q(giver=models.F("receiver")), name="handover_is_to_somebody_else"
            ),
        ]

    def __str__(self):
        return f"{self.group_id} from {self.giver_id} to {self.receiver_id}"


class GroupExportQuerySet(models.QuerySet):
    """Exports, by whether they can be fetched."""

    def good(self):
        return self.filter(made_at__isnull=False, asked_at__gt=timezone.now() - GroupExport.LIFETIME)


class GroupExport(models.Model):
    """What a group has said and read, as a file for its owners: asked for, made by the worker, gone after a week."""

    LIFETIME = timedelta(days=7)

    group = models.ForeignKey(Group, on_delete=models.CASCADE, related_name="exports")
    asked_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    asked_at = models.DateTimeField(db_default=Now())
    made_at = models.DateTimeField(null=True, blank=True)
    content = models.BinaryField(null=True)

    objects = GroupExportQuerySet.as_manager()

    class Meta:
        constraints = [
            # One that waits is enough, however often somebody asks.
            models.UniqueConstraint(fields=["group"], condition=models.Q(made_at=None), name="group_export_waits_once"),
            models.CheckConstraint(
                condition=models.Q(made_at=None, content=None) | models.Q(made_at__isnull=False, content__isnull=False),
                name="group_export_made_has_content",
            ),
        ]

    def __str__(self):
        return f"export {self.pk} of {self.group_id}"
