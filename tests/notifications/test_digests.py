"""The daily and the weekly digest: when it comes, what stands in it, once, and never for nothing."""

from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from django.core import mail
from django.core.mail.backends.locmem import EmailBackend
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from django.utils.formats import date_format

from readinggroup.digest import compose
from readinggroup.discussion import actions
from readinggroup.discussion.following import choose
from readinggroup.discussion.models import Comment, Level, QuestionState
from readinggroup.groups import settling
from readinggroup.groups.actions import leave, take_in
from readinggroup.groups.models import Membership
from readinggroup.notifications import digests
from readinggroup.notifications.actions import wish
from readinggroup.notifications.mailing import RETRY_AFTER
from readinggroup.notifications.models import Category, Delivery, Digest, MailSettings, Notice, When
from readinggroup.readings.actions import keep_place
from readinggroup.schedule import actions as scheduling
from readinggroup.schedule.models import Answer
from readinggroup.tasks import mail_digests, tidy_notices

from .. import factories
from ..schedule.coming import session_in

MONDAY = datetime(2026, 11, 23, 7, 0, tzinfo=UTC)  # the hour of digests, where nothing was chosen


@pytest.fixture(autouse=True)
def _mail_in_memory(settings):
    settings.EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"


@pytest.fixture
def followed(house):
    """Mara follows the whole reading, and two comments of the day before wait for her digest."""
    choose(by=house.member, reading=house.reading, level=Level.WATCH)
    for words in ("The first of two.", "The second of two."):
        factories.create_comment(house.reading, house.other, words)
    Notice.objects.update(created_at=MONDAY - timedelta(hours=12))
    return house


def sent_at(now=MONDAY):
    """What goes out at this moment."""
    before = len(mail.outbox)
    digests.begin_due(now)
    digests.mail_due(compose)
    return mail.outbox[before:]


