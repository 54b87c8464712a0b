"""A group as a file: owners fetch it, it holds what they may see, and nobody else gets it."""

import json
import uuid
import zipfile
from datetime import timedelta
from hashlib import sha256
from io import BytesIO

from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from readinggroup.discussion.actions import withdraw
from readinggroup.groups import settling
from readinggroup.groups.models import GroupExport, Role
from readinggroup.proposals.actions import support
from readinggroup.readings.pages import outline_of
from readinggroup.schedule import actions
from readinggroup.schedule.models import Answer
from readinggroup.tasks import make_group_export

from . import factories
from .moderation.decisions import hidden
from .proposals.steps import answered, proposed
from .schedule.agenda_steps import ended, under_way
from .schedule.sessions import asked_when, times_of


def asked(house, as_user):
    """Ask by the page, let the worker make it; the way to the file."""
    page = reverse("group_export", args=[house.group.slug])
    as_user(house.owner).post(page)
    export = GroupExport.objects.latest("pk")
    make_group_export(export=export.pk)
    return reverse("fetch_group_export", args=[house.group.slug, export.pk])


def unpacked(answer):
    with zipfile.ZipFile(BytesIO(answer.content)) as archive:
        assert archive.testzip() is None
        return {name: archive.read(name).decode() for name in archive.namelist()}


def test_it_holds_the_group_its_texts_people_rules_and_all_that_was_said(closed_house, as_user):
    house = closed_house
    comment = factories.create_comment(house.reading, house.member, "Whose *sacks*?")
    factories.create_comment(house.reading, house.other, "Nobody’s.", parent=comment)
    settling.change_rules(group=house.group, rules=[("Be brief", "Two screens.")], by=house.owner)
    answer = as_user(house.owner).get(asked(house, as_user))
    assert answer["Content-Disposition"].startswith(f'attachment; filename="{house.group.slug}-')
    assert "no-store" in answer["Cache-Control"]
    files = unpacked(answer)
    assert set(files) == {"group.json", "log.json", "sessions.json", f"discussion/{house.reading.slug}.json"}
    about = json.loads(files["group.json"])
    assert about["name"] == house.group.name
    assert {"Olga", "Omar", "Mona", "Mara", "Milo"} == {member["name"] for member in about["members"]}
    assert about["rules"][0]["rules"] == [{"number": 1, "title": "Be brief", "words": "Two screens."}]
    assert about["texts"][0]["title"] == "The Ferry"
    said = json.loads(files[about["texts"][0]["discussion"]])
    assert [(one["author"], one["words"], one["paragraph"], one["in_answer_to"]) for one in said] == [
        ("Mara", "Whose *sacks*?", 4, None),
        ("Milo", "Nobody’s.", 4, comment.public_id),
    ]


def test_what_was_proposed_is_in_it_with_what_is_said_about_it_and_no_draft(house, as_user):
    proposal = proposed(house)
    proposed(house, title="Nobody's yet", publish=False)
    support(proposal=proposal, by=house.other)
    answered(house, proposal, "later", "In autumn.")
    factories.create_comment(proposal.talk, house.other, "What a bridge.", number=1)
    files = unpacked(as_user(house.owner).get(asked(house, as_user)))
    about = json.loads(files["group.json"])
    [told] = about["proposals"]
    assert (told["title"], told["proposed_by"], told["supporters"], told["state"]) == (
        "The Bridge",
        ["Mara"],
        1,
        "later",
    )
    assert [(event["state"], event["reason"]) for event in told["events"]] == [("open", ""), ("later", "In autumn.")]
    assert json.loads(files[told["discussion"]])[0]["words"] == "What a bridge."
    assert [text["title"] for text in about["texts"]] == ["The Ferry"]
    assert "Nobody's yet" not in str(files)


def test_withdrawn_words_addresses_and_the_text_itself_are_not_in_it(house, as_user):
    comment = factories.create_comment(house.reading, house.member, "Taken back: f00dface")
    factories.create_comment(house.reading, house.other, "Indeed.", parent=comment)
    withdraw(comment=comment, by=house.member)
    everything = "".join(unpacked(as_user(house.owner).get(asked(house, as_user))).values())
    assert "Indeed." in everything
    for word in ("f00dface", "@example.org", "counted the sacks"):
        assert word not in everything
    said = json.loads(
        unpacked(as_user(house.owner).get(asked(house, as_user)))[f"discussion/{house.reading.slug}.json"]
    )
    assert (said[0]["state"], said[0]["author"], said[0]["words"]) == ("withdrawn", None, None)


