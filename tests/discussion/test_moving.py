"""A thread that a moderator moves: everything that hangs on it goes along, also while people write, read and move."""

import uuid

import pytest
from django.db import transaction
from django.urls import reverse

from readinggroup.discussion import actions, following, moderating, questions, seen
from readinggroup.discussion.models import Comment, Draft, Follow, Level, Quote, State
from readinggroup.notifications.models import Notice
from readinggroup.readings.models import ParagraphActivity, Seen

from .. import factories
from .test_quoting import create_quoting
from .test_races import assert_counters_are_true, at_once, in_two_transactions, paragraph_page
from .test_unread import unread_of


@transaction.atomic
def move(comment, number, reading):
    root = actions.held([comment.pk])[comment.pk]
    moderating.move_thread(comment=root, version=factories.version_of(reading, number))


@pytest.fixture
def thread(house):
    """A thread of three at paragraph 4, the last of them hidden, beside another one that stays."""
    root = factories.create_comment(house.reading, house.member, "Whose sacks were they?")
    stays = factories.create_comment(house.reading, house.owner, "Something else.")
    answer = factories.create_comment(house.reading, house.other, "The miller's.", parent=root)
    gone = factories.create_comment(house.reading, house.member, "Gone.", parent=answer)
    with transaction.atomic():
        moderating.hide(comment=actions.held([gone.pk])[gone.pk], rule=None)
    house.stays = stays
    return [root, answer, gone]


def test_the_thread_stands_at_the_new_paragraph_in_its_order(house, thread, as_user):
    there = factories.create_comment(house.reading, house.owner, "Said here before.", number=7)
    move(thread[0], 7, house.reading)
    rows = Comment.objects.filter(paragraph=there.paragraph_id).order_by("sequence").values_list("pk", flat=True)
    assert list(rows) == [there.pk, *(comment.pk for comment in thread)]
    assert set(Comment.objects.filter(pk__in=rows).values_list("version__number", flat=True)) == {7}
    old, new = (
        as_user(None).get(paragraph_page(house.reading)).text,
        as_user(None).get(paragraph_page(house.reading, 7)).text,
    )
    assert "Whose sacks" not in old
    assert "Something else." in old
    assert new.index("Said here") > new.index("Whose sacks") > 0  # by the time at which it was said
    assert new.index("Hidden by the moderators") > new.index("The miller") > new.index("Whose sacks")
    assert_counters_are_true(house.reading)


def test_every_address_of_it_leads_to_the_new_place(house, thread, as_user):
    move(thread[0], 7, house.reading)
    for comment in thread:
        answer = as_user(None).get(reverse("discussion:comment", args=[comment.public_id]))
        assert answer["Location"] == f"{paragraph_page(house.reading, 7)}#c-{comment.public_id}"


def test_what_each_reader_has_seen_is_seen_there_and_the_rest_is_unread(house, thread):
    root, answer, _gone = thread
    seen.see(reading=house.reading, comments=[root], by=house.moderator)
    seen.see(reading=house.reading, comments=[root, answer, house.stays], by=house.organizer)
    move(root, 7, house.reading)
    readers = (house.moderator, house.organizer, house.member, house.other, house.owner)
    assert [unread_of(house.reading, reader) for reader in readers] == [
        {4: 1, 7: 1}, {}, {4: 1, 7: 1}, {4: 1, 7: 1}, {7: 2}
    ]  # fmt: skip


def test_what_is_hidden_was_seen_and_is_shown_again_after_the_move_is_not_unread(house, thread):
    root, answer, gone = thread
    with transaction.atomic():
        moderating.show_again(comment=actions.held([gone.pk])[gone.pk])
    seen.see(reading=house.reading, comments=[root, answer, gone], by=house.organizer)
    with transaction.atomic():
        moderating.hide(comment=actions.held([gone.pk])[gone.pk], rule=None)
    move(root, 7, house.reading)
    assert unread_of(house.reading, house.organizer) == {4: 1}
    with transaction.atomic():
        moderating.show_again(comment=actions.held([gone.pk])[gone.pk])
    assert unread_of(house.reading, house.organizer) == {4: 1}
    assert unread_of(house.reading, house.moderator) == {4: 1, 7: 3}


