"""The conversation about a decision, between whom it concerns and the moderators; and what reminds of deadlines."""

import uuid
from datetime import timedelta
from threading import Barrier

import pytest
from django.db import IntegrityError, transaction
from django.urls import reverse
from django.utils import timezone

from readinggroup.groups.actions import remove
from readinggroup.groups.models import Role
from readinggroup.moderation.actions import appeal, decide_appeal, write_statement
from readinggroup.moderation.actions import reverse as reverse_decision
from readinggroup.moderation.models import Action, Appeal, Case, Statement
from readinggroup.moderation.reminding import remind_of_deadlines
from readinggroup.notifications.models import Notice

from .. import factories
from ..discussion.test_races import at_once
from .conftest import COMPLAINT, another_moderator, decided, statement
from .test_appeals import age


def page_of(decision, name="decision"):
    return reverse(f"moderation:{name}", args=[decision.public_id])


def writes(client, decision, to, words="May I ask which words?", **more):
    return client.post(page_of(decision, "write_statement"), statement(to, words, **more))


def told(person, kind="statement"):
    return list(Notice.objects.of(person).filter(kind=f"moderation/{kind}").order_by("pk"))


def test_one_writes_the_other_is_told_reads_and_answers(house, as_user, case_of_mara):
    decision = case_of_mara.decision
    mara, mona = as_user(house.member), as_user(house.moderator)
    form = mara.get(page_of(decision)).text
    assert f'name="to" value="{house.member.public_id}"' in form
    answer = writes(mara, decision, house.member)
    assert (answer.status_code, answer["Location"]) == (302, page_of(decision))
    assert "May I ask which words?" in mara.get(page_of(decision)).text
    for who in (house.moderator, house.owner):
        [notice] = told(who)
        assert (notice.facts["words"], notice.address) == ("May I ask which words?", page_of(decision))
    assert told(house.member) == told(house.other) == []
    assert "May I ask which words?" in mona.get(page_of(decision)).text
    writes(mona, decision, house.member, "The ones about boats.")
    page = mara.get(page_of(decision)).text
    assert "The ones about boats." in page
    assert "Mona" not in page
    [notice] = told(house.member)
    assert notice.facts["by_moderators"] is True
    assert len(told(house.owner)) == 1


def test_of_a_reversal_and_of_an_answer_it_is_the_same_conversation(house, as_user, appealed):
    writes(as_user(house.member), appealed.decision, house.member, "Before.")
    made = decide_appeal(appeal=appealed.appeal, reverse_it=True, words="Yes.", by=house.owner)
    writes(as_user(house.member), made, house.member, "Thank you.")
    for decision in (made, appealed.decision):
        page = as_user(house.member).get(page_of(decision)).text
        assert "Before." in page
        assert "Thank you." in page


@pytest.mark.parametrize("who", ["outsider", "other", "organizer"])
def test_nobody_else_writes_or_reads(house, as_user, case_of_mara, who):
    writes(as_user(house.member), case_of_mara.decision, house.member, "Between us.")
    assert writes(as_user(getattr(house, who)), case_of_mara.decision, house.member).status_code == 404
    assert Statement.objects.count() == 1


def test_each_concerned_has_a_conversation_of_their_own(house, as_user):
    nora = factories.create_member(house.group, "Nora")
    decision = decided(house, [factories.create_comment(house.reading, who, "Trade.") for who in (house.member, nora)])
    writes(as_user(house.member), decision, house.member, "Of Mara.")
    assert writes(as_user(nora), decision, house.member, "Not mine.").status_code == 404
    writes(as_user(house.moderator), decision, nora, "To Nora.")
    assert "Of Mara." not in as_user(nora).get(page_of(decision)).text
    assert "To Nora." in as_user(nora).get(page_of(decision)).text
    assert writes(as_user(house.moderator), decision, house.other, "x").status_code == 404


def test_who_was_removed_writes_too(house, as_user, case_of_mara):
    remove(membership=house.group.memberships.get(user=house.member), reason="Go.", by=house.owner)
    assert writes(as_user(house.member), case_of_mara.decision, house.member).status_code == 302


def test_the_same_form_twice_is_one_statement_and_other_words_are_refused(house, as_user, case_of_mara):
    key, client = uuid.uuid4(), as_user(house.member)
    for _time in range(2):
        assert writes(client, case_of_mara.decision, house.member, key=key).status_code == 302
    again = writes(client, case_of_mara.decision, house.member, "Other words.", key=key)
    assert (again.status_code, "Other words." in again.text) == (409, True)
    assert (Statement.objects.count(), len(told(house.moderator))) == (1, 1)


