"""The public log: what it tells whom, in which order, and whose names it withholds."""

import json
import time

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from readinggroup.groups.models import Group, Visibility
from readinggroup.groups.settling import change_rules
from readinggroup.moderation import log_views
from readinggroup.moderation.actions import (
    Verdict,
    appeal,
    decide,
    decide_about_member,
    decide_appeal,
    report,
)
from readinggroup.moderation.actions import reverse as reverse_decision
from readinggroup.moderation.actions.entering import enter
from readinggroup.moderation.case_views import seen_now
from readinggroup.moderation.log import WITHHELD, without_names
from readinggroup.moderation.models import Action, Appeal, Case, Decision, Ground, LogEntry, Part
from readinggroup.moderation.shown_entries import in_eights
from readinggroup.readings.actions import keep_for_members

from .. import factories
from .decisions import REASON, hidden, left, reported, reversed_


@pytest.fixture
def rule(house):
    rules = change_rules(group=house.group, rules=[("Be kind", ""), ("No trade", "Not here.")], by=house.owner)
    return rules.rules.get(number=2)


def address(house, name="log", *args):
    return reverse(f"moderation:{name}", args=[house.group.slug, *args])


def told(decision):
    return json.loads(LogEntry.objects.get(decision=decision.public_id).facts)


# --- The page ---------------------------------------------------------------------------------------------------------


def test_a_decision_is_told_with_its_rule_its_reason_and_the_role(house, as_user, rule):
    hidden(house, rule=rule)
    page = as_user(None).get(address(house)).text
    assert "Hidden: The Ferry, paragraph 4" in page
    assert REASON in page
    version = reverse("groups:rules_version", args=[house.group.slug, rule.rule_set.number])
    assert f'href="{version}#rule-2">2. No trade</a>' in page
    assert 'id="rule-2"' in as_user(None).get(version).text
    assert "a moderator" in page
    assert in_eights(LogEntry.objects.get().hash) in page
    for name in ("Mara", "Milo", "Mona", "Buy my boats", "It is trade"):
        assert name not in page, name


def test_the_newest_comes_first_and_each_has_an_address_that_stays(house, as_user, monkeypatch):
    monkeypatch.setattr(log_views, "A_PAGE", 2)
    for number in range(1, 6):
        hidden(house, words=f"Reason {number}.")
    client = as_user(None)
    first, last = client.get(address(house)).text, client.get(f"{address(house)}?page=3").text
    assert first.index("Reason 5.") < first.index("Reason 4.")
    assert ("Reason 3." in first, "Reason 1." in last) == (False, True)
    assert client.get(f"{address(house)}?page=4").status_code == 404
    entry = client.get(address(house, "log_entry", 3))
    assert "Reason 3." in entry.text
    assert in_eights(LogEntry.objects.get(number=2).hash) in entry.text
    for absent in (0, 6, 10**30):
        assert client.get(address(house, "log_entry", absent)).status_code == 404


def test_a_reversal_and_what_it_reverses_lead_to_one_another(house, as_user):
    first = hidden(house)
    left(house)
    reversed_(house, first)
    client = as_user(None)
    page = client.get(address(house)).text
    assert f'<a href="{address(house, "log_entry", 3)}">Reversed by entry 3</a>' in page
    assert f'<a href="{address(house, "log_entry", 1)}">Reverses entry 1</a>' in page
    assert "Reversed by entry 3" in client.get(address(house, "log_entry", 1)).text
    assert "Reverse" not in client.get(address(house, "log_entry", 2)).text


def test_an_appeal_that_changed_nothing_leads_to_what_it_was_against(house, as_user):
    first = hidden(house)
    appeal = Appeal.objects.create(
        decision=first, by=house.member, words="No.", decided_at=timezone.now(), reversed=False
    )
    upheld = decide_upheld(house, appeal)
    assert told(upheld)["appeal_against"] == first.public_id
    page = as_user(None).get(address(house)).text
    assert "Upholds entry 1 after an appeal" in page
    assert "An appeal is answered in entry 2" in page
    assert "Reversed" not in page


@transaction.atomic
def decide_upheld(house, appeal):
    upheld = Decision.objects.create(
        group=house.group, ground=Ground.NONE, words="As Mara says.", by=house.owner, decided_as="owner", appeal=appeal
    )
    enter(upheld, [Part(decision=upheld, action=Action.UPHOLD)])
    return upheld


