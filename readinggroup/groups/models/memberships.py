"""Who belongs to a group, as what, under which name, and whether they may write."""

from datetime import UTC, datetime
from functools import cache

import pgtrigger
from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import connection, models
from django.db.models.functions import Coalesce, Now, NullIf
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from readinggroup.accounts.models import User
from readinggroup.accounts.names import (
    LONGEST_NAME,
    LONGEST_SKELETON,
    NAME_ONCE,
    skeleton,
    validate_display_name,
)
from readinggroup.lib.prepared import Parameter, prepared
from readinggroup.lib.quick_rows import columns_of

from .groups import Group, Visibility


class Role(models.TextChoices):
    """What a member is besides being a member. One person may be several of them."""

    OWNER = "owner", _("owner")
    ORGANIZER = "organizer", _("organizer")
    MODERATOR = "moderator", _("moderator")


# Those who decide as moderators. Who may do what is said in permissions.py; queries and triggers go by this list.
DECIDING = [Role.MODERATOR, Role.OWNER]


class MembershipQuerySet(models.QuerySet):
    """Members of groups, by what they are."""

    def active(self):
        """Those who belong now: who left keeps the row, so that what they wrote keeps its place."""
        return self.filter(left_at=None)

    def with_names(self):
        """Each with `shown_name`: how the group calls them."""
        return self.annotate(shown_name=Coalesce(NullIf("name_here", models.Value("")), "user__display_name"))

    def with_term(self):
        """Each with `term`: for how long they moderate. None of who does not."""
        open_terms = self.model._meta.get_field("terms").related_model.objects.open()
        return self.prefetch_related(models.Prefetch("terms", open_terms, to_attr="open_terms"))

    def who_moderate(self):
        """Those whose role it is, each with their term."""
        return self.active().filter(roles__contains=[Role.MODERATOR]).with_term()

    def called(self, name):
        """Those whose name here begins so, former members too; case and letters that look alike are one."""
        return self.filter(name_skeleton__startswith=skeleton(name))

    def exceptions(self):
        """Whoever holds a role or is called otherwise here, former members too: the rest are as their account says."""
        return self.exclude(roles=[], name_here="")

    def who_may_invite(self):
        """Those who answer requests to join, and are not suspended."""
        return self.active().filter(roles__overlap=[Role.OWNER, Role.ORGANIZER]).exclude(suspended_until__gt=Now())

    def owning(self):
        """Those who own their group, suspended or not."""
        return self.active().filter(roles__contains=[Role.OWNER])

    def who_may_decide(self):
        """Those who can decide as moderators now: by role, and neither suspended nor with a closed account."""
        moderating = self.active().filter(roles__overlap=DECIDING, user__is_active=True)
        return moderating.exclude(suspended_until__gt=Now())

    def update(self, **changes):
        if changes.get("name_here"):
            changes["name_skeleton"] = skeleton(changes["name_here"])
        return super().update(**changes)

    def hold(self, *, group, user):
        """The membership, of whatever standing, held until this transaction ends; None if there is none.

        A suspension, a removal, a saved draft come before this transaction or after it. Whoever holds more takes the
        membership first, then comments in the order of their keys, then the paragraphs' counters (the triggers of
        `Comment`): in any other order two acts of one person can wait for each other.
        """
        return _held().first(group=getattr(group, "pk", group), user=getattr(user, "pk", user))

    def standing(self, user_id, slug):
        """The person's membership in the group of that name; unsaved if they have none.

        If there is no such group, nobody's membership in a hidden group that is nowhere: whoever may not learn of a
        group gets the same after the same work, and the time does not tell the two apart.
        """
        with connection.cursor() as cursor:
            cursor.execute(f"SELECT {standing_columns()} {STANDING}", [slug, user_id])
            return standing_from(cursor.fetchone())


@prepared
def _held():
    held = Membership.objects.select_for_update(of=("self",), no_key=True).select_related("group")
    return held.filter(group=Parameter("group"), user=Parameter("user"))


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
    def term(self):
        """The open term of who moderates, or None. Of rows `with_term`."""
        return next(iter(self.open_terms), None)

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
