"""Read first: what is said about a session's passages waits until it opens, or until one has written there."""

import re
from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from readinggroup.discussion import actions as talk
from readinggroup.discussion import pages
from readinggroup.discussion.following import choose
from readinggroup.discussion.models import Comment, Level, OpenedComment, State
from readinggroup.discussion.moderating import approve
from readinggroup.group_deletion import delete_due_groups
from readinggroup.groups.models import Group, Membership
from readinggroup.my_data.contents import PARTS
from readinggroup.notifications.models import Notice
from readinggroup.readings import veils
from readinggroup.readings.models import Reading, Veil, VeiledParagraph
from readinggroup.schedule import actions
from readinggroup.schedule.models import ReadingSession, SessionState
from readinggroup.tasks import mind_veils

from .. import factories
from ..conftest import signed_in_as
from ..discussion.test_races import paragraph_page, posts
from ..discussion.test_unread import unread_of
from .read_first import a_session, let_time_come, read_first


@pytest.fixture
def session(house):
    return read_first(house)


def covered(session) -> list:
    """The numbers of the paragraphs that lie under the session's veil."""
    rows = VeiledParagraph.objects.filter(veil=session.veil_id)
    numbers = {version.paragraph_id: version.number for version in session.reading.edition.current.versions.all()}
    return sorted(numbers[row.paragraph_id] for row in rows)


def reads(person, house, words, number=4):
    return words in signed_in_as(person).get(paragraph_page(house.reading, number)).text


def states():
    return [str(state) for state in Comment.objects.order_by("pk").values_list("state", flat=True)]


# --- When a veil is drawn, and when it is opened ---------------------------------------------------------------------


def test_a_draft_draws_no_veil_scheduling_does_and_only_if_it_is_to_be_read_first(house):
    draft = a_session(house)
    assert (draft.veil, covered(draft)) == (None, [])
    plain = actions.put_on_calendar(session=a_session(house, read_first=False), by=house.organizer)
    assert plain.veil is None
    session = actions.put_on_calendar(session=draft, by=house.organizer)
    assert covered(session) == [4, 5]
    assert session.veil.until == session.starts_at
    assert read_first(house, days=-1).veil is None


@pytest.mark.parametrize("act", ["open_session", "cancel", "not read first", "its time", "deleted passages"])
def test_everything_is_opened_together_by(house, session, act):
    for number in (4, 5):
        factories.create_comment(house.reading, house.member, f"About {number}.", number=number)
    assert states() == ["veiled", "veiled"]
    assert not reads(house.other, house, "About 4.")
    if act == "open_session":
        actions.open_session(session=session, by=house.organizer)
    elif act == "cancel":
        actions.cancel(session=session, by=house.organizer, reason="Ill.")
    elif act == "its time":
        let_time_come(session)
        mind_veils(timestamp=0)
    else:
        change = {"read_first": False} if act == "not read first" else {"passages": []}
        actions.change(session=session, version=session.version, by=house.organizer, **change)
    assert states() == ["visible", "visible"]
    for number in (4, 5):
        assert reads(house.other, house, f"About {number}.", number)
        assert reads(None, house, f"About {number}.", number)
    again = factories.create_comment(house.reading, house.member, "Said since.")
    assert again.state == State.VISIBLE


def test_nothing_opens_before_its_time_and_a_session_that_is_put_off_takes_its_veil_along(house, session):
    comment = factories.create_comment(house.reading, house.member)
    mind_veils(timestamp=0)
    assert states() == ["veiled"]
    later = actions.change(
        session=session, version=session.version, by=house.organizer, date=session.date + timedelta(days=7)
    )
    assert (later.veil_id, later.veil.until) == (session.veil_id, later.starts_at)
    let_time_come(later)
    later = actions.change(
        session=later, version=later.version, by=house.organizer, date=later.date + timedelta(days=1)
    )
    assert veils.open_due() == 0
    comment.refresh_from_db()
    assert comment.state == State.VEILED


def test_one_that_was_opened_stays_open_and_what_is_said_until_the_new_day_waits_again(house, session):
    old = factories.create_comment(house.reading, house.member)
    let_time_come(session)
    veils.open_due()
    session = actions.change(
        session=session, version=session.version, by=house.organizer, date=session.date + timedelta(days=7)
    )
    assert session.veil.opened_at is None
    new = factories.create_comment(house.reading, house.other)
    old.refresh_from_db()
    assert (old.state, new.state) == (State.VISIBLE, State.VEILED)
    # Who wrote before that veil was drawn writes anew.
    standing = Membership.objects.standing(house.member.pk, house.group.slug)
    assert not Comment.objects.readable_by(standing).filter(pk=new.pk)


