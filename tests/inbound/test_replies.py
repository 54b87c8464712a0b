"""An answer by mail is a comment, once, if its writer may say it at that moment; else they are told, nobody else."""

import logging
import os
import subprocess
import sys
import uuid
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path
from threading import Barrier

import pytest
from django.core import mail
from django.db import OperationalError, connection
from django.utils import timezone
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from readinggroup import inbound
from readinggroup.accounts.models import User
from readinggroup.discussion.models import DEEPEST, Comment, Draft, RestrictionKind, State
from readinggroup.discussion.restricting import restrict
from readinggroup.groups.models import Group, Membership, Visibility
from readinggroup.inbound import replies
from readinggroup.inbound.replies import MOST_TOLD_A_DAY, NOT_TAKEN_KIND
from readinggroup.lib.markup import LONGEST
from readinggroup.my_data.deletion import delete_account
from readinggroup.notifications.mail_addresses import bounce_address, read_address, reply_address
from readinggroup.notifications.models import Notice
from readinggroup.readings import veils
from readinggroup.readings.models import Reading
from readinggroup.tasks import mail_due_notices

from .. import factories
from .conftest import DOMAIN, plain

WORDS = "I think it was a song first.\n\nAnd a list only in spring."


def told(person):
    """Why this person was told that a mail was not taken: one word a notice."""
    return [notice.facts["why"] for notice in Notice.objects.of(person).filter(kind=NOT_TAKEN_KIND).order_by("pk")]


def refusal():
    return Notice.objects.get(kind=NOT_TAKEN_KIND)


def answers_to(comment):
    return list(Comment.objects.filter(parent=comment).order_by("pk"))


# --- The address ------------------------------------------------------------------------------------------------------


def test_an_address_says_who_and_what_in_64_lower_case_characters(db):
    ana = factories.create_user()
    address = reply_address(ana, "23456789ab")
    local, domain = address.split("@")
    assert (len(local) <= 64, domain, address == address.lower()) == (True, DOMAIN, True)
    assert read_address(f'"Olga" <{address.upper()}>') == ("reply", (ana.public_id, "23456789ab"))
    assert read_address(bounce_address("23456789ab")) == ("bounce", ("23456789ab",))


def test_an_address_is_of_one_person_comment_and_purpose(db):
    ana, ben = factories.create_user(), factories.create_user()
    address = reply_address(ana, "23456789ab")
    forged = [
        address.replace(ana.public_id, ben.public_id),
        address.replace("23456789ab", "23456789ac"),
        address.replace(DOMAIN, "example.org"),
        address[1:],
        address.replace("@", "a@"),
        address.replace("@", "")[:-1],
        address.replace("reply+", "bounce+"),
        f"x{address}",
        address[: address.index("@") - 1] + address[address.index("@") :],
    ]
    assert [read_address(one) for one in forged] == [None] * len(forged)
    [last] = address.split("@")[0][-1:]
    assert read_address(address.replace(f"{last}@", f"{'b' if last == 'a' else 'a'}@")) is None


def test_a_replaced_key_is_good_while_it_is_listed(db, settings):
    ana = factories.create_user()
    address, former = reply_address(ana, "23456789ab"), settings.SECRET_KEY
    settings.SECRET_KEY = "another"
    assert read_address(address) is None
    settings.SECRET_KEY_FALLBACKS = [former]
    assert read_address(address)


def test_without_a_domain_there_are_no_addresses_and_mail_waits(db, settings, pipe):
    ana = factories.create_user()
    address = reply_address(ana, "23456789ab")
    settings.INBOUND_MAIL_DOMAIN = ""
    assert (reply_address(ana, "23456789ab"), bounce_address("23456789ab"), read_address(address)) == ("", "", None)
    assert pipe(b"To: x\n\n") == 75


# --- Taken ------------------------------------------------------------------------------------------------------------


def test_an_answer_becomes_a_comment_there(house, asked, deliver, as_user):
    assert deliver("gmail_en", by=house.member, to=asked) == 0
    [answer] = answers_to(asked)
    assert (answer.body, answer.author, answer.version) == (WORDS, house.member, factories.version_of(house.reading))
    assert told(house.member) == []
    page = as_user(None).get(f"/c/{answer.public_id}/", follow=True)
    assert "And a list only in spring." in page.text


