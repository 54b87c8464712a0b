"""Minutes: several write and nobody overwrites another; published once; what came of it stands at the paragraph."""

import re
import uuid
from datetime import timedelta
from functools import partial
from threading import Barrier

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from readinggroup.group_deletion import remove_group
from readinggroup.groups.models import Group
from readinggroup.notifications.models import Notice
from readinggroup.readings.models import DiscussedMark, ParagraphActivity
from readinggroup.schedule import actions
from readinggroup.schedule.actions.minutes import steps_missed
from readinggroup.schedule.models import Minutes, MinutesEntry, MinutesWording, Outcome, ReadingSession
from readinggroup.tasks import remind_of_minutes

from ..discussion.test_races import at_once, paragraph_page
from .agenda_steps import address, comes, create_session, ended, put_on_agenda, under_way
from .test_agenda import ask

pytestmark = pytest.mark.usefixtures("contexts")


def write(client, session, item, body, version=0, **headers):
    page = address("schedule:write_minutes", session, item if isinstance(item, str) else item.public_id)
    return client.post(page, {"body": body, "version": version}, headers=headers)


def decide(house, session, item, words="We read on.", by=None):
    return actions.note_decision(session=session, item=item, words=words, key=uuid.uuid4(), by=by or house.other)


def published(house, *, words="We read on."):
    """A session that is over, with a decision at paragraph 4, its minutes published."""
    it = under_way(house)
    it.outcome = decide(house, it.session, it.items[0], words)
    actions.write_minutes(session=it.session, item=it.items[0], version=0, body="It was *long*.", by=house.other)
    it.session = ended(it.session)
    actions.publish_minutes(session=it.session, by=house.organizer)
    return it


# --- Writing ----------------------------------------------------------------------------------------------------------


def test_minutes_are_written_by_item_and_as_a_whole(house, as_user):
    it = under_way(house)
    client = as_user(house.other)
    assert write(client, it.session, it.items[0], "It was *long*.").status_code == 302
    assert write(client, it.session, "all", "Five came.").status_code == 302
    page = client.get(address("schedule:minutes", it.session)).text
    assert "It was *long*." in page
    assert "Five came." in page
    assert "<em>long</em>" in MinutesEntry.objects.get(item=it.items[0]).body_html
    assert write(client, it.session, it.items[0], "", version=1).status_code == 302  # taken out again
    assert MinutesEntry.objects.get(item=it.items[0]).body_html == ""


def test_whoever_is_overtaken_sees_both_texts_and_loses_neither(house, as_user):
    it = under_way(house)
    write(as_user(house.other), it.session, it.items[0], "They spoke of the sacks.")
    answer = write(as_user(house.member), it.session, it.items[0], "They spoke of the clerk.")
    assert answer.status_code == 409
    assert "They spoke of the sacks." in answer.text
    assert "They spoke of the clerk." in answer.text
    assert "<ins>" in answer.text
    assert "Milo" in answer.text
    assert MinutesEntry.objects.get().body == "They spoke of the sacks."
    version = answer.context["form"]["version"].value()
    assert write(as_user(house.member), it.session, it.items[0], "Both.", version=version).status_code == 302
    assert MinutesEntry.objects.get().body == "Both."


def test_the_part_is_the_form_and_says_that_it_is_saved(house, as_user):
    it = under_way(house)
    answer = write(as_user(house.other), it.session, it.items[0], "Said.", **{"HX-Request": "true"})
    assert answer.status_code == 200
    assert "<html" not in answer.text
    assert "Saved." in answer.text
    assert 'name="version" value="1"' in answer.text
    stale = write(as_user(house.member), it.session, it.items[0], "Other.", **{"HX-Request": "true"})
    assert stale.status_code == 409
    assert "<html" not in stale.text


def test_the_same_words_twice_are_written_once(house, as_user):
    it = under_way(house)
    for _twice in range(2):
        assert write(as_user(house.other), it.session, it.items[0], "Said.").status_code == 302
    assert MinutesEntry.objects.get().version == 1


@pytest.mark.parametrize("body", ["x" * 20_001, "a\x00b", "<img src=x onerror=alert(1)>"])
def test_hostile_words_are_refused_or_harmless_and_never_an_error(house, as_user, body):
    it = under_way(house)
    answer = write(as_user(house.other), it.session, it.items[0], body)
    if "img" in body:
        assert answer.status_code == 302
        assert "<img" not in as_user(house.other).get(address("schedule:minutes", it.session)).text
    else:
        assert answer.status_code == 422
        assert not MinutesEntry.objects.exists()


