"""Headers: what the browser may do on our pages, and what of them may be kept by whom."""

import pytest
from django.test import Client
from django.urls import reverse

from . import factories
from .steps_over_http import private_pages


def caches_may_keep(answer):
    return "no-store" not in answer.headers.get("Cache-Control", "")


EVERYWHERE = {
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
}


@pytest.mark.parametrize("path", ["/", "/healthz", "/nowhere/", "/accounts/login/", "/g/nowhere/", "/\x00", "/me/"])
@pytest.mark.parametrize("headers", [{}, {"HX-Request": "true"}])
def test_every_answer_says_what_the_browser_may_do(db, path, headers):
    answer = Client().get(path, headers=headers)
    for name, value in EVERYWHERE.items():
        assert answer[name] == value
    policy = answer["Permissions-Policy"]
    for refused in ("camera=()", "microphone=()", "geolocation=()", "payment=()", "browsing-topics=()"):
        assert refused in policy
    assert "publickey-credentials-get=(self)" in policy


def test_with_tls_browsers_are_told_to_stay_with_it(db, settings):
    settings.SECURE_HSTS_SECONDS, settings.SECURE_HSTS_INCLUDE_SUBDOMAINS = 31_536_000, True
    answer = Client().get("/", secure=True)
    assert answer["Strict-Transport-Security"] == "max-age=31536000; includeSubDomains"


@pytest.mark.parametrize("headers", [{}, {"HX-Request": "true"}])
def test_row_37_what_is_served_to_who_is_signed_in_is_kept_nowhere(house, as_user, headers):
    """Row 37: a part was cached as the page, a private page came back after logout."""
    client = as_user(house.owner)
    for page in private_pages(house):
        answer = client.get(page, headers=headers)
        assert answer.status_code < 500, page
        assert not caches_may_keep(answer), page
        assert "private" in answer["Cache-Control"], page
        assert "Cookie" in answer["Vary"], page


def test_a_part_is_not_taken_for_the_page(house, as_user):
    """Row 37: caches are told that htmx gets another answer at the same address."""
    paragraph = factories.version_of(house.reading).paragraph.public_id
    page = reverse("discussion:paragraph", args=[house.group.slug, house.reading.slug, paragraph])
    for headers in ({}, {"HX-Request": "true"}):
        assert "HX-Request" in Client().get(page, headers=headers)["Vary"]


def test_visitors_pages_may_be_kept_but_vary_with_the_login(house):
    page = reverse("readings:reading_page", args=[house.group.slug, house.reading.slug])
    answer = Client().get(page)
    assert caches_may_keep(answer)
    assert "Cookie" in answer["Vary"]
    assert not answer.cookies


def test_row_6_no_page_that_holds_a_token_may_be_kept(house):
    """Row 6: what is drawn for one person came to others out of a cache."""
    for page in ("/accounts/login/", "/accounts/signup/", "/accounts/password/reset/", "/accounts/login/code/"):
        answer = Client().get(page)
        assert b"csrfmiddlewaretoken" in answer.content
        assert not caches_may_keep(answer)


@pytest.mark.parametrize("path", ["/nowhere/", "/g/nowhere/", "/?q=%00"])
def test_row_57_errors_may_not_be_kept(db, path):
    """Row 57: a proxy kept an error and gave it to everybody."""
    answer = Client().get(path)
    assert answer.status_code >= 400
    assert not caches_may_keep(answer)


def test_who_signs_out_gets_pages_without_their_name(house, as_user):
    client = as_user(house.member)
    page = reverse("readings:reading_page", args=[house.group.slug, house.reading.slug])
    assert "Mara" in client.get(page).content.decode()
    client.post(reverse("account_logout"))
    assert "Mara" not in client.get(page).content.decode()
