"""Three members drawn by lot: who can be drawn, that they agree, that votes are secret, that the last one decides."""

import uuid
from datetime import timedelta
from threading import Barrier

import pytest
from django.db import IntegrityError, transaction
from django.urls import reverse
from django.utils import timezone

from readinggroup.discussion.models import State
from readinggroup.groups.actions import leave, remove
from readinggroup.groups.models import Membership
from readinggroup.moderation.actions import Decided, agree, appeal, decide_appeal, vote, write_statement
from readinggroup.moderation.actions.jury import who_can_be_drawn
from readinggroup.moderation.models import Appeal, As, Case, Decision, Juror, LogEntry, Service
from readinggroup.moderation.reminding import remind_of_deadlines
from readinggroup.notifications.models import Notice

from ..discussion.test_races import at_once
from .conftest import COMPLAINT, WORDS, another_moderator


@pytest.fixture
def drawn(house, without_others):
    """Three of Omar and the four others were drawn: nobody else is left to moderate."""
    without_others.appeal = appeal(decision=without_others.decision, words=COMPLAINT, by=house.member)
    without_others.jurors = list(Juror.objects.order_by("pk").select_related("user"))
    return without_others


def page_of(made):
    return reverse("moderation:serve", args=[made.pk])


def acts(client, made, act, **data):
    return client.post(page_of(made), {"act": act, **data})


def serve(drawn):
    for juror in drawn.jurors:
        agree(juror=juror, by=juror.user)


def reasons(votes, drawn):
    for juror, choice in zip(drawn.jurors, votes, strict=False):
        vote(juror=juror, vote=choice, words=f"I say {choice}, {juror.user.display_name}.", by=juror.user)


def jury_told(person):
    return [notice.facts["what"] for notice in Notice.objects.of(person).filter(kind="moderation/jury").order_by("pk")]


def let_pass(**by):
    Juror.objects.update(answer_by=timezone.now() - timedelta(**by))


# --- The lot ---------------------------------------------------------------------------------------------------------


def test_three_are_asked_who_have_nothing_to_do_with_it(house, drawn, as_user):
    assert len(drawn.jurors) == Juror.SEATS
    assert {juror.user for juror in drawn.jurors} <= {house.organizer, *drawn.people}
    assert all(jury_told(juror.user) == ["asked"] for juror in drawn.jurors)
    page = as_user(house.member).get(reverse("moderation:decision", args=[drawn.decision.public_id])).text
    assert "three members drawn by lot" in page


def test_where_somebody_else_moderates_nobody_is_drawn(house, appealed):
    assert not Juror.objects.exists()


def test_who_has_just_come_in_is_drawn_only_where_there_are_not_enough_others(house, without_others):
    long_ago = timezone.now() - timedelta(days=15)
    old = [house.organizer, *without_others.people[:2]]
    Membership.objects.filter(user__in=old).update(joined_at=long_ago)
    appeal(decision=without_others.decision, words=COMPLAINT, by=house.member)
    assert {juror.user for juror in Juror.objects.all()} == set(old)


def test_who_cannot_serve_is_not_drawn(house, without_others):
    suspended, gone, leaving, _able = without_others.people
    until = timezone.now() + timedelta(days=1)
    Membership.objects.filter(user=suspended).update(suspended_until=until, suspended_by=house.owner, suspended_for="x")
    leave(membership=house.group.memberships.get(user=gone), by=gone)
    type(leaving).objects.filter(pk=leaving.pk).update(deletion_due_at=until, deletion_choice="pseudonym")
    made = appeal(decision=without_others.decision, words=COMPLAINT, by=house.member)
    assert {member.user for member in who_can_be_drawn(made)} == {house.organizer, without_others.people[3]}
    assert not Juror.objects.exists()
    kinds = set(Notice.objects.filter(recipient__in=[house.member, house.owner]).values_list("kind", flat=True))
    assert "moderation/nobody_decides" in kinds


def test_it_is_a_lot(house, without_others):
    chosen = set()
    for _time in range(12):
        with transaction.atomic():
            appeal(decision=without_others.decision, words=COMPLAINT, by=house.member)
            chosen.add(frozenset(Juror.objects.values_list("user", flat=True)))
            transaction.set_rollback(True)
    assert len(chosen) > 1  # of ten threes, twelve times the same: one in 10^11


# --- Serving ---------------------------------------------------------------------------------------------------------


