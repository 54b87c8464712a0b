"""Deciding: one transaction from what the moderator saw to the notice of whom it concerns."""

from dataclasses import dataclass
from datetime import datetime
from zlib import crc32

from django.db import transaction
from django.db.models import prefetch_related_objects
from django.utils import timezone

from readinggroup.accounts.names import new_pseudonym
from readinggroup.discussion import moderating
from readinggroup.discussion.actions import held
from readinggroup.discussion.counters import hold_counters
from readinggroup.discussion.models import OPEN_STATES, Comment, State
from readinggroup.groups.actions import belonging
from readinggroup.groups.models import Membership, Role, Rule
from readinggroup.groups.permissions import Can, may
from texts.models import ParagraphVersion

from ..models import RESTRICTIVE, Action, As, Case, Decision, Ground, Kind, Part
from ..models.cases import NOT_CLAIMED
from .entering import enter, tell_concerned, tell_reporters
from .measures import about_person, about_place, began, places_of
from .refusals import Claimed, Impossible, NotYours, Stale


@dataclass(frozen=True)
class Seen:
    """One case as the moderator had it before them: the comment's state and wording; of a name, its `number_of_name`.

    `asked` is whether its author had been asked to change it, and has still time.
    """

    case: int
    state: str = ""
    wording: int = 0
    asked: bool = False


@dataclass(frozen=True)
class Verdict:
    """What is decided about each of the cases, and besides: about whom it concerns, and the place where it stands."""

    action: Action
    ground: Ground = Ground.NONE
    rule: Rule | None = None
    words: str = ""
    to: ParagraphVersion | None = None  # where a thread is moved to
    person: Action | None = None  # warn, suspend, remove
    person_until: datetime | None = None
    place: str = ""  # "thread" or "paragraph": what is locked
    place_until: datetime | None = None

    @property
    def is_restrictive(self):
        return self.action in RESTRICTIVE or self.person is not None or self.place != ""


def number_of_name(member) -> int:
    """A number for how the member is called, by which it is noticed that they are called otherwise since."""
    return crc32(member.name.encode()) % 10**9


# What a case is about, and whose that is.
BESIDE = ("comment__root", "member__user")
# What can be done with a comment in this state, or with a name.
POSSIBLE = {
    State.VISIBLE: {Action.LEAVE, Action.HIDE, Action.ASK, Action.MOVE},
    State.VEILED: {Action.LEAVE, Action.HIDE, Action.ASK, Action.MOVE},
    State.HELD: {Action.APPROVE, Action.HIDE, Action.ASK},
    Kind.NAME: {Action.LEAVE, Action.ASK, Action.RENAME},
}


@transaction.atomic
def decide(*, group, seen, verdict, by) -> Decision:
    """Decide about these cases, in one decision with a part for each thing. The same decision again is the first one.

    NotYours, Impossible, Stale, Claimed, as they say. Held in the order of the house: memberships, comments, the
    counters of their paragraphs, cases.
    """
    keys = [one.case for one in seen]
    rows = Case.objects.filter(group=group, pk__in=keys).exclude(kind=Kind.APPEAL).order_by("pk")
    asked = list(rows.select_related(*BESIDE))
    if not asked or len(asked) != len(set(keys)):
        raise Stale
    concerned = {concerned_by(case) for case in asked}
    if verdict.action == Action.RENAME:  # whoever renames themselves holds the person first, and then the membership
        for case in sorted((case for case in asked if case.member_id), key=concerned_by):
            belonging.hold_name(case.member.user)
    begun_by = {began(case.comment).author_id for case in asked if case.comment_id and verdict.place == "thread"}
    members = hold_members(group, {by.pk, *concerned, *begun_by})
    me = members.get(by.pk)
    if me is None or not may(me, Can.MODERATE) or by.pk in concerned | begun_by:
        raise NotYours
    comments = held_for(asked, verdict)
    cases = list(rows.select_related(*BESIDE).select_for_update(of=("self",), no_key=True))
    before = repeated(cases, verdict)
    if before is not None:
        return before
    check(cases, comments, seen, verdict, me)
    decision = made(verdict, me)
    parts = [about_case(case, comments.get(case.comment_id), verdict, decision) for case in cases]
    parts += [about_person(members[pk], verdict, decision) for pk in sorted(concerned) if verdict.person]
    if verdict.place:
        parts += [about_place(comment, verdict, decision) for comment in places_of(comments.values(), verdict.place)]
    enter(decision, parts)
    close(cases, verdict)
    tell_concerned(decision, parts)
    tell_reporters(decision, cases, upheld=verdict.is_restrictive)
    return decision


def made(verdict, me) -> Decision:
    """The decision of this moderator or owner that says so; what it does, and its entry in the log, follow."""
    grounds = {"ground": verdict.ground, "rule": verdict.rule, "words": verdict.words}
    return Decision.objects.create(group=me.group, by=me.user, decided_as=role_of(me), **grounds)


def role_of(member) -> As:
    """In which role this member decides."""
    return As.MODERATOR if Role.MODERATOR in member.roles else As.OWNER