@pytest.mark.parametrize("words", ["", " \n", "x" * 3_001, "a\x00b", "<script>alert(1)</script>" + "x" * 3_000])
def test_what_cannot_be_sent_is_said_and_the_words_are_kept(house, as_user, case_of_mara, words):
    answer = writes(as_user(house.member), case_of_mara.decision, house.member, words)
    assert (answer.status_code, "errorlist" in answer.text, "<script>alert" in answer.text) == (422, True, False)
    if words.startswith("x"):
        assert words in answer.text


@pytest.mark.parametrize("more", [{"key": "x"}, {"key": ""}, {"to": "x" * 99}, {"to": ""}])
def test_a_forged_form_is_no_error_of_ours(house, as_user, case_of_mara, more):
    data = statement(house.member) | more
    answer = as_user(house.member).post(page_of(case_of_mara.decision, "write_statement"), data)
    assert answer.status_code in {404, 422}
    assert not Statement.objects.exists()


def test_it_closes_thirty_days_after_the_last_word(house, as_user, appealed):
    client = as_user(house.member)
    age(appealed.decision, days=200)
    assert writes(client, appealed.decision, house.member, "While it waits.").status_code == 302
    decide_appeal(appeal=appealed.appeal, reverse_it=False, words="No.", by=house.owner)
    assert writes(client, appealed.decision, house.member, "And since.").status_code == 302
    Appeal.objects.update(decided_at=timezone.now() - timedelta(days=30, minutes=1))
    late = writes(client, appealed.decision, house.member, "Too late.")
    assert (late.status_code, "Too late." in late.text) == (409, True)
    page = client.get(page_of(appealed.decision)).text
    assert "This conversation was closed on" in page
    assert "And since." in page
    assert "<textarea" not in page


@pytest.mark.parametrize(("days", "status"), [(59, 302), (61, 409)])
def test_without_an_appeal_it_closes_thirty_days_after_one_could_appeal(house, as_user, case_of_mara, days, status):
    age(case_of_mara.decision, days=days)
    assert writes(as_user(house.member), case_of_mara.decision, house.member).status_code == status


def test_not_without_end_on_one_day(house, as_user, case_of_mara):
    client = as_user(house.member)
    for number in range(Statement.MOST_A_DAY):
        assert writes(client, case_of_mara.decision, house.member, f"{number}").status_code == 302
    more = writes(client, case_of_mara.decision, house.member, "And more.")
    assert (more.status_code, "And more." in more.text) == (429, True)


def test_a_moderator_whom_it_concerns_is_that_side(house, as_user):
    decision = decided(house, [factories.create_comment(house.reading, house.moderator, "Trade.")], by=house.owner)
    nils = another_moderator(house)
    writes(as_user(house.moderator), decision, house.moderator, "Why?")
    assert told(house.moderator) == []
    assert [len(told(who)) for who in (nils, house.owner)] == [1, 1]


def test_who_decides_about_the_appeal_sees_it(house, as_user, appealed):
    writes(as_user(house.member), appealed.decision, house.member, "It was a question.")
    page = as_user(house.owner).get(reverse("moderation:appeal", args=[house.group.slug, appealed.appeal.pk])).text
    assert "It was a question." in page


def test_hostile_words_stay_words(house, as_user, case_of_mara):
    words = '"><script>alert(1)</script><img src=x onerror=alert(2)> {{ 7|add:7 }}'
    writes(as_user(house.member), case_of_mara.decision, house.member, words)
    for who in (house.member, house.moderator):
        page = as_user(who).get(page_of(case_of_mara.decision)).text + as_user(who).get("/inbox/").text
        assert "<script>alert" not in page
        assert "<img" not in page
        assert "{{ 7|add:7 }}" in page


@pytest.mark.django_db(transaction=True)
def test_one_form_sent_many_times_at_once_is_one_statement(house, as_user):
    decision = decided(house, [factories.create_comment(house.reading, house.member, "Buy.")])
    clients, key = [as_user(house.member) for _ in range(6)], uuid.uuid4()
    sent = [lambda client=client: writes(client, decision, house.member, key=key) for client in clients]
    assert {answer.status_code for answer in at_once(*sent)} == {302}
    assert Statement.objects.count() == 1


