"""Mail that came back is counted once a notice; after the third no more is sent, and the inbox says so."""

from datetime import timedelta
from smtplib import SMTPDataError, SMTPRecipientsRefused
from threading import Event

import pytest
from django.core import mail
from django.db import connection, transaction
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import timezone

from readinggroup.accounts import address_change
from readinggroup.accounts.models import User
from readinggroup.notifications import bounces
from readinggroup.notifications.actions import tell
from readinggroup.notifications.bounces import MOST_BOUNCES, STOPPED_KIND, is_hard_refusal, note_bounce, start_anew
from readinggroup.notifications.models import Delivery, MailSettings, Notice
from readinggroup.tasks import mail_due_notices

from .conftest import MESSAGES
from .test_replies import at_once


@pytest.fixture(autouse=True)
def _mail_in_memory(settings):
    settings.EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"


def mailed(person, event="one") -> Notice:
    """A notice whose mail the relay has taken."""
    tell(recipients=[person], kind="groups/rules", category="group", event=event, facts={"group": "Harbour"})
    Notice.objects.filter(event=event).update(delivery=Delivery.SENT, mailed_at=timezone.now())
    return Notice.objects.get(recipient=person, event=event)


def counted(person):
    standing = MailSettings.objects.filter(user=person).first()
    return (standing.bounces, standing.stopped_at is not None) if standing else (0, False)


def come_back(person, times, *, first=0):
    for number in range(first, first + times):
        note_bounce(mailed(person, f"event-{number}"), status="5.1.1")


# --- What is a failure for good ---------------------------------------------------------------------------------------

REPORTS = {
    "dsn_postfix": "came back: 5.1.1",
    "dsn_exim": "came back: 5.0.0",
    "dsn_exim_plain": "came back: no report",
    "dsn_gmail": "came back: 5.1.1",
    "dsn_exchange": "came back: 5.1.10",
}
NO_FAILURES = ["dsn_postfix_delayed", "dsn_expired", "exim_warning", "vacation_to_bounce"]


@pytest.mark.parametrize("name", REPORTS)
def test_a_report_of_each_mail_server_counts(house, deliver, name):
    notice = mailed(house.member)
    assert deliver(name, by=house.member, notice=notice) == 0
    notice.refresh_from_db()
    assert (notice.delivery, notice.reason, counted(house.member)) == (Delivery.FAILED, REPORTS[name], (1, False))


@pytest.mark.parametrize("name", NO_FAILURES)
def test_what_is_late_or_an_answer_during_a_holiday_does_not(house, deliver, name):
    notice = mailed(house.member)
    assert deliver(name, by=house.member, notice=notice) == 0
    notice.refresh_from_db()
    assert (notice.delivery, counted(house.member)) == (Delivery.SENT, (0, False))


def test_a_failure_that_somebody_writes_by_hand_does_not(house, deliver):
    message = (MESSAGES / "dsn_exim_plain.eml").read_bytes().replace(b"Return-Path: <>", b"Return-Path: <x@y.org>")
    assert deliver(message, by=house.member, notice=mailed(house.member)) == 0
    assert counted(house.member) == (0, False)


def test_a_forged_report_is_refused_and_one_about_a_lost_notice_is_not(house, deliver):
    notice = mailed(house.member)
    forged = (MESSAGES / "dsn_postfix.eml").read_bytes().replace(b"{{BOUNCE}}", b"{{BOUNCE}}".replace(b"B", b"X"))
    assert deliver(forged, by=house.member, notice=notice) == 67
    Notice.objects.all().delete()
    assert deliver("dsn_postfix", by=house.member, notice=notice) == 0
    assert counted(house.member) == (0, False)


def test_a_relay_that_refuses_the_person_for_good():
    refused = {
        550: True, 553: True, 559: True, 450: False, 421: False, 500: False,
    }  # fmt: skip
    for code, hard in refused.items():
        assert is_hard_refusal(SMTPRecipientsRefused({"a@b.c": (code, b"no")})) is hard
    assert not is_hard_refusal(SMTPRecipientsRefused({"a@b.c": (550, b"no"), "d@e.f": (450, b"later")}))
    assert not any(map(is_hard_refusal, [SMTPRecipientsRefused({}), SMTPDataError(554, b"spam"), OSError("550 no")]))


# --- Counting ---------------------------------------------------------------------------------------------------------


def test_one_notice_counts_once_however_often_it_comes_back(house, deliver):
    notice = mailed(house.member)
    assert [note_bounce(notice, status="5.1.1") for _time in range(4)] == [True, False, False, False]
    deliver("dsn_exim", by=house.member, notice=notice)
    assert counted(house.member) == (1, False)