def test_one_asks_for_one_action_or_one_rule(house, as_user, rule):
    hidden(house, rule=rule, words="A boat is a boat.")
    hidden(house, words="It is a libel.")
    left(house)
    change_rules(group=house.group, rules=[("No trade", "Nowhere.")], by=house.owner, based_on=1)
    client = as_user(None)

    def asked(**query):
        page = client.get(address(house), query).text
        return [words in page for words in ("A boat is a boat.", "It is a libel.", "Left as it is: ")]

    assert asked() == [True, True, True]
    assert asked(action="hide") == [True, True, False]
    assert asked(action="leave") == [False, False, True]
    assert asked(rule="No trade") == [True, False, False]
    assert asked(action="leave", rule="No trade") == [False, False, False]
    assert asked(action="'; --", rule="No such rule") == [True, True, True]
    assert '<option value="suspend"' not in client.get(address(house)).text


def test_pages_of_what_was_asked_for_keep_the_question(house, as_user, monkeypatch):
    monkeypatch.setattr(log_views, "A_PAGE", 1)
    hidden(house)
    hidden(house)
    assert 'href="?action=hide&amp;page=2"' in as_user(None).get(address(house), {"action": "hide"}).text


@pytest.mark.parametrize("path", ["log", "log_entry"])
def test_one_entry_and_three_ask_the_database_as_often(house, as_user, rule, path):
    args = [1] if path == "log_entry" else []
    client, counts = as_user(house.member), []
    for _again in range(3):
        first = hidden(house, rule=rule)
        reversed_(house, first)
        client.get(address(house, path, *args))
        with CaptureQueriesContext(
            connection,
        ) as captured:
            client.get(address(house, path, *args))
        counts.append(len(captured))
    assert counts[0] == counts[2]
    assert counts[0] <= 12


def test_a_group_without_decisions_says_so(house, as_user):
    page = as_user(None).get(address(house)).text
    assert "Nothing has been decided yet." in page
    assert "Fingerprint" not in page


def test_the_group_and_its_rules_lead_to_the_log_whoever_may_read_it(house, as_user, rule):
    for page in (reverse("group", args=[house.group.slug]), reverse("groups:rules", args=[house.group.slug])):
        assert f'href="{address(house)}"' in as_user(None).get(page).text
    Group.objects.filter(pk=house.group.pk).update(visibility=Visibility.LISTED)
    for page in (reverse("group", args=[house.group.slug]), reverse("groups:rules", args=[house.group.slug])):
        assert f'href="{address(house)}"' not in as_user(None).get(page).text
        assert f'href="{address(house)}"' in as_user(house.member).get(page).text


def test_who_may_know_a_listed_group_reads_its_rules_and_not_its_log(house, as_user):
    hidden(house)
    Group.objects.filter(pk=house.group.pk).update(visibility=Visibility.LISTED)
    assert as_user(house.outsider).get(address(house)).status_code == 403
    assert as_user(house.outsider).get(address(house, "log_entry", 1)).status_code == 403
    assert REASON in as_user(house.member).get(address(house)).text


def test_what_is_said_on_a_text_for_members_stays_with_them(house, as_user):
    hidden(house, words="The canary was sold twice.")
    hidden(house, reported(house, number=3), words="Quite open.")
    keep_for_members(reading=house.reading, keep=True, by=house.organizer)
    other = factories.create_reading(house.group, f"{factories.TEXT}\nAgain.\n", filename="open.txt")
    hidden(house, reported(house, reading=other), words="About the open text.")
    for page in (address(house), address(house, "log_entry", 1)):
        assert "canary" not in as_user(None).get(page).text
        assert "kept for members" in as_user(None).get(page).text
        assert "paragraph 4" in as_user(house.member).get(page).text
        assert "canary" in as_user(house.member).get(page).text
    visitors = as_user(None).get(address(house)).text
    assert visitors.count("paragraph 4") == 1
    assert "About the open text." in visitors


def test_a_group_that_names_its_moderators_does_so_from_then_on_and_never_after_they_are_gone(house, as_user):
    hidden(house, words="The first.")
    Group.objects.filter(pk=house.group.pk).update(moderators_are_named=True)
    house.group.refresh_from_db()
    hidden(house, words="The second, by Mona.")
    client = as_user(None)
    assert "Mona" not in client.get(address(house, "log_entry", 1)).text
    page = client.get(address(house, "log_entry", 2)).text
    assert "<bdi>Mona</bdi>, a moderator" in page
    assert "The second, by Mona." in page
    assert "Mona" not in "".join(told_without_words(entry) for entry in LogEntry.objects.all())
    house.moderator.display_name = "Reader K7Q2XM"
    house.moderator.save()
    assert "<bdi>Mona</bdi>" not in client.get(address(house, "log_entry", 2)).text


