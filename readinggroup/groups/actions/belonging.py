"""What is done with a membership that is there: its name and roles, suspending, leaving, removing."""

from django.db import IntegrityError, transaction
from django.utils import timezone

from readinggroup.accounts.models import User
from readinggroup.accounts.names import is_name_clash, new_pseudonym

from ..models import ChangeKind, Membership, Role, Term
from .refusals import LastOwner, NameTaken, Suspended
from .terms import AS_IT_IS, hold_with_names, log_term, settle_term, tell_of_term


def put_welcome_away(*, membership, by) -> None:
    """The newcomer has seen it."""
    Membership.objects.filter(pk=membership.pk, welcomed_at=None).update(welcomed_at=timezone.now())


def hold_name(user) -> None:
    """Let nobody change this person's name before we are done.

    A change of name holds the person and then their memberships. Who changes a membership's name holds them in the same
    order, so that the two never wait for each other.
    """
    User.objects.select_for_update(no_key=True).get(pk=user.pk)


@transaction.atomic
def change_name_here(*, membership, name, by) -> None:
    """Let the group call the person by this name, or by their own if it is "". NameTaken if somebody has it."""
    hold_name(membership.user)
    name = "" if name == membership.user.display_name else name
    try:
        change_membership(membership, name_here=name)
    except IntegrityError as refusal:
        if is_name_clash(refusal):
            raise NameTaken from refusal
        raise


def leave(*, membership, by, under_pseudonym=False) -> None:
    """End one's own membership. What was written stays, with its name or under a pseudonym.

    LastOwner if nobody would own the group; the database refuses it, also when two leave at once.
    """
    ends = {"left_at": timezone.now(), "roles": []}
    if under_pseudonym:
        change_to_pseudonym(membership, **ends)
    else:
        change_membership(membership, **ends)


def change_to_pseudonym(membership, **changes) -> None:
    """Show what the person wrote under a name that nobody bears; that one is drawn twice is all but impossible."""
    for _try in range(5):
        try:
            with transaction.atomic():
                change_membership(membership, name_here=new_pseudonym(), under_pseudonym=True, **changes)
            return
        except IntegrityError as refusal:
            if not is_name_clash(refusal):
                raise
    raise NameTaken


@transaction.atomic
def show_as(*, membership, under_pseudonym, by) -> None:
    """Of who has left: show what they wrote under a pseudonym, or with their name again. NameTaken as `take_in`."""
    hold_name(membership.user)
    membership = Membership.objects.select_for_update(of=("self",)).get(pk=membership.pk)
    if membership.is_member or membership.under_pseudonym == under_pseudonym:
        return
    if under_pseudonym:
        change_to_pseudonym(membership)
        return
    try:
        change_membership(membership, name_here="", under_pseudonym=False)
    except IntegrityError as refusal:
        if is_name_clash(refusal):
            raise NameTaken from refusal
        raise


@transaction.atomic
def remove(*, membership, reason, by, not_before=None) -> None:
    """End another's membership, unless they have left meanwhile. With `not_before` they do not come back before then.

    Whoever decides it tells them: see `readinggroup.moderation`.
    """
    before = hold_with_names(membership)
    ends = {"left_at": timezone.now(), "roles": [], "removed_by": by, "removed_for": reason}
    if not_before:
        ends |= {"suspended_until": not_before, "suspended_by": by, "suspended_for": reason}
    if change_membership(membership, **ends) and Role.MODERATOR in before.roles:
        log_term(ChangeKind.MODERATED, before, by=by)


@transaction.atomic
def suspend(*, membership, until, reason, by) -> None:
    """Let the member read and not write until then. Suspended if they own the group. Whoever decides it tells them.

    What they send at this moment is either there before this is done, or refused by the database.
    """
    standing = Membership.objects.active().select_for_update(of=("self",)).filter(pk=membership.pk).first()
    if standing is None or Role.OWNER in standing.roles or standing.user_id == by.pk:
        raise Suspended
    change_membership(standing, suspended_until=until, suspended_by=by, suspended_for=reason)


@transaction.atomic
def lift(*, membership, by) -> bool:
    """End a suspension, also of somebody who has left. False if there is none."""
    suspended = Membership.objects.filter(pk=membership.pk, suspended_until__gt=timezone.now())
    return bool(suspended.update(suspended_until=None, suspended_by=None, suspended_for=""))


def day(moment) -> str:
    """The moment as a fact of a notice, which tells its day: "" for none, and for one that never comes."""
    return "" if moment in {None, Membership.FOR_GOOD} else moment.isoformat()


@transaction.atomic
def hand_out_roles(*, membership, roles, by, until=AS_IT_IS) -> None:
    """Give the member exactly these roles. LastOwner if nobody would own the group; Suspended if an owner would be.

    `until` is the end of a moderator's term, or None for one without; who loses that role is told.
    """
    before = hold_with_names(membership)
    over = Membership.objects.filter(pk=membership.pk, suspended_until__lte=timezone.now())
    over.update(suspended_until=None, suspended_by=None, suspended_for="")
    term = Term.objects.open().filter(membership=membership).first()
    if not change_membership(before, roles=[role for role in Role.values if role in roles]):
        return  # they have left meanwhile
    if Role.MODERATOR in roles:
        settle_term(membership=before, until=until, by=by, began=term is None)
    elif term:
        log_term(ChangeKind.MODERATED, before, by=by)
        tell_of_term("term_taken", term, before, event=f"term-{term.pk}-taken", owners=False)


def change_membership(membership, **changes) -> int:
    """Write to a membership, unless it has ended meanwhile; LastOwner, Suspended where the database says so."""
    rows = Membership.objects.filter(pk=membership.pk)
    try:
        with transaction.atomic():
            return (rows if membership.left_at else rows.active()).update(**changes)
    except IntegrityError as refusal:
        if "at least one owner" in str(refusal):
            raise LastOwner from refusal
        if "membership_owner_is_not_suspended" in str(refusal):
            raise Suspended from refusal
        raise