@pytest.mark.parametrize("name", ["outlook_html_only", "thunderbird_inline", "right_to_left", "header_injection"])
def test_other_mail_programs_too(house, asked, deliver, name):
    assert deliver(name, by=house.member, to=asked) == 0
    assert len(answers_to(asked)) == 1


def test_an_answer_to_what_all_see_waits_under_a_veil_like_any_other(house, asked, deliver, as_user):
    veils.draw(reading=house.reading, paragraphs=[asked.paragraph_id], until=timezone.now() + timedelta(days=1))
    deliver(plain("Mailed under a veil."), by=house.member, to=asked)
    [answer] = answers_to(asked)
    assert answer.state == State.VEILED
    for person in (None, house.other, house.owner):
        assert as_user(person).get(f"/c/{answer.public_id}/").status_code == 404
    # Whoever knows the address of what waits does not answer it unless they see it.
    deliver(plain("Guessed.", message_id="<2@mail.example.net>"), by=house.other, to=answer)
    assert answers_to(answer) == []
    assert told(house.other) == ["gone"]


def test_the_same_mail_twice_is_one_comment_whatever_changed_since(house, asked, deliver):
    for _time in range(2):
        assert deliver("gmail_en", by=house.member, to=asked) == 0
    Group.objects.filter(pk=house.group.pk).update(archived_at=timezone.now())
    assert deliver("gmail_en", by=house.member, to=asked) == 0
    assert (len(answers_to(asked)), told(house.member)) == (1, [])


def test_a_copy_that_a_relay_has_changed_is_the_same_mail(house, asked, deliver):
    deliver(plain("A song."), by=house.member, to=asked)
    assert deliver(plain("A song. [checked by a virus scanner]"), by=house.member, to=asked) == 0
    assert [answer.body for answer in answers_to(asked)] == ["A song."]


def test_one_mail_to_two_comments_is_two_answers(house, asked, deliver):
    other = factories.create_comment(house.reading, house.owner, "And who sang it?")
    for comment in (asked, other):
        deliver(plain("A song."), by=house.member, to=comment)
    assert (len(answers_to(asked)), len(answers_to(other))) == (1, 1)


def test_a_mail_without_a_message_id_is_known_by_what_it_holds(house, asked, deliver):
    without = plain("A song.").replace(b"Message-ID: <1@mail.example.net>\n", b"")
    for message in (without, without, without.replace(b"song", b"list")):
        deliver(message, by=house.member, to=asked)
    assert [answer.body for answer in answers_to(asked)] == ["A song.", "A list."]


@pytest.mark.parametrize("header", ["Delivered-To", "X-Original-To", "Envelope-To", "To", "Cc"])
def test_the_address_is_found_where_mail_servers_put_it(house, asked, deliver, header):
    message = plain("A song.").replace(b"To:", f"To: friends@example.org\n{header}:".encode())
    assert deliver(message, by=house.member, to=asked) == 0
    assert len(answers_to(asked)) == 1


def test_the_envelope_counts_before_the_headers(house, asked, deliver):
    address = reply_address(house.member, asked.public_id).upper()
    assert deliver(plain("A song."), by=house.member, address="x@example.org", recipient=address) == 0
    assert len(answers_to(asked)) == 1
    assert deliver(plain("No."), by=house.member, to=asked, recipient=f"someone@{DOMAIN}") == 67
    assert len(answers_to(asked)) == 1


def test_a_second_address_of_the_account_may_answer_too(house, asked, deliver):
    house.member.emailaddress_set.create(email="second@example.org", verified=True, primary=False)
    assert deliver(plain("A song."), by=house.member, to=asked, sender="SECOND@example.org") == 0
    assert len(answers_to(asked)) == 1


# --- Not taken --------------------------------------------------------------------------------------------------------


def test_who_is_not_let_in_is_told_at_the_account_with_the_words(house, asked, deliver, settings, as_user):
    settings.EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
    assert deliver("gmail_en", by=house.member, to=asked, sender="stranger@example.org") == 0
    assert (answers_to(asked), told(house.member)) == ([], ["sender"])
    mail_due_notices()
    [message] = mail.outbox
    assert message.to == [house.member.email]
    assert WORDS in message.body
    assert not Draft.objects.exists()  # a stranger's words are not put into anybody's box
    assert "not one of your account’s" in as_user(house.member).get("/inbox/").text