def test_other_passages_open_what_is_left_and_cover_what_is_added_without_hiding_what_was_said_there(house, session):
    left, kept = (factories.create_comment(house.reading, house.member, number=number) for number in (4, 5))
    seen = factories.create_comment(house.reading, house.member, number=6)
    passages = [(factories.version_of(house.reading, 7).paragraph, factories.version_of(house.reading, 5).paragraph)]
    session = actions.change(session=session, version=session.version, by=house.organizer, passages=passages)
    assert covered(session) == [5, 6, 7]
    added = factories.create_comment(house.reading, house.member, number=6)
    for comment in (left, kept, seen, added):
        comment.refresh_from_db()
    assert [comment.state for comment in (left, kept, seen, added)] == ["visible", "veiled", "visible", "veiled"]


def test_where_two_sessions_meet_opening_opens_and_cancelling_leaves_it_to_the_other(house):
    first, second = read_first(house), read_first(house, first=5, last=7, days=9)
    comment = factories.create_comment(house.reading, house.member, number=5)
    actions.cancel(session=first, by=house.organizer, reason="Ill.")
    comment.refresh_from_db()
    assert (comment.state, comment.veil_id) == (State.VEILED, second.veil_id)
    third = read_first(house)
    actions.open_session(session=third, by=house.organizer)
    comment.refresh_from_db()
    assert comment.state == State.VISIBLE
    assert factories.create_comment(house.reading, house.member, number=5).state == State.VEILED


def test_sessions_made_past_the_actions_get_their_veil_within_a_minute(house):
    """As of a series, which makes many at once."""
    session = a_session(house)
    ReadingSession.objects.filter(pk=session.pk).update(state=SessionState.SCHEDULED)
    mind_veils(timestamp=0)
    session.refresh_from_db()
    assert covered(session) == [4, 5]


def test_another_reading_of_the_same_text_is_not_veiled(house, session):
    other = Reading.objects.create(group=house.group, edition=house.reading.edition, slug="again", state="current")
    assert factories.create_comment(other, house.member).state == State.VISIBLE


# --- Who reads what --------------------------------------------------------------------------------------------------


def test_who_has_written_there_reads_what_others_wrote_there_and_nowhere_else(house, as_user, session):
    theirs = factories.create_comment(house.reading, house.member, "Mine about four.")
    factories.create_comment(house.reading, house.member, "Mine about five.", number=5)
    client = as_user(house.other)
    page = paragraph_page(house.reading)
    assert "Mine about four." not in client.get(page).text
    assert client.get(f"/c/{theirs.public_id}/").status_code == 404
    answer = posts(client, house.reading, "I think so, too.")()
    assert answer.status_code == 302
    text = client.get(page).text
    assert "Mine about four." in text
    assert "You now see what others have written here" in text
    assert client.get(f"/c/{theirs.public_id}/").status_code == 302
    assert not reads(house.other, house, "Mine about five.", 5)
    assert reads(house.member, house, "I think so, too.")
    assert not reads(house.organizer, house, "I think so, too.")
    talk.withdraw(comment=Comment.objects.get(author=house.other), by=house.other)
    assert reads(house.other, house, "Mine about four.")  # what one has read one has read


def test_who_wrote_there_before_the_veil_was_drawn_has_not_written_under_it(house):
    factories.create_comment(house.reading, house.other, "Long ago.")
    read_first(house)
    factories.create_comment(house.reading, house.member, "Of now.")
    assert reads(None, house, "Long ago.")
    assert not reads(house.other, house, "Of now.")


def test_moderators_read_what_was_reported_and_nothing_else(house, as_user, session):
    reported = factories.create_comment(house.reading, house.member, "Reported words.")
    factories.create_comment(house.reading, house.member, "Other words.")
    factories.create_comment(house.reading, house.other, "To see it.")
    report = reverse("moderation:report_comment", args=[reported.public_id])
    assert as_user(house.organizer).post(report, {"words": "Look."}).status_code == 404
    assert not reads(house.moderator, house, "Reported words.")
    assert as_user(house.other).post(report, {"words": "Look."}).status_code == 302
    case = reported.cases.get()
    page = as_user(house.moderator).get(reverse("moderation:case", args=[house.group.slug, case.pk])).text
    assert "Reported words." in page
    assert "Other words." not in page
    for words, seen in (("Reported words.", True), ("Other words.", False), ("To see it.", False)):
        assert reads(house.moderator, house, words) == seen
        assert not reads(house.organizer, house, words)
    decided = {
        "action": "hide",
        "on": "law",
        "words": "Because.",
        "seen": re.findall(r'name="seen" value="([^"]+)"', page),
    }
    decide = reverse("moderation:decide", args=[house.group.slug])
    assert as_user(house.moderator).post(decide, decided).status_code == 302
    reported.refresh_from_db()
    assert reported.state == State.HIDDEN
    for person in (None, house.organizer):
        page = as_user(person).get(paragraph_page(house.reading)).text
        assert reported.public_id not in page  # not even that something was hidden, before it is opened
    actions.open_session(session=session, by=house.organizer)
    page = as_user(None).get(paragraph_page(house.reading)).text
    assert f"c-{reported.public_id}" in page
    assert "Reported words." not in page


