"""An account is deleted: what was asked for a week ago, one person a transaction, all of it or nothing."""

import json
import logging
from functools import reduce
from operator import or_

from django.db import transaction
from django.db.models import Q, TextField
from django.db.models.functions import Cast
from django.urls import reverse
from django.utils import timezone

from readinggroup.accounts.logins import SessionStore
from readinggroup.accounts.models import Contributions, Login, User
from readinggroup.accounts.names import new_pseudonym
from readinggroup.discussion.actions import erase_all
from readinggroup.discussion.models import MutedPerson
from readinggroup.groups.actions import LastOwner, leave
from readinggroup.groups.models import EmailInvitation, Group, Invitation, Membership
from readinggroup.moderation.models import Case, Outcome, Report, Service
from readinggroup.notifications.actions import tell
from readinggroup.notifications.models import Category, MailSettings, Notice
from readinggroup.proposals.actions import discard_all, withdraw_all
from readinggroup.schedule.actions import lead_no_more

log = logging.getLogger(__name__)

# Of the account's row these stay, or are written by name; every other field is put back to what a new account has, also
# the public id, by which somebody who noted it would know the person again.
STAYS = {"id", "date_joined", *User.KEPT_ELSEWHERE}


def owned_alone_by(user):
    """The groups that would have no owner without this person."""
    owners = Membership.objects.owning()
    others = owners.exclude(user=user)
    mine = Group.objects.filter(pk__in=owners.filter(user=user).values("group"))
    return mine.exclude(pk__in=others.values("group")).order_by("name")


def delete_due() -> int:
    """Delete the accounts whose time has come; the answer is how many. One that fails stops no other."""
    deleted = 0
    for pk in User.objects.to_be_deleted().order_by("deletion_due_at").values_list("pk", flat=True):
        try:
            deleted += delete_account(pk)
        except LastOwner:
            tell_that_it_waits(pk)
        except Exception:
            log.exception("Account %s could not be deleted; it is tried again", pk)
    forget_reports(User.objects.filter(deleted_at__isnull=False))
    for user in User.objects.deleted_lately():
        try:
            sweep(user)
        except Exception:
            log.exception("What account %s left could not be removed; it is tried again", user.pk)
    return deleted


@transaction.atomic
def delete_account(pk) -> bool:
    """Delete the account, if that is due. False if it is not, or if another worker is about it.

    LastOwner if a group would be left without an owner: then nothing is done.
    """
    due = User.objects.to_be_deleted().select_for_update(skip_locked=True, no_key=True, of=["self"])
    user = due.filter(pk=pk).first()
    if user is None:
        return False
    leave_all(user)
    former = {user.email, *user.emailaddress_set.values_list("email", flat=True)}
    forget_name(user, pseudonym := new_pseudonym())
    remove_what_is_theirs(user)
    forget_addresses(former)
    strip(user, pseudonym)
    return True


@transaction.atomic
def sweep(user) -> None:
    """Once more what a request may have written that was under way when the account was deleted."""
    leave_all(user)
    remove_what_is_theirs(user)


def leave_all(user) -> None:
    """End every membership. LastOwner where nobody else owns the group."""
    for membership in Membership.objects.active().filter(user=user).select_related("group", "user"):
        leave(membership=membership, by=user)


def remove_what_is_theirs(user) -> None:
    """The rows that are about this person alone; and, if so chosen, what they have written. Again is harmless."""
    now = timezone.now()
    if user.deletion_choice == Contributions.WITHDRAWN:
        erase_all(by=user)
        withdraw_all(by=user)
        user.rules_reviews.filter(withdrawn_at=None).update(words="", withdrawn_at=now)
    discard_all(by=user)
    forget_reports([user])
    for rows in (
        user.emailaddress_set,
        user.socialaccount_set,
        user.authenticator_set,
        user.usersession_set,
        user.logins,
        user.sign_in_links,
        user.archives,
        user.notices,
        user.mail_wishes,
        user.digests,
        user.push_subscriptions,
        user.places,
        user.seen,
        user.drafts,
        user.mentions,
        user.follows,
        user.muted_people,
        MutedPerson.objects.filter(person=user),
        user.reactions,
        user.rules_review_supports,
        user.supported_proposals,
        user.co_proposals,
        user.hosted_readings,
        user.join_requests,
        user.feed_addresses,
        user.attendances,  # their places are given on by the worker
        user.poll_replies,
        user.calendar_addresses,
    ):
        rows.all().delete()
    MailSettings.objects.filter(user=user).delete()
    lead_no_more(user=user)
    Invitation.objects.filter(created_by=user, revoked_at=None).update(revoked_at=now)
    user.jury_service.filter(vote="").update(state=Service.DECLINED)  # within the hour, another is drawn
    user.email_invitations.filter(accepted_at=None, revoked_at=None).update(revoked_at=now, mail_at=None)


