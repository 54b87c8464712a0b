"""A date poll, as the session's page and its own show it."""

from dataclasses import dataclass, field

from django.db.models import Count, Exists, OuterRef, Window
from django.db.models.functions import RowNumber
from django.utils import timezone

from readinggroup.groups.permissions import Can, may

from . import actions
from .models import Availability, DatePoll, PollReply, ProposedTime, SessionState, TimeAnswer
from .poll_forms import ReplyForm

MOST_NAMED = 50  # of those who gave one answer, or none; the others stand on pages of their own


@dataclass
class Tally:
    """A proposed time: how many said what to it, the first of them, and the reader's own field for it."""

    time: ProposedTime
    said: dict = field(default_factory=dict)  # Availability -> how many
    named: dict = field(default_factory=dict)  # Availability -> the first of these people
    is_best: bool = False
    field: object = None

    @property
    def score(self):
        """More who can come before fewer, then more who could if need be."""
        return self.said.get(Availability.YES, 0), self.said.get(Availability.IF_NEED_BE, 0)

    @property
    def answers(self) -> list:
        """Each answer that somebody gave: its name in addresses, what it means, how many, the first of them, all?"""
        return [
            (answer.value, answer.label, number, self.named[answer], number <= len(self.named[answer]))
            for answer in Availability
            if (number := self.said.get(answer, 0))
        ]


def tallies_of(poll, times) -> list[Tally]:
    """Each time with those who answered to it; the best ones are marked as soon as anybody can come. Two queries."""
    tallies = {time.pk: Tally(time) for time in times}
    answers = TimeAnswer.objects.filter(time__in=tallies, reply__in=poll.replies.by_members())
    for time, answer, number in answers.values_list("time", "answer").annotate(number=Count("pk")):
        tallies[time].said[answer] = number
    place = Window(RowNumber(), partition_by=["time", "answer"], order_by="reply")
    first = answers.annotate(place=place).filter(place__lte=MOST_NAMED).select_related("reply__user").order_by("reply")
    for said in first:
        tallies[said.time_id].named.setdefault(said.answer, []).append(said.reply.user)
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
    tallies = tallies_of(poll, times)
    words = poll.replies.with_words()
    mine = poll.replies.by_members().filter(user=membership.user_id).prefetch_related("answers").first()
    may_reply = poll.takes_answers and may(membership, Can.ATTEND)
    if form is None and may_reply:
        said = {each.time_id: each.answer for each in mine.answers.all()} if mine else {}
        form = ReplyForm(instance=mine, times=times, said=said)
    for tally in tallies:
        tally.field = form.field_of(tally.time) if form and f"time-{tally.time.pk}" in form.fields else None
    return {
        "poll": poll,
        "tallies": tallies,
        "replied": poll.replies.by_members().count(),
        "replies": words[:MOST_NAMED],
        "are_more_words": words[MOST_NAMED : MOST_NAMED + 1].exists(),
        "my_reply": mine,
        "reply_form": form,
        "may_reply": may_reply,
        "may_schedule": may(membership, Can.SCHEDULE),
        "is_asked": session.state == SessionState.POLL,
        "is_over": poll.closes_at <= timezone.now(),
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


def polls_without(user, group, now):
    """The group's polls that wait for this user's answer; of keys or parameters. The first to end comes first."""
    mine = PollReply.objects.filter(poll=OuterRef("pk"), user=user)
    polls = DatePoll.objects.filter(session__reading__group=group, session__state=SessionState.POLL, closes_at__gt=now)
    return polls.exclude(Exists(mine)).select_related("session").order_by("closes_at", "pk")