def test_a_lone_surrogate_is_refused_with_the_words_kept(house, as_user):
    it = under_way(house)
    data = b"version=0&body=kept+%ED%A0%80"
    page = address("schedule:write_minutes", it.session, it.items[0].public_id)
    answer = as_user(house.other).post(page, data, content_type="application/x-www-form-urlencoded")
    assert answer.status_code in {302, 422}
    assert answer.status_code == 302 or "kept" in answer.text


def test_who_writes(house, as_user):
    it = under_way(house)
    page = address("schedule:minutes", it.session)
    expected = {"member": 200, "other": 200, "organizer": 200, "owner": 200, "moderator": 403, "outsider": 403}
    for who, status in expected.items():
        assert as_user(getattr(house, who)).get(page).status_code == status, who
    comes(it.session, house.moderator)
    assert as_user(house.moderator).get(page).status_code == 200
    assert write(as_user(house.moderator), it.session, "all", "I was there.").status_code == 302
    ended(it.session)
    actions.publish_minutes(session=it.session, by=house.organizer)
    assert write(as_user(house.moderator), it.session, "all", "Changed.", version=1).status_code == 403
    assert write(as_user(house.other), it.session, "all", "Put right.", version=1).status_code == 302


def test_nothing_is_written_before_it_begins_or_by_who_has_left(house, as_user):
    session = create_session(house, minute_taker=house.other)
    (four,) = put_on_agenda(house, session, 4)
    answer = write(as_user(house.other), session, four, "Too early.")
    assert answer.status_code == 409
    assert "Too early." in answer.text
    it = under_way(house)
    theirs = house.group.memberships.get(user=house.other)
    theirs.left_at = timezone.now()
    theirs.save(update_fields=["left_at"])
    with pytest.raises(actions.NotPossible):
        actions.write_minutes(session=it.session, item=None, version=0, body="Still.", by=house.other)


@pytest.mark.django_db(transaction=True)
def test_of_many_who_save_at_once_one_is_kept_and_all_others_see_it(house, as_user):
    it = under_way(house)
    writers = [house.member, house.other, house.organizer, house.owner]
    clients = [as_user(writer) for writer in writers]
    for version in range(3):
        bodies = [f"By {writer.display_name}, {version}." for writer in writers]
        pairs = zip(clients, bodies, strict=True)
        saves = [partial(write, client, it.session, it.items[0], body, version) for client, body in pairs]
        answers = at_once(*saves)
        assert sorted(answer.status_code for answer in answers) == [302, 409, 409, 409]
        standing = MinutesEntry.objects.get().body
        for answer, body in zip(answers, bodies, strict=True):
            assert (body == standing) == (answer.status_code == 302)
            if answer.status_code == 409:
                assert standing in answer.text
                assert body in answer.text


@pytest.mark.django_db(transaction=True)
def test_without_the_version_one_would_be_overwritten(house):
    """The control: two who read that nothing stands there, and write."""
    it, looked = under_way(house), Barrier(2)

    def write_carelessly(by):
        entry = MinutesEntry.objects.filter(item=it.items[0]).first()
        looked.wait(30)
        assert entry is None
        words = {"body": by.display_name, "written_by": by, "session": it.session}
        return MinutesEntry.objects.update_or_create(item=it.items[0], defaults=words)[0].body

    said = at_once(lambda: write_carelessly(house.member), lambda: write_carelessly(house.other))
    assert len(set(said)) == 2  # both were told that their words are kept
    assert MinutesEntry.objects.count() == 1


# --- Earlier wordings -------------------------------------------------------------------------------------------------


def wordings(client, session, item):
    return client.get(address("schedule:minutes_wordings", session, getattr(item, "public_id", item)))


def test_every_wording_is_kept_with_who_wrote_it_and_what_it_changed(house, as_user):
    it = under_way(house)
    page = address("schedule:minutes", it.session)
    assert wordings(as_user(house.other), it.session, "all").status_code == 404  # nothing is written
    write(as_user(house.other), it.session, "all", "Five came by boat.")
    assert "earlier wordings" not in as_user(house.other).get(page).text
    write(as_user(house.member), it.session, "all", "Six came by boat.", version=1)
    assert address("schedule:minutes_wordings", it.session, "all") in as_user(house.other).get(page).text
    shown = wordings(as_user(house.other), it.session, "all").text
    _head, now, before = re.split("<h2 id=[^>]*>(?:As it stands|Wording 1)</h2>", shown)
    assert now.index("Mara") < now.index("Six")
    assert before.index("Milo") < before.index("Five came by boat.")
    assert "<ins>" in shown
    assert "<del>" in shown
    assert MinutesEntry.objects.get().wordings.get().body == "Five came by boat."


