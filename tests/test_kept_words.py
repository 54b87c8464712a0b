"""Words are not lost when the form's token, the login or the database is gone while somebody writes."""

import re

import pytest
from django.test import Client
from django.urls import reverse

from readinggroup.discussion.models import Comment

from . import factories

KEY = "7c9e6679-7425-40de-944b-e07fc1f90ae7"
HERE = {"Sec-Fetch-Site": "same-origin", "Referer": "http://testserver/g/x/"}


@pytest.fixture
def page(house):
    paragraph = factories.version_of(house.reading).paragraph.public_id
    return reverse("discussion:post_comment", args=[house.group.slug, house.reading.slug, paragraph])


def token_on(html):
    return re.search(r'name="csrfmiddlewaretoken" value="(\w+)"', html)[1]


@pytest.mark.parametrize("htmx", [False, True])
def test_row_36_a_login_in_another_tab_does_not_cost_the_words(house, as_user, page, htmx):
    """Row 36: the token went stale after a login elsewhere; the post was refused and the words were gone."""
    client = as_user(house.member, enforce_csrf_checks=True)
    stale = token_on(client.get("/").content.decode())
    client.cookies["csrftoken"] = "n" * 32  # what the other tab's login did
    headers = HERE | ({"HX-Request": "true"} if htmx else {})
    answer = client.post(page, {"body": "worth <keeping>", "key": KEY, "csrfmiddlewaretoken": stale}, headers=headers)
    assert answer.status_code == 403
    html = answer.content.decode()
    assert "worth &lt;keeping&gt;" in html
    assert ("<html" in html) != htmx
    assert "Mara" in html
    assert not Comment.objects.exists()
    # A click sends them, with all that belonged to them.
    assert f'name="key" value="{KEY}"' in html
    assert f'action="{page}"' in html
    sent = {"body": "worth <keeping>", "key": KEY, "csrfmiddlewaretoken": token_on(html)}
    assert client.post(page, sent, headers=headers).status_code in {200, 302}
    assert Comment.objects.get().body == "worth <keeping>"


@pytest.mark.parametrize(
    "headers",
    [
        {"Sec-Fetch-Site": "cross-site", "Origin": "https://evil.example"},
        {"Sec-Fetch-Site": "same-site", "Origin": "https://other.testserver"},
        {"Sec-Fetch-Site": "none"},
        {"Origin": "https://evil.example"},
        {"Origin": "null"},
        {"Referer": "http://testserver.evil.example/g/"},
        {"Origin": "https://testserver"},
        {},
    ],
)
def test_a_strangers_form_is_not_offered_to_be_sent_again(house, as_user, page, headers):
    """Otherwise another site could put words in somebody's mouth and have them click."""
    client = as_user(house.member, enforce_csrf_checks=True)
    answer = client.post(page, {"body": "I am a fool", "key": KEY}, headers=headers)
    assert answer.status_code == 403
    html = answer.content.decode()
    assert "I am a fool" not in html
    assert "<h1>Please send it again</h1>" in html
    assert not Comment.objects.exists()


@pytest.mark.parametrize("headers", [{"Origin": "http://testserver"}, {"Referer": "http://testserver/g/x/"}])
def test_older_browsers_say_it_by_origin_or_referer(house, as_user, page, headers):
    client = as_user(house.member, enforce_csrf_checks=True)
    assert "my words" in client.post(page, {"body": "my words", "key": KEY}, headers=headers).content.decode()


@pytest.mark.parametrize("secret", ["password", "oldpassword", "code", "reauth_token"])
def test_a_form_with_a_secret_is_never_shown_again(house, as_user, secret):
    client = as_user(house.member, enforce_csrf_checks=True)
    answer = client.post(reverse("accounts:profile"), {"display_name": "N", secret: "hush-hush"}, headers=HERE)
    assert answer.status_code == 403
    assert "hush-hush" not in answer.content.decode()


