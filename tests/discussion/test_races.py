"""Many requests at the same moment. What must never happen cannot, whoever comes first; and nobody is shown an error.

Beside each race stands its control: the same crowd without what guards the site, to show that the crowd is a crowd.
"""

import uuid
from concurrent.futures import ThreadPoolExecutor
from itertools import count
from threading import Barrier, Event

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import IntegrityError, OperationalError, connection, transaction
from django.urls import reverse

from readinggroup.discussion import actions, questions, reactions
from readinggroup.discussion.models import Comment, QuestionState, State
from readinggroup.groups.actions import take_in
from readinggroup.groups.models import Membership, Role
from readinggroup.lib.markup import render_markdown
from readinggroup.moderation.models import Report
from readinggroup.readings.actions import bring_text, reading_from_file
from readinggroup.readings.models import ParagraphActivity, Place, Reading, TextImport
from texts.importing import read
from texts.importing.saving import keep_source, save_edition, sha256_of

from .. import factories
from ..thoroughness import thoroughly

pytestmark = pytest.mark.django_db(transaction=True)

ROUNDS = thoroughly(5, 2)
SOON = 30  # seconds after which a crowd that hangs is a deadlock


def at_once(*acts):
    """What each act answered, all begun at the same moment, each in a thread with a connection of its own."""
    barrier = Barrier(len(acts))

    def run(act):
        try:
            connection.ensure_connection()
            barrier.wait(SOON)
            return act()
        finally:
            connection.close()

    with ThreadPoolExecutor(len(acts)) as threads:
        return [future.result(SOON) for future in [threads.submit(run, act) for act in acts]]


def paragraph_page(reading, number=4):
    paragraph = factories.version_of(reading, number).paragraph.public_id
    return reverse("discussion:paragraph", args=[reading.group.slug, reading.slug, paragraph])


def sends(client, address, **data):
    """A request to be made later."""
    return lambda: client.post(address, data)


def posts(client, reading, body, *, number=4, key=None):
    return sends(client, f"{paragraph_page(reading, number)}comment/", body=body, key=key or uuid.uuid4())


def acts_on(client, comment, name, **data):
    return sends(client, reverse(f"discussion:{name}", args=[comment.public_id]), **data)


def assert_counters_are_true(reading):
    listed = {}
    for paragraph in Comment.objects.filter(reading=reading, state=State.VISIBLE).values_list("paragraph", flat=True):
        listed[paragraph] = listed.get(paragraph, 0) + 1
    activity = ParagraphActivity.objects.filter(reading=reading).values_list("paragraph", "comments")
    assert {paragraph: comments for paragraph, comments in activity if comments} == listed


# --- One form sent many times -----------------------------------------------------------------------------------------


def test_one_form_sent_many_times_at_once_is_one_comment(house, as_user):
    clients = [as_user(house.member) for _ in range(16)]
    for number in range(ROUNDS):
        key = uuid.uuid4()
        answers = at_once(*(posts(client, house.reading, f"Only once, {number}.", key=key) for client in clients))
        comment = Comment.objects.get(body=f"Only once, {number}.")
        where = reverse("discussion:comment", args=[comment.public_id])
        assert [(answer.status_code, answer["Location"]) for answer in answers] == [(302, where)] * 16
    assert Comment.objects.count() == ROUNDS
    assert_counters_are_true(house.reading)


def test_one_answer_sent_many_times_at_once_is_one_answer(house, as_user):
    asked = factories.create_comment(house.reading, house.member)
    key = uuid.uuid4()
    answers = at_once(
        *(acts_on(as_user(house.other), asked, "answer_comment", body="Once.", key=key) for _ in range(16))
    )
    assert len({answer["Location"] for answer in answers}) == 1
    assert asked.answers.count() == 1
    assert_counters_are_true(house.reading)


