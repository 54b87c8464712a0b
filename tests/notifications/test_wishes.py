"""How people want to be told: the page of switches, what obeys it, quiet hours, and no such mail any more."""

import re
from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from django.core import mail
from django.test import Client
from django.utils import timezone

from readinggroup.notifications.actions import wish
from readinggroup.notifications.mailing import end_of_quiet
from readinggroup.notifications.models import AtOnceBy, Category, Delivery, MailSettings, MailWish, Notice, When
from readinggroup.notifications.unsubscribing import ALL_DIGESTS, unsubscribe_address
from readinggroup.tasks import mail_due_notices

from .. import factories

PAGE = "/me/notifications/"


@pytest.fixture(autouse=True)
def _mail_in_memory(settings):
    settings.EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"


def fields_of(page):
    """What the form holds, as a browser would send it."""
    data = {}
    for select in re.finditer(r'<select name="([^"]+)".*?</select>', page, re.DOTALL):
        chosen = re.search(r'value="([^"]*)" selected', select[0])
        data[select[1]] = chosen[1] if chosen else ""
    for name, value in re.findall(r'<input type="time" name="([^"]+)"(?: value="([^"]*)")?', page):
        data[name] = value
    data["at_once_by"] = re.search(r'name="at_once_by" value="(\w+)"[^>]* checked', page)[1]
    return data


def settle(client, **changes):
    data = fields_of(client.get(PAGE).text) | {name.replace("__", "-"): value for name, value in changes.items()}
    return client.post(PAGE, data)


def an_answer(house, words="She did."):
    first = factories.create_comment(house.reading, house.member, "Who?")
    return factories.create_comment(house.reading, house.other, words, parent=first)


def how_it_goes_out(comment, person):
    return Notice.objects.of(person).get(about=comment.public_id).delivery


def test_what_is_usual_is_said_and_saving_it_changes_nothing(house, as_user):
    client = as_user(house.member)
    data = fields_of(client.get(PAGE).text)
    assert data["all-reply"] == data["all-mention"] == When.AT_ONCE
    assert data["all-followed"] == When.DAILY
    assert data[f"{house.group.slug}-reply"] == ""
    assert settle(client).status_code == 302
    assert not MailWish.objects.exists()
    assert MailSettings.objects.get().digest_at == time(7)


@pytest.mark.parametrize(
    ("when", "delivery"),
    [
        (When.AT_ONCE, Delivery.DUE),
        (When.DAILY, Delivery.DAILY),
        (When.WEEKLY, Delivery.WEEKLY),
        (When.NEVER, Delivery.NOT_WANTED),
    ],
)
def test_what_is_chosen_is_obeyed_and_the_group_before_everywhere(house, as_user, when, delivery):
    client = as_user(house.member)
    settle(client, all__reply=when)
    assert how_it_goes_out(an_answer(house), house.member) == delivery
    settle(client, all__reply=When.AT_ONCE)
    client.post(PAGE, fields_of(client.get(PAGE).text) | {f"{house.group.slug}-reply": when})
    assert how_it_goes_out(an_answer(house), house.member) == delivery
    client.post(PAGE, fields_of(client.get(PAGE).text) | {f"{house.group.slug}-reply": ""})
    assert how_it_goes_out(an_answer(house), house.member) == Delivery.DUE
    assert "chosen" not in client.get(PAGE).text.split("Otherwise in")[1][:200]


def test_another_groups_switch_is_not_ones_own(house, as_user):
    wish(by=house.member, category=Category.REPLY, when=When.NEVER, group=factories.create_group("Mill").pk)
    assert how_it_goes_out(an_answer(house), house.member) == Delivery.DUE


def test_what_waits_obeys_a_new_choice_too_and_no_flood_comes(house):
    answer = an_answer(house)
    wish(by=house.member, category=Category.REPLY, when=When.WEEKLY)
    assert how_it_goes_out(answer, house.member) == Delivery.WEEKLY
    wish(by=house.member, category=Category.REPLY, when=When.AT_ONCE)
    assert how_it_goes_out(answer, house.member) == Delivery.WEEKLY  # it stays in the digest that it waits for
    wish(by=house.member, category=Category.REPLY, when=When.NEVER)
    notice = Notice.objects.get(about=answer.public_id)
    assert (notice.delivery, bool(notice.reason)) == (Delivery.NOT_WANTED, True)


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"quiet_from": "22:00"}, "a beginning and an end"),
        ({"quiet_from": "22:00", "quiet_until": "22:00"}, "another time"),
        ({"quiet_from": "25:61", "quiet_until": "07:00"}, "Enter a valid time"),
        ({"digest_at": ""}, "required"),
        ({"digest_weekday": "9"}, ""),
        ({"at_once_by": "pigeon"}, "valid choice"),
        ({"all__reply": "hourly"}, "valid choice"),
        ({"all__reply": ""}, "required"),
    ],
)
def test_nonsense_is_refused_with_a_reason_and_what_was_chosen_is_kept(house, as_user, changes, says):
    client = as_user(house.member)
    answer = settle(client, all__mention=When.WEEKLY, **changes)
    assert answer.status_code == 422
    assert says in answer.text
    assert re.search(r'name="all-mention".*?value="weekly" selected', answer.text, re.DOTALL)
    assert not MailWish.objects.exists()


def test_it_asks_the_same_for_one_group_and_for_three(house, as_user, django_assert_num_queries):
    from readinggroup.groups.actions import take_in

    client = as_user(house.member)
    with django_assert_num_queries(5):
        client.get(PAGE)
    for _ in range(2):
        take_in(group=factories.create_group(), user=house.member, roles=[])
    with django_assert_num_queries(5):
        assert client.get(PAGE).text.count("<details") == 3


# --- Quiet hours ------------------------------------------------------------------------------------------------------