def told_without_words(entry):
    return json.dumps(json.loads(entry.facts) | {"words": ""})


def test_a_changed_entry_is_shown_as_changed(house, as_user):
    hidden(house)
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL session_replication_role = replica")
        LogEntry.objects.update(facts=LogEntry.objects.get().facts.replace("Three", "Four"))
        cursor.execute("SET LOCAL session_replication_role = DEFAULT")
    assert "is not what was sealed" in as_user(None).get(address(house, "log_entry", 1)).text


def test_one_decision_about_a_hundred_comments_is_one_entry(house, as_user):
    edition = house.reading.edition
    edition.title = "T" * 300
    edition.save()
    comments = [factories.create_comment(house.reading, house.member, f"Boat {number}") for number in range(100)]
    for comment in comments:
        report(comment=comment, words="Trade.", by=house.other)
    decision = hidden(house, *Case.objects.all(), words="x" * 3_000)
    assert len(told(decision)["parts"]) == 100
    page = as_user(None).get(address(house, "log_entry", 1)).text
    assert page.count("T" * 300) == 1  # told once, however many stood there


def test_hostile_reasons_are_words(house, as_user):
    hidden(house, words="<script>alert(1)</script> & [x](javascript:alert(1)) \u202e")
    page = as_user(None).get(address(house)).text
    assert "<script>alert" not in page
    assert "&lt;script&gt;alert(1)" in page


# --- Names ------------------------------------------------------------------------------------------------------------


def test_names_of_all_whom_it_concerns_are_withheld(house):
    case = reported(house)
    third = factories.create_member(house.group, "Ulla")
    report(comment=case.comment, words="Yes.", by=third)
    decision = hidden(house, case, words="Mara sells; Milo and @Ulla reported it. Otto said so too. – Mona")
    assert told(decision)["words"] == "[…] sells; […] and […] reported it. Otto said so too. – […]"
    assert told(decision)["named"] is False


def test_who_appealed_is_not_named(house):
    appeal = Appeal.objects.create(
        decision=hidden(house), by=house.member, words="No.", decided_at=timezone.now(), reversed=False
    )
    assert told(decide_upheld(house, appeal))["words"] == f"As {WITHHELD} says."


def first_and_its_answers(house, people):
    """A decision of Mona's about Mara and Nora, reported by Milo: upheld against Mara, then reversed; both name all."""
    nora = factories.create_member(house.group, "Nora")
    words = ", ".join(["Mara", "Milo", *people])
    comments = [factories.create_comment(house.reading, who, "Trade.") for who in (house.member, nora)]
    for comment in comments:
        report(comment=comment, words="Trade.", by=house.other)
    first = hidden(house, *Case.objects.order_by("pk"))
    made = appeal(decision=first, words="No.", by=house.member)
    upheld = decide_appeal(appeal=made, reverse_it=False, words=words, by=house.owner)
    return [upheld, reverse_decision(decision=first, words=words, by=house.owner)]


def test_whom_the_first_decision_concerns_is_named_neither_where_it_is_upheld_nor_where_it_is_reversed(house):
    for decision in first_and_its_answers(house, ["Nora", "Mona"]):
        assert told(decision)["words"] == ", ".join([WITHHELD] * 4)


def test_of_the_first_decision_who_made_it_is_named_where_the_group_names_them(house):
    Group.objects.update(moderators_are_named=True)
    house.group.refresh_from_db()
    for decision in first_and_its_answers(house, ["Nora", "Mona"]):
        assert told(decision)["words"] == f"{WITHHELD}, {WITHHELD}, {WITHHELD}, Mona"


