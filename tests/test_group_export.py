"""A group as a file: owners fetch it, it holds what they may see, and nobody else gets it."""

import json
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
from readinggroup.tasks import make_group_export

from . import factories
from .moderation.decisions import hidden


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
    assert set(files) == {"group.json", "log.json", f"discussion/{house.reading.slug}.json"}
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