def test_an_address_that_is_not_verified_is_not_ones_own(house, asked, deliver):
    house.member.emailaddress_set.create(email="second@example.org", verified=False, primary=False)
    deliver(plain("A song."), by=house.member, to=asked, sender="second@example.org")
    deliver(plain("A list.", message_id="<2@x>"), by=house.member, to=asked, sender=f"{house.member.email}, x@y.org")
    assert (answers_to(asked), told(house.member)) == ([], ["sender", "sender"])


def test_what_is_too_old_is_kept_as_a_draft_at_the_comment(house, asked, deliver, as_user):
    Comment.objects.filter(pk=asked.pk).update(created_at=timezone.now() - timedelta(days=61))
    assert deliver("gmail_en", by=house.member, to=asked) == 0
    [notice] = Notice.objects.of(house.member)
    assert (notice.facts["why"], notice.facts["kept"], notice.address) == ("old", True, f"/c/{asked.public_id}/")
    assert WORDS.splitlines()[0] in as_user(house.member).get(f"/c/{asked.public_id}/answer/").text
    assert answers_to(asked) == []


@pytest.mark.parametrize(
    ("restriction", "why", "sentence"),
    [
        ({"kind": RestrictionKind.LOCKED, "reason": "Sleep over it."}, "locked", "has locked the discussion there"),
        ({"kind": RestrictionKind.SLOW, "every": timedelta(hours=1)}, "slow", "It is slow mode there"),
    ],
)
def test_where_a_thread_is_locked_or_slow_that_is_told(house, asked, deliver, as_user, restriction, why, sentence):
    factories.create_comment(house.reading, house.member, "My first answer.", parent=asked)
    restrict(reading=house.reading, thread=asked, by=house.moderator, **restriction)
    assert deliver("gmail_en", by=house.member, to=asked) == 0
    assert (len(answers_to(asked)), told(house.member)) == (1, [why])
    assert sentence in as_user(house.member).get("/inbox/").text
    assert WORDS.splitlines()[0] in as_user(house.member).get(f"/c/{asked.public_id}/answer/").text


def test_who_sends_too_many_is_told(house, asked, deliver, settings, as_user):
    settings.LIMITS = {"write": "1/h"}
    deliver(plain("A song."), by=house.member, to=asked)
    assert deliver("gmail_en", by=house.member, to=asked) == 0
    assert (len(answers_to(asked)), told(house.member)) == (1, ["often"])
    assert "very much in a short time" in as_user(house.member).get("/inbox/").text


def test_a_draft_that_is_there_is_not_overwritten(house, asked, deliver):
    draft = Draft.objects.create(
        author=house.member, reading=house.reading, paragraph=asked.paragraph, parent=asked, body="Begun on the page."
    )
    Comment.objects.filter(pk=asked.pk).update(created_at=timezone.now() - timedelta(days=61))
    deliver("gmail_en", by=house.member, to=asked)
    draft.refresh_from_db()
    [notice] = Notice.objects.of(house.member)
    assert (draft.body, notice.facts["kept"], notice.facts["words"]) == ("Begun on the page.", False, WORDS)


def hide(house, asked):
    Comment.objects.filter(pk=asked.pk).update(state=State.HIDDEN)


def hide_answered(house, asked):
    factories.create_comment(house.reading, house.other, parent=asked)
    hide(house, asked)


def hold(house, asked):
    Comment.objects.filter(pk=asked.pk).update(state=State.HELD)


def remove(house, asked):
    Membership.objects.filter(user=house.member).update(left_at=timezone.now())


def remove_from_hidden(house, asked):
    Group.objects.update(visibility=Visibility.MEMBERS)
    remove(house, asked)


def remove_from_text_for_members(house, asked):
    Reading.objects.update(for_members=True)
    remove(house, asked)


def suspend(house, asked):
    until = timezone.now() + timedelta(days=1)
    rows = Membership.objects.filter(user=house.member)
    rows.update(suspended_until=until, suspended_by=house.moderator, suspended_for="Shouting.")


