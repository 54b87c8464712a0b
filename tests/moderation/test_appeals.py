"""An appeal: who may make it and until when, who decides it, and that both sides are seen."""

import json
from datetime import timedelta
from threading import Barrier

import pytest
from django.db import IntegrityError, connection, transaction
from django.template.loader import render_to_string
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from readinggroup.accounts.models import User
from readinggroup.discussion.models import Comment, State
from readinggroup.groups.actions import leave, remove, suspend
from readinggroup.groups.models import Group, Membership, Visibility
from readinggroup.groups.settling import archive, reopen
from readinggroup.moderation.actions import Verdict, appeal, decide_about_member, decide_appeal
from readinggroup.moderation.models import Action, Appeal, As, Case, Decision, Ground, Juror, Kind, LogEntry, Report
from readinggroup.moderation.reminding import remind_of_deadlines
from readinggroup.my_data.deletion import delete_account
from readinggroup.notifications.models import Notice

from .. import factories
from ..discussion.test_races import at_once
from .conftest import COMPLAINT, WORDS, another_moderator, decided, rule_of

ANSWER = "It asks, it does not sell."


def page_of(decision, name="decision"):
    return reverse(f"moderation:{name}", args=[decision.public_id])


def appeal_page(house, made):
    return reverse("moderation:appeal", args=[house.group.slug, made.pk])


def answers(client, house, made, answer="reverse", words=ANSWER):
    return client.post(appeal_page(house, made), {"answer": answer, "words": words})


def age(decision, **by):
    """As if it had been decided so long ago: the table refuses changes, and the database is asked to look away."""
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL session_replication_role = replica")
        cursor.execute(
            "UPDATE moderation_decision SET decided_at = decided_at - %s WHERE id = %s", [timedelta(**by), decision.pk]
        )
        cursor.execute("SET LOCAL session_replication_role = DEFAULT")


def told(person, kind):
    return list(Notice.objects.of(person).filter(kind=f"moderation/{kind}"))


# --- The decision's page ---------------------------------------------------------------------------------------------


def test_the_statement_of_reasons_says_what_where_why_by_whom_and_what_to_do(house, as_user, case_of_mara):
    page = as_user(house.member).get(page_of(case_of_mara.decision)).text
    assert "Buy my <em>boats</em>." in page  # the author's own words, though they are hidden
    for said in ("hidden", "The Ferry", "paragraph 4", "1. No trade", "Nothing is sold.", WORDS, "a moderator",
                 "not automatically", "/rules/1/", "you can appeal until"):  # fmt: skip
        assert said in page, said
    assert f'href="{page_of(case_of_mara.decision, "appeal_against")}"' in page
    for name in ("Mona", "Milo"):
        assert name not in page


@pytest.mark.parametrize("action", Action.values)
def test_each_thing_that_is_done_is_said(action):
    facts = {"group": "Harbour readers", "actions": [], "until": "", "locked_until": "", "ground": "none", "words": ""}
    lines = [
        render_to_string("moderation/notices/decided.txt", facts | {"actions": actions}).split("\n", 1)[1]
        for actions in ([], [action])
    ]
    assert len(lines[1].strip()) > len(lines[0].strip())


def test_what_is_done_with_several_comments_is_said_once(house):
    decided(house, [factories.create_comment(house.reading, house.member, f"Boat {n}.") for n in range(3)])
    [notice] = told(house.member, "decided")
    assert (notice.facts["actions"], len(notice.facts["items"])) == (["hide"], 3)


def test_it_is_told_in_the_wording_that_was_decided_upon(house, as_user, case_of_mara):
    Comment.objects.filter(pk=case_of_mara.comment.pk).update(
        state=State.HELD, hidden_under=None, body="Who has a boat?", body_html="<p>Who has a boat?</p>", wording=2
    )
    for who in (house.member, house.moderator):
        page = as_user(who).get(page_of(case_of_mara.decision)).text
        assert "Buy my <em>boats</em>." in page
        assert "it was changed since" in page
        assert "Who has a boat?" not in page


def test_what_its_author_took_back_is_shown_to_nobody_else(house, as_user, case_of_mara):
    now = timezone.now()
    Comment.objects.filter(pk=case_of_mara.comment.pk).update(
        state=State.WITHDRAWN, withdrawn_from=State.HELD, withdrawn_at=now, hidden_under=None
    )
    assert "boats</em>" in as_user(house.member).get(page_of(case_of_mara.decision)).text
    page = as_user(house.moderator).get(page_of(case_of_mara.decision)).text
    assert "boats</em>" not in page
    assert "taken the comment back" in page


