"""Notices: told once, put into words for their reader, mailed once, and read by nobody else."""

import re
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from django.core import mail
from django.core.mail.backends.locmem import EmailBackend
from django.db import connection, transaction
from django.utils import timezone

from readinggroup.notifications.actions import mark_read, tell
from readinggroup.notifications.mailing import RETRY_AFTER
from readinggroup.notifications.models import Category, Delivery, Notice
from readinggroup.tasks import mail_due_notices

from .. import factories

KIND = "groups/join_request_answered"


@pytest.fixture(autouse=True)
def _mail_in_memory(settings):
    settings.EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"


def tell_all(people, event="one", name="Harbour readers", **more):
    facts = {"group": name, "accepted": True}
    tell(recipients=people, kind=KIND, category=Category.DECISION, event=event, facts=facts, **more)


def tell_one(user, event="one", name="Harbour readers", **more):
    tell_all([user], event, name, **more)


def test_the_same_event_is_told_once(db):
    ana = factories.create_user()
    tell_one(ana)
    tell_one(ana)
    assert Notice.objects.of(ana).count() == 1


def test_what_is_rolled_back_was_not_told(db):
    ana = factories.create_user()
    with transaction.atomic():
        tell_one(ana)
        transaction.set_rollback(True)
    assert not Notice.objects.exists()
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM procrastinate_jobs WHERE task_name LIKE %s", ["%mail_due_notices"])
        assert cursor.fetchone() == (0,)


def test_the_worker_mails_it_once_and_notes_it(db):
    ana = factories.create_user()
    tell_one(ana, address="/g/harbour/")
    mail_due_notices()
    mail_due_notices()
    [message] = mail.outbox
    notice = Notice.objects.get()
    assert (message.to, notice.delivery, notice.mailed_at is not None) == ([ana.email], Delivery.SENT, True)
    assert "Harbour readers" in message.subject
    assert "/g/harbour/" in message.body
    assert message.extra_headers["Message-ID"].startswith(f"<notice-{notice.public_id}@")


@pytest.mark.parametrize("name", ["a\r\nBcc: x@example.org", "a\u2028b", "a\x0bb", "<b>&amp;</b>", "x" * 5_000])
def test_a_hostile_name_makes_one_subject_and_no_header(db, name):
    ana = factories.create_user()
    tell_one(ana, name=name)
    mail_due_notices()
    [message] = mail.outbox
    raw = message.message()
    assert raw.get_all("Bcc") is None
    assert len(raw.get_all("Subject")) == 1
    assert "&lt;" not in message.body


class Refuses(EmailBackend):
    """A relay that takes nothing for one address."""

    def send_messages(self, messages):
        if any("bad" in address for message in messages for address in message.to):
            raise OSError("550 no such person")
        return super().send_messages(messages)


def test_one_bad_address_stops_no_other_and_is_given_up_with_the_reason(db, settings):
    settings.EMAIL_BACKEND = f"{__name__}.Refuses"
    bad, good = factories.create_user(email="bad@example.org"), factories.create_user()
    tell_all([bad, good])
    mail_due_notices()
    assert [message.to for message in mail.outbox] == [[good.email]]
    for _try in RETRY_AFTER:
        Notice.objects.filter(recipient=bad).update(mail_at=timezone.now() - timedelta(seconds=1))
        mail_due_notices()
    notice = Notice.objects.get(recipient=bad)
    assert (notice.delivery, "550" in notice.reason) == (Delivery.FAILED, True)
    assert not Notice.objects.mail_is_due().exists()


@pytest.mark.django_db(transaction=True)
def test_several_workers_mail_each_notice_once():
    ana = factories.create_user()
    for number in range(20):
        tell_one(ana, event=f"event-{number}")

    def work():
        try:
            mail_due_notices()
        finally:
            connection.close()

    with ThreadPoolExecutor(4) as pool:
        for done in [pool.submit(work) for _ in range(4)]:
            done.result()
    ids = [message.extra_headers["Message-ID"] for message in mail.outbox]
    assert len(ids) == len(set(ids)) == 20


def test_who_has_no_account_any_more_gets_no_mail(db):
    ana = factories.create_user()
    tell_one(ana)
    type(ana).objects.filter(pk=ana.pk).update(is_active=False)
    mail_due_notices()
    assert mail.outbox == []
    assert Notice.objects.get().delivery == Delivery.NOT_WANTED


def test_the_unread_count_is_what_can_be_listed(db, as_user):
    ana, ben = factories.create_user(), factories.create_user()

    def counts():
        shown = [re.search(r"\((\d+) new\)", as_user(one).get("/").text) for one in (ana, ben)]
        return [
            [int(number[1]) if number else 0, Notice.objects.of(one).unread().count()]
            for number, one in zip(shown, (ana, ben), strict=True)
        ]

    for number in range(3):
        tell_all([ana, ben], event=f"e{number}")
    assert counts() == [[3, 3], [3, 3]]
    mark_read(notices=Notice.objects.filter(event="e1"), by=ana)
    assert counts() == [[2, 2], [3, 3]]
    Notice.objects.filter(recipient=ben, event="e0").delete()
    Notice.objects.filter(recipient=ben).update(read_at=timezone.now())
    Notice.objects.filter(recipient=ben, event="e1").update(read_at=None)
    assert counts() == [[2, 2], [1, 1]]


def test_opening_a_notice_leads_there_and_reads_it(db, as_user):
    ana = factories.create_user()
    tell_one(ana, address="/")
    notice = Notice.objects.get()
    assert "Harbour readers" in as_user(ana).get("/inbox/").text
    assert as_user(ana).post(f"/inbox/{notice.public_id}/").headers["Location"] == "/"
    notice.refresh_from_db()
    assert notice.read_at


def test_nobody_opens_anothers_notice(db, as_user):
    tell_one(factories.create_user())
    assert as_user(factories.create_user()).post(f"/inbox/{Notice.objects.get().public_id}/").status_code == 404
    assert Notice.objects.get().read_at is None


def test_the_inbox_asks_the_same_for_one_notice_and_for_three(db, as_user, django_assert_num_queries):
    ana = factories.create_user()
    client = as_user(ana)
    tell_one(ana)
    with django_assert_num_queries(4):
        assert client.get("/inbox/").status_code == 200
    for number in range(3):
        tell_one(ana, event=f"event-{number}", name="<script>")
    with django_assert_num_queries(4):
        page = client.get("/inbox/").text
    assert "<script>Y" not in page
    assert "&lt;script&gt;" in page


@pytest.mark.parametrize("page", ["0", "2", "x", "٣", "9" * 30, "000001999"])
def test_a_page_of_the_inbox_that_is_not_there(db, as_user, page):
    assert as_user(factories.create_user()).get("/inbox/", {"page": page}).status_code == 404


def test_who_asked_to_join_is_told_of_the_answer(closed_house, as_user, db):
    from readinggroup.groups import actions

    request = actions.ask_to_join(group=closed_house.group, words="Hello.", by=closed_house.outsider)
    as_user(closed_house.organizer).post(f"/g/{closed_house.group.slug}/requests/{request.pk}/", {"answer": "decline"})
    notice = Notice.objects.get(recipient=closed_house.outsider)
    assert (notice.facts["accepted"], notice.address) == (False, "")  # no address to a group that is hidden from them
    assert "declined" in as_user(closed_house.outsider).get("/inbox/").text