def test_there_and_back_again_changes_nothing_for_anybody(house, thread):
    readers = (house.moderator, house.organizer, house.member, house.other, house.owner)
    seen.see(reading=house.reading, comments=thread[:2], by=house.organizer)
    before = [unread_of(house.reading, reader) for reader in readers]
    move(thread[0], 7, house.reading)
    move(thread[0], 4, house.reading)
    assert [unread_of(house.reading, reader) for reader in readers] == before
    assert_counters_are_true(house.reading)


def test_who_follows_it_is_told_there_and_who_does_not_is_not(house, thread):
    root = thread[0]
    here = {"reading": house.reading, "level": Level.WATCH, "paragraph_id": root.paragraph_id}
    following.choose(by=house.organizer, thread_id=root.pk, **here)
    following.choose(by=house.owner, **here)
    move(root, 7, house.reading)
    root.refresh_from_db()
    later = factories.create_comment(house.reading, house.moderator, "One more.", number=7, parent=root)
    told = set(Notice.objects.filter(about=later.public_id).values_list("recipient", flat=True))
    assert house.organizer.pk in told
    assert house.owner.pk not in told  # they follow the paragraph that it came from
    assert set(Follow.objects.filter(thread=root).values_list("paragraph", flat=True)) == {later.paragraph_id}


def test_a_question_and_its_answer_go_along(house, thread, as_user):
    root, answer, _gone = thread
    questions.settle_question(root=root, question="open", by=house.member, was=":")
    questions.settle_question(root=root, question="answered", by=house.member, was="open:", answered_in=answer)
    move(root, 7, house.reading)
    page = as_user(None).get(paragraph_page(house.reading, 7)).text
    assert f'<a class="asks" href="/c/{answer.public_id}/">answered</a>' in page


def test_quotes_of_it_and_in_it_still_lead_to_their_places(house, thread, as_user):
    root = thread[0]
    quoting = create_quoting(house.reading, house.other, root, "Look.", number=3)
    move(root, 7, house.reading)
    page = as_user(None).get(paragraph_page(house.reading, 3)).text
    assert "Whose sacks were they?" in page
    assert f'href="/c/{root.public_id}/"' in page
    assert Quote.objects.get(comment=quoting).source_id == root.pk


def test_drafts_of_answers_go_along_and_are_let_go_when_they_are_sent(house, thread, as_user):
    root, client = thread[0], as_user(house.organizer)
    draft = reverse("discussion:draft_answer", args=[root.public_id])
    client.post(draft, {"body": "Half an ans", "sequence": 0}, headers={"HX-Request": "true"})
    assert Draft.objects.get().paragraph_id == root.paragraph_id
    move(root, 7, house.reading)
    assert Draft.objects.get().paragraph_id == factories.version_of(house.reading, 7).paragraph_id
    assert "You have begun here" in client.get(paragraph_page(house.reading, 7)).text
    assert "You have begun here" not in client.get(paragraph_page(house.reading)).text
    form = {"body": "Half an answer.", "key": uuid.uuid4(), "sequence": 1}
    assert client.post(reverse("discussion:answer_comment", args=[root.public_id]), form).status_code == 302
    assert not Draft.objects.exists()
    assert Comment.objects.get(body="Half an answer.").version.number == 7


def test_only_a_whole_thread_is_moved_and_only_elsewhere(house, thread):
    for comment, number in ((thread[1], 7), (thread[0], 4)):
        with pytest.raises(ValueError, match="a whole thread"):
            move(comment, number, house.reading)
    assert set(Comment.objects.values_list("version__number", flat=True)) == {4}


# --- At the same moment -----------------------------------------------------------------------------------------------