def test_what_is_held_is_looked_at_and_then_waits_with_the_rest(house, session):
    house.group.hold_first = 3
    house.group.save()
    comment = factories.create_comment(house.reading, house.member, "A newcomer's.")
    assert comment.state == State.HELD
    assert reads(house.moderator, house, "A newcomer's.")
    approve(comment=talk.held([comment.pk])[comment.pk])
    comment.refresh_from_db()
    assert comment.state == State.VEILED
    assert not Notice.objects.filter(about=comment.public_id).exists()
    assert not reads(house.other, house, "A newcomer's.")
    actions.open_session(session=session, by=house.organizer)
    assert reads(house.other, house, "A newcomer's.")


def test_taken_back_and_put_back_it_waits_and_is_shown_when_the_veil_was_opened_meanwhile(house, session):
    comment = factories.create_comment(house.reading, house.member)
    talk.withdraw(comment=comment, by=house.member)
    talk.put_back(comment=comment, by=house.member)
    assert states() == ["veiled"]
    talk.withdraw(comment=comment, by=house.member)
    actions.open_session(session=session, by=house.organizer)
    assert states() == ["withdrawn"]
    talk.put_back(comment=comment, by=house.member)
    assert states() == ["visible"]


def test_words_from_before_the_opening_stay_with_their_author(house, as_user, session):
    comment = factories.create_comment(house.reading, house.member, "A first try.")
    talk.reword(comment=comment, body="A second try.", wording=1, by=house.member)
    actions.open_session(session=session, by=house.organizer)
    wordings = reverse("discussion:wordings", args=[comment.public_id])
    assert "A first try." not in as_user(house.other).get(wordings).text
    assert "A first try." in as_user(house.member).get(wordings).text


# --- Numbers ---------------------------------------------------------------------------------------------------------


def test_how_much_waits_is_said_and_counts_as_nothing_else(house, as_user, session):
    before = unread_of(house.reading, house.other)
    for number in (4, 4, 5):
        factories.create_comment(house.reading, house.member, number=number)
    client = as_user(house.other)
    page = client.get(paragraph_page(house.reading)).text
    assert "2 wait" in page
    assert "Write something yourself" in page
    assert "0 comments" in page
    assert "Nobody has said anything" not in page
    text = client.get(reverse("readings:reading_page", args=[house.group.slug, house.reading.slug])).text
    assert text.count("2 wait") == text.count(", 1 wait") == 1
    assert unread_of(house.reading, house.other) == before == {}
    pulse = reverse("discussion:pulse", args=[house.group.slug, house.reading.slug])
    paragraph = factories.version_of(house.reading).paragraph.public_id
    news = client.get(f"{pulse}?at={paragraph}&since=0").json()
    assert news["new"] == 0
    assert "2 wait" in news["said"][paragraph]
    assert veils.waiting_under(session.veil) == 3
    assert "3 comments wait" in client.get(reverse("schedule:session", args=[house.group.slug, session.public_id])).text
    actions.open_session(session=session, by=house.organizer)
    assert unread_of(house.reading, house.other) == {4: 2, 5: 1}
    assert " wait" not in client.get(paragraph_page(house.reading)).text