def test_a_juror_agrees_sees_both_sides_without_names_and_votes(house, drawn, as_user):
    juror = drawn.jurors[0]
    client = as_user(juror.user)
    asked = client.get(page_of(drawn.appeal)).text
    assert "I agree to serve" in asked
    for hidden in ("Buy my boats.", COMPLAINT):
        assert hidden not in asked
    assert acts(client, drawn.appeal, "agree").status_code == 302
    page = client.get(page_of(drawn.appeal)).text
    for said in ("Buy my boats.", COMPLAINT, WORDS, "No trade"):
        assert said in page
    for name in ("Mara", "Milo", "Olga", "Mona"):
        assert name not in page
    assert acts(client, drawn.appeal, "vote", vote="reverse").status_code == 422
    assert acts(client, drawn.appeal, "vote", words="x").status_code == 422
    assert acts(client, drawn.appeal, "vote", vote="reverse", words="It asks.").status_code == 302
    assert "You have voted." in client.get(page_of(drawn.appeal)).text
    again = acts(client, drawn.appeal, "vote", vote="uphold", words="No, it sells.")
    assert (again.status_code, "No, it sells." in again.text) == (409, True)
    assert acts(client, drawn.appeal, "vote", vote="reverse", words="It asks.").status_code == 302
    juror.refresh_from_db()
    assert (juror.vote, juror.words) == ("reverse", "It asks.")


def test_a_juror_who_belongs_no_more_reads_nothing_more(house, drawn, as_user):
    """Also in a group that anybody may read: what is hidden there, visitors do not read."""
    serve(drawn)
    reasons(["reverse"], drawn)
    voter, server = (juror.user for juror in drawn.jurors[:2])
    leave(membership=house.group.memberships.get(user=voter), by=voter)
    remove(membership=house.group.memberships.get(user=server), reason="x", by=house.owner)
    for who in (voter, server):
        page = as_user(who).get(page_of(drawn.appeal))
        assert (page.status_code, "You do not belong to this group any more" in page.text) == (200, True)
        for hidden in ("Buy my boats.", COMPLAINT, WORDS):
            assert hidden not in page.text
    late = acts(as_user(server), drawn.appeal, "vote", vote="uphold", words="It sells, I think.")
    assert (late.status_code, "It sells, I think." in late.text, COMPLAINT in late.text) == (409, True, False)


def test_a_juror_reads_what_was_written_until_it_was_decided(house, drawn, as_user):
    serve(drawn)
    said = {"decision": drawn.decision, "person": house.member, "by": house.member}
    write_statement(words="Said before.", key=uuid.uuid4(), **said)
    reasons(["reverse", "reverse", "reverse"], drawn)
    write_statement(words="Said after.", key=uuid.uuid4(), **said)
    page = as_user(drawn.jurors[0].user).get(page_of(drawn.appeal)).text
    assert ("Said before." in page, "Said after." in page) == (True, False)


def test_who_votes_before_agreeing_is_told_to_agree(house, drawn, as_user):
    answer = acts(as_user(drawn.jurors[0].user), drawn.appeal, "vote", vote="uphold", words="It sells.")
    assert (answer.status_code, "Say first that you agree to serve" in answer.text) == (409, True)
    assert ("You have voted already" in answer.text, "It sells." in answer.text) == (False, True)


@pytest.mark.parametrize("method", ["get", "post"])
def test_nobody_else_serves(house, drawn, as_user, method):
    left = {house.organizer, *drawn.people} - {juror.user for juror in drawn.jurors}
    for who in (house.member, house.moderator, house.owner, house.other, house.outsider, *left):
        assert getattr(as_user(who), method)(page_of(drawn.appeal), {"act": "agree"}).status_code == 404
    assert getattr(as_user(None), method)(page_of(drawn.appeal), {"act": "agree"}).status_code == 302


def test_who_declines_is_replaced_and_nobody_is_asked_twice(house, drawn, as_user):
    for number in range(2):
        juror = Juror.objects.seated().order_by("pk").first()
        assert acts(as_user(juror.user), drawn.appeal, "decline").status_code == 302
        assert Juror.objects.count() == 4 + number
        assert Juror.objects.seated().count() == 3
    assert "You do not serve here" in as_user(juror.user).get(page_of(drawn.appeal)).text
    # The five are through: nobody is left, and that is said.
    juror = Juror.objects.seated().first()
    acts(as_user(juror.user), drawn.appeal, "decline")
    assert Juror.objects.count() == 5
    told = Notice.objects.filter(kind="moderation/nobody_decides").values_list("recipient", flat=True)
    assert set(told) == {house.member.pk, house.owner.pk}
    page = as_user(house.member).get(reverse("moderation:decision", args=[drawn.decision.public_id])).text
    assert "Nobody in the group can decide about it now" in page
    # A moderator who is named then decides.
    nils = another_moderator(house)
    remind_of_deadlines()
    assert Notice.objects.of(nils).filter(kind="moderation/appealed").exists()
    address = reverse("moderation:appeal", args=[house.group.slug, drawn.appeal.pk])
    assert as_user(nils).post(address, {"answer": "uphold", "words": "It sells."}).status_code == 302


