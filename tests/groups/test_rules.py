"""Rules of a group: numbered, kept in every version, announced, and never lost by two who write at once."""

from threading import Barrier

import pytest
from django.db import IntegrityError, connection, transaction
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from readinggroup.groups.models import Role, Rule, RuleSet, Visibility
from readinggroup.groups.settling import StaleRules, change_rules
from readinggroup.notifications.models import Notice

from .. import factories
from ..conftest import make_house
from .test_coming_and_going import address, at_once

BRIEF, KIND, LATE = ("Be brief", "Two screens at most."), ("Be kind", "To each other."), ("Be late", "")


def typed(*rules, based_on=0, note="", **more):
    """The form as a browser sends it."""
    data = {"form-TOTAL_FORMS": len(rules), "form-INITIAL_FORMS": 0, "based_on": based_on, "note": note}
    for index, (title, words) in enumerate(rules):
        data |= {f"form-{index}-title": title, f"form-{index}-words": words, f"form-{index}-ORDER": index + 1}
    return data | more


def written(group):
    return [(rule.number, rule.title) for rule in group.current_rules.rules.all()]


def test_owners_write_the_rules_and_the_members_are_told(house, as_user):
    answer = as_user(house.owner).post(
        address("edit_rules", house), typed(BRIEF, KIND, ("", ""), note="To begin with.")
    )
    assert answer["Location"] == address("rules", house)
    assert written(house.group) == [(1, "Be brief"), (2, "Be kind")]
    page = as_user(None).get(address("rules", house)).text
    assert 'id="rule-2"' in page
    assert "To each other." in page
    told = set(Notice.objects.values_list("recipient", flat=True))
    assert told == {person.pk for person in (house.organizer, house.moderator, house.member, house.other)}
    assert "To begin with." in as_user(house.member).get("/inbox/").text


def test_an_earlier_version_stays_as_it_was(house, as_user):
    change_rules(group=house.group, rules=[BRIEF, KIND], by=house.owner)
    before = as_user(None).get(address("rules_version", house, 1)).text
    change_rules(group=house.group, rules=[KIND, LATE], by=house.owner, based_on=1)
    now = as_user(None).get(address("rules_version", house, 1)).text
    assert "Two screens at most." in now
    assert "These rules hold no more." in now
    assert "These rules hold no more." not in before
    assert "Two screens" not in as_user(None).get(address("rules", house)).text
    assert as_user(None).get(address("rules_version", house, 3)).status_code == 404


def test_the_history_shows_what_came_and_what_went(house, as_user):
    change_rules(group=house.group, rules=[BRIEF, KIND], by=house.owner)
    new = ("Be brief", "One screen at most.")
    change_rules(group=house.group, rules=[new, KIND, LATE], by=house.owner, based_on=1, note="Shorter.")
    change_rules(group=house.group, rules=[new, LATE], by=house.owner, based_on=2)
    page = as_user(None).get(address("rules_history", house)).text
    for piece in ("Two screens </del>", "One screen </ins>", "Be late</ins>", "Be kind</del>", "Shorter."):
        assert piece in page, piece
    assert page.index("Version 3") < page.index("Version 2") < page.index("Version 1")


def test_rules_are_moved_added_and_removed_without_a_script(house, as_user):
    client = as_user(house.owner)
    client.post(address("edit_rules", house), typed(BRIEF, KIND, LATE))
    page = client.get(address("edit_rules", house)).text
    assert page.count('name="form-3-title"') == 1  # an empty one to write in
    moved = {"form-2-ORDER": 1, "form-1-DELETE": "on"}
    client.post(address("edit_rules", house), typed(BRIEF, KIND, LATE, ("Be here", ""), based_on=1, **moved))
    assert written(house.group) == [(1, "Be late"), (2, "Be brief"), (3, "Be here")]
    client.post(address("edit_rules", house), typed(LATE, BRIEF, ("Be here", ""), based_on=2, **{"form-0-ORDER": 3}))
    assert written(house.group) == [(1, "Be brief"), (2, "Be here"), (3, "Be late")]


def test_one_more_rule_saves_nothing_and_keeps_what_was_typed(house, as_user):
    page = as_user(house.owner).post(address("edit_rules", house), typed(BRIEF, note="Why", add="1"))
    assert (page.status_code, RuleSet.objects.count()) == (200, 0)
    assert "Two screens at most." in page.text
    assert 'value="Why"' in page.text
    assert 'name="form-1-title"' in page.text


@pytest.mark.parametrize(
    "wrong",
    [
        {"form-0-title": ""},
        {"form-0-title": "x" * 101},
        {"form-0-words": "x" * 1_001},
        {"form-0-title": "a\0b"},
        {"form-0-ORDER": "many"},
        {"form-0-ORDER": "-1"},
        {"form-TOTAL_FORMS": "x"},
        {"form-TOTAL_FORMS": "31", **{f"form-{number}-title": "T" for number in range(31)}},
        {"note": "x" * 501},
        {"based_on": "x"},
        {"based_on": "9" * 40},
    ],
)
def test_what_cannot_be_saved_is_said_and_kept(house, as_user, wrong):
    answer = as_user(house.owner).post(address("edit_rules", house), typed(BRIEF, KIND, note="Why") | wrong)
    assert (answer.status_code, RuleSet.objects.count()) == (422, 0)
    assert "errorlist" in answer.text
    if "form-TOTAL_FORMS" not in wrong:
        assert "To each other." in answer.text