def test_who_has_read_it_under_the_veil_does_not_find_it_unread_nor_told_when_it_is_opened(house, as_user, session):
    choose(by=house.other, reading=house.reading, level=Level.WATCH)
    choose(by=house.owner, reading=house.reading, level=Level.WATCH)
    first = factories.create_comment(house.reading, house.member, "The first.")
    client = as_user(house.other)
    posts(client, house.reading, "Mine.")()
    seen = reverse("discussion:mark_seen", args=[house.group.slug, house.reading.slug, first.paragraph.public_id])
    client.post(seen, {"comment": [first.public_id]})
    second = factories.create_comment(house.reading, house.member, "The second.")
    pulse = reverse("discussion:pulse", args=[house.group.slug, house.reading.slug])
    news = client.get(f"{pulse}?at={first.paragraph.public_id}&since={first.sequence}").json()
    assert news["new"] == 1
    assert not Notice.objects.filter(kind__startswith="discussion").exists()
    actions.open_session(session=session, by=house.organizer)
    assert unread_of(house.reading, house.other) == {4: 1}
    assert OpenedComment.objects.count() == 3
    mind_veils(timestamp=0)
    mind_veils(timestamp=0)
    about = Notice.objects.exclude(about="")
    told = {
        person: set(about.filter(recipient=person).values_list("about", flat=True))
        for person in (house.other, house.owner)
    }
    mine = Comment.objects.get(body="Mine.")
    assert told[house.other] == {second.public_id}
    assert told[house.owner] == {first.public_id, second.public_id, mine.public_id}
    assert not OpenedComment.objects.exists()


def test_pages_ask_no_more_under_a_veil(house, as_user):
    addresses = [
        paragraph_page(house.reading),
        reverse("readings:reading_page", args=[house.group.slug, house.reading.slug]),
        reverse("discussion:pulse", args=[house.group.slug, house.reading.slug]),
    ]

    def queries(who):
        client, counts = as_user(who), []
        for page in addresses:
            client.get(page)
            with CaptureQueriesContext(connection) as captured:
                client.get(page)
            counts.append(len(captured))
        return counts

    factories.create_comment(house.reading, house.member)
    everybody = (None, house.other, house.member, house.moderator)
    before = [queries(who) for who in everybody]
    session = read_first(house)
    for number in range(3):
        factories.create_comment(house.reading, house.member, f"{number} of them.")
    assert [queries(who) for who in everybody] == before
    assert before[0][1] <= 2
    assert before[1][1] <= 4
    actions.open_session(session=session, by=house.organizer)
    assert [queries(who) for who in everybody] == before


def test_a_page_that_is_made_while_its_reader_writes_in_another_window_is_not_kept_for_others(
    house, as_user, session, monkeypatch
):
    """The key says that they had not written there; so the page is that of who has not."""
    factories.create_comment(house.reading, house.member, "For who has written.")
    made = pages.made

    def overtaken(*args, **kwargs):
        monkeypatch.setattr(pages, "made", made)
        # After the question of how it stands: the counter that they know is put back, as if they had asked before.
        comment = factories.create_comment(house.reading, house.other, "In the other window.")
        activity = house.reading.activity.filter(paragraph=comment.paragraph_id)
        page = made(*args, **kwargs)
        activity.update(changes=activity.get().changes - 1, waiting=1, said=1)
        return page

    monkeypatch.setattr(pages, "made", overtaken)
    page = paragraph_page(house.reading)
    assert "For who has written." not in as_user(house.other).get(page).text
    assert "For who has written." not in as_user(house.owner).get(page).text


# --- What follows ----------------------------------------------------------------------------------------------------


def test_my_data_holds_my_own_words_and_nobody_elses(house, session):
    mine = factories.create_comment(house.reading, house.member, "My own words, @Milo.")

    def told_to(person):
        return " ".join(str(row) for part in PARTS for row in part.rows(person))

    assert "My own words" in told_to(house.member)
    assert mine.public_id not in told_to(house.other)
    actions.open_session(session=session, by=house.organizer)
    assert mine.public_id in told_to(house.other)  # where they were called by name


def test_a_group_is_removed_with_what_waits_in_it_and_its_sessions(house, session):
    factories.create_comment(house.reading, house.member)
    passed = read_first(house, first=7, last=7)
    factories.create_comment(house.reading, house.member, number=7)
    actions.open_session(session=passed, by=house.organizer)
    assert (OpenedComment.objects.count(), Veil.objects.count()) == (1, 2)
    Group.objects.filter(pk=house.group.pk).update(delete_at=timezone.now() - timedelta(seconds=1))
    assert delete_due_groups() == 1
    assert not Veil.objects.exists()
    assert not Comment.objects.exists()


def test_an_account_can_be_deleted_whose_words_wait(house, session):
    comment = factories.create_comment(house.reading, house.member, "My own words.")
    talk.erase_all(by=house.member)
    comment.refresh_from_db()
    assert (comment.state, comment.body) == (State.WITHDRAWN, talk.ERASED)
    actions.open_session(session=session, by=house.organizer)
    assert states() == ["withdrawn"]
    assert not reads(house.other, house, "My own words.")