def concerned_by(case) -> int:
    """The key of the person whose comment, or name, it is."""
    return case.comment.author_id if case.comment_id else case.member.user_id


def hold_members(group, people) -> dict:
    """The memberships of these people in the group, held in order: person's key -> membership."""
    rows = Membership.objects.select_for_update(of=("self",), no_key=True).select_related("group", "user")
    return {row.user_id: row for row in rows.filter(group=group, user__in=people).order_by("pk")}


def held_for(cases, verdict) -> dict:
    """The comments of these cases, held; the threads that are moved or locked; then the counters of their paragraphs.

    Each comment that is changed would hold its own counter, in the order of the cases: others hold several in theirs.
    """
    comments = [case.comment for case in cases if case.comment_id]
    keys = {comment.pk for comment in comments}
    threads = {comment.root_id or comment.pk for comment in comments} if verdict.place == "thread" else set()
    if verdict.action == Action.MOVE:
        threads |= set(Comment.objects.filter(root__in=keys).values_list("pk", flat=True))
    rows = held(keys | threads)
    paragraphs = {(row.reading_id, row.paragraph_id) for row in rows.values()}
    if verdict.to is not None:
        paragraphs |= {(row.reading_id, verdict.to.paragraph_id) for row in rows.values()}
    hold_counters(paragraphs)
    prefetch_related_objects(list(rows.values()), "reading__edition", "version", "root")  # as whom it concerns is told
    return {pk: row for pk, row in rows.items() if pk in keys}


def repeated(cases, verdict) -> Decision | None:
    """The decision that says the same of all these cases already, if they are as it left them."""
    if any(case.closed_at is None and case.waits_until is None for case in cases):
        return None
    about = Part.objects.filter(case__in=cases).select_related("decision")
    lasts = list(about.order_by("case", "-pk").distinct("case"))
    decisions = {part.decision for part in lasts}
    if len(lasts) != len(cases) or len(decisions) != 1 or any(part.action != verdict.action for part in lasts):
        return None
    (decision,) = decisions
    besides = set(decision.parts.filter(case=None).values_list("action", flat=True))
    wanted = {verdict.person or "", Action.LOCK if verdict.place else ""} - {""}
    if (besides, decision.rule) != (wanted, verdict.rule):
        return None
    # Moved as wanted, or elsewhere?
    is_there = verdict.to is None or all(case.comment.paragraph_id == verdict.to.paragraph_id for case in cases)
    return decision if is_there else None


def check(cases, comments, seen, verdict, me) -> None:
    """Refuse what was not seen as it is, what somebody else is looking at, and what cannot be done."""
    looked_at = {one.case: one for one in seen}
    for case in cases:
        comment, was = comments.get(case.comment_id), looked_at[case.pk]
        if case.closed_at is not None or (case.waits_until is not None) != was.asked:
            raise Stale
        if comment and (
            comment.state not in OPEN_STATES or (comment.state, comment.wording) != (was.state, was.wording)
        ):
            raise Stale
        if case.member_id and number_of_name(case.member) != was.wording:
            raise Stale
        if case.is_before_another(me.user_id):
            raise Claimed(case)
        if verdict.action not in POSSIBLE[comment.state if comment else case.kind]:
            raise Impossible
        if verdict.action == Action.MOVE and not is_way_for(comment, verdict.to):
            raise Impossible
    if verdict.place and len(places_of(comments.values(), verdict.place)) == 0:
        raise Impossible
    if verdict.person == Action.REMOVE and not may(me, Can.HAND_OUT_ROLES):
        raise Impossible


def is_way_for(comment, to) -> bool:
    """Whether the comment's thread can be moved there: whole, to another paragraph."""
    return comment.parent_id is None and to is not None and to.paragraph_id != comment.paragraph_id


def about_case(case, comment, verdict, decision) -> Part:
    """Do it with one comment, or one name."""
    part = Part(decision=decision, action=verdict.action, case=case, comment=comment, person_id=concerned_by(case))
    if comment is None:
        if verdict.action == Action.RENAME:
            Case.objects.filter(pk=case.pk).update(former_name=case.member.name_here)
            belonging.change_name_here(membership=case.member, name=new_pseudonym(), by=decision.by)
        return part
    part.wording = comment.wording
    if verdict.action == Action.APPROVE:
        part.before = {"held_for": comment.held_for}
        moderating.approve(comment=comment)
    elif verdict.action == Action.HIDE:
        part.before = {"state": comment.state, "held_for": comment.held_for}
        moderating.hide(comment=comment, rule=verdict.rule)
    elif verdict.action == Action.MOVE:
        part.before = {"version": comment.version_id}
        moderating.move_thread(comment=comment, version=verdict.to)
    return part


def close(cases, verdict) -> None:
    """Nothing is left to decide; or the author has a week to change what they were asked to change."""
    rows = Case.objects.filter(pk__in=[case.pk for case in cases])
    if verdict.action == Action.ASK:
        rows.update(waits_until=timezone.now() + Case.AUTHOR_HAS, **NOT_CLAIMED)
    else:
        rows.close()
