"""Who is looking at a case: so that two moderators do not do the same work. The database lets one have it."""

from django.utils import timezone

from ..models import Case, Kind
from ..models.cases import NOT_CLAIMED
from .deciding import concerned_by


def claim(*, case, by) -> bool:
    """Have the case for ten minutes, or ten minutes more. False if somebody else has it, or it is decided.

    And if it is about oneself: who cannot decide it keeps nobody else from it.
    """
    if case.kind != Kind.APPEAL and concerned_by(case) == by.pk:
        return False
    cases = Case.objects.open().free_for(by).filter(pk=case.pk)
    return bool(cases.update(claimed_by=by, claimed_until=timezone.now() + Case.CLAIM_LASTS))


def release(*, cases, by) -> int:
    """Let go what of these one has; the answer is how many."""
    return cases.filter(claimed_by=by).update(**NOT_CLAIMED)