def test_who_lets_the_time_pass_is_replaced_and_too_late(house, drawn, as_user):
    first = drawn.jurors[0]
    Juror.objects.filter(pk=first.pk).update(answer_by=timezone.now() - timedelta(minutes=1))
    late = acts(as_user(first.user), drawn.appeal, "agree")
    assert (late.status_code, "The time to answer is over" in late.text) == (409, True)
    remind_of_deadlines()
    first.refresh_from_db()
    assert (first.state, Juror.objects.seated().count()) == (Service.LAPSED, 3)


def test_a_juror_who_leaves_or_is_suspended_is_replaced(house, drawn, as_user):
    serve(drawn)
    first = drawn.jurors[0]
    leave(membership=house.group.memberships.get(user=first.user), by=first.user)
    assert acts(as_user(first.user), drawn.appeal, "vote", vote="uphold", words="x").status_code == 409
    remind_of_deadlines()
    assert Juror.objects.get(pk=first.pk).state == Service.LAPSED
    assert Juror.objects.seated().count() == 3


def test_they_are_reminded_once(house, drawn):
    Juror.objects.update(answer_by=timezone.now() + timedelta(hours=20))
    for _time in range(2):
        remind_of_deadlines()
    assert jury_told(drawn.jurors[0].user) == ["asked", "agree"]
    serve(drawn)
    Juror.objects.update(answer_by=timezone.now() + timedelta(hours=20))
    for _time in range(2):
        remind_of_deadlines()
    assert jury_told(drawn.jurors[0].user) == ["asked", "agree", "vote"]


# --- Voting ----------------------------------------------------------------------------------------------------------


def test_the_last_vote_decides_as_two_of_three_have_voted(house, drawn, as_user):
    serve(drawn)
    reasons(["reverse", "uphold"], drawn)
    before = as_user(house.member).get(reverse("moderation:decision", args=[drawn.decision.public_id])).text
    assert "I say" not in before
    assert Decision.objects.count() == 1
    others = as_user(drawn.jurors[2].user).get(page_of(drawn.appeal)).text
    assert "I say" not in others
    vote(juror=drawn.jurors[2], vote="reverse", words="So do I.", by=drawn.jurors[2].user)
    made = Decision.objects.get(reverses=drawn.decision)
    assert (made.by, made.decided_as, made.appeal) == (None, As.JURY, drawn.appeal)
    assert (made.words.startswith("I say reverse"), made.words.endswith("So do I.")) == (True, True)
    assert "uphold" not in made.words
    drawn.comment.refresh_from_db()
    assert drawn.comment.state == State.VISIBLE
    assert LogEntry.objects.get(decision=made.public_id).is_whole
    page = as_user(house.member).get(reverse("moderation:decision", args=[made.public_id])).text
    assert "three members drawn by lot" in page
    assert "I say uphold" in page  # what the third thought is told, too
    for who in (house.moderator, house.owner):
        told = set(Notice.objects.of(who).values_list("kind", flat=True))
        assert "moderation/reversed" in told or "moderation/answered" in told


def test_upheld_by_all(house, drawn):
    serve(drawn)
    reasons(["uphold"] * 3, drawn)
    drawn.comment.refresh_from_db()
    assert drawn.comment.state == State.HIDDEN
    made = Appeal.objects.get().answer
    assert (made.decided_as, len(made.words.split("\n\n")), Case.objects.open().count()) == (As.JURY, 3, 0)


def test_three_longest_reasons_fit(house, drawn):
    serve(drawn)
    for juror in drawn.jurors:
        vote(juror=juror, vote="uphold", words="x" * Juror.LONGEST, by=juror.user)
    assert len(Appeal.objects.get().answer.words) == 3 * Juror.LONGEST + 4


def test_two_of_one_mind_are_enough_when_the_third_lets_the_time_pass(house, drawn):
    serve(drawn)
    reasons(["uphold", "uphold"], drawn)
    Juror.objects.filter(vote="").update(answer_by=timezone.now() - timedelta(minutes=1))
    remind_of_deadlines()
    assert Appeal.objects.get().reversed is False


def test_two_of_different_minds_wait_for_another_third(house, drawn):
    serve(drawn)
    reasons(["uphold", "reverse"], drawn)
    Juror.objects.filter(vote="").update(answer_by=timezone.now() - timedelta(minutes=1))
    remind_of_deadlines()
    assert (Appeal.objects.get().reversed, Juror.objects.seated().count()) == (None, 3)


def test_who_moderates_does_not_interfere_with_three_who_sit(house, drawn, as_user):
    nils = another_moderator(house)
    address = reverse("moderation:appeal", args=[house.group.slug, drawn.appeal.pk])
    assert as_user(nils).post(address, {"answer": "uphold", "words": "It sells."}).status_code == 409
    assert Decision.objects.count() == 1


