"""Bytes that no person typed get a plain 400, wherever they stand."""

import pytest
from django.core.exceptions import BadRequest
from django.db import DataError
from django.test import Client
from django.urls import reverse
from hypothesis import given
from hypothesis import strategies as st

from readinggroup.accounts.models import User
from readinggroup.lib.bad_input import BadInputMiddleware, is_storable

UNSTORABLE = ["\x00", "a\x00b", "\ud800", "a\udfffb"]


@pytest.mark.parametrize("text", UNSTORABLE)
def test_what_cannot_be_stored(text):
    assert not is_storable(text)


@pytest.mark.parametrize(
    "text", ["", "plain", "é漢🙂", "\ufffe\uffff", "\x01\x1f\x7f\x85", "\u202e\u200b", "\U0010ffff"]
)
def test_what_can(text):
    assert is_storable(text)


@given(st.text(st.characters()))
def test_it_agrees_with_what_utf8_and_postgres_take(text):
    try:
        text.encode()
        storable = "\x00" not in text
    except UnicodeEncodeError:
        storable = False
    assert is_storable(text) == storable


@pytest.mark.django_db
@pytest.mark.parametrize("text", ["%00", "a%00b"])
@pytest.mark.parametrize(
    "address", ["/?x={}", "/?{}=x", "/g/?next={}", "/sign-in/{}/", "/accounts/login/?next={}", "/me/?page={}"]
)
def test_in_an_address_it_is_a_400_or_nothing_is_there(text, address):
    answer = Client().get(address.format(text))
    assert answer.status_code == (404 if address.startswith("/g/") else 400)
    assert "<h1>" in answer.content.decode()


def test_in_a_cookie_it_is_a_400(house, as_user):
    client = as_user(house.member)
    for name in ("sessionid", "csrftoken", "django_language", "messages", "anything"):
        client.cookies[name] = "a\x00b"
        assert client.get("/").status_code == 400
        del client.cookies[name]


@pytest.mark.django_db
@pytest.mark.parametrize(
    "raw", ["/%ff%fe/", "/g/%ed%a0%80/", "/?x=%ed%a0%80", "/?x=%ff", "/c/%c0%80/", "/sign-in/%ed%a0%80/", "/%F0%9F/"]
)
def test_what_is_not_utf8_is_no_server_error(raw):
    assert Client().get(raw).status_code < 500


@pytest.mark.parametrize("text", UNSTORABLE)
def test_in_a_form_it_is_said_at_its_field(house, as_user, text):
    if not text.isascii():
        text = "a\x00"  # a lone surrogate cannot be sent; see the raw bytes below
    answer = as_user(house.member).post(reverse("accounts:profile"), {"display_name": text})
    assert answer.status_code == 422


@pytest.mark.parametrize("raw", [b"%00", b"%ed%a0%80", b"%ff%fe", b"a%00b"])
@pytest.mark.parametrize("field", ["display_name", "csrfmiddlewaretoken", "never-heard-of"])
def test_raw_bytes_in_a_form_are_no_server_error(house, as_user, raw, field):
    answer = as_user(house.member).post(
        reverse("accounts:profile"),
        b"display_name=Mara&" + field.encode() + b"=" + raw,
        content_type="application/x-www-form-urlencoded",
    )
    assert answer.status_code < 500


def test_what_the_database_refuses_as_a_value_is_a_400(db, rf):
    with pytest.raises(DataError) as refused:
        User.objects.filter(display_name="a\x00").exists()
    with pytest.raises(BadRequest):
        BadInputMiddleware(None).process_exception(rf.get("/"), refused.value)
    assert BadInputMiddleware(None).process_exception(rf.get("/"), ValueError()) is None
