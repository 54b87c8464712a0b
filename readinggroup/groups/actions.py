"""Founding a group, taking people in, letting them go, handing out roles."""

from datetime import timedelta

from django.db import IntegrityError, transaction
from django.db.models import F
from django.urls import reverse
from django.utils import timezone
from django.utils.text import slugify

from readinggroup.notifications.actions import tell

from .models import Group, Invitation, JoinRequest, Membership, Role


def free_slug(name: str, taken, *, longest: int, fallback: str) -> str:
    """A word for the address, made from the name, that is not in the queryset `taken` yet."""
    base = slugify(name)[:longest].strip("-") or fallback
    stem = base[: longest - 6].rstrip("-")
    slugs = set(taken.filter(slug__startswith=stem).values_list("slug", flat=True))
    candidates = [base, *(f"{stem}-{number}" for number in range(2, len(slugs) + 3))]
    return next(candidate for candidate in candidates if candidate not in slugs)


@transaction.atomic
def found_group(*, name, by, **details) -> Group:
    """A new group with `by` as its owner."""
    group = Group.objects.create(
        name=name, slug=free_slug(name, Group.objects, longest=60, fallback="group"), **details
    )
    Membership.objects.create(group=group, user=by, roles=[Role.OWNER])
    return group


@transaction.atomic
def take_in(*, group, user, roles=()) -> Membership:
    """Make the person a member, or a member again; twice is once. Who is one already keeps their roles."""
    membership, new = Membership.objects.get_or_create(group=group, user=user, defaults={"roles": list(roles)})
    if not new:
        membership = Membership.objects.select_for_update().get(pk=membership.pk)
        kept = membership.roles if membership.is_member else []
        membership.roles = [role for role in Role.values if role in {*kept, *roles}]
        membership.joined_at = membership.joined_at if membership.is_member else timezone.now()
        membership.left_at = None
        membership.save(update_fields=["roles", "joined_at", "left_at"])
    return membership


def invite(*, group, uses, days, roles, by) -> str:
    """A new invitation; the answer is its token, which is shown this once."""
    token = Invitation.new_token()
    Invitation.objects.create(
        group=group,
        token_hash=Invitation.hash_of(token),
        roles=list(roles),
        uses=uses,
        expires_at=timezone.now() + timedelta(days=days),
        created_by=by,
    )
    return token


@transaction.atomic
def accept(*, token, by) -> Membership | None:
    """Join by an invitation. None if it is used up, too old, taken back, or never was.

    The invitation's row is locked, so that of many at once no more come in than it is for, and a double click uses it
    once. Who belongs already does not use it.
    """
    invitation = Invitation.objects.select_for_update().filter(token_hash=Invitation.hash_of(token)).first()
    if invitation is None:
        return None
    membership = Membership.objects.active().filter(group=invitation.group_id, user=by).first()
    if membership:
        return membership
    if not Invitation.objects.good().filter(pk=invitation.pk).update(used=F("used") + 1):
        return None
    return take_in(group=invitation.group, user=by, roles=invitation.roles)


def ask_to_join(*, group, words, by) -> JoinRequest:
    """Ask to be taken in. A second request while the first waits is the first one, in the newer words."""
    request, _ = JoinRequest.objects.update_or_create(group=group, user=by, answered_at=None, defaults={"words": words})
    return request


@transaction.atomic
def answer_join_request(*, request, accept, by) -> bool:
    """Take the person in, or not. False if somebody else has answered already."""
    waiting = JoinRequest.objects.filter(pk=request.pk, answered_at=None)
    if not waiting.update(answered_at=timezone.now(), answered_by=by, accepted=accept):
        return False
    if accept:
        take_in(group=request.group, user=request.user)
    group = request.group
    tell(
        recipients=[request.user],
        kind="groups/join_request_answered",
        event=f"join-request-{request.pk}-answered",
        address=reverse("group", args=[group.slug]) if accept or group.is_known else "",
        facts={"group": group.name, "accepted": accept},
    )
    return True


def revoke(*, invitation, by) -> None:
    """Take an invitation back: its link opens nothing any more."""
    Invitation.objects.filter(pk=invitation.pk, revoked_at=None).update(revoked_at=timezone.now())


class LastOwner(Exception):  # noqa: N818 - said to the person, not an error of the program
    """The group would be left without an owner."""


def leave(*, membership, by) -> None:
    """End a membership, one's own or, by an owner, another's. What was written stays, with its name.

    LastOwner if nobody would own the group; the database refuses it, also when two leave at once.
    """
    change_membership(membership, left_at=timezone.now(), roles=[])


def hand_out_roles(*, membership, roles, by) -> None:
    """Give the member exactly these roles. LastOwner as above."""
    change_membership(membership, roles=[role for role in Role.values if role in roles])


def change_membership(membership, **changes) -> None:
    """Write to a membership that still stands; LastOwner where the database says so."""
    try:
        with transaction.atomic():
            Membership.objects.active().filter(pk=membership.pk).update(**changes)
    except IntegrityError as refusal:
        if "at least one owner" in str(refusal):
            raise LastOwner from refusal
        raise