def quiet(begin, end):
    return MailSettings(quiet_from=time(begin), quiet_until=time(end))


@pytest.mark.parametrize(
    ("wishes", "zone", "now", "until"),
    [
        (None, "UTC", datetime(2026, 3, 1, 23, tzinfo=UTC), None),
        (MailSettings(), "UTC", datetime(2026, 3, 1, 23, tzinfo=UTC), None),
        (quiet(22, 7), "UTC", datetime(2026, 3, 1, 23, tzinfo=UTC), datetime(2026, 3, 2, 7, tzinfo=UTC)),
        (quiet(22, 7), "UTC", datetime(2026, 3, 2, 6, 59, tzinfo=UTC), datetime(2026, 3, 2, 7, tzinfo=UTC)),
        (quiet(22, 7), "UTC", datetime(2026, 3, 2, 7, tzinfo=UTC), None),
        (quiet(12, 14), "UTC", datetime(2026, 3, 2, 13, tzinfo=UTC), datetime(2026, 3, 2, 14, tzinfo=UTC)),
        (quiet(12, 14), "UTC", datetime(2026, 3, 2, 14, tzinfo=UTC), None),
        # In Berlin it is an hour later, in summer two.
        (quiet(22, 7), "Europe/Berlin", datetime(2026, 1, 2, 6, 30, tzinfo=UTC), None),
        (quiet(22, 7), "Europe/Berlin", datetime(2026, 7, 1, 20, 30, tzinfo=UTC), datetime(2026, 7, 2, 5, tzinfo=UTC)),
        # The night in which the clock goes forward, and the one in which it goes back.
        (quiet(22, 7), "Europe/Berlin", datetime(2026, 3, 28, 22, tzinfo=UTC), datetime(2026, 3, 29, 5, tzinfo=UTC)),
        (quiet(22, 7), "Europe/Berlin", datetime(2026, 10, 24, 21, tzinfo=UTC), datetime(2026, 10, 25, 6, tzinfo=UTC)),
    ],
)
def test_quiet_hours_are_of_their_own_clock(wishes, zone, now, until):
    assert end_of_quiet(wishes, ZoneInfo(zone), now) == until


def test_what_is_told_at_once_waits_for_the_end_of_quiet_hours(house):
    now = timezone.now()
    MailSettings.objects.create(
        user=house.member, quiet_from=(now - timedelta(hours=2)).time(), quiet_until=(now + timedelta(hours=2)).time()
    )
    answer = an_answer(house)
    mail_due_notices()
    assert mail.outbox == []
    notice = Notice.objects.get(about=answer.public_id)
    assert (notice.delivery, notice.attempts) == (Delivery.DUE, 0)
    assert timedelta(hours=1, minutes=59) < notice.mail_at - now <= timedelta(hours=2)
    MailSettings.objects.update(quiet_from=None, quiet_until=None)
    Notice.objects.update(mail_at=now)
    mail_due_notices()
    assert len(mail.outbox) == 1


# --- No such mail any more --------------------------------------------------------------------------------------------


def one_click(address):
    """As a mail program does it (RFC 8058): no cookie, no page, no token."""
    return Client(enforce_csrf_checks=True).post(address, {"List-Unsubscribe": "One-Click"})


def test_one_click_ends_this_mail_in_this_group_without_signing_in(house):
    an_answer(house)
    mail_due_notices()
    address = mail.outbox[0].extra_headers["List-Unsubscribe"].strip("<>").removeprefix("http://127.0.0.1:8000")
    page = Client().get(address)
    assert page.status_code == 200
    assert "Answers to me" in page.text
    assert not MailWish.objects.exists()  # looking at it is not doing it: programs look
    assert one_click(address).status_code == 200
    assert one_click(address).status_code == 200
    [said] = MailWish.objects.values_list("user", "group_key", "category", "when")
    assert said == (house.member.pk, house.group.pk, Category.REPLY, When.NEVER)
    assert how_it_goes_out(an_answer(house), house.member) == Delivery.NOT_WANTED


def test_what_waited_is_not_sent_after_that(house):
    an_answer(house)
    one_click(unsubscribe_address(house.member, Category.REPLY, house.group.pk).removeprefix("http://127.0.0.1:8000"))
    mail_due_notices()
    assert mail.outbox == []


def test_no_more_digests_at_all(house):
    wish(by=house.member, category=Category.REPLY, when=When.WEEKLY, group=house.group.pk)
    one_click(unsubscribe_address(house.member, ALL_DIGESTS).removeprefix("http://127.0.0.1:8000"))
    said = set(MailWish.objects.values_list("category", "when"))
    assert said == {(Category.REPLY, When.NEVER), (Category.FOLLOWED, When.NEVER), (Category.GROUP, When.NEVER)}


@pytest.mark.parametrize("token", ["x", "W10:1:x", "%00", "a" * 900])
def test_a_forged_address_is_none(db, token):
    assert Client().get(f"/mail/stop/{token}/").status_code in {400, 404}
    assert Client().post(f"/mail/stop/{token}/").status_code in {400, 404}


def test_an_account_that_is_gone_is_answered_as_any_other(house):
    address = unsubscribe_address(house.member, Category.REPLY).removeprefix("http://127.0.0.1:8000")
    type(house.member).objects.filter(pk=house.member.pk).update(is_active=False)
    assert one_click(address).status_code == 200
    assert not MailWish.objects.exists()


def test_mail_that_came_back_ends_all_mail(house):
    MailSettings.objects.create(user=house.member, stopped_at=timezone.now(), at_once_by=AtOnceBy.MAIL)
    answer = an_answer(house)
    mail_due_notices()
    assert mail.outbox == []
    assert how_it_goes_out(answer, house.member) == Delivery.NOT_WANTED