def test_the_third_stops_mail_and_the_inbox_says_so_without_a_mail(house, as_user):
    come_back(house.member, MOST_BOUNCES - 1)
    assert counted(house.member) == (2, False)
    come_back(house.member, 2, first=10)
    assert counted(house.member) == (3, True)
    [notice] = Notice.objects.of(house.member).filter(kind=STOPPED_KIND)
    assert (notice.delivery, notice.read_at) == (Delivery.NOT_WANTED, None)
    mail_due_notices()
    assert mail.outbox == []
    assert "no longer write to you by mail" in as_user(house.member).get("/inbox/").text
    assert counted(house.other) == (0, False)


def test_what_came_back_long_ago_is_not_counted_together(house):
    come_back(house.member, 2)
    MailSettings.objects.update(bounced_at=timezone.now() - timedelta(days=29))
    come_back(house.member, 1, first=10)
    assert counted(house.member) == (3, True)
    start_anew(house.member)
    come_back(house.member, 2, first=20)
    MailSettings.objects.update(bounced_at=timezone.now() - timedelta(days=31))
    come_back(house.member, 1, first=30)
    assert counted(house.member) == (1, False)


def test_who_switches_mail_on_again_starts_anew_and_is_told_again(house, as_user):
    come_back(house.member, 3)
    client, address = as_user(house.member), reverse("notifications:mail_on_again")
    page = render_to_string("notifications/_mail_stopped.html")
    assert f'action="{address}"' in page
    assert client.get(address).status_code == 405
    assert "Mail is switched on again." in client.post(address, follow=True).text
    assert counted(house.member) == (0, False)
    come_back(house.member, 3, first=10)
    assert (counted(house.member), Notice.objects.filter(kind=STOPPED_KIND).count()) == ((3, True), 2)


def test_nobody_switches_it_on_for_another(house, as_user):
    come_back(house.member, 3)
    for person in (house.other, None):
        as_user(person).post(reverse("notifications:mail_on_again"))
    assert counted(house.member) == (3, True)


def test_whichever_way_the_address_changes_mail_starts_anew(house):
    person = house.member
    come_back(person, 3)
    token = address_change.read(address_change.token_for(user=person, old=person.email, new="new@example.org"))
    User.objects.filter(pk=person.pk).update(display_name="Maria")
    assert counted(person) == (3, True)
    User.objects.filter(pk=person.pk).update(email="new@example.org")
    assert counted(person) == (0, False)
    come_back(person, 3, first=10)
    address_change.take_back(**token)
    assert counted(person) == (0, False)


# --- At the same moment -----------------------------------------------------------------------------------------------


def of_three(person):
    return [mailed(person, f"event-{number}") for number in range(3)]


@pytest.mark.django_db(transaction=True)
def test_three_at_once_are_three_and_one_notice_at_once_is_one(house):
    notices = of_three(house.member)
    assert at_once(lambda number: note_bounce(notices[number // 3]), 9).count(True) == 3
    assert counted(house.member) == (3, True)
    assert Notice.objects.filter(kind=STOPPED_KIND).count() == 1


@pytest.mark.django_db(transaction=True)
def test_the_control_without_the_lock_they_are_fewer(house, monkeypatch):
    """The same three, each of which has read the count before another has written it."""
    notices = of_three(house.member)
    MailSettings.objects.create(user=house.member)

    def note_without_lock(number):
        with transaction.atomic():
            standing = MailSettings.objects.get(user=house.member)
            read.append(number)
            if len(read) == 3:
                all_have_read.set()
            all_have_read.wait(30)
            bounces.count(standing)
            return notices[number].pk

    read, all_have_read = [], Event()
    at_once(note_without_lock, 3)
    assert counted(house.member) == (1, False)


@pytest.mark.django_db(transaction=True)
def test_counting_waits_for_the_one_before_it(house):
    """Which of two is first is decided by the row: the second sees what the first has written."""
    first, second, _third = of_three(house.member)
    with transaction.atomic():
        note_bounce(first)

        def other():
            try:
                with connection.cursor() as cursor:
                    cursor.execute("SET lock_timeout = '300ms'")
                return note_bounce(second)
            except Exception as refusal:
                return type(refusal).__name__

        assert at_once(lambda _n: other(), 1) == ["OperationalError"]
    assert note_bounce(second)
    assert counted(house.member) == (2, False)