def test_looking_first_would_post_it_several_times(house):
    """The control: a form without a key, and a check that looks whether the words are there already."""
    version, looked = factories.version_of(house.reading), Barrier(8)

    def post_carelessly():
        is_new = not Comment.objects.filter(author=house.member, body="Only once.").exists()
        looked.wait(SOON)
        if is_new:
            actions.post(reading=house.reading, version=version, body="Only once.", key=uuid.uuid4(), by=house.member)

    at_once(*[post_carelessly] * 8)
    assert Comment.objects.count() > 1


# --- Counters ---------------------------------------------------------------------------------------------------------


def test_many_posts_at_one_paragraph_are_all_there_and_counted(house, as_user):
    clients = [as_user(user) for user in (house.member, house.other, house.owner, house.organizer) for _ in range(4)]
    for number in range(ROUNDS):
        answers = at_once(*(posts(client, house.reading, f"{number} by {who}") for who, client in enumerate(clients)))
        assert [answer.status_code for answer in answers] == [302] * 16
        assert_counters_are_true(house.reading)
    assert Comment.objects.count() == ParagraphActivity.objects.get().comments == 16 * ROUNDS


def test_counting_in_python_would_lose_some(house):
    """The control: the number read, and one more written back."""
    activity = ParagraphActivity.objects.create(
        reading=house.reading, paragraph=factories.version_of(house.reading).paragraph
    )
    has_read = Barrier(8)

    def count_carelessly():
        comments = ParagraphActivity.objects.get(pk=activity.pk).comments
        has_read.wait(SOON)
        ParagraphActivity.objects.filter(pk=activity.pk).update(comments=comments + 1)

    at_once(*[count_carelessly] * 8)
    activity.refresh_from_db()
    assert activity.comments < 8


def test_everything_at_once_at_several_paragraphs_leaves_true_counters_and_no_deadlock(house, as_user):
    numbers = [4, 5, 6, 7]
    mine = [factories.create_comment(house.reading, house.member, number=number) for number in numbers]
    theirs = [factories.create_comment(house.reading, house.other, number=number) for number in numbers]
    word = count()
    clients = {user: [as_user(user) for _ in range(8)] for user in (house.member, house.other)}

    def run_of(client, steps):
        return lambda: [step(client)() for step in steps]

    def post_at(number):
        return lambda client: posts(client, house.reading, f"word {next(word)}", number=number)

    def act_on(comment, name, **data):
        return lambda client: acts_on(client, comment, name, **data)

    runs = [
        (house.member, [post_at(number) for number in numbers]),
        (house.other, [post_at(number) for number in reversed(numbers)]),
        (house.member, [act_on(comment, "withdraw_comment") for comment in mine]),
        (house.member, [act_on(comment, "put_back_comment") for comment in reversed(mine)]),
        (house.member, [act_on(comment, "edit_comment", body="new words", wording=1) for comment in reversed(mine)]),
        (house.other, [act_on(comment, "answer_comment", body="why?", key=uuid.uuid4()) for comment in mine]),
        (house.other, [act_on(comment, "withdraw_comment") for comment in reversed(theirs)]),
        (house.member, [act_on(comment, "answer_comment", body="so", key=uuid.uuid4()) for comment in theirs]),
    ]
    for _ in range(ROUNDS):
        # The same key in every round: from the second on, the answers are there already.
        crowd = [run_of(clients[user][place], steps) for place, (user, steps) in enumerate(runs)]
        statuses = {answer.status_code for answers in at_once(*crowd) for answer in answers}
        assert statuses <= {302, 404, 409}  # 404: edited or answered while it was withdrawn
        assert_counters_are_true(house.reading)


