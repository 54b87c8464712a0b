"""The invented group of `manage.py up --demo`: twelve members, their talk about the text that is being read, their
sessions, and what they would like to read next.

Seeded, so that it is the same each time; only the dates move with the clock.
"""

import random
import uuid
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Max
from django.utils import timezone
from django.utils.translation import gettext as _

from readinggroup.accounts.models import User
from readinggroup.discussion.actions import reword, withdraw
from readinggroup.discussion.models import Comment, HeldFor, State
from readinggroup.first_run import first_rules
from readinggroup.groups.actions import elect_moderators
from readinggroup.groups.models import Membership, Role
from readinggroup.groups.settling import change_rules
from readinggroup.lib.markup import render_markdown
from readinggroup.moderation.actions import Seen, Verdict, decide, report
from readinggroup.moderation.models import Action, Case, Ground, Report
from readinggroup.readings.actions import keep_place
from texts.models import ParagraphVersion

from .choosing import choose
from .meetings import meet
from .placing import filled_in, places
from .talk import AMONG, HELD, HIDDEN, PEOPLE, THE_TALK, WITHDRAWN, Said

SEED = "the invented group"
BEFORE_ANYTHING_WAS_SAID = timedelta(days=190)
A_WHILE = (0.5, 30)  # hours, where the talk does not say when
A_SECOND_LOOK = timedelta(minutes=9)
ELECTED_FOR = timedelta(days=120)


@transaction.atomic
def living_group(group) -> str:
    """Let the invented members join and talk about the text that the group reads now; called again, change nothing.

    The answer is a line to print.
    """
    now = timezone.now()
    settle_rules(group)
    people = join(group, now)
    if group.current_rules is None:
        settle_rules(group)  # nobody owned it before
    reading = group.readings.current().with_text().first()
    if reading is None:
        return _("The demo's members have joined. There is no text that they could talk about.")
    if Comment.objects.filter(author__in=people.values(), key=key_of(reading, 0)).exists():
        return _("The demo's members have talked about “%(title)s” before; nothing was changed.") % {"title": reading}
    versions = list(reading.edition.current.versions.all())
    turns = in_order_of_time(versions, now)
    write(reading, turns, people)
    moderate(group, turns, people, now)
    for person in PEOPLE:
        if person.share is not None:
            stopped_at = versions[round(person.share * (len(versions) - 1))]
            keep_place(reading=reading, user=people[person.key], paragraph=stopped_at.paragraph)
    meet(reading, turns, people, now)
    choose(group, people, now)
    return _("%(people)d invented members talk about “%(title)s”: %(comments)d comments.") % {
        "people": len(people),
        "title": reading,
        "comments": len(turns),
    }


def settle_rules(group) -> None:
    """A second version of the rules, where those of a fresh site still stand, or none: so that there is a history.

    Before the invented people join: nobody mails them about it.
    """
    current = group.current_rules
    if current is None:
        owner = group.memberships.owning().order_by("joined_at", "pk").first()
        if owner is None:
            return
        current = change_rules(group=group, rules=first_rules(), by=owner.user)
    if [(rule.title, rule.words) for rule in current.rules.all()] != first_rules():
        return
    more = (_("Do not tell the end"), _("Not everybody is as far as you. Speak of later paragraphs where they stand."))
    note = _("We read at different speeds: rule 2 is new.")
    first, *others = first_rules()
    by, based_on = current.created_by, current.number
    change_rules(group=group, rules=[first, more, *others], note=note, by=by, based_on=based_on)


def join(group, now) -> dict:
    """The invented people's accounts by key, all of them members. Who is one already keeps the roles they have."""
    # `up` hands its link to the owner who joined first: that stays the one who founded the group.
    last_joined = group.memberships.aggregate(last=Max("joined_at"))["last"] or now
    people = {}
    for person in PEOPLE:
        user = User.objects.filter(email=person.email).first()
        user = user or User.objects.create_user(person.email, display_name=person.name)
        owner = Role.OWNER in person.roles
        joined_at = last_joined + timedelta(seconds=1) if owner else now - BEFORE_ANYTHING_WAS_SAID
        Membership.objects.get_or_create(
            group=group,
            user=user,
            defaults={"roles": list(person.roles), "joined_at": joined_at, "welcomed_at": joined_at},
        )
        people[person.key] = user
    return people


