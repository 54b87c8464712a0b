"""The sessions of the invented group: one that was, one that comes, and a date poll for the one after that."""

import uuid
from collections import Counter
from datetime import datetime, time, timedelta

from django.utils import timezone
from django.utils.translation import gettext as _

from readinggroup.groups.permissions import Can, may
from readinggroup.lib.wall_time import meant_by
from readinggroup.notifications.models import Notice
from readinggroup.schedule import actions
from readinggroup.schedule.models import Answer, Attendance, Availability, Minutes, MinutesEntry, ReadingSession
from texts.models import Kind

IN_THE_EVENING = time(19)
A_DAY = timedelta(days=1)
MOST_ITEMS = 3


def meet(reading, turns, people, now) -> None:
    """Let the group have met about the first third of the text; it meets soon about the second, and looks for a day."""
    members = reading.group.memberships.active().filter(user__in=people.values()).select_related("user", "group")
    able = {member.user for member in members.order_by("pk") if may(member, Can.SCHEDULE)}
    by = next((user for user in people.values() if user in able), None)
    if by is None:
        return  # they have joined before, and somebody has taken their roles since
    was, comes, later = thirds(reading)
    hold(reading, was, turns, people, by=by, now=now)
    announce(reading, comes, turns, people, by=by, now=now)
    ask_when(reading, later, people, by=by, now=now)
    # The invented people read no mail.
    Notice.objects.filter(
        group_key=reading.group_id, recipient__in=people.values(), kind__startswith="schedule/"
    ).delete()


def thirds(reading) -> list:
    """The text in three parts; of a very short one each part is all of it. Headings are nothing to talk about."""
    versions = list(reading.edition.current.versions.select_related("paragraph").order_by("number"))
    said = [version for version in versions if version.kind != Kind.HEADING] or versions
    size = len(said) // 3
    return [said[:size], said[size : 2 * size], said[2 * size :]] if size else [said] * 3


def draft(reading, part, title, *, by, days, now, **details) -> ReadingSession:
    """A session about a part of the text, so many days from now in the evening."""
    zone = reading.group.zone
    return actions.create(
        reading=reading,
        by=by,
        passages=[(part[0].paragraph, part[-1].paragraph)],
        title=title,
        date=timezone.localdate(now, zone) + days * A_DAY if days else None,
        time=IN_THE_EVENING if days else None,
        zone=reading.group.time_zone,
        **details,
    )


def most_discussed(part, turns) -> list:
    """The paragraphs of the part about which most was said, in the order of the text; if about none, its first."""
    there = {version.pk: version for version in part}
    said = Counter(turn.version.pk for turn in turns if turn.version.pk in there)
    found = [there[pk] for pk, _number in said.most_common(MOST_ITEMS)] or part[:1]
    return [version.paragraph for version in sorted(found, key=lambda version: version.number)]


def hold(reading, part, turns, people, *, by, now) -> None:
    """The session that was: who came, what was said, what was decided; its minutes are published."""
    leads, writes = people["tomasz"], people["beatriz"]
    session = draft(
        reading, part, _("The beginning"), by=by, days=-8, now=now, facilitator=leads, minute_taker=writes,
        where=_("Library, back room"),
    )  # fmt: skip
    actions.put_on_calendar(session=session, by=by, telling=False)
    came = ("tomasz", "beatriz", "kenji", "lidia", "wolf", "hemi")
    Attendance.objects.bulk_create(
        Attendance(session=session, user=people[key], answer=Answer.GOING, attended=key != "hemi") for key in came
    )
    actions.add_items(session=session, paragraphs=most_discussed(part, turns), allotted=20, by=by)
    first, *others = session.agenda_items.all()
    said = {
        None: _("Five of us were there. We read aloud and took our time."),
        first: _("We went through what stands beside this paragraph. Not all of us agree, and that is *all right*."),
    }
    for item, words in said.items():
        actions.write_minutes(session=session, item=item, version=0, body=words, by=writes)
    decided = [
        (first, _("We come back to this when all have read the end.")),
        *[(item, _("We ask Lidia for the Russian edition.")) for item in others[:1]],
    ]
    for number, (item, words) in enumerate(decided):
        key = uuid.uuid5(uuid.NAMESPACE_OID, f"{session.public_id}, decision {number}")
        actions.note_decision(session=session, item=item, words=words, key=key, by=writes)
    actions.open_session(session=session, by=by)
    actions.close_session(session=session, by=by)
    actions.publish_minutes(session=session, by=by)
    as_long_ago(session)


def as_long_ago(session) -> None:
    """What was noted of a session was noted when it was."""
    begins, ends = session.starts_at, session.ends_at
    ReadingSession.objects.filter(pk=session.pk).update(
        announced_at=begins - 14 * A_DAY, opened_at=begins, closed_at=ends
    )
    Attendance.objects.filter(session=session).update(answered_at=begins - 3 * A_DAY)
    MinutesEntry.objects.filter(session=session).update(written_at=ends)
    session.outcomes.update(created_at=ends)
    Minutes.objects.filter(session=session).update(published_at=ends + A_DAY)


def announce(reading, part, turns, people, *, by, now) -> None:
    """The session that comes: a few have said whether they do, and it has an agenda."""
    session = draft(
        reading, part, _("The middle"), by=by, days=5, now=now, facilitator=people["priya"],
        minute_taker=people["geraint"], places=8, where=_("Library, back room"),
    )  # fmt: skip
    actions.put_on_calendar(session=session, by=by, telling=False)
    answers = (
        ("priya", Answer.GOING, 0, ""),
        ("kenji", Answer.GOING, 1, _("I bring a friend who has read it twice.")),
        ("wolf", Answer.MAYBE, 0, ""),
        ("hemi", Answer.NOT_GOING, 0, _("At sea until the week after.")),
    )
    for key, answer, guests, words in answers:
        actions.answer(session=session, by=people[key], answer=answer, guests=guests, words=words)
    actions.add_items(session=session, paragraphs=most_discussed(part, turns), allotted=25, by=by)


def ask_when(reading, part, people, *, by, now) -> None:
    """The date poll for the session after that."""
    session = draft(reading, part, _("The end"), by=by, days=0, now=now)
    today = timezone.localdate(now, reading.group.zone)
    walls = [(today + days * A_DAY, IN_THE_EVENING, False) for days in (18, 19, 22)]
    closes_at = meant_by(datetime.combine(today + 7 * A_DAY, time(23, 59)), reading.group.zone)
    actions.open_poll(session=session, closes_at=closes_at, walls=walls, by=by)
    yes, perhaps, no = Availability.YES, Availability.IF_NEED_BE, Availability.NO
    times = list(session.poll.times.values_list("pk", flat=True))
    for key, answers, words in (
        ("lidia", (yes, no, yes), ""),
        ("clemence", (yes, perhaps, no), _("Rather not on a Sunday.")),
        ("geraint", (perhaps, yes, yes), ""),
    ):
        said = dict(zip(times, answers, strict=True))
        actions.answer_poll(session=session, answers=said, words=words, by=people[key])