def test_one_person_in_several_windows_at_one_paragraph_waits_for_nobody_in_a_circle(house):
    """Each act holds the person's membership, comments and the paragraph's counter: all of them in this order."""
    version = factories.version_of(house.reading)
    others = factories.create_comment(house.reading, house.other)
    word = count()
    for _ in range(2 * ROUNDS):
        mine = [factories.create_comment(house.reading, house.member, f"mine {next(word)}") for _ in range(3)]

        def post(parent=None):
            words = {"body": f"word {next(word)}", "key": uuid.uuid4(), "by": house.member}
            return lambda: actions.post(reading=house.reading, version=version, parent=parent, **words)

        def reword(comment):
            words = {"body": f"other words {next(word)}", "wording": 1, "by": house.member}
            return lambda: actions.reword(comment=comment, **words)

        def mark(is_set):
            return lambda: reactions.mark(comment=others, kind="agree", by=house.member, is_set=is_set)

        def ask(comment):
            open_one = {"question": QuestionState.OPEN, "was": ":", "by": house.member}
            return lambda: questions.settle_question(root=comment, **open_one)

        at_once(post(), post(), reword(mine[0]), reword(mine[1]), post(mine[0]), mark(True), mark(False), ask(mine[2]))
        at_once(
            *(post() for _ in range(3)),
            lambda: actions.withdraw_all(group=house.group, by=house.member),
            lambda: actions.withdraw_all(group=house.group, by=house.member),
        )
        assert_counters_are_true(house.reading)


def test_the_counter_before_the_membership_would_be_a_deadlock(house):
    """The control: one act holds them in their order, the other carelessly the other way round."""
    first, second = (factories.create_comment(house.reading, house.member) for _ in range(2))
    hold_one = Barrier(2)

    def in_order():
        with transaction.atomic():
            Membership.objects.hold(group=house.group, user=house.member)
            hold_one.wait(SOON)
            actions.withdraw(comment=first, by=house.member)

    def carelessly():
        with transaction.atomic():
            actions.withdraw(comment=second, by=house.member)
            hold_one.wait(SOON)
            Membership.objects.hold(group=house.group, user=house.member)

    with pytest.raises(OperationalError, match="deadlock detected"):
        at_once(in_order, carelessly)


def test_bulk_changes_over_several_paragraphs_at_once_leave_true_counters_and_no_deadlock(house):
    """Statements that touch the same counters in whatever order: an import, and a decision about many comments."""
    versions = [factories.version_of(house.reading, number) for number in range(3, 10)]
    users = [house.member, house.other, house.owner, house.organizer]

    def comment_at(version, user, number):
        return Comment(
            reading=house.reading, version=version, paragraph_id=version.paragraph_id, author=user,
            body=f"{number}", body_html=f"<p>{number}</p>",
        )  # fmt: skip

    def say_much(user, order):
        return lambda: Comment.objects.bulk_create(
            comment_at(version, user, number) for version in versions for number in order(range(20))
        )

    def hide_all_of(user):
        return lambda: Comment.objects.filter(author=user).update(state=State.HIDDEN)

    def show_all_of(user):
        return lambda: Comment.objects.filter(author=user).update(state=State.VISIBLE)

    for _ in range(ROUNDS):
        at_once(*(say_much(user, order) for user in users for order in (list, reversed)))
        assert_counters_are_true(house.reading)
        at_once(*(hide_all_of(user) for user in users), *(say_much(user, reversed) for user in users))
        assert_counters_are_true(house.reading)
        at_once(*(show_all_of(user) for user in users), *(say_much(user, list) for user in users))
        assert_counters_are_true(house.reading)


# --- Answering what is being withdrawn --------------------------------------------------------------------------------


def test_an_answer_is_either_in_time_or_refused_with_its_words(house, as_user):
    refused = 0
    for number in range(2 * ROUNDS):
        asked = factories.create_comment(house.reading, house.member, f"question {number}")
        answerers = [as_user(house.other) for _ in range(6)]
        crowd = [
            acts_on(client, asked, "answer_comment", body=f"answer {number} {place}", key=uuid.uuid4())
            for place, client in enumerate(answerers)
        ]
        crowd.insert(number % 7, acts_on(as_user(house.member), asked, "withdraw_comment"))
        answers = at_once(*crowd)
        assert answers.pop(number % 7).status_code == 302
        asked.refresh_from_db()
        assert asked.state == State.WITHDRAWN
        for place, answer in enumerate(answers):
            words, there = f"answer {number} {place}", Comment.objects.filter(body=f"answer {number} {place}")
            if answer.status_code == 302:
                assert there.get().parent == asked
            elif there.exists() or words not in answer.content.decode():
                raise AssertionError(f"{answer.status_code}, and the words are lost")
            else:
                # 404: it was withdrawn before the request had begun, and nobody had answered it.
                assert answer.status_code in {409, 404}
            refused += answer.status_code != 302
        page = as_user(None).get(paragraph_page(house.reading)).content.decode()
        assert f"question {number}" not in page
        assert_counters_are_true(house.reading)


