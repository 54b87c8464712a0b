"""Founding a group, and every way into one: by a link, by a mail, by asking."""

from datetime import timedelta

from django.db import IntegrityError, transaction
from django.db.models import F
from django.urls import reverse
from django.utils import timezone
from django.utils.text import slugify

from readinggroup.accounts.names import LONGEST_NAME, is_name_clash
from readinggroup.lib.time_zones import zone_called
from readinggroup.notifications.actions import tell
from readinggroup.notifications.models import Category

from ..models import EmailInvitation, Group, Invitation, JoinRequest, Membership, Role
from .belonging import hold_name
from .refusals import Barred, NameTaken, NotForYou
from .terms import settle_term


def free_slug(name: str, taken, *, longest: int, fallback: str) -> str:
    """A word for the address, made from the name, that is not in the queryset `taken` yet."""
    base = slugify(name)[:longest].strip("-") or fallback
    stem = base[: longest - 6].rstrip("-")
    slugs = set(taken.filter(slug__startswith=stem).values_list("slug", flat=True))
    candidates = [base, *(f"{stem}-{number}" for number in range(2, len(slugs) + 3))]
    return next(candidate for candidate in candidates if candidate not in slugs)


@transaction.atomic
def found_group(*, name, by, **details) -> Group:
    """A new group with `by` as its owner. Unless `details` say otherwise, it speaks their language in their zone."""
    theirs = {"language": by.language, "time_zone": by.time_zone if zone_called(by.time_zone) else ""}
    details = {field: value for field, value in theirs.items() if value} | details
    slug = free_slug(name, Group.objects, longest=60, fallback="group")
    group = Group.objects.create(name=name, slug=slug, **details)
    Membership.objects.create(group=group, user=by, roles=[Role.OWNER], welcomed_at=timezone.now())
    return group


@transaction.atomic
def take_in(*, group, user, roles=(), name_here="") -> Membership:
    """Make the person a member, or a member again; twice is once. Who is one already keeps their roles.

    `name_here` is how the group is to call them, where it is not by their own name: NameTaken says that it must be.
    Barred while they are suspended: no way leads around that, since every way in leads through here.
    """
    hold_name(user)
    name_here = "" if name_here == user.display_name else name_here
    try:
        with transaction.atomic():
            details = {"roles": list(roles), "name_here": name_here}
            membership, new = Membership.objects.get_or_create(group=group, user=user, defaults=details)
            return membership if new else take_in_again(membership, roles, name_here)
    except IntegrityError as refusal:
        if is_name_clash(refusal):
            raise NameTaken from refusal
        raise


def take_in_again(membership, roles, name_here) -> Membership:
    """Of who has a membership: add to its roles if it stands, begin it anew if it has ended."""
    membership = Membership.objects.select_for_update(of=("self",)).select_related("user").get(pk=membership.pk)
    if membership.is_suspended:
        if membership.is_member:
            return membership
        raise Barred(membership)
    kept = membership.roles if membership.is_member else []
    membership.roles = [role for role in Role.values if role in {*kept, *roles}]
    membership.suspended_until, membership.suspended_by, membership.suspended_for = None, None, ""
    if not membership.is_member:
        if membership.under_pseudonym or name_here:
            membership.name_here = name_here
        membership.under_pseudonym = False
        membership.joined_at, membership.left_at = timezone.now(), None
        membership.removed_by, membership.removed_for = None, ""
    membership.save()
    return membership


def take_in_under_a_free_name(*, group, user, roles=()) -> Membership:
    """As `take_in`, for who is not there to be asked: where their name is taken, it gets a number."""
    try:
        return take_in(group=group, user=user, roles=roles)
    except NameTaken:
        stem = user.display_name[: LONGEST_NAME - 5]
        for number in range(2, 10_000):
            try:
                return take_in(group=group, user=user, roles=roles, name_here=f"{stem} {number}")
            except NameTaken:
                continue
        raise


def roles_of(invitation) -> list:
    """What one becomes by it now: no moderator any more once the term that it gives is over."""
    is_over = invitation.moderates_until is not None and invitation.moderates_until <= timezone.now()
    return [role for role in invitation.roles if role != Role.MODERATOR or not is_over]


def take_in_invited(*, invitation, user, name_here) -> Membership:
    """As `take_in`, with the roles that the invitation gives; a moderator's term is as it says."""
    membership = take_in(group=invitation.group, user=user, roles=roles_of(invitation), name_here=name_here)
    if Role.MODERATOR in membership.roles:
        until, by = invitation.moderates_until, invitation.created_by
        settle_term(membership=membership, until=until, by=by, began=True)
    return membership