def test_it_is_for_whom_it_concerns_and_for_moderators(house, as_user, case_of_mara):
    elsewhere = factories.create_member(factories.create_group(), roles=["owner", "moderator"])
    people = [(None, 302), (house.outsider, 404), (house.other, 404), (house.organizer, 404), (elsewhere, 404),
              (house.member, 200), (house.moderator, 200), (house.owner, 200)]  # fmt: skip
    for who, status in people:
        answer = as_user(who).get(page_of(case_of_mara.decision))
        assert answer.status_code == status, who
        assert ("boats" in answer.text) == (status == 200)


@pytest.mark.parametrize("way", ["leaves", "removed", "suspended", "hidden group"])
def test_also_after_leaving_being_removed_or_suspended(house, as_user, case_of_mara, way):
    theirs = house.group.memberships.get(user=house.member)
    if way == "leaves":
        leave(membership=theirs, by=house.member)
    elif way == "suspended":
        suspend(membership=theirs, until=theirs.FOR_GOOD, reason="Rest.", by=house.owner)
    else:
        remove(membership=theirs, reason="Go.", by=house.owner)
    if way == "hidden group":
        Group.objects.update(visibility=Visibility.MEMBERS)
    client = as_user(house.member)
    assert "boats</em>" in client.get(page_of(case_of_mara.decision)).text
    assert client.post(page_of(case_of_mara.decision, "appeal_against"), {"words": COMPLAINT}).status_code == 302
    assert Appeal.objects.get().words == COMPLAINT


def test_of_a_decision_about_several_each_sees_their_part(house, as_user):
    nora = factories.create_member(house.group, "Nora")
    comments = [factories.create_comment(house.reading, house.member, "Mara sells."),
                factories.create_comment(house.reading, nora, "Nora sells.")]  # fmt: skip
    decision = decided(house, comments)
    page = as_user(nora).get(page_of(decision)).text
    assert "Nora sells." in page
    assert "Mara sells." not in page
    both = as_user(house.moderator).get(page_of(decision)).text
    assert "Mara sells." in both
    assert "Nora sells." in both


def test_one_part_or_three_cost_the_same_queries(house, as_user):
    def queries(decision, who):
        client = as_user(who)
        client.get(page_of(decision))
        with CaptureQueriesContext(connection) as captured:
            assert client.get(page_of(decision)).status_code == 200
        return len(captured)

    people = [factories.create_member(house.group) for _ in range(4)]
    said = [factories.create_comment(house.reading, who, "Trade.") for who in people]
    one, three = decided(house, said[:1]), decided(house, said[1:])
    for decision, some in ((one, people[:1]), (three, people[1:])):
        for who in some:
            appeal(decision=decision, words=COMPLAINT, by=who)
    assert queries(one, house.owner) == queries(three, house.owner) <= 16
    assert queries(one, people[0]) == queries(three, people[1]) <= 16


# --- Appealing -------------------------------------------------------------------------------------------------------


def test_an_appeal_opens_a_case_shows_until_when_and_tells_who_may_decide(house, as_user, case_of_mara):
    client = as_user(house.member)
    form = client.get(page_of(case_of_mara.decision, "appeal_against")).text
    assert "<textarea" in form
    answer = client.post(page_of(case_of_mara.decision, "appeal_against"), {"words": COMPLAINT}, follow=True)
    assert COMPLAINT in answer.text
    assert "An answer is due by" in answer.text
    assert "A moderator or owner decides who did not decide before." in answer.text
    case = Case.objects.get(kind=Kind.APPEAL)
    assert abs(case.due_at - timezone.now() - timedelta(days=7)) < timedelta(minutes=1)
    assert case in Case.objects.filter(group=house.group).waiting()
    assert len(told(house.owner, "appealed")) == 1
    assert told(house.moderator, "appealed") == []
    queue = as_user(house.owner).get(reverse("moderation:queue", args=[house.group.slug])).text
    assert appeal_page(house, case.appeal) in queue


def test_once_and_the_same_twice_is_once(house, as_user, appealed):
    client, address = as_user(house.member), page_of(appealed.decision, "appeal_against")
    assert client.post(address, {"words": COMPLAINT}).status_code == 302
    again = client.post(address, {"words": "And one thing more."})
    assert (again.status_code, "And one thing more." in again.text) == (409, True)
    assert Appeal.objects.count() == 1
    assert client.get(address).status_code == 302
    with pytest.raises(IntegrityError, match="appeal_once"), transaction.atomic():
        Appeal.objects.create(decision=appealed.decision, by=house.member, words="x")