def test_it_tells_what_waits_once(followed):
    [sent] = sent_at()
    assert sent.to == [followed.member.email]
    assert sent.subject == "Harbour readers: 2 new comments"
    for words in ("The first of two.", "The second of two.", "“The Ferry”, paragraph 4", "Milo"):
        assert words in sent.body
        assert words in sent.alternatives[0].content
    digest = Digest.objects.get()
    assert (digest.delivery, str(digest.day)) == (Delivery.SENT, "2026-11-23")
    assert list(Notice.objects.values_list("delivery", "digest").distinct()) == [(Delivery.SENT, digest.pk)]
    assert sent_at() == sent_at(MONDAY + timedelta(hours=3)) == sent_at(MONDAY + timedelta(days=1)) == []
    raw = sent.message()
    assert raw["Message-ID"] == f"<digest-{digest.public_id}@localhost>"
    assert raw["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"


def test_not_before_its_hour_and_not_for_what_came_after_it(followed):
    assert sent_at(MONDAY - timedelta(minutes=1)) == []
    Notice.objects.update(created_at=MONDAY + timedelta(minutes=1))
    assert sent_at(MONDAY + timedelta(hours=2)) == []
    assert len(sent_at(MONDAY + timedelta(days=1))) == 1


@pytest.mark.parametrize(("zone", "hour"), [("Europe/Berlin", 6), ("America/New_York", 12), ("Asia/Kolkata", 2)])
def test_the_hour_is_of_its_readers_clock(followed, zone, hour):
    type(followed.member).objects.filter(pk=followed.member.pk).update(time_zone=zone)
    moment = MONDAY.replace(hour=hour)
    early = moment - timedelta(minutes=31)
    # Yesterday's hour was before these were written.
    assert sent_at(early) == []
    assert len(sent_at(moment)) == 1


def test_a_day_of_the_reader_has_one_digest_also_when_the_hour_is_changed(followed):
    sent_at()
    MailSettings.objects.create(user=followed.member, digest_at=time(9))
    factories.create_comment(followed.reading, followed.other, "A third.")
    Notice.objects.filter(delivery=Delivery.DAILY).update(created_at=MONDAY + timedelta(minutes=5))
    assert sent_at(MONDAY + timedelta(hours=3)) == []
    assert len(sent_at(MONDAY + timedelta(hours=26))) == 1


def test_a_weekly_digest_comes_on_its_day_with_the_week(followed):
    wish(by=followed.member, category=Category.FOLLOWED, when=When.WEEKLY)
    MailSettings.objects.create(user=followed.member, digest_weekday=2)
    assert sent_at() == sent_at(MONDAY + timedelta(days=1)) == []
    [sent] = sent_at(MONDAY + timedelta(days=2))
    assert "The first of two." in sent.body


def test_a_weekly_digest_that_was_missed_comes_later(followed):
    wish(by=followed.member, category=Category.FOLLOWED, when=When.WEEKLY)
    MailSettings.objects.create(user=followed.member, digest_weekday=2)
    assert len(sent_at(MONDAY + timedelta(days=8))) == 1


def test_what_was_read_meanwhile_is_not_in_it_and_nothing_is_no_digest(followed):
    first, second = Notice.objects.order_by("pk")
    Notice.objects.filter(pk=first.pk).update(read_at=timezone.now())
    [sent] = sent_at()
    assert "The first of two." not in sent.body
    Digest.objects.all().delete()
    Notice.objects.filter(pk=second.pk).update(read_at=timezone.now(), delivery=Delivery.DAILY, mailed_at=None)
    assert sent_at() == []
    assert not Digest.objects.exists()


@pytest.mark.parametrize("end", ["withdrawn", "left", "archived"])
def test_what_may_no_longer_be_said_is_no_digest(followed, end):
    digests.begin_due(MONDAY)
    if end == "withdrawn":
        actions.withdraw_all(group=followed.group, by=followed.other)
    elif end == "left":
        leave(membership=Membership.objects.standing(followed.member.pk, followed.group.slug), by=followed.member)
    else:
        settling.archive(group=followed.group, by=followed.owner)
        Notice.objects.filter(category=Category.GROUP).delete()
    digests.mail_due(compose)
    assert mail.outbox == []
    digest = Digest.objects.get()
    assert (digest.delivery, bool(digest.reason)) == (Delivery.NOT_WANTED, True)


def test_open_questions_and_news_stand_in_it(followed):
    asked = factories.create_comment(followed.reading, followed.other, "Who counted them?")
    mine = factories.create_comment(followed.reading, followed.member, "My own question?")
    for comment in (asked, mine):
        Comment.objects.filter(pk=comment.pk).update(
            question=QuestionState.OPEN, question_by=comment.author, question_at=timezone.now()
        )
    settling.change_rules(group=followed.group, rules=[("Kind", "Be kind.")], by=followed.owner)
    Notice.objects.update(created_at=MONDAY - timedelta(hours=1))
    sent = next(each for each in sent_at() if each.to == [followed.member.email])
    assert "Open questions there" in sent.body
    assert "Who counted them?" in sent.body
    assert "My own question?" not in sent.body
    assert "The rules of Harbour readers have changed" in sent.body


def test_what_is_told_at_once_does_not_wait_for_digests(followed, monkeypatch):
    """Somebody is answered while the digests go out; the mail of that comes before the next digest."""
    choose(by=followed.organizer, reading=followed.reading, level=Level.WATCH)
    factories.create_comment(followed.reading, followed.other, "The third.")
    Notice.objects.update(created_at=timezone.now() - timedelta(days=2))
    first = factories.create_comment(followed.reading, followed.owner, "Who?")

    def answered(person, notices):
        if not mail.outbox:
            factories.create_comment(followed.reading, followed.other, "She did.", parent=first)
        return compose(person, notices)

    monkeypatch.setattr("readinggroup.digest.compose", answered)
    mail_digests(0)
    assert [message.to[0] == followed.owner.email for message in mail.outbox] == [False, True, False]


def test_what_is_a_year_old_is_removed(followed):
    ancient = Digest.objects.create(recipient=followed.member, day="2020-01-01")
    Digest.objects.filter(pk=ancient.pk).update(created_at=timezone.now() - timedelta(days=366))
    old, _young = Notice.objects.order_by("pk")
    Notice.objects.filter(pk=old.pk).update(created_at=timezone.now() - timedelta(days=366))
    tidy_notices(0)
    assert (Notice.objects.count(), Digest.objects.count()) == (1, 0)


class Refuses(EmailBackend):
    """A relay that takes nothing for one address."""

    def send_messages(self, messages):
        if any("bad" in address for message in messages for address in message.to):
            raise OSError("450 not now")
        return super().send_messages(messages)


def test_one_bad_address_stops_no_other_and_what_was_not_taken_waits_for_the_next(followed, settings):
    settings.EMAIL_BACKEND = f"{__name__}.Refuses"
    type(followed.member).objects.filter(pk=followed.member.pk).update(email="bad@example.org")
    choose(by=followed.organizer, reading=followed.reading, level=Level.WATCH)
    factories.create_comment(followed.reading, followed.other, "The third.")
    Notice.objects.update(created_at=MONDAY - timedelta(hours=1))
    assert [each.to for each in sent_at()] == [[followed.organizer.email]]
    for _try in RETRY_AFTER:
        Digest.objects.filter(delivery=Delivery.DUE).update(mail_at=timezone.now() - timedelta(seconds=1))
        digests.mail_due(compose)
    failed = Digest.objects.get(recipient=followed.member)
    assert (failed.delivery, "450" in failed.reason) == (Delivery.FAILED, True)
    assert Notice.objects.of(followed.member).filter(delivery=Delivery.DAILY).count() == 3
    type(followed.member).objects.filter(pk=followed.member.pk).update(email="good@example.org")
    [sent] = sent_at(MONDAY + timedelta(days=1))
    assert "The first of two." in sent.body


def test_a_digest_asks_the_same_for_one_comment_of_one_and_for_many_of_many(followed):
    def questions():
        Digest.objects.all().delete()
        Notice.objects.filter(category=Category.FOLLOWED).update(
            delivery=Delivery.DAILY, mailed_at=None, digest=None, created_at=MONDAY - timedelta(hours=1)
        )
        digests.begin_due(MONDAY)
        with CaptureQueriesContext(connection) as asked:
            assert digests.mail_one(compose)
        return len(asked)

    questions()
    few = questions()
    for _ in range(12):
        someone = factories.create_member(followed.group)
        factories.create_comment(followed.reading, someone, "One of many.", number=5)
    Notice.objects.exclude(recipient=followed.member).delete()
    assert questions() == few


def test_a_long_absence_makes_one_digest_of_bounded_length(followed):
    for number in range(70):
        factories.create_comment(followed.reading, followed.other, f"Number {number} of seventy.")
    Notice.objects.update(created_at=MONDAY - timedelta(hours=1))
    [sent] = sent_at()
    assert sent.body.count("of seventy.") == 58
    assert "12 more stand in your inbox" in sent.body
    assert not Notice.objects.waiting().exists()


# --- Shaped by the next session ---------------------------------------------------------------------------------------


def digest_of(person):
    return next(message for message in sent_at(timezone.now() + timedelta(days=1)) if message.to == [person.email])


def test_it_begins_with_what_is_before_the_next_session(followed):
    house, member = followed, followed.member
    type(member).objects.filter(pk=member.pk).update(time_zone="Asia/Kathmandu")
    session = session_in(house, days=3)
    session_in(house, days=9, title="The second ferry")
    keep_place(reading=house.reading, user=member, paragraph=factories.version_of(house.reading, 4).paragraph)
    inside, outside = (
        factories.create_comment(house.reading, house.other, words, number=number)
        for words, number in (("Who?", 5), ("Who else?", 8))
    )
    for asked in (inside, outside):
        Comment.objects.filter(pk=asked.pk).update(
            question=QuestionState.OPEN, question_by=asked.author, question_at=timezone.now()
        )
    mine = factories.create_comment(house.reading, member, "Here.", number=3)
    wish(by=member, category=Category.REPLY, when=When.DAILY)
    factories.create_comment(house.reading, house.other, "There.", parent=mine)
    sent = digest_of(member)
    there = timezone.localtime(session.starts_at, ZoneInfo("Asia/Kathmandu"))
    when = f"{date_format(there, 'l')}, {date_format(there, 'DATETIME_FORMAT')}"
    for body in (sent.body, sent.alternatives[0].content):
        assert f"Before {when} (your time): paragraphs 3–6, about 1 minute; 1 open question; 1 word to you" in body
        assert "You have read up to 4; about 1 minute is still before you." in body
        assert factories.version_of(house.reading, 4).paragraph.public_id in body
    assert sent.subject.startswith(f"Harbour readers, before {date_format(there, 'l')}: 1 word to you")


def test_a_session_alone_is_no_digest_and_what_was_read_is_not_counted(followed):
    session_in(followed, days=3)
    Notice.objects.filter(category=Category.FOLLOWED).update(read_at=timezone.now(), delivery=Delivery.DAILY)
    Notice.objects.filter(category=Category.SESSION).delete()
    assert sent_at(timezone.now() + timedelta(days=1)) == []


@pytest.mark.parametrize("end", ["cancelled", "declined", "draft", "over"])
def test_a_session_that_its_reader_does_not_go_to_shapes_nothing(followed, end):
    session = session_in(followed, days=3)
    if end == "cancelled":
        scheduling.cancel(session=session, reason="Ice.", by=followed.organizer)
        Notice.objects.filter(category=Category.SESSION).delete()
    elif end == "declined":
        scheduling.answer(session=session, by=followed.member, answer=Answer.NOT_GOING)
    elif end == "draft":
        type(session).objects.filter(pk=session.pk).update(state="draft")
    else:
        ago = timezone.now() - timedelta(minutes=1)
        type(session).objects.filter(pk=session.pk).update(starts_at=ago)
    assert "(your time)" not in digest_of(followed.member).body


def test_who_was_removed_reads_nothing_more_of_the_group_in_the_digest(followed):
    """The news of it is theirs; what is asked there, and when they meet, is not."""
    session_in(followed, days=3)
    asked = factories.create_comment(followed.reading, followed.other, "Who counted them?")
    Comment.objects.filter(pk=asked.pk).update(
        question=QuestionState.OPEN, question_by=asked.author, question_at=timezone.now()
    )
    settling.change_rules(group=followed.group, rules=[("Kind", "Be kind.")], by=followed.owner)
    leave(membership=Membership.objects.standing(followed.member.pk, followed.group.slug), by=followed.member)
    sent = digest_of(followed.member)
    assert "have changed" in sent.body
    assert "Who counted them?" not in sent.body
    assert "(your time)" not in sent.body


def test_a_digest_asks_the_same_for_one_session_and_for_three_in_three_groups(followed):
    def questions():
        Digest.objects.all().delete()
        Notice.objects.update(delivery=Delivery.DAILY, mailed_at=None, digest=None)
        digests.begin_due(timezone.now() + timedelta(days=1))
        with CaptureQueriesContext(connection) as asked:
            assert digests.mail_one(compose)
        return len(asked)

    session_in(followed, days=3)
    Notice.objects.exclude(recipient=followed.member).delete()
    questions()
    few = questions()
    for number in (4, 5):
        group = factories.create_group(f"Group {number}")
        take_in(group=group, user=followed.member, roles=[])
        take_in(group=group, user=followed.organizer, roles=["organizer"])
        session_in(followed, days=number, reading=factories.create_reading(group))
        session_in(followed, days=number + 1)
    Notice.objects.exclude(recipient=followed.member).delete()
    outlines = Notice.objects.of(followed.member).values("group_key").distinct().count()
    assert outlines == 3
    questions()
    assert questions() == few
