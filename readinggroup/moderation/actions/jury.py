"""Three members drawn by lot decide about an appeal where nobody else can."""

from datetime import timedelta
from secrets import SystemRandom

from django.db import transaction
from django.db.models import Q
from django.urls import reverse as address_of
from django.utils import timezone

from readinggroup.groups.models import Membership
from readinggroup.groups.permissions import Can, may
from readinggroup.notifications.actions import tell
from readinggroup.notifications.models import Category

from ..log import involved_in
from ..models import Appeal, Case, Decision, Juror, Service, Vote
from .answering import deciders_about, has_jury, settle
from .deciding import As, hold_members
from .refusals import Decided, Impossible, NotYours, Stale, TooLate
from .reversing import hold_for

MEMBER_FOR = timedelta(days=14)  # who has just come in is drawn only where there are not enough others
MAJORITY = 2


@transaction.atomic
def see_to(*, appeal) -> None:
    """See that somebody can decide about the appeal, and tell them; or say plainly that nobody can.

    Again is harmless: what has changed since is seen to, and nobody is told twice.
    """
    Case.objects.select_for_update(of=("self",), no_key=True).get(appeal=appeal)
    standing = Appeal.objects.select_related("decision__group").get(pk=appeal.pk)
    group = standing.decision.group
    if standing.is_decided or has_jury(standing) or group.is_closed:  # opened again, it is seen to within the hour
        return
    if deciders := list(deciders_about(standing.decision).values_list("user", flat=True)):
        tell_of_appeal(standing, deciders, "moderation/appealed", "asked", "moderation:appeal")
    elif not (group.jury_decides and draw(standing)):
        tell_that_nobody_decides(standing)


def draw(appeal) -> bool:
    """Ask as many members as seats are free; False, and nobody is asked, where there are not enough."""
    free = Juror.SEATS - appeal.jurors.seated().count()
    pool = who_can_be_drawn(appeal)
    settled = pool.filter(joined_at__lte=timezone.now() - MEMBER_FOR)
    people = list((settled if settled.count() >= free else pool).values_list("user", flat=True))
    if len(people) < free:
        return False
    drawn = SystemRandom().sample(people, free)
    until = timezone.now() + Juror.AGREES_WITHIN
    Juror.objects.bulk_create(Juror(appeal=appeal, user_id=person, answer_by=until) for person in sorted(drawn))
    tell_jurors(appeal, drawn, "asked", until)
    return True


def who_can_be_drawn(appeal):
    """Members who can say what they think, have nothing to do with it, and were not asked yet."""
    members = Membership.objects.active().filter(group=appeal.decision.group_id, user__is_active=True)
    members = members.filter(user__deletion_due_at=None).exclude(suspended_until__gt=timezone.now())
    return members.exclude(user__in=involved_in(appeal.decision)).exclude(user__in=appeal.jurors.values("user"))


@transaction.atomic
def agree(*, juror, by) -> Juror:
    """Agree to serve; twice is once. Decided, TooLate, NotYours."""
    standing = held_juror(juror, by)
    if standing.state == Service.ASKED:
        standing.state, standing.answer_by = Service.SERVING, timezone.now() + Juror.VOTES_WITHIN
        standing.save(update_fields=["state", "answer_by"])
    return standing


@transaction.atomic
def decline(*, juror, by) -> None:
    """Not serve, or no longer; another member is drawn, unless the two others are of one mind: that decides.

    Whoever has voted, has served: Stale. Decided, TooLate.
    """
    hold_for(juror.appeal.decision, by)
    standing = held_juror(juror, by)
    if standing.vote:
        raise Stale
    Juror.objects.filter(pk=standing.pk).update(state=Service.DECLINED)
    if conclude(standing.appeal) is None:
        see_to(appeal=standing.appeal)


@transaction.atomic
def vote(*, juror, vote, words, by) -> Juror:
    """Say what one thinks, once; the last of three decides. The same vote again is the first one.

    Stale (one has voted otherwise before), Impossible (one has not agreed yet), Decided, TooLate, NotYours.
    """
    hold_for(juror.appeal.decision, by)
    standing = held_juror(juror, by, voted=vote)
    if standing.vote:
        if standing.vote != vote:
            raise Stale
        return standing
    if standing.state != Service.SERVING:
        raise Impossible
    standing.vote, standing.words, standing.voted_at = vote, words, timezone.now()
    standing.save(update_fields=["vote", "words", "voted_at"])
    conclude(standing.appeal)
    return standing