def test_not_after_thirty_days_and_the_words_are_kept(house, as_user, case_of_mara):
    age(case_of_mara.decision, days=30, minutes=1)
    client, address = as_user(house.member), page_of(case_of_mara.decision, "appeal_against")
    page = client.get(address).text
    assert "<textarea" not in page
    assert "The time to appeal ended on" in page
    answer = client.post(address, {"words": COMPLAINT})
    assert (answer.status_code, COMPLAINT in answer.text) == (409, True)
    assert not Appeal.objects.exists()


@pytest.mark.parametrize("words", ["", "  \n", "x" * 3_001, "a\x00b", "<script>alert(1)</script>" + "x" * 3_000])
def test_what_cannot_be_sent_is_said_and_the_words_are_kept(house, as_user, case_of_mara, words):
    answer = as_user(house.member).post(page_of(case_of_mara.decision, "appeal_against"), {"words": words})
    assert answer.status_code == 422
    assert "errorlist" in answer.text
    assert "<script>alert" not in answer.text
    if words.startswith("x"):
        assert words in answer.text


def test_only_what_restricts_and_only_whom(house, as_user, case_of_mara):
    comment = factories.create_comment(house.reading, house.member, "Harmless.")
    left = decided(house, [comment], action=Action.LEAVE, ground=Ground.NONE, rule=None, words="")
    assert as_user(house.member).get(page_of(left, "appeal_against")).status_code == 404
    assert as_user(house.member).post(page_of(left, "appeal_against"), {"words": "x"}).status_code == 404
    for who, status in ((None, 302), (house.owner, 404), (house.moderator, 404), (house.other, 404)):
        address = page_of(case_of_mara.decision, "appeal_against")
        assert as_user(who).get(address).status_code == status
        assert as_user(who).post(address, {"words": "x"}).status_code == status
    assert not Appeal.objects.exists()


def test_against_a_suspension_and_a_removal_too(house, as_user):
    theirs = house.group.memberships.get(user=house.member)
    verdict = Verdict(
        action=None, ground=Ground.RULE, rule=rule_of(house), words="Go.", person=Action.REMOVE,
        person_until=timezone.now() + timedelta(days=90),
    )  # fmt: skip
    decision = decide_about_member(member=theirs, verdict=verdict, by=house.owner)
    answer = as_user(house.member).post(page_of(decision, "appeal_against"), {"words": COMPLAINT})
    assert answer.status_code == 302
    made = Appeal.objects.get()
    assert answers(as_user(house.moderator), house, made).status_code == 302
    theirs.refresh_from_db()
    assert (theirs.is_member, theirs.suspended_until) == (True, None)


# --- Deciding --------------------------------------------------------------------------------------------------------


def test_both_sides_are_shown_to_who_decides_and_no_reporter(house, as_user, appealed):
    page = as_user(house.owner).get(appeal_page(house, appealed.appeal)).text
    for said in ("boats</em>", WORDS, COMPLAINT, "No trade", "Mara"):
        assert said in page
    assert "Milo" not in page
    assert 'value="reverse"' in page


def test_reversed_everything_follows(house, as_user, appealed):
    answer = answers(as_user(house.owner), house, appealed.appeal)
    reversal = Decision.objects.get(reverses=appealed.decision)
    assert answer["Location"] == page_of(reversal)
    appealed.comment.refresh_from_db()
    assert (appealed.comment.state, appealed.comment.hidden_under) == (State.VISIBLE, None)
    assert (reversal.appeal, reversal.by, reversal.decided_as) == (appealed.appeal, house.owner, As.OWNER)
    appealed.appeal.refresh_from_db()
    assert appealed.appeal.reversed is True
    assert Case.objects.get(appeal=appealed.appeal).closed_at is not None
    facts = json.loads(LogEntry.objects.get(decision=reversal.public_id).facts)
    assert (facts["reverses"], facts["reversed"]) == (appealed.decision.public_id, True)
    assert [len(told(house.member, "decided")), len(told(house.other, "reversed"))] == [2, 1]
    assert len(told(house.moderator, "answered")) == 1
    assert Report.objects.get().outcome == "not_upheld"
    page = as_user(house.member).get(page_of(appealed.decision)).text
    assert "This decision was reversed on" in page
    assert page_of(reversal) in page


