"""The mail of a decision is answered: the answer stands in the conversation about it, for whom that is."""

from datetime import timedelta

import pytest
from django.core import mail
from django.db import connection

from readinggroup.groups.models import Group, Membership, Visibility
from readinggroup.inbound.replies import NOT_TAKEN_KIND
from readinggroup.moderation.actions import write_statement
from readinggroup.moderation.models import Statement
from readinggroup.notifications.mail_addresses import read_address, statement_address
from readinggroup.notifications.models import Notice
from readinggroup.tasks import mail_due_notices

from .. import factories
from ..moderation.conftest import decided
from .conftest import DOMAIN, plain

WORDS = "I think it was a song first.\n\nAnd a list only in spring."


@pytest.fixture
def decision(house):
    return decided(house, [factories.create_comment(house.reading, house.member, "Buy my boats.")])


def told(person):
    return [notice.facts["why"] for notice in Notice.objects.of(person).filter(kind=NOT_TAKEN_KIND).order_by("pk")]


def address_of(person, decision, concerned):
    return statement_address(person, decision.public_id, concerned.public_id)


def age(decision, days):
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL session_replication_role = replica")
        cursor.execute(
            "UPDATE moderation_decision SET decided_at = decided_at - %s WHERE id = %s",
            [timedelta(days=days), decision.pk],
        )
        cursor.execute("SET LOCAL session_replication_role = DEFAULT")


def mails_to(person):
    return [message for message in mail.outbox if message.to == [person.email]]


def test_an_address_says_who_about_what_with_whom(house, decision):
    address = address_of(house.moderator, decision, house.member)
    local, domain = address.split("@")
    assert (len(local) <= 64, domain, address == address.lower()) == (True, DOMAIN, True)
    ids = (house.moderator.public_id, decision.public_id, house.member.public_id)
    assert read_address(f'"M" <{address.upper()}>') == ("say", ids)
    for forged in (address.replace("say+", "reply+"), address.replace(house.member.public_id, house.other.public_id)):
        assert read_address(forged) is None


def test_round_the_mail_of_a_decision_its_answer_and_the_answer_to_that(house, decision, deliver, settings):
    settings.EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
    mail_due_notices()
    [notice] = [message for message in mails_to(house.member) if "say+" in message.extra_headers.get("Reply-To", "")]
    address = notice.extra_headers["Reply-To"]
    assert "Answer this mail" in notice.body
    assert "becomes a comment" not in notice.alternatives[0][0]
    assert deliver("gmail_en", by=house.member, address=address) == 0
    said = Statement.objects.get()
    assert (said.words, said.by, said.person, said.decision) == (WORDS, house.member, house.member, decision)
    mail.outbox.clear()
    mail_due_notices()
    [asked] = mails_to(house.moderator)
    assert WORDS.splitlines()[0] in asked.body
    assert deliver("outlook_html_only", by=house.moderator, address=asked.extra_headers["Reply-To"]) == 0
    answer = Statement.objects.get(by=house.moderator)
    assert (answer.person, answer.decision) == (house.member, decision)


@pytest.mark.parametrize("name", ["apple_de", "thunderbird_inline", "k9_android_de", "right_to_left"])
def test_other_mail_programs_too(house, decision, deliver, name):
    assert deliver(name, by=house.member, address=address_of(house.member, decision, house.member)) == 0
    assert Statement.objects.count() == 1


def test_the_same_mail_twice_is_one_statement_and_a_changed_copy_too(house, decision, deliver):
    address = address_of(house.member, decision, house.member)
    for words in ("A song.", "A song.", "A song. [checked by a virus scanner]"):
        assert deliver(plain(words), by=house.member, address=address) == 0
    assert [said.words for said in Statement.objects.all()] == ["A song."]


def test_from_a_foreign_address_nothing_is_taken(house, decision, deliver):
    address = address_of(house.member, decision, house.member)
    assert deliver("gmail_en", by=house.member, address=address, sender="stranger@example.org") == 0
    assert (Statement.objects.count(), told(house.member)) == (0, ["sender"])


def removed(house):
    Membership.objects.filter(user=house.moderator).update(left_at="2020-01-01T00:00Z", roles=[])


def no_longer(house):
    Membership.objects.filter(user=house.moderator).update(roles=[])


@pytest.mark.parametrize("act", [removed, no_longer])
def test_who_moderates_no_more_writes_no_more(house, decision, deliver, act):
    Group.objects.update(visibility=Visibility.MEMBERS)
    act(house)
    address = address_of(house.moderator, decision, house.member)
    assert deliver("gmail_en", by=house.moderator, address=address) == 0
    assert (Statement.objects.count(), told(house.moderator)) == (0, ["gone"])
    notice = Notice.objects.get(kind=NOT_TAKEN_KIND)
    assert (notice.address, notice.facts["words"]) == ("", WORDS)


def test_whom_it_does_not_concern_writes_nothing_by_an_address_of_their_own(house, decision, deliver):
    address = address_of(house.other, decision, house.member)
    assert deliver("gmail_en", by=house.other, address=address) == 0
    assert (Statement.objects.count(), told(house.other)) == (0, ["gone"])


def test_what_comes_too_late_is_said_with_the_words(house, decision, deliver, as_user):
    age(decision, 61)
    assert deliver("gmail_en", by=house.member, address=address_of(house.member, decision, house.member)) == 0
    assert (Statement.objects.count(), told(house.member)) == (0, ["over"])
    inbox = as_user(house.member).get("/inbox/").text
    assert "The conversation about that decision is over" in inbox
    assert "And a list only in spring." in inbox


@pytest.mark.parametrize(("name", "why"), [("no_text", "empty"), ("only_quoted", "empty")])
def test_a_mail_without_words(house, decision, deliver, name, why):
    assert deliver(name, by=house.member, address=address_of(house.member, decision, house.member)) == 0
    assert told(house.member) == [why]


def test_too_many_words_and_too_many_mails(house, decision, deliver, as_user):
    address = address_of(house.member, decision, house.member)
    deliver(plain("word " * 1_000), by=house.member, address=address)
    for number in range(Statement.MOST_A_DAY):
        said = {"words": f"{number}", "key": f"00000000-0000-0000-0000-{number:012}", "by": house.member}
        write_statement(decision=decision, person=house.member, **said)
    deliver(plain("And more.", message_id="<2@x>"), by=house.member, address=address)
    assert told(house.member) == ["long", "today"]
    inbox = as_user(house.member).get("/inbox/").text
    assert "Write again tomorrow." in inbox
    assert "longer than what can be kept of one mail" in inbox
    assert "in an hour" not in inbox


@pytest.mark.parametrize("name", ["vacation", "mailing_list"])
def test_what_a_machine_sends_is_dropped(house, decision, deliver, name):
    assert deliver(name, by=house.member, address=address_of(house.member, decision, house.member)) == 0
    assert (Statement.objects.count(), told(house.member)) == (0, [])


def test_who_has_left_writes_by_mail_too(house, decision, deliver):
    Membership.objects.filter(user=house.member).update(left_at="2020-01-01T00:00Z")
    assert deliver("gmail_en", by=house.member, address=address_of(house.member, decision, house.member)) == 0
    assert Statement.objects.count() == 1