def in_two_transactions(first, second):
    """`first` in a transaction that stays open until `second`, begun meanwhile, has had time to be done."""
    has_begun, go_on = Event(), Event()

    def hold():
        with transaction.atomic():
            first()
            has_begun.set()
            return not go_on.wait(0.3)

    def follow():
        has_begun.wait(SOON)
        try:
            return second()
        finally:
            go_on.set()

    return at_once(hold, follow)


def test_who_answers_waits_for_who_withdraws(house):
    asked = factories.create_comment(house.reading, house.member)
    version = factories.version_of(house.reading)

    def answer():
        with pytest.raises(actions.AnswerRefused) as refusal:
            actions.post(
                reading=house.reading, version=version, body="late", key=uuid.uuid4(), by=house.other, parent=asked
            )
        return refusal.value.reason

    waited, reason = in_two_transactions(lambda: actions.withdraw(comment=asked, by=house.member), answer)
    assert waited
    assert reason == actions.GONE
    assert not asked.answers.exists()


def test_who_withdraws_waits_for_who_answers(house):
    asked = factories.create_comment(house.reading, house.member)
    waited, _ = in_two_transactions(
        lambda: factories.create_comment(house.reading, house.other, parent=asked),
        lambda: actions.withdraw(comment=asked, by=house.member),
    )
    assert waited
    asked.refresh_from_db()
    assert (asked.state, asked.answers.count()) == (State.WITHDRAWN, 1)
    assert_counters_are_true(house.reading)


def test_an_answer_deep_in_a_thread_and_an_edit_of_its_beginning_do_not_lock_one_another_out(house):
    """The answer holds the paragraph's counter and, when it ends, looks at the root; the edit holds the root first."""
    root = factories.create_comment(house.reading, house.member)
    asked = factories.create_comment(house.reading, house.other, parent=root)
    _, reworded = in_two_transactions(
        lambda: factories.create_comment(house.reading, house.owner, parent=asked),
        lambda: actions.reword(comment=root, body="new words", wording=1, by=house.member),
    )
    assert (reworded.wording, asked.answers.count()) == (2, 1)
    assert_counters_are_true(house.reading)


@pytest.mark.parametrize("act", [actions.withdraw, actions.put_back])
def test_nor_do_an_answer_and_a_withdrawal_of_its_beginning(house, act):
    root = factories.create_comment(house.reading, house.member)
    asked = factories.create_comment(house.reading, house.other, parent=root)
    if act is actions.put_back:
        actions.withdraw(comment=root, by=house.member)
    in_two_transactions(
        lambda: factories.create_comment(house.reading, house.owner, parent=asked),
        lambda: act(comment=root, by=house.member),
    )
    assert asked.answers.count() == 1
    assert_counters_are_true(house.reading)


def test_without_the_lock_an_answer_would_come_after_the_withdrawal(house):
    """The control: the state looked at, and the answer written a moment later."""
    asked = factories.create_comment(house.reading, house.member)
    version, looked, withdrawn = factories.version_of(house.reading), Event(), Event()

    def answer_carelessly():
        may_be_answered = Comment.objects.get(pk=asked.pk).state == State.VISIBLE
        looked.set()
        withdrawn.wait(SOON)
        if may_be_answered:
            Comment.objects.create(
                reading=house.reading, paragraph=version.paragraph, version=version, parent=asked, root=asked, depth=1,
                author=house.other, body="late", body_html="late",
            )  # fmt: skip

    def withdraw():
        looked.wait(SOON)
        actions.withdraw(comment=asked, by=house.member)
        withdrawn.set()

    at_once(answer_carelessly, withdraw)
    assert asked.answers.count() == 1


