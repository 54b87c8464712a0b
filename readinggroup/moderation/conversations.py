"""What a decision's page tells: its parts with the words they were about, its appeals, who has written what."""

from dataclasses import dataclass
from datetime import datetime

from django.contrib.auth import get_user_model
from django.db.models import Count, Q
from django.utils import timezone

from .actions.answering import deciders_about
from .actions.reversing import may_reverse
from .actions.stating import closes_at, subject_of
from .appeal_forms import StatementForm
from .log import name_of
from .models import Action, Appeal, As, Decision, Juror, Service, Statement, Vote
from .quoted import quote


def what_is_told(seen, reader) -> dict:
    """The statement of reasons as this reader may see it, and what can be done about the decision now."""
    decision = seen.decision
    parts = parts_for(decision, reader, theirs=reader if seen.concerns else None)
    restricts = any(part.is_restrictive for part in parts)
    reversal = getattr(decision, "reversal", None)
    appeals = appeals_against(subject_of(decision), reader if seen.concerns else None)
    mine = next((appeal for appeal in appeals if appeal.by_id == reader.pk), None)
    is_open = restricts and reversal is None and mine is None
    return {
        "parts": parts,
        "by": name_of(decision),
        "restricts": restricts,
        "reversal": reversal,
        "appeals": appeals,
        "appeal_until": decision.appeal_until if is_open and seen.concerns else None,
        "may_appeal": is_open and seen.concerns and decision.can_be_appealed_now,
        "may_reverse": restricts and reversal is None and may_reverse(seen.membership, parts),
        "dissent": dissent_from(decision),
        "others": len({part.person_id for part in parts} - {None}) - 1,
    }


def parts_for(decision, reader, *, theirs=None) -> list:
    """The parts of the decision, of one person or all, with what they quote."""
    parts = decision.parts.select_related("comment__reading__edition", "comment__version", "person", "case")
    parts = list(parts.filter(person=theirs) if theirs else parts)
    quote(parts, reader)
    now = timezone.now()
    for part in parts:
        case = part.case
        waits = part.action == Action.ASK and case is not None and case.closed_at is None
        part.change_until = case.waits_until if waits and case.waits_until and case.waits_until > now else None
    return parts


def appeals_against(decision, by=None) -> list:
    """The appeals against it, of one person or all; each with who is to decide it, as `decided_by`."""
    seated = Count("jurors", filter=Q(jurors__state__in=[Service.ASKED, Service.SERVING]))
    appeals = Appeal.objects.filter(decision=decision).annotate(seated=seated).select_related("by", "case", "answer")
    appeals = list((appeals.filter(by=by) if by else appeals).order_by("pk"))
    somebody = any(not each.is_decided for each in appeals) and deciders_about(decision).exists()
    for each in appeals:
        each.decision = decision
        each.decided_by = "jury" if each.seated == Juror.SEATS else "moderators" if somebody else "nobody"
    return appeals


def dissent_from(decision) -> list:
    """Of what three members have decided, what those say who have voted otherwise."""
    if decision.appeal_id is None or decision.decided_as != As.JURY:
        return []
    other = Vote.UPHOLD if decision.reverses_id else Vote.REVERSE
    return list(decision.appeal.jurors.voted().filter(vote=other).values_list("words", flat=True))


@dataclass
class Conversation:
    """What was written with one person about a decision; `form` is to go on with it, None where it is over."""

    person: object
    statements: list
    closes_at: datetime | None
    form: StatementForm | None


def conversations_about(seen, reader, refused=None) -> list[Conversation]:
    """With the reader, or, for a moderator, with each person whom the decision concerns.

    `refused` is a form that was not taken; it stands where it was sent from.
    """
    about = subject_of(seen.decision)
    people = [reader] if seen.concerns else people_concerned(about)
    said = {person.pk: [] for person in people}
    for statement in Statement.objects.filter(decision=about, person__in=people).select_related("by"):
        said[statement.person_id].append(statement)
    appeals = {appeal.by_id: appeal for appeal in Appeal.objects.filter(decision=about, by__in=people)}
    reversal = Decision.objects.filter(reverses=about).first()
    found = []
    for person in people:
        closes = closes_at(about, appeals.get(person.pk), reversal)
        is_refused = refused is not None and (len(people) == 1 or refused.data.get("to") == person.public_id)
        form = refused if is_refused else StatementForm(initial={"to": person.public_id}, auto_id=f"id_%s_{person.pk}")
        is_over = closes is not None and closes <= timezone.now() and not is_refused
        found.append(Conversation(person, said[person.pk], closes, None if is_over else form))
    return found


def people_concerned(decision: Decision) -> list:
    return list(get_user_model().objects.filter(pk__in=decision.parts.values("person")).order_by("pk"))
