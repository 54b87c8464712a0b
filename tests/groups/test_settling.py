"""Settling a group: its language and time zone, who sees it, and that members are told and the log keeps it."""

from datetime import timedelta

import pytest
from django.db import IntegrityError, transaction
from django.urls import reverse

from readinggroup.groups.models import Group, GroupChange
from readinggroup.lib.languages import name_of, spelled_as_usual
from readinggroup.notifications.models import Notice

from .test_coming_and_going import ITS_PLACE, address


def typed(house, **more):
    return {"name": house.group.name, "description": "", "visibility": house.group.visibility, **ITS_PLACE} | more


def test_language_and_zone_are_settled_and_shown(house, as_user):
    there = {"language": "PT-br", "time_zone": "America/Recife"}
    assert as_user(house.owner).post(address("settle_group", house), typed(house, **there)).status_code == 302
    house.group.refresh_from_db()
    assert (house.group.language, str(house.group.zone)) == ("pt-BR", "America/Recife")
    page = as_user(None).get(reverse("group", args=[house.group.slug])).text
    assert name_of("pt-BR") in page
    assert "America/Recife" in page


@pytest.mark.parametrize(
    "language", ["", "english language", "x", "e", "en_US", "../en", "en-", "a" * 36, "en\0", "<b>"]
)
def test_what_is_no_language_is_refused_and_kept(house, as_user, language):
    answer = as_user(house.owner).post(address("settle_group", house), typed(house, language=language, name="New"))
    assert answer.status_code == 422
    assert 'value="New"' in answer.text
    house.group.refresh_from_db()
    assert (house.group.language, house.group.name) == ("en", "Harbour readers")


@pytest.mark.parametrize(
    "zone", ["", "Mars/Olympus", "../../etc/passwd", "/etc/localtime", "UTC\0", "Europe", "x" * 300]
)
def test_what_is_no_zone_is_refused(house, as_user, zone):
    assert as_user(house.owner).post(address("settle_group", house), typed(house, time_zone=zone)).status_code == 422
    house.group.refresh_from_db()
    assert house.group.time_zone == "UTC"


@pytest.mark.parametrize(("tag", "usual"), [("EN", "en"), ("sr-latn-rs", "sr-Latn-RS"), ("es-419", "es-419")])
def test_tags_are_spelled_as_usual(tag, usual):
    assert spelled_as_usual(tag) == usual


def test_a_zone_that_is_no_more_does_no_harm(house, as_user):
    Group.objects.filter(pk=house.group.pk).update(time_zone="Atlantis/Port")
    assert as_user(None).get(reverse("group", args=[house.group.slug])).status_code == 200
    assert 'value="Atlantis/Port" selected' in as_user(house.owner).get(address("settle_group", house)).text


def test_lone_surrogates_are_refused(house, as_user):
    """UTF-7 can spell what UTF-8 cannot."""
    body = "".join(
        f'--b\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n'
        for name, value in typed(house, name="+2AA-").items()
    )
    answer = as_user(house.owner).generic(
        "POST",
        address("settle_group", house),
        f"{body}--b--\r\n",
        content_type="multipart/form-data; boundary=b; charset=utf-7",
    )
    assert answer.status_code == 400
    house.group.refresh_from_db()
    assert house.group.name == "Harbour readers"


@pytest.mark.parametrize(
    ("visibility", "sentence"), [("members", "only members see the group now"), ("listed", "everyone can see that")]
)
def test_a_change_of_who_sees_it_is_told_and_logged_once(house, as_user, visibility, sentence):
    client = as_user(house.owner)
    for _again in range(2):
        client.post(address("settle_group", house), typed(house, visibility=visibility, confirmed=visibility))
    assert sentence in as_user(house.member).get("/inbox/").text
    change = GroupChange.objects.get()
    assert (change.before, change.after, change.by) == ("public", visibility, house.owner)
    assert Notice.objects.filter(recipient=house.member).count() == 1
    assert not Notice.objects.filter(recipient__in=[house.owner, house.outsider]).exists()
    page = client.get(address("settle_group", house)).text
    assert "who sees the group" in page
    assert "Olga" in page


def test_opening_the_group_to_everyone_is_told(closed_house, as_user):
    typed_in = typed(closed_house, visibility="public", confirmed="public")
    as_user(closed_house.owner).post(address("settle_group", closed_house), typed_in)
    assert "everyone on the internet can now read" in as_user(closed_house.member).get("/inbox/").text


def test_a_change_of_the_name_alone_is_told_to_nobody(house, as_user):
    as_user(house.owner).post(address("settle_group", house), typed(house, name="Quay readers"))
    assert (Notice.objects.count(), GroupChange.objects.count()) == (0, 0)
    assert Group.objects.get(pk=house.group.pk).name == "Quay readers"


def test_the_log_is_only_added_to(house):
    GroupChange.objects.create(group=house.group, kind="visibility", by=house.owner)
    for act in (lambda: GroupChange.objects.update(after="x"), lambda: GroupChange.objects.all().delete()):
        with pytest.raises(IntegrityError, match="stays as it was"), transaction.atomic():
            act()


# --- What is held -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "row",
    [{"hold_first": 21}, {"hold_links": 101}, {"hold_takes": timedelta(seconds=-1)}, {"hold_takes": timedelta(366)}],
)
def test_the_database_refuses_what_cannot_be_held(house, row):
    with pytest.raises(IntegrityError), transaction.atomic():
        Group.objects.filter(pk=house.group.pk).update(**row)