@dataclass(eq=False)
class Turn:
    """One comment of the talk, with the place and the moment that it has in this text, today."""

    said: Said
    version: ParagraphVersion
    at: datetime
    answers: "Turn | None" = None
    comment: Comment | None = None


def in_order_of_time(versions, now) -> list[Turn]:
    """The whole talk from its oldest comment to its youngest, so that every answer comes after what it answers."""
    rng = random.Random(SEED)  # noqa: S311 - the same each time is what is wanted
    turns = []
    for talk, version in zip(THE_TALK, places(THE_TALK, versions, among=AMONG), strict=True):
        begun = now - timedelta(days=talk.days)
        waiting = [(said, None, begun) for said in reversed(talk.threads)]
        while waiting:
            said, answers, since = waiting.pop()
            turn = Turn(said, version, moment(said, since, now, rng), answers)
            turns.append(turn)
            waiting += [(answer, turn, turn.at) for answer in reversed(said.answers)]
    return sorted(turns, key=lambda turn: turn.at)


def moment(said, since, now, rng) -> datetime:
    """When it was said: never before what it answers, and never in the future."""
    if said.days is not None:
        return now - timedelta(days=said.days)
    hours = rng.uniform(*A_WHILE) if said.after is None else said.after * rng.uniform(0.9, 1.1)
    return min(since + timedelta(hours=hours), since + (now - since) / 2)


def key_of(reading, number) -> uuid.UUID:
    """The key of one comment of the talk in this reading: the same each time, so that it is said once."""
    return uuid.uuid5(uuid.NAMESPACE_OID, f"{SEED}, reading {reading.pk}, comment {number}")


def write(reading, turns, people) -> None:
    """Save the talk, one comment after the other as it happened, and then what became of some of them."""
    for number, turn in enumerate(turns):
        said = turn.said
        body = filled_in(said.at_first or said.words, turn.version.text)
        turn.comment = Comment.objects.create(
            reading=reading,
            paragraph_id=turn.version.paragraph_id,
            version=turn.version,
            parent=turn.answers and turn.answers.comment,
            root=turn.answers and (turn.answers.comment.root or turn.answers.comment),
            depth=turn.answers.comment.depth + 1 if turn.answers else 0,
            author=people[said.by],
            key=key_of(reading, number),
            body=body,
            body_html=render_markdown(body),
            state=State.HELD if said.fate == HELD else State.VISIBLE,
            held_for=HeldFor.LINKS if said.fate == HELD else "",
            created_at=turn.at,
        )
    for turn in turns:
        what_became_of(turn, people)


def what_became_of(turn, people) -> None:
    """The comment is reworded, withdrawn or reported, if that is what happened to it."""
    said, comment = turn.said, turn.comment
    author = people[said.by]
    if said.at_first:
        body = filled_in(said.words, turn.version.text)
        reword(comment=comment, body=body, wording=comment.wording, by=author)
        Comment.objects.filter(pk=comment.pk).update(edited_at=turn.at + A_SECOND_LOOK)
    if said.fate == WITHDRAWN:
        withdraw(comment=comment, by=author)
    if said.reported:
        reporter, words = said.reported
        report(comment=comment, words=words, by=people[reporter])
        Report.objects.filter(comment=comment).update(created_at=turn.at + A_SECOND_LOOK)


def moderate(group, turns, people, now) -> None:
    """One who moderates was elected for a while, and has decided what was to be hidden, under a rule, for all to read.

    What was hidden was said a moment ago: a rule that stands since today does not hold for what was said before.
    """
    samira = people["samira"]
    elect_moderators(group=group, people=[samira], until=now + ELECTED_FOR, by=people["ines"])
    rules = list(group.current_rules.rules.all())
    rule = next((rule for rule in rules if rule.title == _("Speak of the text, not of one another")), rules[0])
    words = _("This is about a reader and not about the paragraph. Say it without that, and hand it in again.")
    verdict = Verdict(action=Action.HIDE, ground=Ground.RULE, rule=rule, words=words)
    for turn in turns:
        if turn.said.fate == HIDDEN:
            comment = turn.comment
            seen = Seen(Case.objects.get(comment=comment).pk, comment.state, comment.wording)
            decide(group=group, seen=[seen], verdict=verdict, by=samira)