def held_juror(juror, by, *, voted="") -> Juror:
    """The juror as they stand now, with their membership and the appeal's case held.

    Who has voted so already is answered also after the appeal is decided.
    """
    member = hold_members(juror.appeal.decision.group, {by.pk}).get(by.pk)
    Case.objects.select_for_update(of=("self",), no_key=True).get(appeal=juror.appeal_id)
    standing = Juror.objects.select_related("appeal__decision__group").get(pk=juror.pk)
    if standing.user_id != by.pk:
        raise NotYours
    if voted and standing.vote == voted:
        return standing
    if standing.appeal.is_decided:
        raise Decided(standing.appeal)
    if standing.state in {Service.DECLINED, Service.LAPSED} or standing.is_late:
        raise TooLate
    if member is None or not may(member, Can.DISCUSS):
        raise NotYours
    return standing


def conclude(appeal) -> Decision | None:
    """Decide as the majority has voted, when nobody is waited for any more. Expects what `hold_for` holds."""
    if appeal.jurors.awaited().exists():
        return None
    votes = list(appeal.jurors.voted().order_by("voted_at", "pk"))
    for choice in Vote:
        agreeing = [each.words for each in votes if each.vote == choice]
        if len(agreeing) >= MAJORITY:
            reverse_it, words = choice == Vote.REVERSE, "\n\n".join(agreeing)
            return settle(appeal=appeal, reverse_it=reverse_it, words=words, by=None, decided_as=As.JURY)
    return None


@transaction.atomic
def let_lapse(*, appeal) -> None:
    """Free the seats of who has not answered in time, or may not any more; two of one mind are a majority then."""
    hold_for(appeal.decision)
    standing = Appeal.objects.select_related("decision__group").get(pk=appeal.pk)
    if standing.is_decided:
        return
    members = Membership.objects.active().filter(group=standing.decision.group_id, user__is_active=True)
    able = members.exclude(suspended_until__gt=timezone.now()).values("user")
    gone = standing.jurors.awaited().filter(Q(answer_by__lte=timezone.now()) | ~Q(user__in=able))
    gone.update(state=Service.LAPSED)
    conclude(standing)


# --- Telling ---------------------------------------------------------------------------------------------------------


def tell_of_appeal(appeal, people, kind, what, page, **facts) -> None:
    """Tell people of an appeal, each once of the same."""
    group = appeal.decision.group
    args = [group.slug, appeal.pk] if page == "moderation:appeal" else [appeal.decision.public_id]
    tell(
        recipients=people,
        kind=kind,
        category=Category.REQUEST,
        event=f"appeal-{appeal.pk}-{what}",
        group=group.pk,
        address=address_of(page, args=args),
        facts={"group": group.name, "due": appeal.case.due_at.isoformat(), **facts},
        thread=f"appeal-{appeal.pk}",
    )


def tell_jurors(appeal, people, what, until) -> None:
    """Tell jurors that they are asked ("asked"), or reminded to answer ("agree") or to vote ("vote")."""
    group = appeal.decision.group
    tell(
        recipients=people,
        kind="moderation/jury",
        category=Category.REQUEST,
        event=f"jury-{appeal.pk}-{what}",
        group=group.pk,
        address=address_of("moderation:serve", args=[appeal.pk]),
        facts={"group": group.name, "what": what, "until": until.isoformat()},
        thread=f"jury-{appeal.pk}",
    )


def tell_that_nobody_decides(appeal) -> None:
    """Tell whoever has appealed, and the owners, who can do something about it."""
    group = appeal.decision.group
    owners = Membership.objects.owning().filter(group=group).exclude(user=appeal.by_id)
    owners, facts = owners.values_list("user", flat=True), {"jury": group.jury_decides}
    kind, page = "moderation/nobody_decides", "moderation:decision"
    tell_of_appeal(appeal, [appeal.by_id], kind, "nobody", page, owner=False, **facts)
    tell_of_appeal(appeal, list(owners), kind, "nobody", page, owner=True, **facts)