def close(house, asked):
    Group.objects.update(archived_at=timezone.now())


NOT_LET_IN = [
    (hide, "gone", True), (hide_answered, "gone", True), (hold, "gone", False), (remove, "silenced", False),
    (remove_from_hidden, "gone", False), (remove_from_text_for_members, "gone", False), (suspend, "silenced", False),
    (close, "closed", False),
]  # fmt: skip


@pytest.mark.parametrize(("act", "why", "kept"), NOT_LET_IN)
def test_whoever_may_not_answer_on_the_page_may_not_by_mail(house, asked, deliver, act, why, kept):
    act(house, asked)
    before = Comment.objects.count()
    assert deliver("gmail_en", by=house.member, to=asked) == 0
    assert (Comment.objects.count(), told(house.member)) == (before, [why])
    assert (Draft.objects.filter(author=house.member).exists(), refusal().facts["kept"]) == (kept, kept)
    assert refusal().facts["words"] == WORDS


@pytest.mark.parametrize("act", [remove_from_hidden, remove_from_text_for_members, hold])
def test_a_refusal_tells_nothing_of_what_is_no_longer_for_them(house, asked, deliver, as_user, act):
    act(house, asked)
    deliver("gmail_en", by=house.member, to=asked)
    notice = refusal()
    assert notice.address == ""
    inbox = as_user(house.member).get("/inbox/").text
    assert "song first" in inbox
    assert not any(
        secret in inbox for secret in (asked.body, house.group.name, asked.public_id, house.owner.display_name)
    )


def test_an_outsider_cannot_answer_by_an_address_of_their_own(closed_house, deliver):
    asked = factories.create_comment(closed_house.reading, closed_house.owner)
    assert deliver("gmail_en", by=closed_house.outsider, to=asked) == 0
    assert (answers_to(asked), told(closed_house.outsider)) == ([], ["gone"])


def test_a_chain_that_is_at_its_end(house, asked, deliver):
    for _depth in range(DEEPEST):
        asked = factories.create_comment(house.reading, house.owner, parent=asked)
    deliver("gmail_en", by=house.member, to=asked)
    assert (told(house.member), Draft.objects.get().body) == (["deep"], WORDS)


@pytest.mark.parametrize("name", ["no_text", "only_quoted", "broken_boundary"])
def test_a_mail_without_words(house, asked, deliver, name):
    assert deliver(name, by=house.member, to=asked) == 0
    assert (answers_to(asked), told(house.member), Draft.objects.count()) == ([], ["empty"], 0)


def test_a_mail_with_too_many_words_brings_back_the_first(house, asked, deliver, as_user):
    assert deliver(plain("word " * 5_000), by=house.member, to=asked) == 0
    [notice] = Notice.objects.of(house.member)
    assert (notice.facts["why"], len(notice.facts["words"]), notice.facts["shortened"]) == ("long", LONGEST, True)
    assert "longer than what can be kept of one mail" in as_user(house.member).get("/inbox/").text


def test_ten_megabytes_are_refused_and_the_words_kept(house, asked, deliver):
    head = b'From: {{FROM}}\nTo: {{REPLY}}\nContent-Type: multipart/mixed; boundary="b"\n\n--b\n\nA song.\n--b\n'
    large = head + b"Content-Type: image/png\nContent-Transfer-Encoding: base64\n\n" + b"iVBORw0KGgo=\n" * 800_000
    assert len(large) > 10_000_000
    assert deliver(large, by=house.member, to=asked) == 0
    assert (told(house.member), Draft.objects.get().body) == (["large"], "A song.")


def test_five_thousand_parts_within_one_another(house, asked, deliver):
    nested = b"".join(b"--b%d\nContent-Type: multipart/mixed; boundary=b%d\n\n" % (n, n + 1) for n in range(5_000))
    message = b"From: {{FROM}}\nTo: {{REPLY}}\nContent-Type: multipart/mixed; boundary=b0\n\n" + nested + b"\nHello"
    assert deliver(message, by=house.member, to=asked) == 0
    assert told(house.member) == ["empty"]