def test_the_same_rules_again_are_no_new_version(house, as_user):
    for _again in range(2):
        answer = as_user(house.owner).post(address("edit_rules", house), typed(BRIEF))
        assert answer.status_code == 302
    assert (RuleSet.objects.count(), Notice.objects.filter(recipient=house.member).count()) == (1, 1)


def test_who_wrote_on_older_rules_gets_both_texts_and_can_save_then(house, as_user):
    change_rules(group=house.group, rules=[BRIEF], by=house.owner)
    client = as_user(house.owner)
    mine = typed(KIND, note="Mine")
    answer = client.post(address("edit_rules", house), mine)
    assert answer.status_code == 409
    assert "Two screens at most." in answer.text
    assert "To each other." in answer.text
    assert 'name="based_on" value="1"' in answer.text
    assert written(house.group) == [(1, "Be brief")]
    assert client.post(address("edit_rules", house), mine | {"based_on": 1}).status_code == 302
    assert written(house.group) == [(1, "Be kind")]


def two_owners():
    house = make_house(Visibility.PUBLIC)
    change_rules(group=house.group, rules=[BRIEF], by=house.owner)
    return house, [house.owner, factories.create_member(house.group, "Oda", roles=[Role.OWNER])]


@pytest.mark.django_db(transaction=True)
def test_of_two_owners_who_save_at_once_one_is_shown_the_others_rules(as_user):
    house, owners = two_owners()
    clients = [as_user(owner) for owner in owners]

    def save(number):
        return clients[number].post(address("edit_rules", house), typed((f"Rule of {number}", ""), based_on=1))

    answers = at_once(2, save)
    assert sorted(answer.status_code for answer in answers) == [302, 409]
    assert house.group.rule_sets.count() == 2
    assert written(house.group)[0][1] in next(answer for answer in answers if answer.status_code == 409).text


@pytest.mark.django_db(transaction=True)
def test_without_the_version_in_the_form_one_would_be_overwritten(db):
    """The control: both have the first version before them, and both save."""
    house, owners = two_owners()
    read = Barrier(2)

    def save_carelessly(number):
        assert written(house.group) == [(1, "Be brief")]
        read.wait(30)
        while True:
            try:
                based_on = house.group.current_rules.number
                rules = [(f"Rule of {number}", "")]
                return change_rules(group=house.group, rules=rules, by=owners[number], based_on=based_on)
            except StaleRules:
                continue

    at_once(2, save_carelessly)
    assert house.group.rule_sets.count() == 3


def test_the_database_changes_no_rule_that_stands(house):
    change_rules(group=house.group, rules=[BRIEF], by=house.owner)
    for act in (
        lambda: Rule.objects.update(words="Other"),
        lambda: Rule.objects.all().delete(),
        lambda: RuleSet.objects.update(note="Other"),
        lambda: RuleSet.objects.all()._raw_delete("default"),
        lambda: type(house.group).objects.filter(pk=house.group.pk).delete(),
    ):
        with pytest.raises(IntegrityError, match="stays as it was"), transaction.atomic():
            act()


@pytest.mark.django_db(transaction=True)
def test_no_rule_is_added_to_a_set_that_stands():
    house = make_house(Visibility.PUBLIC)
    rules = change_rules(group=house.group, rules=[BRIEF], by=house.owner)
    with pytest.raises(IntegrityError, match="no rule is added"):
        Rule.objects.create(rule_set=rules, number=2, title="Late")


def test_hostile_words_are_shown_as_words(house, as_user):
    change_rules(
        group=house.group, rules=[("<script>x()</script>", "<img src=x onerror=y>")], by=house.owner, note="<b>"
    )
    for page in ("rules", "rules_history", "edit_rules"):
        shown = as_user(house.owner).get(address(page, house)).text
        assert "<script>x()" not in shown
        assert "<img" not in shown
        assert "&lt;script&gt;x()" in shown


def test_who_changed_the_rules_is_told_to_members_only(db, as_user):
    house = make_house(Visibility.LISTED)
    change_rules(group=house.group, rules=[BRIEF], by=house.owner)
    for who in (None, house.outsider):
        shown = as_user(who).get(address("rules_history", house)).text
        assert "Be brief" in shown
        assert "Olga" not in shown
    assert "Olga" in as_user(house.member).get(address("rules_history", house)).text


@pytest.mark.parametrize("page", ["0", "2", "x", "٣", "9" * 30, "000001999", "0000001"])
def test_a_page_of_the_history_that_is_not_there(house, as_user, page):
    assert as_user(None).get(address("rules_history", house), {"page": page}).status_code == 404


def test_the_pages_ask_the_same_for_one_version_and_for_three(house, as_user):
    client, costs = as_user(house.member), []
    for number, rules in enumerate(([BRIEF], [BRIEF, KIND], [BRIEF, KIND, LATE])):
        change_rules(group=house.group, rules=rules, by=house.owner, based_on=number)
        for page in ("rules", "rules_history"):
            with CaptureQueriesContext(connection) as captured:
                assert client.get(reverse(f"groups:{page}", args=[house.group.slug])).status_code == 200
            costs.append((page, len(captured)))
    assert len(set(costs[2:])) == 2


def test_one_more_rule_is_offered_without_reproach(house, as_user):
    answer = as_user(house.owner).post(address("edit_rules", house), typed(BRIEF, add="1"))
    assert answer.status_code == 200
    assert 'name="form-1-title"' in answer.text
    assert "This field is required" not in answer.text
    assert "errorlist" not in answer.text
