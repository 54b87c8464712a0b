"""Who may see a decision: on its page, and by mail."""

from dataclasses import dataclass

from django.db.models import Exists, OuterRef, Q

from readinggroup.groups.models import Membership
from readinggroup.groups.permissions import Can, may

from .models import Decision, Part


@dataclass(frozen=True)
class SeenDecision:
    """A decision as somebody may see it: whom it concerns, their part of it; a moderator, all of it."""

    decision: Decision
    membership: Membership
    concerns: bool

    @property
    def moderates(self):
        return not self.concerns

    @property
    def context(self) -> dict:
        return {
            "decision": self.decision,
            "group": self.decision.group,
            "membership": self.membership,
            "concerns": self.concerns,
            "moderates": self.moderates,
        }


def decision_seen_by(user, public_id) -> SeenDecision | None:
    """The decision, if this person may see it: whom it concerns, and who moderates there and was not involved.

    Of what is not there the same is asked: the time tells nothing.
    """
    theirs = Exists(Part.objects.filter(decision=OuterRef("pk"), person=user))
    # Whom the decision concerned that this one answers: as a moderator they are not uninvolved.
    answered = Q(decision=OuterRef("reverses")) | Q(decision=OuterRef("appeal__decision"))
    involved = Exists(Part.objects.filter(answered, person=user))
    found = Decision.objects.filter(public_id=public_id).annotate(theirs=theirs, involved=involved)
    slug, concerns, is_involved = found.values_list("group__slug", "theirs", "involved").first() or ("", False, False)
    membership = Membership.objects.standing(user.pk, slug)
    if not (concerns or (may(membership, Can.MODERATE) and not is_involved)):
        return None
    decisions = Decision.objects.select_related(
        "group", "rule__rule_set", "by", "reverses__group", "reversal", "appeal__decision__group"
    )
    return SeenDecision(decisions.get(public_id=public_id), membership, concerns)