def test_earlier_wordings_are_shown_to_who_may_write_there(house, as_user):
    it = published(house)
    actions.write_minutes(session=it.session, item=it.items[0], version=1, body="Taken out <b>.", by=house.other)
    actions.write_minutes(session=it.session, item=it.items[0], version=2, body="", by=house.organizer)
    expected = {"organizer": 200, "other": 200, "member": 200, "moderator": 403, "outsider": 403}
    for who, status in expected.items():
        assert wordings(as_user(getattr(house, who)), it.session, it.items[0]).status_code == status, who
    shown = wordings(as_user(house.organizer), it.session, it.items[0]).text
    assert "Taken out &lt;b&gt;." in shown
    assert "Taken out" not in as_user(house.moderator).get(address("schedule:session", it.session)).text
    assert wordings(as_user(house.organizer), it.session, it.items[1]).status_code == 404


def test_many_wordings_are_paged_and_cost_what_few_do(house, as_user):
    def cost(item):
        with CaptureQueriesContext(connection) as captured:
            assert wordings(client, it.session, item).status_code == 200
        return len(captured)

    it, client = under_way(house), as_user(house.other)
    for item, times in ((it.items[0], 2), (it.items[1], 25)):
        for version in range(times):
            body = f"Said {version + 1} times."
            actions.write_minutes(session=it.session, item=item, version=version, body=body, by=house.other)
    wordings(client, it.session, it.items[0])
    assert cost(it.items[0]) == cost(it.items[1])
    last = address("schedule:minutes_wordings", it.session, it.items[1].public_id)
    assert "Wording 16" in client.get(last).text
    assert "Wording 15" not in client.get(last).text
    assert "Said 1 times." in client.get(f"{last}?page=3").text
    assert client.get(f"{last}?page=4").status_code == 404


# --- What came of it --------------------------------------------------------------------------------------------------


def note(client, session, item, words, key):
    page = address("schedule:note_decision", session, item.public_id)
    return client.post(page, {"words": words, "key": key})


def test_a_decision_is_noted_once_however_often_it_is_sent(house, as_user):
    it, key = under_way(house), uuid.uuid4()
    for _twice in range(2):
        assert note(as_user(house.other), it.session, it.items[0], "We read on.", key).status_code == 302
    assert Outcome.objects.count() == 1
    for words in ("", "x" * 501, "a\x00b"):
        answer = note(as_user(house.other), it.session, it.items[0], words, uuid.uuid4())
        assert answer.status_code == 422
    assert note(as_user(house.other), it.session, it.items[0], "Without a key.", "none").status_code == 422
    assert as_user(house.other).get(address("schedule:note_decision", it.session, "all")).status_code == 404


def test_an_item_holds_so_many_decisions_and_says_so(house, as_user, monkeypatch):
    monkeypatch.setattr(Outcome, "MOST", 1)
    it = under_way(house)
    decide(house, it.session, it.items[0])
    answer = note(as_user(house.other), it.session, it.items[0], "One more.", uuid.uuid4())
    assert answer.status_code == 409
    assert "One more." in answer.text


# --- Published, and marked at the paragraph ---------------------------------------------------------------------------


def reading_page(house):
    return reverse("readings:reading_page", args=[house.group.slug, house.reading.slug])


def test_nothing_is_marked_before_it_is_published_and_then_on_every_page(house, as_user):
    it = under_way(house)
    decide(house, it.session, it.items[0], "The sacks <b>are</b> counted.")
    question = ask(house, house.moderator, "Whose sacks?", 5)
    actions.note_answer(
        session=it.session, item=it.items[1], question=question.public_id, words="", key=uuid.uuid4(), by=house.other
    )
    whole = f"{reading_page(house)}whole/"
    pages = [reading_page(house), paragraph_page(house.reading, 4), paragraph_page(house.reading, 5), whole]
    for page in pages:
        assert "Discussed on" not in as_user(house.member).get(page).text
    ended(it.session)
    actions.publish_minutes(session=it.session, by=house.organizer)
    for who in (house.member, None):
        text, four, five, document = (as_user(who).get(page).text for page in pages)
        for page in (text, document):
            assert page.count("Discussed on") == 2
        for page in (text, four, document):
            assert "The sacks &lt;b&gt;are&lt;/b&gt; counted." in page
        for page in (text, five, document):
            assert "a question was answered" in page
            assert f"/c/{question.public_id}/" in page
        assert "counted" not in five
    # The question's words stand at the question, and nowhere here.
    assert "Whose sacks?" not in as_user(house.member).get(reading_page(house)).text


