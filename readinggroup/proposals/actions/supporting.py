"""Raising a hand for a proposal, and taking it back."""

from django.db import transaction

from ..models import Support
from .proposing import hold
from .telling import makers_of


@transaction.atomic
def support(*, proposal, by) -> bool:
    """Want it, too. Twice is once. False if it takes no hands now, or is one's own; NotPossible if one may not."""
    standing = hold(proposal, by=by, makers_only=False)
    if not standing.takes_support or by.pk in makers_of(standing):
        return False
    Support.objects.bulk_create([Support(proposal=standing, user=by)], ignore_conflicts=True)
    return True


@transaction.atomic
def support_no_more(*, proposal, by) -> bool:
    """Take one's hand back. False if it counts already: it stands on a ballot, or was decided about."""
    standing = hold(proposal, by=by, makers_only=False)
    if not standing.takes_support:
        return False
    standing.support.filter(user=by).delete()
    return True