# --- Two edits --------------------------------------------------------------------------------------------------------


def test_of_many_edits_of_one_wording_one_stands_and_the_others_are_told(house, as_user):
    clients = [as_user(house.member) for _ in range(8)]
    for number in range(ROUNDS):
        comment = factories.create_comment(house.reading, house.member, f"As it was {number}.")
        crowd = [
            acts_on(client, comment, "edit_comment", body=f"Changed {number} {place}.", wording=1)
            for place, client in enumerate(clients)
        ]
        answers = at_once(*crowd)
        assert sorted(answer.status_code for answer in answers) == [302] + [409] * 7
        comment.refresh_from_db()
        assert comment.wording == 2
        assert list(comment.wordings.values_list("body", flat=True)) == [f"As it was {number}."]
        for place, answer in enumerate(answers):
            if answer.status_code == 409:
                assert f"Changed {number} {place}." in answer.content.decode()
                assert comment.body in answer.content.decode()
            else:
                assert comment.body == f"Changed {number} {place}."


def test_looking_first_would_overwrite_an_edit_unseen(house):
    """The control: the wording compared, and the words written a moment later."""
    comment = factories.create_comment(house.reading, house.member)
    looked, done = Barrier(4), []

    def reword_carelessly():
        standing = Comment.objects.get(pk=comment.pk)
        looked.wait(SOON)
        if standing.wording == 1:
            standing.body, standing.wording = str(uuid.uuid4()), 2
            standing.body_html = render_markdown(standing.body)
            standing.save()
            done.append(standing.body)

    at_once(*[reword_carelessly] * 4)
    assert len(done) > 1


def test_an_edit_and_a_withdrawal_at_once_leave_it_withdrawn_with_every_wording_kept(house, as_user):
    for number in range(ROUNDS):
        comment = factories.create_comment(house.reading, house.member, f"First {number}.")
        edit = acts_on(as_user(house.member), comment, "edit_comment", body=f"Second {number}.", wording=1)
        answers = at_once(edit, acts_on(as_user(house.member), comment, "withdraw_comment"))
        assert answers[0].status_code in {302, 404, 409}
        assert answers[1].status_code == 302
        comment.refresh_from_db()
        assert comment.state == State.WITHDRAWN
        kept = {comment.body, *comment.wordings.values_list("body", flat=True)}
        assert kept == {f"First {number}.", *([comment.body] if comment.wording == 2 else [])}
    assert_counters_are_true(house.reading)


# --- One file, one membership, one report, one place ------------------------------------------------------------------

FILE = b"The Well\n\nby Ada Lind\n\nNobody had drawn water here since the war.\n\nThe rope was new.\n"
DETAILS = {"title": "The Well", "author": "Ada Lind", "language": "en"}


def test_one_file_brought_by_two_organizers_at_once_is_one_reading(house, as_user):
    clients = [as_user(house.organizer), as_user(house.owner)]
    for number in range(2):
        content = FILE + b"x" * number
        upload = reverse("readings:import_text", args=[house.group.slug])
        uploads = at_once(*(sends(client, upload, file=SimpleUploadedFile("well.txt", content)) for client in clients))
        previews = [answer["Location"] for answer in uploads]
        assert len(set(previews)) == 2
        title = f"The Well {number}"
        answers = at_once(
            *(sends(client, page, **DETAILS | {"title": title}) for client, page in zip(clients, previews, strict=True))
        )
        reading = Reading.objects.get(edition__title=title)
        where = reverse("readings:reading_page", args=[house.group.slug, reading.slug])
        assert [answer["Location"] for answer in answers] == [where] * 2
        assert TextImport.objects.filter(reading=reading).count() == 2


