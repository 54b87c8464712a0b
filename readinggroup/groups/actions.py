"""Founding a group and taking people in."""

from django.db import transaction
from django.utils.text import slugify

from .models import Group, Membership, Role


def free_slug(name: str, taken, *, longest: int, fallback: str) -> str:
    """A word for the address, made from the name, that is not in the queryset `taken` yet."""
    base = slugify(name)[:longest].strip("-") or fallback
    slugs = set(taken.filter(slug__startswith=base).values_list("slug", flat=True))
    candidates = [base, *(f"{base[: longest - 6]}-{number}" for number in range(2, len(slugs) + 3))]
    return next(candidate for candidate in candidates if candidate not in slugs)


@transaction.atomic
def found_group(*, name, by, **details) -> Group:
    """A new group with `by` as its owner."""
    group = Group.objects.create(
        name=name, slug=free_slug(name, Group.objects, longest=60, fallback="group"), **details
    )
    Membership.objects.create(group=group, user=by, roles=[Role.OWNER])
    return group


def take_in(*, group, user, roles=()) -> Membership:
    """Make the person a member, or a member again; twice is once."""
    membership, _ = Membership.objects.update_or_create(
        group=group, user=user, defaults={"left_at": None, "roles": list(roles)}
    )
    return membership