def test_a_book_in_a_form_is_not_sent_back(house, as_user, page):
    client = as_user(house.member, enforce_csrf_checks=True)
    answer = client.post(page, {"body": "x" * 200_000}, headers=HERE)
    assert answer.status_code == 403
    assert len(answer.content) < 20_000


@pytest.mark.parametrize("words", ["\x00", "a\x00b", "\ud800".encode("utf-8", "surrogatepass"), b"\xff\xfe", "\u202e"])
def test_row_47_odd_bytes_in_a_refused_form_are_no_fault_of_ours(house, as_user, page, words):
    """Row 47: NUL in any string was a 500."""
    client = as_user(house.member, enforce_csrf_checks=True)
    assert client.post(page, {"body": words, "key": KEY}, headers=HERE).status_code == 403
    visitor = Client()
    answer = visitor.post(page, {"body": words, "key": KEY})
    assert answer.status_code == 302
    visitor.force_login(house.member, backend="readinggroup.accounts.logins.QuickModelBackend")
    assert visitor.get(reverse("accounts:kept_words")).status_code == 200


def test_the_login_ran_out_while_somebody_wrote_without_scripts(house, page):
    """Row 56: words were lost by a forced login."""
    house.member.set_password("a long enough one")
    house.member.save()
    client = Client()
    client.cookies["sessionid"] = "expired-long-ago"
    answer = client.post(page, {"body": "worth <keeping>", "key": KEY}, headers=HERE)
    assert answer["Location"] == "/accounts/login/?next=/me/kept-words/"
    assert "worth" not in client.get(answer["Location"]).content.decode()
    form = {"login": house.member.email, "password": "a long enough one", "next": "/me/kept-words/"}
    back = client.post("/accounts/login/", form)
    assert back["Location"] == "/me/kept-words/"
    html = client.get("/me/kept-words/").content.decode()
    assert "worth &lt;keeping&gt;" in html
    assert f'action="{page}"' in html
    assert f'value="{KEY}"' in html
    assert not Comment.objects.exists()
    client.post(page, {"body": "worth <keeping>", "key": KEY})
    assert Comment.objects.get().author == house.member


def test_kept_words_end_with_the_login(house, page):
    client = Client()
    client.post(page, {"body": "worth keeping", "key": KEY})
    client.force_login(house.member, backend="readinggroup.accounts.logins.QuickModelBackend")
    assert client.get("/me/kept-words/").status_code == 200
    client.post(reverse("account_logout"))
    client.force_login(house.other, backend="readinggroup.accounts.logins.QuickModelBackend")
    assert client.get("/me/kept-words/")["Location"] == "/"


@pytest.mark.parametrize(
    "referer", ["https://evil.example//evil.example/x", "//evil.example", "http://x//evil.example"]
)
def test_row_34_the_way_back_after_a_post_stays_here(house, page, referer):
    """Row 34: an address that somebody else wrote led away after the login."""
    answer = Client().post(page, {"body": ""}, headers={"Referer": referer})
    assert answer["Location"] == "/accounts/login/?next=/"


def test_every_form_of_ours_wants_a_token(house, as_user):
    """Row 36: no act of ours is done for a form without one, or with another's."""
    client = as_user(house.owner, enforce_csrf_checks=True)
    comment = factories.create_comment(house.reading, house.owner)
    group = house.group.slug
    acts = [reverse(f"discussion:{act}_comment", args=[comment.public_id]) for act in ("answer", "edit", "withdraw")]
    acts += [reverse(f"groups:{act}", args=[group]) for act in ("settle_group", "invite", "ask_to_join")]
    acts.append(reverse("discussion:leave", args=[group]))
    acts += [reverse("groups:found_group"), reverse("accounts:profile"), reverse("account_logout")]
    acts += [reverse("account_email"), reverse("account_change_password"), reverse("usersessions_list")]
    for act in acts:
        for data in ({}, {"csrfmiddlewaretoken": "a" * 64}, {"csrfmiddlewaretoken": "\u202e"}):
            assert client.post(act, data).status_code == 403, act
