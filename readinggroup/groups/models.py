"""A reading group and its people."""

import hashlib
import secrets
from datetime import timedelta
from functools import cache

import pgtrigger
from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import connection, models
from django.db.models.functions import Now
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from readinggroup.lib.constraints import at_most
from readinggroup.lib.quick_rows import columns_of


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
    created_at = models.DateTimeField(db_default=Now())

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


class MembershipQuerySet(models.QuerySet):
    """Members of groups, by what they are."""

    def active(self):
        """Those who belong now: who left keeps the row, so that what they wrote keeps its place."""
        return self.filter(left_at=None)

    def with_a_role(self):
        return self.active().exclude(roles=[])

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

    group = models.ForeignKey(Group, on_delete=models.CASCADE, related_name="memberships")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="memberships")
    roles = ArrayField(models.CharField(max_length=10, choices=Role.choices), default=list, blank=True)
    joined_at = models.DateTimeField(db_default=Now())
    left_at = models.DateTimeField(null=True, blank=True)

    objects = MembershipQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["group", "user"], name="membership_once"),
            models.CheckConstraint(
                condition=models.Q(roles__contained_by=Role.values), name="membership_roles_are_known"
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
            )
        ]

    def __str__(self):
        return f"{self.user} in {self.group}"

    @property
    def is_member(self):
        return self.pk is not None and self.left_at is None

    @property
    def role_names(self):
        """The roles in words, or "member"."""
        return ", ".join(str(Role(role).label) for role in self.roles) or str(_("member"))


class InvitationQuerySet(models.QuerySet):
    """Invitations, by whether they still open the door."""

    def good(self):
        return self.filter(revoked_at=None, expires_at__gt=timezone.now(), used__lt=models.F("uses"))


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
