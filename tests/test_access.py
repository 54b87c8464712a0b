"""Every page of ours says who may open it, and outsiders of a private group learn nothing."""

import re
from urllib.parse import quote

import pytest
from django.urls import URLPattern, get_resolver, reverse
from django.utils import timezone

from readinggroup.moderation.models import Case

from . import factories

OURS = ("readinggroup.", "texts.")


def views(patterns):
    for pattern in patterns:
        if isinstance(pattern, URLPattern):
            yield pattern.callback
        else:
            yield from views(pattern.url_patterns)


def test_every_view_declares_its_access():
    ours = [view for view in views(get_resolver().url_patterns) if view.__module__.startswith(OURS)]
    assert len(ours) > 15
    assert [f"{view.__module__}.{view.__qualname__}" for view in ours if not hasattr(view, "access")] == []


def pages_of(house, comment):
    """Every page below the group, with the names that its address needs."""
    group, reading = house.group.slug, house.reading.slug
    paragraph = comment.paragraph.public_id
    yield reverse("group", args=[group])
    yield reverse("readings:reading_page", args=[group, reading])
    yield reverse("readings:paragraph_number", args=[group, reading, 4])
    yield reverse("readings:import_text", args=[group])
    yield reverse("readings:settle_reading", args=[group, reading])
    for page in ("history", "removed_paragraphs", "bring_correction", "undo", "notes"):
        yield reverse(f"revisions:{page}", args=[group, reading])
    for page in ("revision", "changes", "rehearsal"):
        yield reverse(f"revisions:{page}", args=[group, reading, 1])
    yield reverse("revisions:correct_paragraph", args=[group, reading, paragraph])
    yield reverse("side_by_side:editions", args=[group, reading])
    for page in ("beside", "links", "separate"):
        yield reverse(f"side_by_side:{page}", args=[group, reading, reading])
    yield reverse("group_export", args=[group])
    yield reverse("groups:rules_version", args=[group, 1])
    for page in (
        "rules",
        "rules_history",
        "edit_rules",
        "archive_group",
        "hand_over",
        "answer_handover",
        "delete_group",
    ):
        yield reverse(f"groups:{page}", args=[group])
    yield reverse("discussion:paragraph", args=[group, reading, paragraph])
    yield reverse("discussion:whole", args=[group, reading])
    yield reverse("discussion:save_whole", args=[group, reading])
    yield reverse("discussion:search", args=[group])
    yield reverse("moderation:queue", args=[group])
    yield reverse("moderation:log_entry", args=[group, 1])
    for page in ("log", "log_numbers", "log_numbers_csv"):
        yield reverse(f"moderation:{page}", args=[group])
    yield reverse("moderation:settings", args=[group])
    for page in ("rules_reviews", "ask_rules_review"):
        yield reverse(f"groups:{page}", args=[group])
    for page in ("rules_review", "answer_rules_review"):
        yield reverse(f"groups:{page}", args=[group, 1])
    yield reverse("moderation:decide", args=[group])
    yield reverse("moderation:reasons", args=[group])
    case = Case.objects.get_or_create(
        group=house.group, kind="comment", comment=comment, defaults={"due_at": timezone.now()}
    )[0]
    yield reverse("moderation:case", args=[group, case.pk])
    reason = house.group.reasons.get_or_create(title="Trade", defaults={"words": "No trade here."})[0]
    yield reverse("moderation:change_reason", args=[group, reason.pk])
    yield reverse("moderation:decide_about_paragraph", args=[group, reading, paragraph])
    for page in ("settle_group", "who_may", "members", "invite", "invite_by_email", "name_here", "ask_to_join"):
        yield reverse(f"groups:{page}", args=[group])
    for page in ("ballots", "new_ballot"):
        yield reverse(f"proposals:{page}", args=[group])
    for page in ("write_letter", "letters"):
        yield reverse(f"groups:{page}", args=[group])
    for page in ("comments", "news", "addresses"):
        yield reverse(f"feeds:{page}", args=[group])
    yield reverse("discussion:leave", args=[group])
    yield reverse("discussion:suggest_members", args=[group])
    yield reverse("groups:member", args=[group, house.member.public_id])
    yield reverse("moderation:report_name", args=[group, house.member.public_id])
    yield reverse("moderation:decide_about_member", args=[group, house.member.public_id])
    yield reverse("discussion:contributions", args=[group, house.member.public_id])
    for act in ("comment", "answer_comment", "edit_comment", "withdraw_comment", "put_back_comment"):
        yield reverse(f"discussion:{act}", args=[comment.public_id])
    for act in ("wordings", "words_written_about", "take_back_wordings", "question", "follow_thread"):
        yield reverse(f"discussion:{act}", args=[comment.public_id])
    for page in ("questions", "follow_reading"):
        yield reverse(f"discussion:{page}", args=[group, reading])
    yield reverse("discussion:follow_paragraph", args=[group, reading, paragraph])
    yield reverse("moderation:report_comment", args=[comment.public_id])
    yield reverse("moderation:decide_about_thread", args=[comment.public_id])


def same(answer, page):
    """What is said, without what every answer says anew: the address that was asked for, the token of the form."""
    said = answer.content.decode().replace(page, "").replace(quote(page, safe=""), "")
    return re.sub(r'value="\w{64}"', "", said)


@pytest.mark.parametrize("who", [None, "outsider"])
def test_a_private_group_is_not_there_for_others(closed_house, as_user, who):
    comment = factories.create_comment(closed_house.reading, closed_house.member)
    client = as_user(who and closed_house.outsider)
    absent = client.get("/g/no-such-group/")
    for page in pages_of(closed_house, comment):
        for headers in ({}, {"HX-Request": "true"}):
            answer = client.get(page, headers=headers)
            assert answer.status_code == 404, page
        assert same(client.get(page), page) == same(absent, "/g/no-such-group/"), page
        assert client.post(page, {"body": "let me in"}).status_code in {404, 405}


def test_a_former_member_is_an_outsider(closed_house, as_user):
    client = as_user(closed_house.member)
    page = reverse("group", args=[closed_house.group.slug])
    assert client.get(page).status_code == 200
    closed_house.group.memberships.filter(user=closed_house.member).update(left_at=timezone.now())
    assert client.get(page).status_code == 404


def test_a_visitor_who_wants_to_write_is_led_to_the_login(house, as_user):
    comment = factories.create_comment(house.reading, house.member)
    page = reverse("discussion:answer_comment", args=[comment.public_id])
    answer = as_user(None).get(page)
    assert answer.status_code == 302
    assert answer["Location"] == f"/accounts/login/?next={page}"


def test_who_is_signed_in_without_belonging_is_told_no(house, as_user):
    comment = factories.create_comment(house.reading, house.member)
    client = as_user(house.outsider)
    assert client.get(reverse("discussion:answer_comment", args=[comment.public_id])).status_code == 403
    assert client.get(reverse("readings:import_text", args=[house.group.slug])).status_code == 403


def test_private_pages_are_kept_in_no_cache(closed_house, as_user):
    answer = as_user(closed_house.member).get(reverse("group", args=[closed_house.group.slug]))
    assert "no-store" in answer["Cache-Control"]