def test_upheld_nothing_changes_but_it_is_told_and_logged(house, as_user, appealed):
    answers(as_user(house.owner), house, appealed.appeal, "uphold", "It does sell.")
    appealed.comment.refresh_from_db()
    appealed.appeal.refresh_from_db()
    assert (appealed.comment.state, appealed.appeal.reversed) == (State.HIDDEN, False)
    made = appealed.appeal.answer
    assert [part.action for part in made.parts.all()] == [Action.UPHOLD]
    assert json.loads(LogEntry.objects.get(decision=made.public_id).facts)["reversed"] is False
    assert len(told(house.member, "decided")) == 2
    assert told(house.other, "reversed") == []
    assert Report.objects.get().outcome == "upheld"
    page = as_user(house.member).get(page_of(made)).text
    assert "It does sell." in page
    # Final: against the answer nobody appeals.
    assert as_user(house.member).get(page_of(made, "appeal_against")).status_code == 404


@pytest.mark.parametrize("who", ["moderator", "reporter", "concerned", "member", "outsider"])
def test_nobody_decides_who_is_not_to(house, as_user, appealed, who):
    people = {
        "moderator": house.moderator,
        "reporter": house.other,
        "concerned": house.member,
        "member": house.organizer,
        "outsider": house.outsider,
    }
    if who in {"reporter", "concerned"}:
        house.group.memberships.filter(user=people[who]).update(roles=["moderator"])
    answer = answers(as_user(people[who]), house, appealed.appeal)
    assert answer.status_code == (403 if who in {"member", "outsider"} else 409)
    assert Decision.objects.count() == 1
    if answer.status_code == 409:
        assert ANSWER in answer.text
        page = as_user(people[who]).get(appeal_page(house, appealed.appeal)).text
        assert 'value="reverse"' not in page
        assert "You cannot decide about this one" in page


def test_another_groups_appeal_is_not_there(house, closed_house, as_user, appealed):
    address = reverse("moderation:appeal", args=[closed_house.group.slug, appealed.appeal.pk])
    assert as_user(closed_house.owner).get(address).status_code == 404


def test_the_same_again_is_a_silent_success_and_who_comes_second_is_told(house, as_user, appealed):
    nils = another_moderator(house)
    first = answers(as_user(house.owner), house, appealed.appeal)
    again = answers(as_user(house.owner), house, appealed.appeal)
    assert again["Location"] == first["Location"]
    for answer, words in (("uphold", "It sells."), ("reverse", "Yes, indeed.")):
        other = answers(as_user(nils), house, appealed.appeal, answer, words)
        assert (other.status_code, words in other.text, "decided meanwhile" in other.text) == (409, True, True)
        assert "The decision was reversed." in other.text
    assert Decision.objects.count() == 2


@pytest.mark.parametrize(
    ("data", "status"), [({}, 422), ({"answer": "reverse"}, 422), ({"answer": "x", "words": "y"}, 422)]
)
def test_an_answer_without_a_reason_is_none(house, as_user, appealed, data, status):
    assert as_user(house.owner).post(appeal_page(house, appealed.appeal), data).status_code == status
    assert Decision.objects.count() == 1


def test_a_deleted_appellant_stops_nothing(house, as_user, appealed):
    due = timezone.now() - timedelta(hours=1)
    User.objects.filter(pk=house.member.pk).update(deletion_due_at=due, deletion_choice="withdrawn")
    assert delete_account(house.member.pk)
    page = as_user(house.owner).get(appeal_page(house, appealed.appeal))
    assert (page.status_code, "Mara" in page.text) == (200, False)
    assert answers(as_user(house.owner), house, appealed.appeal).status_code == 302
    appealed.comment.refresh_from_db()
    assert appealed.comment.state == State.HIDDEN  # they have withdrawn all they said: nothing is shown again


def test_with_nobody_else_it_is_said_plainly_and_to_the_owners(house, as_user, without_others):
    Group.objects.update(jury_decides=False)
    made = appeal(decision=Decision.objects.get(), words=COMPLAINT, by=house.member)
    page = as_user(house.member).get(page_of(made.decision)).text
    assert "Nobody in the group can decide about it now" in page
    assert "let three members drawn by lot decide" in page
    [notice] = told(house.owner, "nobody_decides")
    assert notice.facts["owner"] is True
    assert told(house.member, "nobody_decides")[0].facts["owner"] is False
    assert not Juror.objects.exists()
    # Named afterwards, another moderator decides.
    nils = another_moderator(house)
    assert answers(as_user(nils), house, made).status_code == 302


def test_a_moderators_name_is_told_where_the_group_has_chosen_so(house, as_user, case_of_mara):
    Group.objects.update(moderators_are_named=True)
    assert "Mona" in as_user(house.member).get(page_of(case_of_mara.decision)).text


