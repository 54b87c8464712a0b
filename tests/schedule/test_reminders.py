"""Reminders of sessions: at the moments that were chosen, each once, never of what is no more."""

import re
from datetime import timedelta
from threading import Barrier
from zoneinfo import ZoneInfo

import pytest
from django.core import mail
from django.db import connection, models
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import override

from readinggroup.groups.actions import leave
from readinggroup.groups.models import Membership
from readinggroup.notifications.actions import wish
from readinggroup.notifications.models import Category, Delivery, MailSettings, MailWish, Notice, When
from readinggroup.notifications.unsubscribing import unsubscribe_address
from readinggroup.readings.actions import keep_place
from readinggroup.schedule import actions
from readinggroup.schedule.actions import reminding
from readinggroup.schedule.models import Answer, ReadingSession, Reminder
from readinggroup.tasks import mail_due_notices, remind_of_sessions

from .. import factories
from ..conftest import make_house
from ..discussion.test_races import at_once
from .coming import moved, session_in

WEEK, DAY, HOUR, MINUTE = timedelta(weeks=1), timedelta(days=1), timedelta(hours=1), timedelta(minutes=1)


@pytest.fixture(autouse=True)
def _mail_in_memory(settings):
    settings.EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"


def goes(session, *people, answer=Answer.GOING):
    for person in people:
        actions.answer(session=session, by=person, answer=answer)


def sent_at(clock, moment):
    """Who is reminded by mail when the clock shows this, by the names that they bear."""
    Notice.objects.exclude(category=Category.REMINDER).delete()  # what else was told
    clock(moment)
    before = len(mail.outbox)
    remind_of_sessions(0)
    mail_due_notices()
    names = dict(Membership.objects.values_list("user__email", "user__display_name"))
    return sorted(names[message.to[0]] for message in mail.outbox[before:])


def test_a_day_before_all_who_may_come_and_an_hour_before_who_goes(house, clock):
    session = session_in(house, days=9)
    goes(session, house.member)
    goes(session, house.owner, answer=Answer.MAYBE)
    goes(session, house.other, answer=Answer.NOT_GOING)
    begins = session.starts_at
    assert sent_at(clock, begins - DAY - MINUTE) == []
    assert sent_at(clock, begins - DAY) == ["Mara", "Mona", "Olga", "Omar"]
    assert sent_at(clock, begins - DAY + MINUTE) == sent_at(clock, begins - HOUR - MINUTE) == []
    assert sent_at(clock, begins - HOUR) == ["Mara", "Olga"]
    assert sent_at(clock, begins - MINUTE) == sent_at(clock, begins + MINUTE) == []
    assert list(session.reminders.order_by("due_at").values_list("people", flat=True)) == [0, 4, 2]