def invite(*, group, uses, days, roles, by, moderates_until=None) -> str:
    """A new invitation; the answer is its token, which is shown this once."""
    token = Invitation.new_token()
    Invitation.objects.create(
        group=group,
        token_hash=Invitation.hash_of(token),
        roles=list(roles),
        moderates_until=moderates_until,
        uses=uses,
        expires_at=timezone.now() + timedelta(days=days),
        created_by=by,
    )
    return token


def regenerate(*, invitation, by) -> str | None:
    """A new link in place of the old one, which opens nothing any more. None if the invitation is not good any more."""
    token = Invitation.new_token()
    found = Invitation.objects.good().filter(pk=invitation.pk).update(token_hash=Invitation.hash_of(token))
    return token if found else None


def revoke(*, invitation, by) -> None:
    """Take an invitation back: its link opens nothing any more."""
    Invitation.objects.filter(pk=invitation.pk, revoked_at=None).update(revoked_at=timezone.now())


def invitation_of(token):
    """The invitation that this link opens, by link or by mail, or None."""
    public_id = EmailInvitation.public_id_in(token)
    if public_id is not None:
        return EmailInvitation.objects.good().filter(public_id=public_id).select_related("group").first()
    return Invitation.objects.good().filter(token_hash=Invitation.hash_of(token)).select_related("group").first()


@transaction.atomic
def accept(*, token, by, name_here="") -> Membership | None:
    """Join by an invitation. None if it is used up, too old, taken back, or never was. NameTaken, Barred as `take_in`.

    The invitation's row is locked, so that of many at once no more come in than it is for, and a double click uses it
    once. Who belongs already does not use it.
    """
    public_id = EmailInvitation.public_id_in(token)
    if public_id is not None:
        return accept_mailed(public_id=public_id, by=by, name_here=name_here)
    invitation = Invitation.objects.select_for_update().filter(token_hash=Invitation.hash_of(token)).first()
    if invitation is None:
        return None
    membership = Membership.objects.active().filter(group=invitation.group_id, user=by).first()
    if membership:
        return membership
    if not Invitation.objects.good().filter(pk=invitation.pk).update(used=F("used") + 1):
        return None
    return take_in_invited(invitation=invitation, user=by, name_here=name_here)


@transaction.atomic
def accept_mailed(*, public_id, by, name_here="") -> Membership | None:
    """Join by an invitation that was mailed. NotForYou if the address is not this account's; else as `accept`."""
    invitation = EmailInvitation.objects.select_for_update().filter(public_id=public_id, revoked_at=None).first()
    if invitation is None or not invitation.is_for(by):
        if invitation and invitation in EmailInvitation.objects.good():
            raise NotForYou
        return None
    membership = Membership.objects.active().filter(group=invitation.group_id, user=by).first()
    if membership is None and (invitation.accepted_at or invitation.expires_at <= timezone.now()):
        return None
    membership = membership or take_in_invited(invitation=invitation, user=by, name_here=name_here)
    EmailInvitation.objects.waiting().filter(pk=invitation.pk).update(
        accepted_at=timezone.now(), accepted_by=by, mail_at=None
    )
    return membership


@transaction.atomic
def ask_to_join(*, group, words, by) -> JoinRequest:
    """Ask to be taken in; who may answer is told, once. Barred as `take_in`.

    A second request while the first waits is the first one, in the newer words.
    """
    former = Membership.objects.filter(group=group, user=by).first()
    if former and former.is_suspended:
        raise Barred(former)
    request, _ = JoinRequest.objects.update_or_create(group=group, user=by, answered_at=None, defaults={"words": words})
    tell(
        recipients=[each.user for each in group.memberships.who_may_invite().select_related("user")],
        kind="groups/join_requested",
        category=Category.REQUEST,
        group=group.pk,
        event=f"join-request-{request.pk}",
        address=reverse("groups:members", args=[group.slug]),
        facts={"group": group.name, "name": group.name_of(by)},
    )
    return request


@transaction.atomic
def answer_join_request(*, request, accept, by, words="") -> bool:
    """Take the person in, or not, with a word to them. False if somebody else has answered already."""
    waiting = JoinRequest.objects.filter(pk=request.pk, answered_at=None)
    if not waiting.update(answered_at=timezone.now(), answered_by=by, accepted=accept, answer=words):
        return False
    group = request.group
    name_here = take_in_under_a_free_name(group=group, user=request.user).name_here if accept else ""
    tell(
        recipients=[request.user],
        kind="groups/join_request_answered",
        category=Category.DECISION,
        group=group.pk,
        event=f"join-request-{request.pk}-answered",
        address=reverse("group", args=[group.slug]) if accept or group.is_known else "",
        facts={"group": group.name, "accepted": accept, "words": words, "name_here": name_here},
    )
    return True