def test_who_deleted_the_account_has_no_address_any_more(house, asked, deliver):
    address, email = reply_address(house.member, asked.public_id), house.member.email
    rows = User.objects.filter(pk=house.member.pk)
    rows.update(deletion_due_at=timezone.now() - timedelta(hours=1), deletion_choice="pseudonym")
    assert delete_account(house.member.pk)
    assert deliver("gmail_en", by=house.member, address=address, sender=email) == 67
    assert (answers_to(asked), Notice.objects.count()) == ([], 0)


def test_a_comment_that_is_not_there_any_more(house, asked, deliver):
    assert deliver("gmail_en", by=house.member, address=reply_address(house.member, "zzzzzzzzzz")) == 0
    assert told(house.member) == ["gone"]


@pytest.mark.parametrize("address", ["someone@in.readers.example.org", "reply+x-y-z@in.readers.example.org", ""])
def test_nothing_answers_an_address_that_we_never_gave(house, asked, deliver, address):
    assert deliver("gmail_en", by=house.member, address=address) == 67
    assert (answers_to(asked), Notice.objects.count()) == ([], 0)


# --- Machines ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["vacation", "mailing_list", "dsn_postfix"])
def test_what_a_machine_sends_is_dropped_without_an_answer(house, asked, deliver, name):
    message = name if name != "dsn_postfix" else plain("x").replace(b"From:", b"Return-Path: <>\nFrom:")
    assert deliver(message, by=house.member, to=asked) == 0
    assert (answers_to(asked), Notice.objects.count()) == ([], 0)


@pytest.mark.parametrize("header", ["Auto-Submitted: No", "Precedence: normal", "Return-Path: <a@b.c>"])
def test_what_a_person_sends_is_not_taken_for_a_machines(house, asked, deliver, header):
    deliver(plain("A song.").replace(b"From:", f"{header}\nFrom:".encode()), by=house.member, to=asked)
    assert len(answers_to(asked)) == 1


def test_two_machines_that_answer_one_another_come_to_an_end(house, asked, deliver):
    Group.objects.update(archived_at=timezone.now())
    for number in range(MOST_TOLD_A_DAY + 3):
        assert deliver(plain("Ping.", message_id=f"<{number}@x>"), by=house.member, to=asked) == 0
    assert told(house.member) == ["closed"] * MOST_TOLD_A_DAY
    Notice.objects.update(created_at=timezone.now() - timedelta(days=2))
    deliver(plain("Ping.", message_id="<next@x>"), by=house.member, to=asked)
    assert len(told(house.member)) == MOST_TOLD_A_DAY + 1


# --- What goes wrong on our side -------------------------------------------------------------------------------------


@pytest.mark.parametrize("failure", [OperationalError("secret words"), RuntimeError("secret words")])
def test_when_the_database_is_away_the_mail_is_sent_again(house, asked, deliver, monkeypatch, caplog, failure):
    def fail(**_):
        raise failure

    with monkeypatch.context() as broken:
        broken.setattr(replies.actions, "post", fail)
        assert deliver("gmail_en", by=house.member, to=asked) == 75
    assert "secret words" not in caplog.text
    assert (Notice.objects.count(), Draft.objects.count()) == (0, 0)
    assert deliver("gmail_en", by=house.member, to=asked) == 0
    assert len(answers_to(asked)) == 1


def test_log_lines_hold_no_address_and_no_words(house, asked, deliver, caplog):
    caplog.set_level(logging.DEBUG)
    for name in ("gmail_en", "vacation", "no_text"):
        deliver(name, by=house.member, to=asked)
    deliver("gmail_en", by=house.member, to=asked, sender="stranger@example.org")
    deliver("gmail_en", by=house.member, address=f"someone@{DOMAIN}")
    lines = [record.getMessage() for record in caplog.records if record.name.startswith("readinggroup")]
    assert len(lines) == 5
    assert not any(secret in line for line in lines for secret in ("@", "song", "Mara", house.member.public_id))