@pytest.mark.django_db(transaction=True)
def test_looking_first_would_be_refused_by_the_database(house):
    """The control: looked for, and written a moment later."""
    decision = decided(house, [factories.create_comment(house.reading, house.member, "Buy.")])
    key, looked, refused = uuid.uuid4(), Barrier(4), []

    def write_carelessly():
        is_new = not Statement.objects.filter(key=key).exists()
        looked.wait(30)
        row = {"decision": decision, "person": house.member, "by": house.member, "words": "x", "key": key}
        try:
            with transaction.atomic():
                if is_new:
                    Statement.objects.create(**row)
        except IntegrityError as error:
            refused.append(error)

    at_once(*[write_carelessly] * 4)
    assert len(refused) == 3


# --- Deadlines -------------------------------------------------------------------------------------------------------


def test_an_appeal_that_is_due_soon_reminds_once_and_one_overdue_tells_the_owners_once(house, appealed):
    nils = another_moderator(house)
    Case.objects.filter(appeal=appealed.appeal).update(due_at=timezone.now() + timedelta(days=3))
    remind_of_deadlines()
    assert told(nils, "appeal_due") == []
    Case.objects.filter(appeal=appealed.appeal).update(due_at=timezone.now() + timedelta(days=1))
    for _time in range(2):
        remind_of_deadlines()
    assert [len(told(who, "appeal_due")) for who in (nils, house.owner, house.moderator)] == [1, 1, 0]
    Case.objects.filter(appeal=appealed.appeal).update(due_at=timezone.now() - timedelta(hours=1))
    for _time in range(2):
        remind_of_deadlines()
    assert [notice.facts["over"] for notice in told(house.owner, "appeal_due")] == [False, True]
    assert len(told(nils, "appeal_due")) == 1


def test_what_is_decided_reminds_nobody(house, appealed):
    decide_appeal(appeal=appealed.appeal, reverse_it=False, words="No.", by=house.owner)
    Case.objects.filter(appeal=appealed.appeal).update(due_at=timezone.now() - timedelta(hours=1))
    remind_of_deadlines()
    assert told(house.owner, "appeal_due") == []


def test_who_is_named_later_is_told_of_what_waits(house, case_of_mara):
    house.group.memberships.filter(user=house.owner).update(roles=[Role.OWNER])
    appeal(decision=case_of_mara.decision, words=COMPLAINT, by=house.member)
    nils = another_moderator(house)
    remind_of_deadlines()
    assert len(told(nils, "appealed")) == 1


def test_what_was_not_changed_in_time_comes_back(house):
    comment = factories.create_comment(house.reading, house.member, "Rude.")
    decided(house, [comment], action=Action.ASK)
    Notice.objects.all().delete()
    assert not Case.objects.waiting().exists()
    Case.objects.update(waits_until=timezone.now() - timedelta(minutes=1))
    for _time in range(2):
        remind_of_deadlines()
    case = Case.objects.waiting().get()
    assert case.waits_until is None
    assert len(told(house.moderator, "queue")) == 1


def test_a_closed_group_is_left_alone(house, appealed):
    Notice.objects.all().delete()
    type(house.group).objects.update(archived_at=timezone.now())
    Case.objects.update(due_at=timezone.now() - timedelta(hours=1))
    remind_of_deadlines()
    assert not Notice.objects.exists()


def test_the_worker_knows_the_task(house, appealed):
    from readinggroup.moderation.tasks import remind_of_moderation

    Case.objects.filter(appeal=appealed.appeal).update(due_at=timezone.now() - timedelta(hours=1))
    remind_of_moderation(0)
    assert len(told(house.owner, "appeal_due")) == 1


def test_a_reversal_closes_the_conversation_later(house, as_user, case_of_mara):
    made = reverse_decision(decision=case_of_mara.decision, words="Yes.", by=house.owner)
    age(made, days=31)
    assert writes(as_user(house.member), case_of_mara.decision, house.member).status_code == 409


def test_the_action_itself_answers_a_copy_with_the_first(house, case_of_mara):
    key = uuid.uuid4()
    said = {"decision": case_of_mara.decision, "person": house.member, "words": "x", "key": key, "by": house.member}
    assert write_statement(**said) == write_statement(**said)


def test_on_the_page_of_an_answer_a_moderator_writes_to_whomever_it_concerned(house, as_user):
    nora = factories.create_member(house.group, "Nora")
    comments = [factories.create_comment(house.reading, who, "Buy my boats.") for who in (house.member, nora)]
    decision = decided(house, comments)
    made = appeal(decision=decision, words="I sold nothing.", by=house.member)
    answer = decide_appeal(appeal=made, reverse_it=False, words="It sells.", by=house.owner)
    assert writes(as_user(house.owner), answer, nora).status_code == 302
    assert Statement.objects.get().person == nora
