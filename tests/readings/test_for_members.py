"""A text of a public group that is kept for members: that it is there is seen, and nothing else of it."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from readinggroup.discussion.models import Comment
from readinggroup.groups.models import GroupChange, Membership
from readinggroup.notifications.models import Notice
from readinggroup.readings.actions import keep_for_members
from readinggroup.readings.models import Reading

from .. import factories

CANARY = "f00dfacecafe5ea1"


@pytest.fixture
def kept(house):
    """The house with its text kept, and something said of it."""
    house.comment = factories.create_comment(house.reading, house.member, CANARY)
    keep_for_members(reading=house.reading, keep=True, by=house.organizer)
    house.front = reverse("group", args=[house.group.slug])
    house.page = reverse("readings:reading_page", args=[house.group.slug, house.reading.slug])
    house.settings = reverse("readings:settle_reading", args=[house.group.slug, house.reading.slug])
    return house


def pages(kept):
    """Every page of the text."""
    paragraph = reverse(
        "discussion:paragraph", args=[kept.group.slug, kept.reading.slug, kept.comment.paragraph.public_id]
    )
    return [kept.page, f"{kept.page}4/", f"{kept.page}whole/", paragraph]


def test_others_see_that_it_is_there_and_no_more(kept, as_user):
    for who in (None, kept.outsider):
        client = as_user(who)
        front = client.get(kept.front).text
        assert "The Ferry" in front
        assert "for members" in front
        assert kept.page not in front
        assert "1 comment" not in front
        assert "paragraphs" not in front
        assert CANARY not in front + client.get("/").text


def test_its_pages_lead_visitors_to_the_login_and_tell_outsiders_no(kept, as_user):
    for page in pages(kept):
        answer = as_user(None).get(page)
        assert (answer.status_code, answer["Location"]) == (302, f"/accounts/login/?next={page}")
        for headers in ({}, {"HX-Request": "true"}):
            refused = as_user(kept.outsider).get(page, headers=headers)
            assert refused.status_code == 403
            assert CANARY not in refused.text
            assert "sacks" not in refused.text
    assert as_user(kept.outsider).get(f"{kept.page}p/nosuch/").status_code == 403  # told apart by nothing


def test_its_comments_are_not_there_for_others(kept, as_user):
    for who in (None, kept.outsider):
        assert as_user(who).get(f"/c/{kept.comment.public_id}/").status_code == 404
    visit = Membership(group=kept.group)
    assert not Comment.objects.visible_to(visit).exists()
    member = kept.group.memberships.get(user=kept.other)
    assert Comment.objects.visible_to(member).get() == kept.comment


def test_members_read_it_as_before_and_no_cache_keeps_it(kept, as_user):
    for page in pages(kept):
        answer = as_user(kept.other).get(page)
        assert answer.status_code in {200, 302}
        assert "no-store" in answer["Cache-Control"], page
    assert "sacks" in as_user(kept.other).get(kept.page).text
    assert "no-store" in as_user(kept.other).get(f"/c/{kept.comment.public_id}/answer/")["Cache-Control"]
    assert "1 comment" in as_user(kept.other).get(kept.front).text


def test_who_leaves_reads_it_no_more_within_the_same_login(kept, as_user):
    client = as_user(kept.other)
    assert client.get(kept.page).status_code == 200
    client.post(reverse("discussion:leave", args=[kept.group.slug]), {"contributions": "name"})
    assert client.get(kept.page).status_code == 403


def test_keeping_it_costs_no_query_more(house, as_user):
    page = reverse("readings:reading_page", args=[house.group.slug, house.reading.slug])
    client, costs = as_user(house.member), []
    for keep in (False, True):
        Reading.objects.update(for_members=keep)
        client.get(page)
        with CaptureQueriesContext(connection) as captured:
            assert client.get(page).status_code == 200
        costs.append(len(captured))
    assert costs == [2, 2]
    Reading.objects.update(for_members=False)
    as_user(None).get(page)
    with CaptureQueriesContext(connection) as captured:
        as_user(None).get(page)
    assert len(captured) == 1


def test_opening_it_is_asked_once_then_told_and_logged(kept, as_user):
    client = as_user(kept.organizer)
    asked = client.post(kept.settings, {})
    assert "Everyone on the internet will at once be able to read this text" in asked.text
    assert as_user(None).get(kept.page).status_code == 302
    for _again in range(2):
        client.post(kept.settings, {"confirmed": "1"})
    assert as_user(None).get(kept.page).status_code == 200
    assert [(change.kind, change.after) for change in GroupChange.objects.order_by("pk")] == [
        ("text_kept", "The Ferry"),
        ("text_opened", "The Ferry"),
    ]
    assert Notice.objects.filter(recipient=kept.member).count() == 2
    assert "not kept for members any more" in as_user(kept.member).get("/inbox/").text


def test_organizers_keep_it_by_a_form(house, as_user):
    address = reverse("readings:settle_reading", args=[house.group.slug, house.reading.slug])
    assert address in as_user(house.organizer).get(reverse("group", args=[house.group.slug])).text
    assert as_user(house.organizer).post(address, {"for_members": "on"}).status_code == 302
    house.reading.refresh_from_db()
    assert house.reading.for_members


def test_a_text_can_come_to_the_shelf_for_members(house, as_user):
    from django.core.files.uploadedfile import SimpleUploadedFile

    client = as_user(house.organizer)
    bring = reverse("readings:import_text", args=[house.group.slug])
    file = SimpleUploadedFile(
        "well.txt", b"The Well\n\nNobody had drawn water here since the war.\n\nThe rope was new.\n"
    )
    preview = client.post(bring, {"file": file, "for_members": "on"})["Location"]
    assert (
        'name="for_members" aria-describedby="id_for_members_helptext" id="id_for_members" checked'
        in client.get(preview).text
    )
    client.post(preview, {"title": "The Well", "language": "en", "for_members": "on"})
    well = Reading.objects.get(edition__title="The Well")
    assert well.for_members
    assert as_user(None).get(reverse("readings:reading_page", args=[house.group.slug, well.slug])).status_code == 302


def test_a_text_on_the_shelf_is_begun_and_ended(house, as_user):
    """Begun late, it is what the group reads; nobody but who keeps the texts says so; what is no state is refused."""
    settle = reverse("readings:settle_reading", args=[house.group.slug, house.reading.slug])
    Reading.objects.update(state="planned")
    assert 'value="planned"' in as_user(house.organizer).get(settle).text
    for state in ("current", "finished", "planned"):
        assert as_user(house.organizer).post(settle, {"state": state}).status_code == 302
        assert Reading.objects.get().state == state
    assert as_user(house.organizer).post(settle, {"state": "burnt"}).status_code == 422
    assert as_user(house.member).post(settle, {"state": "current"}).status_code == 403
    assert as_user(house.organizer).post(settle, {}).status_code == 302
    assert Reading.objects.get().state == "planned"