@pytest.mark.parametrize("words", ["<script>alert(1)</script>", "<img src=x onerror=alert(2)>", "{{ 7|add:7 }}"])
def test_hostile_words_stay_words(house, as_user, case_of_mara, words):
    made = appeal(decision=case_of_mara.decision, words=words, by=house.member)
    answers(as_user(house.owner), house, made, "uphold", words)
    made.refresh_from_db()
    for who, address in (
        (house.member, page_of(case_of_mara.decision)),
        (house.member, page_of(made.answer)),
        (house.owner, appeal_page(house, made)),
        (house.owner, page_of(made.answer)),
    ):
        page = as_user(who).get(address).text
        assert "<script>alert" not in page
        assert "<img" not in page


# --- At the same moment ----------------------------------------------------------------------------------------------


@pytest.mark.django_db(transaction=True)
def test_of_many_answers_at_once_one_is_given(house, as_user):
    moderators = [another_moderator(house, f"Nils {number}") for number in range(4)]
    clients = [as_user(who) for who in (*moderators, house.owner)]
    for number in range(4):
        comment = factories.create_comment(house.reading, house.member, f"Buy {number}.")
        decision = decided(house, [comment])
        made = appeal(decision=decision, words=COMPLAINT, by=house.member)
        choices = ["reverse", "uphold", "reverse", "uphold", "reverse"]
        sent = [
            lambda client=client, choice=choice, made=made: answers(client, house, made, choice)
            for client, choice in zip(clients, choices, strict=True)
        ]
        statuses = [answer.status_code for answer in at_once(*sent)]
        made.refresh_from_db()
        assert sorted(statuses) == [302, 409, 409, 409, 409]
        assert choices[statuses.index(302)] == ("reverse" if made.reversed else "uphold")
        assert Decision.objects.filter(appeal=made).count() == 1
        comment.refresh_from_db()
        assert comment.state == (State.VISIBLE if made.reversed else State.HIDDEN)


@pytest.mark.django_db(transaction=True)
def test_one_appeal_sent_many_times_at_once_is_one(house, as_user):
    decision = decided(house, [factories.create_comment(house.reading, house.member, "Buy.")])
    clients = [as_user(house.member) for _ in range(6)]
    address = page_of(decision, "appeal_against")
    sent = [lambda client=client: client.post(address, {"words": COMPLAINT}) for client in clients]
    assert {answer.status_code for answer in at_once(*sent)} == {302}
    assert (Appeal.objects.count(), Case.objects.filter(kind=Kind.APPEAL).count()) == (1, 1)


@pytest.mark.django_db(transaction=True)
def test_looking_first_would_appeal_several_times(house):
    """The control: an appeal looked for, and made a moment later; only the database refuses the second."""
    decision = decided(house, [factories.create_comment(house.reading, house.member, "Buy.")])
    looked, refused = Barrier(4), []

    def appeal_carelessly():
        is_new = not Appeal.objects.filter(decision=decision, by=house.member).exists()
        looked.wait(30)
        try:
            if is_new:
                Appeal.objects.create(decision=decision, by=house.member, words="x")
        except IntegrityError as error:
            refused.append(error)

    at_once(*[appeal_carelessly] * 4)
    assert len(refused) == 3


def test_a_moderator_whom_the_first_decision_concerned_too_reads_no_answer_to_another(house, as_user):
    """One decision about two people: as a moderator, the second is not uninvolved in the first one's appeal."""
    nora = factories.create_member(house.group, "Nora", roles=["moderator"])
    comments = [factories.create_comment(house.reading, who, "Trade.") for who in (house.member, nora)]
    decision = decided(house, comments)
    made = appeal(decision=decision, words=COMPLAINT, by=house.member)
    answer = decide_appeal(appeal=made, reverse_it=False, words="It was trade.", by=house.owner)
    for who, status in ((house.member, 200), (house.owner, 200), (house.moderator, 200), (nora, 404)):
        assert as_user(who).get(page_of(answer)).status_code == status
    assert as_user(nora).get(page_of(decision)).status_code == 200


def test_appeals_of_a_closed_group_wait_until_it_is_open_again(house, case_of_mara):
    archive(group=house.group, by=house.owner)
    house.group.refresh_from_db()
    decision = Decision.objects.get(pk=case_of_mara.decision.pk)
    made = appeal(decision=decision, words=COMPLAINT, by=house.member)
    assert told(house.owner, "appealed") == []
    reopen(group=house.group, by=house.owner)
    remind_of_deadlines()
    assert len(told(house.owner, "appealed")) == 1
    assert not made.is_decided


def test_a_suspended_moderator_decides_nothing(house, as_user, appealed):
    nils = another_moderator(house)
    Membership.objects.filter(user=nils).update(
        suspended_until=timezone.now() + timedelta(days=1), suspended_by=house.owner, suspended_for="x"
    )
    assert answers(as_user(nils), house, appealed.appeal).status_code == 403