def test_a_mark_goes_with_what_it_is_about(house, as_user):
    it = published(house)
    assert "We read on." in as_user(None).get(reading_page(house)).text
    before = ParagraphActivity.objects.get(reading=house.reading, paragraph=it.items[0].paragraph)
    take_back = address("schedule:take_outcome_back", it.session, it.outcome.public_id)
    assert as_user(house.other).post(take_back).status_code == 302
    assert "We read on." not in as_user(None).get(reading_page(house)).text
    assert "We read on." not in as_user(None).get(paragraph_page(house.reading, 4)).text
    after = ParagraphActivity.objects.get(pk=before.pk)
    assert (after.comments, after.changes) == (before.comments, before.changes + 1)
    decide(house, it.session, it.items[1], "Anew.")
    assert "Anew." in as_user(None).get(reading_page(house)).text
    assert as_user(house.other).post(take_back).status_code == 404


def test_publishing_again_changes_no_mark(house):
    it = published(house)
    mark = DiscussedMark.objects.get()
    activity = ParagraphActivity.objects.get(reading=house.reading, paragraph=mark.paragraph)
    actions.publish_minutes(session=it.session, by=house.owner)
    actions.renew_marks(it.session)
    assert DiscussedMark.objects.get().pk == mark.pk
    assert ParagraphActivity.objects.get(pk=activity.pk).changes == activity.changes
    assert Minutes.objects.get().published_by == house.organizer


def test_the_kept_reading_page_costs_what_it_did(house, as_user):
    published(house)
    for who, queries in ((None, 2), (house.member, 4)):
        client = as_user(who)
        client.get(reading_page(house))
        with CaptureQueriesContext(connection) as captured:
            page = client.get(reading_page(house))
        assert "We read on." in page.text
        assert len(captured) <= queries


def test_members_read_published_minutes_and_are_told_once(house, as_user):
    it = published(house)
    page = address("schedule:session", it.session)
    text = as_user(house.moderator).get(page).text
    assert "<em>long</em>" in text
    assert "We read on." in text
    assert "long" not in as_user(None).get(page).text  # the text is open to all, the minutes are the members'
    actions.publish_minutes(session=it.session, by=house.owner)
    told = Notice.objects.filter(kind="schedule/minutes_published")
    assert set(told.values_list("recipient", flat=True)) == {
        person.pk for person in (house.owner, house.moderator, house.member, house.other)
    }
    assert "Minutes of The second ferry" in as_user(house.moderator).get("/inbox/").text


def test_drafts_of_minutes_are_not_for_everybody(house, as_user):
    it = under_way(house)
    actions.write_minutes(session=it.session, item=it.items[0], version=0, body="Not yet said.", by=house.other)
    for who in (house.moderator, house.outsider, None):
        assert "Not yet said." not in as_user(who).get(address("schedule:session", it.session)).text
        assert as_user(who).get(address("schedule:minutes", it.session)).status_code in {302, 403}


def settle(client, session, act="publish"):
    return client.post(address("schedule:settle_minutes", session), {"act": act}, follow=True)


def test_organizers_publish_when_it_is_over_and_something_is_written(house, as_user):
    it = under_way(house)
    assert settle(as_user(house.other), it.session).status_code == 403
    assert settle(as_user(house.member), it.session).status_code == 403
    assert "when the session is over" in settle(as_user(house.organizer), it.session).text
    ended(it.session)
    assert "when the session is over" in settle(as_user(house.organizer), it.session).text  # nothing is written
    decide(house, it.session, it.items[0])
    assert "the members are told" in settle(as_user(house.organizer), it.session).text
    assert Minutes.objects.get().published_at is not None


def test_queries_do_not_grow_with_what_is_written(house, as_user):
    def cost(session, name):
        client.get(address(name, session))
        with CaptureQueriesContext(connection) as captured:
            assert client.get(address(name, session)).status_code == 200
        return len(captured)

    client = as_user(house.organizer)
    short, long = under_way(house, 4), under_way(house, 4, 5, 6)
    for it in (short, long):
        for item in it.items:
            decide(house, it.session, item)
            actions.write_minutes(session=it.session, item=item, version=0, body="Said.", by=house.other)
        actions.publish_minutes(session=ended(it.session), by=house.organizer)
    for name in ("schedule:minutes", "schedule:session"):
        assert cost(short.session, name) == cost(long.session, name), name


