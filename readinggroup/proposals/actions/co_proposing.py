"""Proposing together: asking another member, and what they answer."""

from django.db import transaction
from django.utils import timezone

from readinggroup.groups.models import Membership
from readinggroup.notifications.models import Category
from readinggroup.readings.models import Host

from ..models import CoProposer
from .proposing import hold
from .refusals import NotPossible
from .telling import makers_of, tell_of


@transaction.atomic
def ask_to_propose_with(*, proposal, user, by) -> CoProposer:
    """Ask another member to propose it, too. Asked twice they are asked once. NotPossible if it cannot be changed."""
    standing = hold(proposal, by=by)
    others = standing.co_proposers.exclude(user=user).count()
    belongs = Membership.objects.active().filter(group=standing.group_id, user=user).exists()
    if not standing.can_change or user.pk == standing.proposer_id or others >= CoProposer.MOST or not belongs:
        raise NotPossible
    asked, made = CoProposer.objects.get_or_create(proposal=standing, user=user)
    if made:
        tell_of(standing, "asked_to_propose", f"with-{asked.pk}", [user.pk], by=by, category=Category.REQUEST)
    return asked


@transaction.atomic
def answer_co_proposing(*, proposal, agree: bool, by) -> bool:
    """Propose it, too, or not, or no more. False if nobody asks them."""
    standing = hold(proposal, by=by, makers_only=False)
    mine = CoProposer.objects.filter(proposal=standing, user=by).first()
    if mine is None or not standing.can_change:
        return False
    if not agree:
        mine.delete()
        Host.objects.filter(reading=standing.talk_id, user=by).delete()
        return True
    if mine.agreed_at is None:
        mine.agreed_at = timezone.now()
        mine.save(update_fields=["agreed_at"])
        if standing.talk_id:
            Host.objects.get_or_create(reading_id=standing.talk_id, user=by)
        standing.support.filter(user=by).delete()  # who proposes it raises no hand for it
        tell_of(standing, "agreed_to_propose", f"with-{mine.pk}-agreed", makers_of(standing), by=by)
    return True


@transaction.atomic
def ask_no_more(*, proposal, user, by) -> bool:
    """Propose it without this person; the proposer alone says so. False if they are none of those."""
    standing = hold(proposal, by=by)
    if standing.proposer_id != by.pk or not standing.can_change:
        raise NotPossible
    Host.objects.filter(reading=standing.talk_id, user=user).delete()
    return bool(standing.co_proposers.filter(user=user).delete()[0])
