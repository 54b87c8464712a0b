"""A date poll, as the session's page and its own show it."""

from dataclasses import dataclass, field

from django.db.models import Exists, OuterRef
from django.utils import timezone

from readinggroup.groups.permissions import Can, may

from . import actions
from .models import Availability, DatePoll, PollReply, ProposedTime, SessionState, TimeAnswer
from .poll_forms import ReplyForm

MOST_NAMED = 50  # of those who have not answered


@dataclass
class Tally:
    """A proposed time, who said what to it, and the reader's own field for it."""

    time: ProposedTime
    yes: list = field(default_factory=list)
    if_need_be: list = field(default_factory=list)
    no: list = field(default_factory=list)
    is_best: bool = False
    field: object = None

    @property
    def score(self):
        """More who can come before fewer, then more who could if need be."""
        return len(self.yes), len(self.if_need_be)


def tallies_of(times, replies) -> list[Tally]:
    """Each time with those who answered to it; the best ones are marked as soon as anybody can come."""
    tallies = {time.pk: Tally(time) for time in times}
    people = {reply.pk: reply.user for reply in replies}
    answers = TimeAnswer.objects.filter(reply__in=people, time__in=tallies).order_by("reply_id")
    for time, reply, answer in answers.values_list("time", "reply", "answer"):
        getattr(tallies[time], answer).append(people[reply])
    best = max((tally.score for tally in tallies.values()), default=(0, 0))
    for tally in tallies.values():
        tally.is_best = any(best) and tally.score == best
    return list(tallies.values())


def poll_part(membership, session, form=None) -> dict:
    """What `schedule/_poll.html` needs; nothing for who may not see the members, and where there is no poll."""
    poll = DatePoll.objects.filter(session=session).first() if may(membership, Can.SEE_MEMBERS) else None
    if poll is None:
        return {"poll": None}
    poll.session = session
    times = list(poll.times.open())
    replies = list(poll.replies.by_members().select_related("user").order_by("pk"))
    tallies = tallies_of(times, replies)
    mine = next((reply for reply in replies if reply.user_id == membership.user_id), None)
    may_reply = poll.takes_answers and may(membership, Can.ATTEND)
    if form is None and may_reply:
        form = ReplyForm(instance=mine, times=times, said=said_by(membership.user_id, tallies))
    for tally in tallies:
        tally.field = form.field_of(tally.time) if form and f"time-{tally.time.pk}" in form.fields else None
    return {
        "poll": poll,
        "tallies": tallies,
        "replies": replies,
        "my_reply": mine,
        "reply_form": form,
        "may_reply": may_reply,
        "may_schedule": may(membership, Can.SCHEDULE),
        "is_asked": session.state == SessionState.POLL,
        "is_over": poll.closes_at <= timezone.now(),
    }


def said_by(user_id, tallies) -> dict:
    """What one person has answered: primary key of a time -> Availability."""
    return {
        tally.time.pk: answer.value
        for tally in tallies
        for answer in Availability
        if any(user.pk == user_id for user in getattr(tally, answer.value))
    }


def organizers_part(poll) -> dict:
    """What organizers see besides: who has not answered, and the times that were withdrawn."""
    silent = actions.silent(poll)
    members = poll.session.reading.group.memberships.active().filter(user__in=silent).select_related("user")
    return {
        "withdrawn": list(poll.times.exclude(withdrawn_at=None)),
        "silent": list(members.order_by("pk")[: MOST_NAMED + 1]),
        "most_named": MOST_NAMED,
    }


def polls_to_answer(membership):
    """The group's polls that wait for this member's answer; the one that ends first comes first."""
    if not may(membership, Can.ATTEND):
        return DatePoll.objects.none()
    mine = PollReply.objects.filter(poll=OuterRef("pk"), user=membership.user_id)
    polls = DatePoll.objects.filter(
        session__reading__group=membership.group, session__state=SessionState.POLL, closes_at__gt=timezone.now()
    )
    return polls.exclude(Exists(mine)).select_related("session").order_by("closes_at", "pk")