def test_different_files_of_one_title_at_once_are_as_many_readings(house):
    def bring(number):
        content = FILE + b"x" * number
        document = read(content, filename="well.txt")
        return lambda: bring_text(group=house.group, document=document, source_file=keep_source(content, "well.txt"))

    readings = at_once(*(bring(number) for number in range(8)))
    assert len({reading.slug for reading in readings}) == 8


def test_looking_first_would_bring_a_file_twice(house):
    """The control: the shelf looked at, and the text put there a moment later."""
    document, looked = read(FILE, filename="well.txt"), Barrier(2)

    def bring_carelessly(slug):
        known = reading_from_file(group=house.group, sha256=sha256_of(FILE))
        looked.wait(SOON)
        if known is None:
            edition = save_edition(document, keep_source(FILE, "well.txt"))
            Reading.objects.create(group=house.group, edition=edition, slug=slug)

    at_once(lambda: bring_carelessly("one"), lambda: bring_carelessly("two"))
    assert Reading.objects.filter(edition__title="The Well").count() == 2


def test_someone_taken_in_many_times_at_once_is_a_member_once(house):
    for _ in range(ROUNDS):
        user = factories.create_user()
        memberships = at_once(*[lambda user=user: take_in(group=house.group, user=user)] * 16)
        assert len({membership.pk for membership in memberships}) == 1
        assert Membership.objects.get(user=user).is_member


def test_looking_first_would_end_in_an_error_for_most(house):
    """The control: the database still refuses a second membership, and whoever looked first is shown it as an error."""
    user, looked, errors = factories.create_user("Nora"), Barrier(8), []

    def take_in_carelessly():
        is_new = not Membership.objects.filter(group=house.group, user=user).exists()
        looked.wait(SOON)
        try:
            if is_new:
                Membership.objects.create(group=house.group, user=user)
        except IntegrityError as error:
            errors.append(error)

    at_once(*[take_in_carelessly] * 8)
    assert len(errors) == 7


def test_one_report_sent_many_times_at_once_is_one_and_nobody_sees_an_error(house, as_user):
    clients = [as_user(house.other) for _ in range(8)] + [as_user(house.moderator) for _ in range(8)]
    for _ in range(ROUNDS):
        comment = factories.create_comment(house.reading, house.member)
        address = reverse("moderation:report_comment", args=[comment.public_id])
        answers = at_once(*(sends(client, address, words="This is an advertisement.") for client in clients))
        assert {answer.status_code for answer in answers} == {302}
        assert Report.objects.filter(comment=comment).count() == 2


def test_a_report_of_what_is_being_withdrawn_is_no_error(house, as_user):
    for _ in range(ROUNDS):
        comment = factories.create_comment(house.reading, house.member)
        address = reverse("moderation:report_comment", args=[comment.public_id])
        crowd = [
            sends(as_user(house.other), address, words="Rude."),
            sends(as_user(house.owner), address, words="Rude."),
        ]
        answers = at_once(*crowd, acts_on(as_user(house.member), comment, "withdraw_comment"))
        assert {answer.status_code for answer in answers} <= {302, 404}


def test_a_place_kept_many_times_at_once_is_one_place(house, as_user):
    address = reverse("readings:keep_place", args=[house.group.slug, house.reading.slug])
    paragraph = factories.version_of(house.reading).paragraph.public_id
    for user in (house.member, house.other):
        answers = at_once(*(sends(as_user(user), address, paragraph=paragraph) for _ in range(8)))
        assert {answer.status_code for answer in answers} == {302}
        assert Place.objects.filter(user=user).count() == 1


def test_roles_given_at_once_are_all_there(house):
    user = factories.create_user("Nora")
    at_once(*(lambda role=role: take_in(group=house.group, user=user, roles=[role]) for role in Role.values))
    assert Membership.objects.get(user=user).roles == Role.values