@pytest.mark.django_db(transaction=True)
def test_sent_by_many_at_once_it_is_noted_published_and_told_once(house, as_user):
    it, key = under_way(house), uuid.uuid4()
    clients = [as_user(house.other) for _ in range(4)]
    answers = at_once(*(partial(note, client, it.session, it.items[0], "We read on.", key) for client in clients))
    assert [answer.status_code for answer in answers] == [302] * 4
    ended(it.session)
    clients = [as_user(who) for who in (house.organizer, house.owner, house.organizer, house.owner)]
    answers = at_once(*(partial(settle, client, it.session) for client in clients))
    assert [answer.status_code for answer in answers] == [200] * 4
    counts = [model.objects.count() for model in (Outcome, Minutes, DiscussedMark)]
    told = Notice.objects.filter(kind="schedule/minutes_published", recipient=house.moderator).count()
    assert (counts, told) == ([1, 1, 1], 1)


# --- Reminded until they are there ------------------------------------------------------------------------------------


def missing(recipient):
    return Notice.objects.filter(kind="schedule/minutes_missing", recipient=recipient).count()


def over_since(session, **ago):
    ends = timezone.now() - timedelta(**ago)
    ReadingSession.objects.filter(pk=session.pk).update(starts_at=ends - timedelta(hours=2), ends_at=ends)


def test_who_is_to_see_to_it_is_reminded_each_time_once_until_they_are_published(house):
    it = under_way(house)
    for ago, told in (({"hours": 2}, 0), ({"days": 1}, 1), ({"days": 2}, 1), ({"days": 3, "hours": 1}, 2),
                      ({"days": 8}, 3), ({"days": 15}, 4)):  # fmt: skip
        over_since(it.session, **ago)
        for _again in range(2):
            remind_of_minutes(timestamp=0)
        assert [missing(who) for who in (house.organizer, house.other, house.owner, house.member)] == [told, told, 0, 0]
    actions.write_minutes(session=it.session, item=None, version=0, body="Said.", by=house.other)
    actions.publish_minutes(session=it.session, by=house.organizer)
    over_since(it.session, days=60)
    remind_of_minutes(timestamp=0)
    assert missing(house.organizer) == 4


def test_where_there_will_be_none_nobody_is_reminded(house, as_user):
    it = under_way(house)
    over_since(it.session, days=1)
    assert "Nobody is reminded any more" in settle(as_user(house.organizer), it.session, "waive").text
    remind_of_minutes(timestamp=0)
    assert not Notice.objects.filter(kind="schedule/minutes_missing").exists()
    decide(house, it.session, it.items[0])  # and then somebody writes some after all
    actions.publish_minutes(session=it.session, by=house.organizer)
    assert Minutes.objects.get().waived_at is None


def test_who_scheduled_and_organizes_no_more_is_not_asked(house):
    it = under_way(house)
    over_since(it.session, days=1)
    house.group.memberships.filter(user=house.organizer).update(roles=[])
    remind_of_minutes(timestamp=0)
    assert (missing(house.organizer), missing(house.owner)) == (0, 1)


def test_cancelled_sessions_and_drafts_have_no_minutes_to_be_missed(house):
    gone = create_session(house)
    actions.cancel(session=gone, reason="Storm.", by=house.organizer)
    over_since(gone, days=2)
    remind_of_minutes(timestamp=0)
    assert not Notice.objects.filter(kind="schedule/minutes_missing").exists()


def test_how_often_one_is_reminded():
    days = [0, 1, 2, 3, 6, 7, 13, 14, 21]
    assert [steps_missed(timedelta(days=day)) for day in days] == [0, 1, 1, 2, 2, 3, 3, 4, 5]


# --- When all of it goes ----------------------------------------------------------------------------------------------


def test_a_group_that_is_removed_takes_agenda_minutes_and_marks_along(house):
    it = published(house)
    actions.write_minutes(session=it.session, item=it.items[0], version=1, body="Shorter.", by=house.other)
    assert MinutesWording.objects.exists()
    Group.objects.filter(pk=house.group.pk).update(delete_at=timezone.now() - timedelta(seconds=1))
    assert remove_group(house.group.pk)
    gone = (DiscussedMark, MinutesEntry, MinutesWording, Outcome, Minutes)
    assert not any(model.objects.exists() for model in gone)