def test_nobody_but_owners_of_this_group_fetches_it_even_knowing_the_address(house, as_user):
    file = asked(house, as_user)
    elsewhere = factories.create_group()
    stranger = factories.create_member(elsewhere, "Elsa", roles=[Role.OWNER])
    for who in (house.organizer, house.moderator, house.member, house.outsider, stranger):
        assert as_user(who).get(file).status_code == 403
    theirs = reverse("fetch_group_export", args=[elsewhere.slug, GroupExport.objects.get().pk])
    assert as_user(stranger).get(theirs).status_code == 404


def test_who_was_owner_when_asking_and_is_not_now_gets_nothing_made(house):
    export = settling.ask_for_export(group=house.group, by=house.owner)
    factories.create_member(house.group, roles=[Role.OWNER])
    house.group.memberships.filter(user=house.owner).update(roles=[])
    make_group_export(export=export.pk)
    assert not GroupExport.objects.exists()


def test_it_is_gone_after_a_week(house, as_user):
    file = asked(house, as_user)
    GroupExport.objects.update(asked_at=timezone.now() - timedelta(days=8))
    assert as_user(house.owner).get(file).status_code == 404
    assert file not in as_user(house.owner).get(reverse("group_export", args=[house.group.slug])).text


def test_asked_for_twice_one_is_made_and_made_twice_it_is_the_same(house, as_user):
    page = reverse("group_export", args=[house.group.slug])
    for _again in range(2):
        assert as_user(house.owner).post(page).status_code == 302
    export = GroupExport.objects.get()
    assert "being made" in as_user(house.owner).get(page).text
    make_group_export(export=export.pk)
    made_at = GroupExport.objects.get().made_at
    make_group_export(export=export.pk)
    assert GroupExport.objects.get().made_at == made_at
    assert as_user(house.owner).get(page).text.count("/export/") >= 1


def test_making_it_asks_the_same_for_one_comment_and_for_three(house):
    costs = set()
    for number in range(3):
        factories.create_comment(house.reading, house.member, f"Number {number}.")
        export = settling.ask_for_export(group=house.group, by=house.owner)
        with CaptureQueriesContext(connection) as captured:
            make_group_export(export=export.pk)
        costs.add(len(captured))
    assert len(costs) == 1
    assert GroupExport.objects.filter(made_at__isnull=False).count() == 3


def test_a_closed_group_can_still_be_fetched(house, as_user):
    settling.announce_deletion(group=house.group, by=house.owner)
    assert as_user(house.owner).get(asked(house, as_user)).status_code == 200


def test_the_log_is_in_it_so_that_its_fingerprints_can_be_computed(house, as_user):
    for _twice in range(2):
        hidden(house)
    log = json.loads(unpacked(as_user(house.owner).get(asked(house, as_user)))["log.json"])
    assert [entry["number"] for entry in log] == [1, 2]
    assert log[1]["facts"]["parts"][0]["action"] == "hide"
    for entry in log:
        assert sha256(entry["sealed"].encode()).hexdigest() == entry["hash"]
    assert log[1]["sealed"].startswith(log[0]["hash"])
    assert "Mara" not in json.dumps(log)


# --- Sessions ---------------------------------------------------------------------------------------------------------


def exported_sessions(house, as_user):
    return json.loads(unpacked(as_user(house.owner).get(asked(house, as_user)))["sessions.json"])