def test_the_database_keeps_a_vote_whole(house, drawn):
    for wrong in ({"vote": "uphold"}, {"words": "x"}, {"vote": "other", "words": "x", "voted_at": timezone.now()}):
        with pytest.raises(IntegrityError, match="juror_who_votes"), transaction.atomic():
            Juror.objects.filter(pk=drawn.jurors[0].pk).update(**wrong)
    with pytest.raises(IntegrityError, match="juror_once"), transaction.atomic():
        Juror.objects.create(appeal=drawn.appeal, user=drawn.jurors[0].user, answer_by=timezone.now())


@pytest.mark.parametrize("words", ["<script>alert(1)</script>", "{{ 7|add:7 }}"])
def test_hostile_reasons_stay_words(house, drawn, as_user, words):
    serve(drawn)
    for juror in drawn.jurors:
        vote(juror=juror, vote="uphold", words=words, by=juror.user)
    page = as_user(house.member).get(reverse("moderation:decision", args=[Appeal.objects.get().answer.public_id])).text
    assert "<script>alert" not in page


# --- At the same moment ----------------------------------------------------------------------------------------------


@pytest.mark.django_db(transaction=True)
def test_the_last_two_votes_at_once_decide_once(house, drawn, as_user):
    serve(drawn)
    reasons(["reverse"], drawn)
    clients = [
        (as_user(juror.user), choice) for juror, choice in zip(drawn.jurors[1:], ["uphold", "reverse"], strict=True)
    ]
    sent = [
        lambda client=client, choice=choice: acts(client, drawn.appeal, "vote", vote=choice, words="Now.")
        for client, choice in clients * 3
    ]
    assert {answer.status_code for answer in at_once(*sent)} == {302}
    assert Decision.objects.filter(appeal=drawn.appeal).count() == 1
    assert Appeal.objects.get().reversed is True


@pytest.mark.django_db(transaction=True)
def test_counting_without_waiting_would_miss_the_last(house, drawn):
    """The control: two votes that each count before the other is there, so that nobody decides."""
    serve(drawn)
    reasons(["reverse"], drawn)
    both, counted = Barrier(2), []

    def vote_carelessly(juror):
        with transaction.atomic():
            voted = Juror.objects.filter(pk=juror.pk)
            voted.update(vote="reverse", words="Now.", voted_at=timezone.now())
            both.wait(30)
            counted.append(Juror.objects.voted().count())
            both.wait(30)

    at_once(*[lambda juror=juror: vote_carelessly(juror) for juror in drawn.jurors[1:]])
    assert counted == [2, 2]


@pytest.mark.django_db(transaction=True)
def test_several_who_decline_at_once_are_replaced_each_once(house, drawn, as_user):
    at_once(*[lambda juror=juror: acts(as_user(juror.user), drawn.appeal, "decline") for juror in drawn.jurors[:2]])
    assert (Juror.objects.count(), Juror.objects.seated().count()) == (5, 3)


def test_a_vote_after_the_end_is_told(house, drawn):
    serve(drawn)
    reasons(["uphold", "uphold"], drawn)
    Juror.objects.filter(vote="").update(answer_by=timezone.now() - timedelta(minutes=1))
    remind_of_deadlines()
    with pytest.raises(Decided):
        vote(juror=drawn.jurors[2], vote="uphold", words="x", by=drawn.jurors[2].user)


def test_who_declines_as_the_last_leaves_two_of_one_mind_to_decide(house, drawn, as_user):
    serve(drawn)
    reasons(["uphold", "uphold"], drawn)
    last = drawn.jurors[2]
    assert acts(as_user(last.user), drawn.appeal, "decline").status_code == 302
    assert Juror.objects.count() == 3
    made = Appeal.objects.get().answer
    assert (made.decided_as, len(made.words.split("\n\n")), Case.objects.open().count()) == (As.JURY, 2, 0)


def test_two_of_one_mind_are_enough_when_the_third_deletes_their_account(house, drawn):
    serve(drawn)
    reasons(["uphold", "uphold"], drawn)
    Juror.objects.filter(vote="").update(state=Service.DECLINED)  # as deletion does it
    remind_of_deadlines()
    assert (Juror.objects.count(), Appeal.objects.get().reversed) == (3, False)


def test_a_vote_that_decided_nothing_is_no_dissent_of_three(house, drawn, as_user):
    serve(drawn)
    reasons(["reverse"], drawn)
    Juror.objects.filter(vote="").update(state=Service.LAPSED)
    nils = another_moderator(house)
    made = decide_appeal(appeal=drawn.appeal, reverse_it=False, words="It sells.", by=nils)
    page = as_user(house.member).get(reverse("moderation:decision", args=[made.public_id])).text
    assert "It sells." in page
    assert "I say reverse" not in page