def test_a_name_that_was_replaced_is_not_told_in_the_answer_to_an_appeal(house):
    theirs = house.group.memberships.get(user=house.member)
    type(theirs).objects.filter(pk=theirs.pk).update(name_here="Fat Olga")
    theirs.refresh_from_db()
    report(member=theirs, words="Rude.", by=house.other)
    verdict = Verdict(action=Action.RENAME, ground=Ground.LAW, words="An insult.")
    case = Case.objects.get(member=theirs)
    first = decide(group=house.group, seen=[seen_now(case)], verdict=verdict, by=house.moderator)
    made = appeal(decision=first, words="No.", by=house.member)
    upheld = decide_appeal(appeal=made, reverse_it=False, words="“Fat Olga” is one.", by=house.owner)
    assert told(upheld)["words"] == "“[…]” is one."


def test_the_name_here_and_the_own_name_are_withheld(house):
    house.group.memberships.filter(user=house.member).update(name_here="Boat (seller) [1+1]*")
    decision = hidden(house, words="boat (seller) [1+1]* is Mara.")
    assert told(decision)["words"] == "[…] is […]."


def test_a_name_that_is_replaced_is_not_told_where_it_is_replaced(house):
    theirs = house.group.memberships.get(user=house.member)
    type(theirs).objects.filter(pk=theirs.pk).update(name_here="Fat Olga")
    theirs.refresh_from_db()
    report(member=theirs, words="Rude.", by=house.other)
    verdict = Verdict(action=Action.RENAME, ground=Ground.LAW, words="“Fat Olga” is an insult.")
    case = Case.objects.get(member=theirs)
    decision = decide(group=house.group, seen=[seen_now(case)], verdict=verdict, by=house.moderator)
    assert told(decision)["words"] == "“[…]” is an insult."
    theirs.refresh_from_db()
    assert theirs.name_here not in LogEntry.objects.get().facts


def test_a_member_who_is_warned_is_not_named(house):
    theirs = house.group.memberships.get(user=house.member)
    verdict = Verdict(action=Action.LEAVE, ground=Ground.LAW, words="Mara, please.", person=Action.WARN)
    decision = decide_about_member(member=theirs, verdict=verdict, by=house.moderator)
    assert told(decision)["words"] == "[…], please."


@pytest.mark.parametrize(
    ("name", "words", "expected"),
    [
        ("Will", "This will be hidden, as Will knows.", "This will be hidden, as […] knows."),
        ("will", "As will says, and Will, and WILL.", "As […] says, and […], and […]."),
        ("Rose", "A rose. ROSE! @rose", "A rose. […]! […]"),
        ("Ann", "Anna and Annette annoy Ann.", "Anna and Annette annoy […]."),
        ("Mara", "Mara's, Mara’s and Maras words; _Mara_ *Mara*", "[…], […] and […] words; _[…]_ *[…]*"),
        ("Mara Kowalski", "Mara did. kowalski? Kowalski's. mara  kowalski.", "[…] did. kowalski? […]. […]."),
        ("Mara Kowalski", "Mara\nKowalski", "[…]"),
        ("Anna of the River", "Anna sat at the river of the River.", "[…] sat at the river of the […]."),
        ("The Reader", "The comment is the Reader's.", "The comment is […]."),
        ("J. K.", "J. K. and K. J.", "[…] and K. J."),
        ("a+b (c)", "A+B (C) and aab c", "[…] and aab c"),
        (".*", "Nothing .* else", "Nothing […] else"),
        ("$1\\g<0>", "$1\\g<0> wrote", "[…] wrote"),
        ("[…]", "[…] wrote", "[…] wrote"),
        ("Zoë", "Zoe\u0308 wrote", "[…] wrote"),
        ("שרה", "שרה אמרה ולשרה אמרו", "[…] אמרה […] אמרו"),
        ("ليلى", "قالت ليلى وليلى", "قالت […] […]"),
        ("王小明", "因为王小明说", "因为[…]说"),
        ("さくら", "昨日さくらさんが", "昨日[…]さんが"),
        ("🦊", "By 🦊!", "By […]!"),
        ("Straße", "STRASSE and Straße", "STRASSE and […]"),
        ("É", "É wrote; été", "[…] wrote; été"),
    ],
)
def test_a_name_is_found_and_a_word_is_left(name, words, expected):
    assert without_names(words, [name]) == expected


def test_the_longer_of_two_names_comes_first():
    assert without_names("Ann Lee and Ann.", ["Ann", "Ann Lee"]) == "[…] and […]."


def test_thousands_of_names_take_no_time():
    names = [f"Reader {number} ({'a' * 40})" for number in range(2_000)]
    words = ("a" * 40 + " ") * 70
    begun = time.process_time()
    assert without_names(words, names)
    assert time.process_time() - begun < 5