def forget_reports(people) -> int:
    """A report that was decided keeps its rule and its outcome, by which the group counts, and not its words.

    What waits keeps them until it is decided: somebody is to look at it, and without the words could not.
    """
    decided = Report.objects.filter(reporter__in=people).exclude(outcome=Outcome.OPEN).exclude(words="")
    return decided.update(words="")


def forget_name(user, pseudonym) -> None:
    """Put the pseudonym where others were told of the person by name: people of the groups they came near."""
    groups = Group.objects.filter(Q(memberships__user=user) | Q(join_requests__user=user))
    people = Membership.objects.filter(group__in=groups).values("user")
    told = Notice.objects.filter(recipient__in=people).annotate(said=Cast("facts", TextField()))
    names = {user.display_name, *user.memberships.exclude(name_here="").values_list("name_here", flat=True)}
    named = [Q(said__contains=json.dumps(name, ensure_ascii=False)) for name in names]
    for notice in told.filter(reduce(or_, named)).only("facts").iterator():
        Notice.objects.filter(pk=notice.pk).update(facts=renamed(notice.facts, names, pseudonym))
    Case.objects.filter(member__user=user).exclude(former_name="").update(former_name="")
    # Where a group called them otherwise, that name goes too; a pseudonym that they chose tells nothing and stays.
    Membership.objects.filter(user=user, under_pseudonym=False).update(name_here="")


def renamed(fact, names, pseudonym):
    """A fact of a notice with the pseudonym wherever it is one of these names, also inside of lists."""
    if isinstance(fact, dict):
        return {key: renamed(value, names, pseudonym) for key, value in fact.items()}
    if isinstance(fact, list):
        return [renamed(each, names, pseudonym) for each in fact]
    return pseudonym if isinstance(fact, str) and fact in names else fact


def forget_addresses(addresses) -> None:
    """Remove invitations to these addresses, and what browsers left that asked for one without having signed in."""
    EmailInvitation.objects.filter(email__in={address.lower() for address in addresses}).delete()
    for login in Login.objects.filter(user=None).iterator():
        said = str(SessionStore().decode(login.session_data)).lower()
        if any(address.lower() in said for address in addresses):
            login.delete()


def strip(user, pseudonym) -> None:
    """The account's row without the person."""
    for field in user._meta.concrete_fields:
        if field.name not in STAYS:
            setattr(user, field.attname, field.get_default())
    user.display_name = pseudonym
    user.email = f"{user.public_id}@deleted.invalid"
    user.is_active = False
    user.set_unusable_password()
    user.save()
    user.groups.clear()
    user.user_permissions.clear()
    User.objects.filter(pk=user.pk).update(deletion_due_at=None, deleted_at=timezone.now())


@transaction.atomic
def tell_that_it_waits(pk) -> None:
    """A group would be left without an owner: the person is told, once, and it is tried again."""
    user = User.objects.to_be_deleted().filter(pk=pk).first()
    if user is not None:
        groups = ", ".join(group.name for group in owned_alone_by(user))
        tell_of_deletion(user, "waits", user.deletion_due_at, groups=groups)


def tell_of_deletion(user, what, due, **facts) -> None:
    """By mail and in the inbox, once for each time that it is asked for."""
    tell(
        recipients=[user],
        kind=f"my_data/deletion_{what}",
        category=Category.ACCOUNT,
        event=f"deletion-{due.timestamp():.0f}-{what}",
        address=reverse("my_data:delete_account"),
        facts={"due": due.isoformat(), **facts},
    )