PIECES = [
    b"\r\n", b"\n", b"\0", b"\xff", b"--b", b"--b--", b"From: {{FROM}}\n", b"To: {{REPLY}}\n", b"=?utf-8?q?=ff?=",
    b"Content-Type: multipart/alternative; boundary=b\n", b"Content-Type: text/html; charset=utf-7\n",
    b"Content-Type: text/plain; charset=\"\xff\"\n", b"Content-Transfer-Encoding: base64\n", b"Content-Type: ;;=\"\n",
    b"Content-Type: text/plain; charset*0*=utf-8''x; charset*1=y\n", b"Content-Transfer-Encoding: x-uuencode\n",
    b"begin 666 a\n#", b"<blockquote>", b"On 1/1 x wrote:\n> ", b"Message-ID: \xe9\n", b"Subject: x\n", b"-- \n",
    b"Content-Type: message/rfc822\n", b"Content-Type: message/delivery-status\n", b"Status: 5.1.1\n", b": \n", b"> ",
    b"Content-Type: text/plain; format=flowed; delsp=yes\n", b"Content-Disposition: inline; filename*=x'y'%ff\n",
]  # fmt: skip
BYTES = st.one_of(
    st.binary(max_size=300), st.lists(st.sampled_from(PIECES) | st.binary(max_size=8), max_size=25).map(b"".join)
)


@given(data=BYTES, addressed=st.sampled_from(["reply", "bounce", "nobody"]))
@hypothesis_settings(
    max_examples=200, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)
def test_no_bytes_break_the_command(house, asked, deliver, data, addressed):
    Notice.objects.all().delete()
    notice = Notice.objects.create(
        recipient=house.other, kind=NOT_TAKEN_KIND, category="account", event=str(uuid.uuid4())
    )
    reply, bounce = reply_address(house.member, asked.public_id), bounce_address(notice.public_id)
    recipient = {"reply": reply, "bounce": bounce, "nobody": ""}[addressed]
    assert deliver(data, by=house.member, to=asked, recipient=recipient) in {0, 65, 67}


def test_the_command_as_a_process_of_its_own_that_finds_no_database():
    """As a pipe runs it: no traceback, and the code that makes the mail server try again."""
    environment = os.environ | {"DATABASE_URL": "postgres://nobody@127.0.0.1:1/x", "INBOUND_MAIL_DOMAIN": DOMAIN}
    address = reply_address(User(public_id="23456789ab"), "23456789ab")
    run = subprocess.run(
        [sys.executable, "manage.py", "receive_mail", "--recipient", address],
        input=plain("A song."), env=environment, cwd=Path(__file__).parents[2], capture_output=True, timeout=60,
    )  # fmt: skip
    assert (run.returncode, b"Traceback" in run.stderr, b"OperationalError" in run.stderr) == (75, False, True)


# --- At the same moment -----------------------------------------------------------------------------------------------


def at_once(act, times):
    barrier = Barrier(times)

    def run(number):
        try:
            connection.ensure_connection()
            barrier.wait(30)
            return act(number)
        finally:
            connection.close()

    with ThreadPoolExecutor(times) as threads:
        return [future.result(60) for future in [threads.submit(run, number) for number in range(times)]]


@pytest.mark.django_db(transaction=True)
def test_one_mail_delivered_many_times_at_once_is_one_comment(house, asked):
    address = reply_address(house.member, asked.public_id)
    data = plain("A song.").replace(b"{{FROM}}", house.member.email.encode())
    assert at_once(lambda _n: inbound.receive(data, recipient=address), 6) == [0] * 6
    assert [answer.body for answer in answers_to(asked)] == ["A song."]
    different = [data.replace(b"<1@", b"<%d@" % number) for number in range(2, 6)]
    at_once(lambda number: inbound.receive(different[number], recipient=address), 4)
    assert len(answers_to(asked)) == 5  # the control: other mails are other comments


@pytest.mark.django_db(transaction=True)
def test_many_refused_at_once_are_told_as_often_as_one_may_be(house, asked):
    Group.objects.update(archived_at=timezone.now())
    address = reply_address(house.member, asked.public_id)
    data = plain("A song.").replace(b"{{FROM}}", house.member.email.encode())
    at_once(
        lambda number: inbound.receive(data.replace(b"<1@", b"<%d@" % number), recipient=address), MOST_TOLD_A_DAY + 3
    )
    assert len(told(house.member)) == MOST_TOLD_A_DAY