def test_it_says_when_where_and_how_much_is_still_before_its_reader(house, clock):
    session = session_in(house, days=2, zone="Asia/Kathmandu", first=3, last=6)
    actions.change(session=session, version=session.version, where="Quay 4", by=house.organizer)
    goes(session, house.member)
    type(house.member).objects.filter(pk=house.member.pk).update(time_zone="America/New_York", language="de")
    keep_place(reading=house.reading, user=house.member, paragraph=factories.version_of(house.reading, 4).paragraph)
    session.refresh_from_db()
    sent_at(clock, session.starts_at - DAY)
    mine, other = (next(m for m in mail.outbox if m.to == [who.email]) for who in (house.member, house.other))
    assert f"/g/{house.group.slug}/sessions/{session.public_id}/" in mine.body
    assert "Absätze 3–6, etwa 1 Minute. Sie haben bis 4 gelesen; etwa 1 Minute liegt noch vor Ihnen." in mine.body
    here = timezone.localtime(session.starts_at, ZoneInfo("America/New_York"))
    there = timezone.localtime(session.starts_at, ZoneInfo("Asia/Kathmandu"))
    with override("de"):
        when = f"{date_format(here, 'l')}, {date_format(here, 'DATETIME_FORMAT')} (Ihre Zeit)."
        assert f"{when} Das ist {date_format(there, 'DATETIME_FORMAT')} in Asia/Kathmandu." in mine.body
    assert "Quay 4" in mine.body
    assert "Quay 4" not in other.body, "where it is, is shown to those who go"
    assert "“The Ferry”, paragraphs 3–6, about 1 minute." in other.body
    assert "All of it is still before you." in other.body
    assert "You have not said yet whether you come." in other.body
    assert session.title in other.subject
    raw = mine.message()
    assert raw["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    assert re.fullmatch(r"<notice-\w+@localhost>", raw["Message-ID"])


@pytest.mark.parametrize(("read", "says"), [(2, "All of it"), (4, "You have read up to 4; about 1"), (7, "all of it.")])
def test_how_much_is_left_depends_on_the_place(house, clock, read, says):
    session = session_in(house, days=2)
    keep_place(reading=house.reading, user=house.member, paragraph=factories.version_of(house.reading, read).paragraph)
    sent_at(clock, session.starts_at - DAY)
    assert says in next(message.body for message in mail.outbox if message.to == [house.member.email])


def test_when_is_chosen_on_the_page_of_switches(house, as_user, clock):
    client = as_user(house.member)
    page = client.get("/me/notifications/").text
    assert [bool(re.search(rf'name="remind_{name}"[^>]* checked', page)) for name in ("week", "day", "hour")] == [
        False,
        True,
        True,
    ]
    data = {"at_once_by": "mail", "digest_at": "07:00", "digest_weekday": "0", "remind_week": "on"}
    data |= {f"all-{category}": "at_once" for category in Category.values}
    assert client.post("/me/notifications/", data | {"all-reminder": "daily"}).status_code == 422
    assert client.post("/me/notifications/", data).status_code == 302
    session = session_in(house, days=9)
    goes(session, house.member)
    begins = session.starts_at
    assert sent_at(clock, begins - WEEK) == ["Mara"]
    assert "Mara" not in sent_at(clock, begins - DAY)
    assert sent_at(clock, begins - HOUR) == []


@pytest.mark.parametrize("when", [When.NEVER, "one click"])
def test_no_reminders_by_mail_and_still_told_of_what_is_cancelled(house, clock, when, client):
    session = session_in(house, days=3)
    goes(session, house.member)
    if when == "one click":
        client.post(unsubscribe_address(house.member, Category.REMINDER, house.group.pk))
    else:
        wish(by=house.member, category=Category.REMINDER, when=when)
    assert "Mara" not in sent_at(clock, session.starts_at - DAY)
    assert Notice.objects.get(recipient=house.member).delivery == Delivery.NOT_WANTED
    assert not MailWish.objects.filter(category=Category.SESSION).exists()


def test_a_session_that_moves_is_reminded_of_before_its_new_time(house, clock):
    session = session_in(house, days=3)
    begins = session.starts_at
    assert len(sent_at(clock, begins - DAY)) == 5
    clock(None)
    session = moved(session, house.organizer, days=7)
    assert sent_at(clock, begins - HOUR) == []
    assert len(sent_at(clock, begins - DAY + WEEK)) == 5
    clock(None)
    moved(session, house.organizer, days=-7)
    assert sent_at(clock, begins - DAY + MINUTE) == [], "of that beginning they were reminded"


def test_a_move_by_minutes_reminds_nobody_again(house, clock):
    """That it moved, they were told; the moment a day before is over."""
    session = session_in(house, hours=20)
    assert sorted(session.reminders.values_list("before", flat=True)) == ["hour"]
    moved(session, house.organizer, minutes=30)
    assert sent_at(clock, session.starts_at - DAY + HOUR) == []


@pytest.mark.parametrize("act", ["cancelled", "opened", "by hand"])
def test_what_is_cancelled_or_has_begun_is_reminded_of_no_more(house, clock, act):
    session = session_in(house, days=3)
    goes(session, house.member)
    if act == "cancelled":
        actions.cancel(session=session, reason="Ice.", by=house.organizer)
    elif act == "opened":
        actions.open_session(session=session, by=house.organizer)
    else:
        ReadingSession.objects.filter(pk=session.pk).update(state="draft")
    assert not Reminder.objects.exists()
    assert sent_at(clock, session.starts_at - DAY) == sent_at(clock, session.starts_at - HOUR) == []


@pytest.mark.parametrize("act", ["cancelled", "moved", "begun", "left", "declined", "suspended", "archived"])
def test_a_reminder_that_waits_is_not_sent_of_what_is_no_more(house, clock, act):
    """It stands in the queue, as in somebody's quiet hours, and then something happens."""
    session = session_in(house, days=3)
    clock(session.starts_at - DAY)
    assert actions.remind_due() == 5
    membership = Membership.objects.get(user=house.member, group=house.group)
    if act == "cancelled":
        actions.cancel(session=session, reason="Ice.", by=house.organizer)
    elif act == "moved":
        moved(session, house.organizer, days=1)
    elif act == "begun":
        clock(session.starts_at + MINUTE)
    elif act == "left":
        leave(membership=membership, by=house.member)
    elif act == "declined":
        goes(session, house.member, answer=Answer.NOT_GOING)
    elif act == "suspended":
        suspension = {"suspended_by": house.owner, "suspended_for": "Rest."}
        Membership.objects.filter(pk=membership.pk).update(suspended_until=session.starts_at, **suspension)
    else:
        type(house.group).objects.filter(pk=house.group.pk).update(archived_at=timezone.now())
    mail_due_notices()
    assert not [message for message in mail.outbox if message.to == [house.member.email] and "meets on" in message.body]
    notice = Notice.objects.get(recipient=house.member, category=Category.REMINDER)
    assert (notice.delivery, bool(notice.reason)) == (Delivery.NOT_WANTED, True)


def test_after_hours_without_a_worker_each_gets_the_last_reminder_that_they_chose(house, clock):
    MailSettings.objects.create(user=house.other, remind_hour=False)
    MailSettings.objects.create(user=house.owner, remind_day=False, remind_hour=False)
    session = session_in(house, days=3)
    goes(session, house.member, house.other, house.owner)
    assert sent_at(clock, session.starts_at - HOUR / 2) == ["Mara", "Milo", "Mona", "Omar"]
    events = dict(Notice.objects.values_list("recipient__display_name", "event"))
    assert "-hour-" in events["Mara"]
    assert "-day-" in events["Milo"]
    assert sent_at(clock, session.starts_at - HOUR / 3) == []


def test_a_clock_that_jumps_reminds_once(house, clock):
    """Forth beyond the session and back, and so on through every moment: each reminder once."""
    MailSettings.objects.create(user=house.member, remind_week=True)
    session = session_in(house, days=10)
    goes(session, house.member)
    begins = session.starts_at
    jumps = [begins + DAY, begins - 8 * DAY, begins - 6 * DAY, begins + WEEK, begins - DAY, begins - 9 * DAY]
    jumps += [begins - HOUR, begins - DAY, begins - 7 * DAY, begins - MINUTE, begins + DAY, begins - DAY / 2]
    for moment in jumps:
        sent_at(clock, moment)
        sent_at(clock, moment)
    mine = [message for message in mail.outbox if message.to == [house.member.email]]
    assert len(mine) == len({message.message()["Message-ID"] for message in mine}) == 3
    assert sorted(Notice.objects.of(house.member).values_list("event", flat=True)) == sorted(
        f"session-{session.public_id}-{before}-before-{begins.timestamp():.0f}" for before in ("week", "day", "hour")
    )


def test_one_session_that_fails_stops_no_other(house, clock, monkeypatch):
    first, second = session_in(house, days=3), session_in(house, days=3, title="The second ferry")
    tells = reminding.tell_that_it_comes

    def fail(session, before, people):
        if session.pk == first.pk:
            raise OSError("the disk is full")
        tells(session, before, people)

    monkeypatch.setattr(reminding, "tell_that_it_comes", fail)
    assert len(sent_at(clock, second.starts_at - DAY)) == 5
    assert first.reminders.filter(told_at=None).count() == 2
    monkeypatch.undo()
    clock(second.starts_at - DAY)
    assert actions.remind_due() == 5


def test_a_round_asks_the_same_for_three_members_as_for_thirteen(house, clock):
    def questions():
        session = session_in(house, days=3)
        goes(session, house.member)
        clock(session.starts_at - DAY)
        with CaptureQueriesContext(connection) as asked:
            assert actions.remind_due()
        clock(None)
        return len(asked)

    few = questions()
    for _ in range(10):
        factories.create_member(house.group)
    assert questions() == few


def test_the_inbox_says_it_too(house, as_user, clock):
    session = session_in(house, days=3)
    sent_at(clock, session.starts_at - DAY)
    clock(None)
    inbox = as_user(house.member).get("/inbox/")
    assert session.title in inbox.text
    assert "Harbour readers meets on" in inbox.text
    assert as_user(house.member).get("/inbox/?kind=reminder").text.count(session.title) >= 1


# --- Two workers at once ----------------------------------------------------------------------------------------------


def reminded_by_two(house, monkeypatch, *, guarded):
    """How many reminders two schedulers write that begin at the same moment, and look before either writes."""
    session = session_in(house, days=3)
    Notice.objects.all().delete()
    seen, finds = Barrier(2), reminding.people_by_reminder

    def find(session, due):
        people = finds(session, due)
        if not guarded:
            seen.wait(10)
        return people

    monkeypatch.setattr(reminding, "people_by_reminder", find)
    if not guarded:
        monkeypatch.setattr(models.QuerySet, "select_for_update", lambda rows, **options: rows)
    now = session.starts_at - DAY
    told = at_once(*[lambda: actions.remind_due(now)] * 2)
    monkeypatch.undo()
    return told, Notice.objects.filter(category=Category.REMINDER).count()


@pytest.mark.django_db(transaction=True)
def test_two_schedulers_at_once_remind_once(monkeypatch):
    for _round in range(3):
        house = make_house("public")
        told, notices = reminded_by_two(house, monkeypatch, guarded=True)
        assert sorted(told) == [0, 5]
        assert notices == 5
        Notice.objects.all().delete()


@pytest.mark.django_db(transaction=True)
def test_control_two_schedulers_that_hold_nothing_both_remind(monkeypatch):
    """Both find it due; what stops the doubles then is that a person is told of an event once."""
    told, notices = reminded_by_two(make_house("public"), monkeypatch, guarded=False)
    assert told == [5, 5]
    assert notices == 5


@pytest.mark.django_db(transaction=True)
def test_reminding_and_cancelling_at_once(monkeypatch):
    """Whoever comes first: no reminder goes out after the session was cancelled."""
    for _round in range(4):
        house = make_house("public")
        session = session_in(house, days=3)
        at_once(
            lambda session=session: actions.remind_due(session.starts_at - DAY),
            lambda session=session, house=house: actions.cancel(session=session, reason="Ice.", by=house.organizer),
        )
        Notice.objects.exclude(category=Category.REMINDER).delete()
        mail.outbox.clear()
        monkeypatch.setattr(timezone, "now", lambda session=session: session.starts_at - DAY)
        actions.remind_due()
        mail_due_notices()
        monkeypatch.undo()
        assert mail.outbox == []
        Notice.objects.all().delete()