def test_a_session_is_in_it_with_passages_people_agenda_and_minutes(house, as_user):
    it = under_way(house, 4, 5, places=1, where="Quay 7", words="Bring the list.")
    session, (four, _five) = it.session, it.items
    for person in (house.member, house.other):
        actions.answer(session=session, by=person, answer=Answer.GOING, words="Gladly.")
    actions.note_who_was_there(session=session, was_there={house.member.pk: True}, by=house.organizer)
    actions.write_minutes(session=session, item=four, version=0, body="It was *long*.", by=house.other)
    actions.write_minutes(session=session, item=None, version=0, body="Two came.", by=house.member)
    actions.note_decision(session=session, item=four, words="We read on.", key=uuid.uuid4(), by=house.other)
    actions.publish_minutes(session=ended(session), by=house.organizer)
    house.group.memberships.filter(user=house.other).update(name_here="Milo of the quay")
    [told] = exported_sessions(house, as_user)
    assert (told["title"], told["state"], told["text"], told["where"]) == (
        "The second ferry", "under_way", "The Ferry", "Quay 7",
    )  # fmt: skip
    assert told["passages"] == [{"from": 4, "to": 9}]
    assert (told["facilitator"], told["minute_taker"]) == ("Mara", "Milo of the quay")
    assert [(one["name"], one["answer"], one["words"], one["attended"]) for one in told["attendance"]] == [
        ("Milo of the quay", "waiting", "Gladly.", None),
        ("Mara", "going", "Gladly.", True),
    ]
    assert [item["paragraph"] for item in told["agenda"]] == [4, 5]
    assert told["agenda"][0]["minutes"][0]["words"] == "It was *long*."
    assert told["agenda"][0]["outcomes"][0]["words"] == "We read on."
    assert told["agenda"][1]["minutes"] == []
    assert told["minutes_of_the_whole"][0] | {"last_written_at": ""} == {
        "words": "Two came.", "last_written_by": "Mara", "last_written_at": "",
    }  # fmt: skip
    assert told["minutes_published_at"]


def test_a_date_poll_is_in_it_with_who_could_when(house, as_user):
    session = asked_when(house, days=(10, 11))
    first, second = times_of(session)
    answers = {first: "yes", second: "if_need_be"}
    actions.answer_poll(session=session, answers=answers, words="After work.", by=house.member)
    actions.withdraw_time(session=session, time=second, by=house.organizer)
    [told] = exported_sessions(house, as_user)
    assert (told["state"], told["attendance"], told["agenda"]) == ("poll", [], [])
    assert told["poll"]["words"] == [{"name": "Mara", "words": "After work."}]
    assert [time["answers"] for time in told["poll"]["times"]] == [
        [{"name": "Mara", "answer": "yes"}],
        [{"name": "Mara", "answer": "if_need_be"}],
    ]
    assert [time["withdrawn_at"] is None for time in told["poll"]["times"]] == [True, False]


def test_of_a_question_that_was_answered_and_then_withdrawn_no_word_is_among_the_sessions(house, as_user):
    it = under_way(house, 4, 5)
    question = factories.create_comment(house.reading, house.member, "Whose sacks? f00dface")
    key = uuid.uuid4()
    actions.note_answer(
        session=it.session, item=it.items[0], question=question.public_id, words="", key=key, by=house.other
    )
    withdraw(comment=question, by=house.member)
    everything = unpacked(as_user(house.owner).get(asked(house, as_user)))
    assert question.public_id in everything["sessions.json"]
    assert "f00dface" not in "".join(everything.values())
    assert "@example.org" not in everything["sessions.json"]


def test_making_it_asks_the_same_for_one_session_and_for_three(house):
    costs = set()
    outline_of(house.reading.edition.current_id)  # kept, once a text
    for number in range(3):
        it = under_way(house, 4, 5)
        for person in (house.member, house.other)[: number + 1]:
            actions.answer(session=it.session, by=person, answer=Answer.GOING)
        actions.write_minutes(session=it.session, item=it.items[0], version=0, body="Said.", by=house.other)
        actions.note_decision(session=it.session, item=it.items[0], words="So.", key=uuid.uuid4(), by=house.other)
        asked_about = asked_when(house)
        for person in (house.member, house.other)[: number + 1]:
            actions.answer_poll(session=asked_about, answers={times_of(asked_about)[0]: "yes"}, words="Hm.", by=person)
        export = settling.ask_for_export(group=house.group, by=house.owner)
        with CaptureQueriesContext(connection) as captured:
            make_group_export(export=export.pk)
        costs.add(len(captured))
    assert len(costs) == 1
    assert GroupExport.objects.filter(made_at__isnull=False).count() == 3
