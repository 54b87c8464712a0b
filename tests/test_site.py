"""Home, health, headers, errors: what every page shares."""

import re

import pytest
from django.core.management import call_command
from django.db import OperationalError
from django.test import Client
from django.urls import reverse

from readinggroup.lib.template_filters import inline_sheet

from . import factories


def test_home_shows_public_groups_and_ones_own(house, closed_house, as_user):
    visitor = as_user(None).get("/").content.decode()
    assert house.group.slug in visitor
    assert closed_house.group.slug not in visitor
    member = as_user(closed_house.member).get("/").content.decode()
    assert member.index("My groups") < member.index(closed_house.group.slug) < member.index("Public groups")


def test_one_group_or_three_cost_the_same(house, as_user, django_assert_num_queries):
    client = as_user(house.member)
    with django_assert_num_queries(3):
        client.get("/")
    for _ in range(2):
        group = factories.create_group()
        factories.create_reading(group)
    with django_assert_num_queries(3):
        client.get("/")


def test_the_groups_page_shows_the_shelf(house, as_user):
    factories.create_reading(house.group, factories.long_text(12), filename="planned.txt", state="planned")
    factories.create_comment(house.reading, house.member)
    page = as_user(None).get(reverse("group", args=[house.group.slug])).content.decode()
    assert page.index("We read") < page.index("The Ferry") < page.index("On the shelf")
    assert "1 comment" in page
    assert "6 members" not in page
    assert "5 members" in page
    assert "Bring a text" not in page
    assert "Bring a text" in as_user(house.organizer).get(reverse("group", args=[house.group.slug])).content.decode()


@pytest.mark.parametrize("path", ["/", "/healthz", "/nowhere/", "/accounts/login/", "/g/nowhere/"])
@pytest.mark.parametrize("headers", [{}, {"HX-Request": "true"}])
def test_the_strict_policy_is_on_every_answer(db, path, headers):
    """Row 5: elsewhere the policy was what held a script back, or did not."""
    policy = Client().get(path, headers=headers)["Content-Security-Policy"]
    assert "unsafe" not in policy
    for directive in ("default-src 'none'", "script-src 'self'", "base-uri 'none'", "frame-ancestors 'none'"):
        assert directive in policy


def test_no_page_holds_what_the_policy_forbids(house, as_user):
    factories.create_comment(house.reading, house.member)
    for page in (
        "/",
        reverse("readings:reading_page", args=[house.group.slug, house.reading.slug]),
        "/accounts/login/",
    ):
        html = as_user(house.member).get(page, follow=True).content.decode()
        assert " style=" not in html
        assert "<style" not in html.replace(inline_sheet(), "")  # the one that the policy knows by its hash
        assert "onclick=" not in html
        assert "<script>" not in html


@pytest.mark.parametrize("path", ["/\x00", "/?q=%00", "/g/a%00b/", "/?%00=1"])
def test_bytes_that_cannot_be_stored_are_a_400(db, path):
    assert Client().get(path).status_code in {400, 404}


@pytest.mark.parametrize("cookie", ["sessionid", "zone", "django_language", "messages"])
@pytest.mark.parametrize("value", ["a\x00b", "a\x00b" * 20])
def test_a_cookie_with_a_nul_is_a_400(db, cookie, value):
    """Row 47: NUL in any string was a 500."""
    client = Client()
    client.cookies[cookie] = value
    assert client.get("/").status_code == 400


def test_a_missing_database_is_a_503_with_the_words_kept(house, as_user, monkeypatch):
    client = as_user(house.member)
    paragraph = factories.version_of(house.reading).paragraph.public_id
    page = reverse("discussion:post_comment", args=[house.group.slug, house.reading.slug, paragraph])

    def gone(*args, **options):
        raise OperationalError("the server closed the connection")

    monkeypatch.setattr("readinggroup.discussion.actions.post", gone)
    answer = client.post(page, {"body": "words worth <keeping>", "key": "7c9e6679-7425-40de-944b-e07fc1f90ae7"})
    assert answer.status_code == 503
    assert answer["Retry-After"] == "5"
    assert "words worth &lt;keeping&gt;" in answer.content.decode()
    form = {"body": "words", "key": "7c9e6679-7425-40de-944b-e07fc1f90ae7"}
    part = client.post(page, form, headers={"HX-Request": "true"})
    assert part.status_code == 503
    assert part.content.decode().startswith('<p class="problems" role="alert" data-refusal>')


def test_error_pages_for_people_and_parts_for_htmx(db):
    page = Client().get("/nowhere/").content.decode()
    assert "<h1>This is not here</h1>" in page
    part = Client().get("/nowhere/", headers={"HX-Request": "true"}).content.decode()
    assert part.startswith('<p class="problems" role="alert" data-refusal>')
    assert "<html" not in part


def test_every_change_of_a_model_has_its_migration(db):
    call_command("makemigrations", "--check", "--dry-run", verbosity=0)


def test_posts_need_a_token(house, as_user):
    client = as_user(house.member, enforce_csrf_checks=True)
    paragraph = factories.version_of(house.reading).paragraph.public_id
    page = reverse("discussion:post_comment", args=[house.group.slug, house.reading.slug, paragraph])
    from_here = {"Sec-Fetch-Site": "same-origin"}
    answer = client.post(page, {"body": "no <token>"}, headers=from_here)
    assert answer.status_code == 403
    assert "no &lt;token&gt;" in answer.content.decode(), "the words are given back"
    part = client.post(page, {"body": "no token"}, headers={"HX-Request": "true", **from_here})
    assert part.status_code == 403
    assert "no token" in part.content.decode()
    assert "no token" not in client.post(page, {"body": "no token"}, headers={"Sec-Fetch-Site": "cross-site"}).text


def test_a_first_visit_of_the_text_is_at_most_six_requests(house, as_user):
    address = reverse("readings:reading_page", args=[house.group.slug, house.reading.slug])
    page = as_user(None).get(address).content.decode()
    # What is only named, a feed, is not fetched.
    heads = re.findall(r'<(?:link(?! rel="alternate")|script|img)\b[^>]*(?:href|src)="([^"]+)"', page)
    assert any(address.startswith("data:image/svg+xml,") for address in heads), "the icon comes with the page"
    assert 1 + sum(not address.startswith("data:") for address in heads) <= 6