@pytest.mark.django_db(transaction=True)
def test_an_answer_that_is_being_written_goes_along(house, thread):
    """Whoever moves waits for who answers, and takes the answer along."""
    root, answer, _gone = thread
    waited, _ = in_two_transactions(
        lambda: factories.create_comment(house.reading, house.owner, "At this moment.", parent=answer),
        lambda: move(root, 7, house.reading),
    )
    assert waited
    assert set(root.thread.values_list("version__number", flat=True)) == {7}
    assert_counters_are_true(house.reading)


@pytest.mark.django_db(transaction=True)
def test_an_answer_that_comes_a_moment_later_stands_at_the_new_place(house, thread):
    """The writer's page was made before the move, and says the old paragraph."""
    root, answer, _gone = thread
    _, late = in_two_transactions(
        lambda: move(root, 7, house.reading),
        lambda: factories.create_comment(house.reading, house.owner, "At this moment.", parent=answer),
    )
    assert late.version.number == 7
    assert_counters_are_true(house.reading)


@pytest.mark.django_db(transaction=True)
def test_moves_to_and_fro_with_answers_and_readers_leave_everything_true(house, thread):
    root, answer, _gone = thread
    other = factories.create_comment(house.reading, house.owner, "The other way.", number=7)
    below = factories.create_comment(house.reading, house.member, "Below.", number=7, parent=other)

    def reads(person):
        def act():
            comments = list(Comment.objects.filter(state=State.VISIBLE))
            seen.see(reading=house.reading, comments=comments, by=person)

        return act

    def moves(comment, number):
        def act():
            try:
                move(comment, number, house.reading)
            except ValueError:
                return "there"
            return "moved"

        return act

    def answers(comment):
        return lambda: factories.create_comment(house.reading, house.other, f"{uuid.uuid4()}", parent=comment)

    for _round in range(5):
        at_once(
            moves(root, 7), moves(other, 4), moves(root, 5), moves(other, 5), answers(answer), answers(root),
            answers(below), reads(house.organizer), reads(house.moderator), reads(house.owner),
        )  # fmt: skip
        at_once(moves(root, 4), moves(other, 7), answers(answer), reads(house.organizer))
        assert_counters_are_true(house.reading)
        assert_threads_are_whole()
        assert_seen_is_true(house.reading)


def assert_threads_are_whole():
    for comment in Comment.objects.filter(root__isnull=False).select_related("root"):
        assert (comment.paragraph_id, comment.version_id) == (comment.root.paragraph_id, comment.root.version_id)


def assert_seen_is_true(reading):
    """Of each reader and paragraph: as many visible comments are seen as are counted."""
    for row in Seen.objects.filter(reading=reading):
        there = Comment.objects.filter(reading=reading, paragraph=row.paragraph_id, state=State.VISIBLE)
        numbers = list(there.values_list("sequence", flat=True))
        assert sum(any(number in part for part in row.sequences) for number in numbers) == row.comments
    for row in ParagraphActivity.objects.filter(reading=reading):
        highest = Comment.objects.filter(reading=reading, paragraph=row.paragraph_id).order_by("-sequence").first()
        assert highest is None or highest.sequence <= row.said


@pytest.mark.django_db(transaction=True)
def test_were_the_first_comment_not_held_by_who_answers_the_answer_would_be_left_behind(house, thread, monkeypatch):
    """The control: holding only what is answered, as before threads were moved."""
    root, answer, _gone = thread
    fresh = factories.create_comment(house.reading, house.other, "New.", parent=answer)
    held = actions.held
    monkeypatch.setattr(actions, "held", lambda pks: held(set(pks) - {root.pk} or pks))
    listed = moderating.held_keys
    monkeypatch.setattr(moderating, "held_keys", lambda comments: [*listed(comments.exclude(pk=fresh.pk)), fresh.pk])

    def answers():
        return factories.create_comment(house.reading, house.owner, "At this moment.", parent=fresh)

    in_two_transactions(answers, lambda: move(root, 7, house.reading))
    numbers = set(root.thread.values_list("version__number", flat=True))
    assert numbers == {4, 7}
