"""For how long somebody moderates: beginning a term, changing its end, electing, reminding, ending it.

That every moderator has one open term, and nobody else, is the database's to see to (models/terms.py).
"""

from datetime import UTC, datetime

from django.db import transaction
from django.urls import reverse
from django.utils import timezone

from readinggroup.notifications.actions import tell, tell_each
from readinggroup.notifications.models import Category

from ..models import CameBy, ChangeKind, GroupChange, Membership, Role, Term

# Of `until`: leave the term as long as it is.
AS_IT_IS = datetime.min.replace(tzinfo=UTC)


def settle_term(*, membership, until, by, came_by=CameBy.APPOINTED, began=False) -> Term | None:
    """Say of the open term of this member until when it is and who gave it, and enter that in the group's log.

    `began`: they moderate since this transaction, which holds the membership. None if they do not moderate.
    """
    term = Term.objects.open().filter(membership=membership).first()
    if term is None:
        return None
    if began:
        term.by, term.came_by = by, came_by
        term.until = None if until is AS_IT_IS else until
    elif until is AS_IT_IS or until == term.until:
        return term
    else:
        term.until, term.reminded_at = until, None
    term.save(update_fields=["by", "came_by", "until", "reminded_at"])
    log_term(ChangeKind.MODERATES if began else ChangeKind.TERM, membership, by=by, term=term)
    return term


def log_term(kind, membership, *, by, term=None) -> GroupChange:
    """A row of the group's log about one who moderates, or did; with the last day of the term that they have now."""
    group = membership.group
    last = last_day_as_fact(term, group) if term else ""
    return GroupChange.objects.create(group=group, kind=kind, after=last, by=by, person=membership.user)


def hold_with_names(membership) -> Membership:
    """The membership as it is now, held until the end of this transaction."""
    rows = Membership.objects.select_for_update(of=("self",), no_key=True).select_related("group", "user")
    return rows.get(pk=membership.pk)


@transaction.atomic
def elect_moderators(*, group, people, until, by) -> list[Term]:
    """These people were elected: they moderate until then, each under a new term. The answer is those terms.

    `by` is who counted the votes. Who has left meanwhile, or is suspended, is passed over. Of others who moderate
    nothing is taken: their terms end when they end, and an owner may end them before.
    """
    rows = Membership.objects.active().select_for_update(of=("self",), no_key=True).select_related("group", "user")
    elected = list(rows.filter(group=group, user__in=people).exclude(suspended_until__gt=timezone.now()).order_by("pk"))
    terms = []
    for membership in elected:
        if Role.MODERATOR in membership.roles:
            Term.objects.open().filter(membership=membership).update(ended_at=timezone.now())
            Term.objects.create(membership=membership, began_at=timezone.now())
        else:
            roles = [role for role in Role.values if role in {*membership.roles, Role.MODERATOR}]
            Membership.objects.filter(pk=membership.pk).update(roles=roles)
        terms.append(settle_term(membership=membership, until=until, by=by, came_by=CameBy.ELECTED, began=True))
    if terms:
        members = Membership.objects.active().filter(group=group).values_list("user", flat=True)
        tell(
            recipients=members,
            kind="groups/elected",
            category=Category.GROUP,
            group=group.pk,
            event=f"elected-{terms[0].pk}",
            address=reverse("groups:rules", args=[group.slug]),
            facts={"group": group.name, "until": last_day_as_fact(terms[0], group)},
        )
    return terms


def last_day_as_fact(term, group) -> str:
    """The day itself, where the group is: told in any reader's zone it is that day. "" of a term without an end."""
    return timezone.localdate(term.last_day, group.zone).isoformat() if term.until else ""


def owners_of(group) -> set:
    """The keys of those who own the group."""
    owners = Membership.objects.owning().filter(group=group)
    return set(owners.values_list("user", flat=True))


def tell_of_term(kind, term, membership, *, event, owners=True) -> None:
    """Tell the moderator, and who owns the group: each what it means for them."""
    group, me = membership.group, membership.user_id
    facts = {"group": group.name, "name": membership.name, "until": last_day_as_fact(term, group)}
    told = {"address": reverse("groups:member", args=[group.slug, membership.user.public_id]), "group": group.pk}
    if owners:
        people = dict.fromkeys(owners_of(group) - {me}, (f"groups/{kind}", Category.REQUEST))
        tell_each(people=people, event=f"{event}-owners", facts=facts, **told)
    told["address"] = reverse("groups:rules", args=[group.slug])
    tell(recipients=[me], kind=f"groups/my_{kind}", category=Category.DECISION, event=event, facts=facts, **told)


def remind_of_terms() -> int:
    """Tell moderators, and owners, of the terms that end soon: once each. The answer is how many."""
    return sum(remind_of(term) for term in Term.objects.to_be_reminded().select_related("membership"))


@transaction.atomic
def remind_of(term) -> bool:
    """Of one. False if somebody else did meanwhile, or changed its end."""
    membership = hold_with_names(term.membership)
    if not Term.objects.to_be_reminded().filter(pk=term.pk, until=term.until).update(reminded_at=timezone.now()):
        return False
    event = f"term-{term.pk}-ends-{term.until.timestamp():.0f}"
    tell_of_term("term_ends", term, membership, event=event)
    return True


def end_terms() -> int:
    """End the terms that are over, each in a transaction of its own. The answer is how many."""
    return sum(end_term(term) for term in Term.objects.over().select_related("membership").order_by("until", "pk"))


@transaction.atomic
def end_term(term) -> bool:
    """Take the role from whose term is over, tell them and the owners, and enter it in the log. False if it is not."""
    membership = hold_with_names(term.membership)
    if not Term.objects.over().filter(pk=term.pk).exists():
        return False
    roles = [role for role in membership.roles if role != Role.MODERATOR]
    Membership.objects.filter(pk=membership.pk).update(roles=roles)
    log_term(ChangeKind.MODERATED, membership, by=None)
    tell_of_term("term_ended", term, membership, event=f"term-{term.pk}-ended")
    return True
