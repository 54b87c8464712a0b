"""What others were caught by, tried here. Rows are those of our list of failures of comparable sites.

Rows that have a place of their own are tested there: 30, 31, 40 (accounts/test_limits.py), 36, 37 (test_kept_words.py,
test_headers.py, browser/test_signing_out.py), 5 (test_site.py).
"""

import json
import re

import pytest
from django.core import mail
from django.test import Client
from django.urls import reverse

from readinggroup.accounts.models import User
from readinggroup.discussion.models import Comment
from readinggroup.groups import actions
from readinggroup.groups.models import Group

from . import factories
from .conftest import make_house
from .steps_over_http import private_pages

PASSWORD = "a long enough one"
# A link or a code that opens an account, in a mail.
SECRET = re.compile(r"/password/reset/key/|^[A-Z0-9]{3,5}-[A-Z0-9]{3,5}\s*$", re.MULTILINE)
# Those of Django's own tests, and what has led astray elsewhere.
ELSEWHERE = [
    "http://example.com", "http:///example.com", "https://example.com", "ftp://example.com", r"\\example.com",
    r"\\\example.com", r"/\\/example.com", r"\\\example.com", r"\\//example.com", r"/\/example.com", r"\/example.com",
    r"/\example.com", "http:///example.com", r"http:/\//example.com", r"http:\/example.com", r"http:/\example.com",
    'javascript:alert("XSS")', "\njavascript:alert(x)", "java\nscript:alert(x)", "\x08//example.com",
    r"http://otherserver\@example.com", r"http:\\testserver\@example.com", r"http://testserver\me:pass@example.com",
    r"http://testserver\@example.com", r"http:\\testserver\confirm\me@example.com", "http:999999999", "ftp:9999999999",
    "\n", "http://[2001:cdba:0000:0000:0000:0000:3257:9652/", "http://2001:cdba:0000:0000:0000:0000:3257:9652]/",
    "//example.com", "///example.com", "/%2F/example.com/..//example.com", "//example.com/%2e%2e",
    "/\r\nLocation: //example.com", "https:example.com",
    "data:text/html,x", "/\t/example.com", "//example.com\\@testserver", "\u2028//example.com",
]  # fmt: skip


def leads_elsewhere(answer):
    """Whether any header sends the browser to another site."""
    for name in ("Location", "HX-Redirect", "HX-Location", "HX-Push-Url"):
        where = answer.headers.get(name)
        if where is None:
            continue
        assert "\n" not in where
        assert "\r" not in where
        seen = re.sub(r"[\x00-\x20]", "", where).replace("\\", "/")
        if not re.match(r"/(?!/)", seen):
            return where
    return None


@pytest.mark.parametrize("htmx", [{}, {"HX-Request": "true"}])
@pytest.mark.parametrize("bad", ELSEWHERE)
def test_row_34_no_way_back_leads_elsewhere(db, bad, htmx):
    """Row 34: open redirects through next, in every form that takes one."""
    user = factories.create_user("Nora", email="nora@example.org", password=PASSWORD)
    login = {"login": user.email, "password": PASSWORD}
    answers = []

    def ask(client, page, data=None):
        for way in ({}, {"next": bad}):
            data = {**(data or {}), **({"next": bad} if not way else {})}
            answers.append(client.post(page, data, query_params=way, headers=htmx))

    ask(Client(), reverse("account_login"), login)
    ask(Client(), reverse("account_request_login_code"), {"email": user.email})
    ask(Client(), reverse("account_signup"), {"display_name": "N", "email": "n@example.org", "password1": ""})
    client = Client()
    client.post(reverse("account_login"), login)
    ask(client, reverse("account_reauthenticate"), {"password": PASSWORD})
    for page in ("account_login", "account_signup", "home", "accounts:profile", "groups:found_group"):
        answers.append(client.get(reverse(page), {"next": bad}, headers=htmx))
    ask(client, reverse("accounts:profile"), {"display_name": "N"})
    ask(client, reverse("account_logout"))
    answers.append(
        Client().post(reverse("accounts:profile"), {}, headers={**htmx, "Referer": "https://e.example//e.example/"})
    )
    assert [leads_elsewhere(answer) for answer in answers if leads_elsewhere(answer)] == []
    assert max(answer.status_code for answer in answers) < 500


def test_row_34_a_way_back_inside_is_kept(db):
    """The control: the same forms do lead back where one was."""
    factories.create_user("Nora", email="nora@example.org", password=PASSWORD)
    form = {"login": "nora@example.org", "password": PASSWORD, "next": "/g/harbour/?page=2"}
    assert Client().post(reverse("account_login"), form)["Location"] == "/g/harbour/?page=2"


def test_row_24_a_child_of_another_parent_is_not_there(db, as_user):
    """Row 24: ids of parent and child did not match, and only the parent was checked."""
    one, two = make_house("public"), make_house("public")
    actions.invite(group=two.group, uses=1, days=1, roles=[], by=two.owner)
    asked = actions.ask_to_join(group=two.group, words="Hello.", by=one.outsider)
    here, there = (factories.version_of(house.reading).paragraph.public_id for house in (one, two))
    client = as_user(one.owner)
    wrong = [
        ("readings:reading_page", [one.group.slug, two.reading.slug]) if two.reading.slug != one.reading.slug else None,
        ("discussion:paragraph", [one.group.slug, one.reading.slug, there]),
        ("discussion:post_comment", [one.group.slug, one.reading.slug, there]),
        ("groups:member", [one.group.slug, two.other.public_id]),
        ("groups:revoke_invitation", [one.group.slug, two.group.invitations.get().pk]),
        ("groups:answer_join_request", [one.group.slug, asked.pk]),
    ]
    for name, args in filter(None, wrong):
        for answer in (client.get(reverse(name, args=args)), client.post(reverse(name, args=args), {"body": "x"})):
            assert answer.status_code in {404, 405}, name
    assert client.get(reverse("discussion:paragraph", args=[one.group.slug, one.reading.slug, here])).status_code == 200
    assert two.group.invitations.filter(revoked_at=None).exists()
    asked.refresh_from_db()
    assert asked.answered_at is None


def test_row_25_nobodys_address_is_shown_whatever_is_asked_for(house, as_user):
    """Row 25: a parameter of the address exposed private fields."""
    others = [house.owner, house.organizer, house.moderator, house.other]
    client = as_user(house.member)
    for page in private_pages(house):
        for query in ({}, {"fields": "email", "user_field_ids": "1,2,3", "expand": "author", "format": "json"}):
            html = client.get(page, query).content.decode()
            assert [user.email for user in others if user.email in html] == []
            if query and page.startswith("/g/"):
                assert "email" not in html.lower().replace("e-mail", "")


@pytest.mark.parametrize("page", ["account_reset_password", "account_request_login_code"])
def test_row_28_an_address_beside_the_stored_one_gets_no_mail(db, page, settings):
    """Row 28: a reset for email[]=victim&email[]=attacker went to both."""
    settings.EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
    mail.outbox = []
    factories.create_user("Nora", email="nora@example.org", password=PASSWORD)
    evil = "evil@example.com"
    tries = [
        ({"email": ["nora@example.org", evil]}, {}),
        ({"email": [evil, "nora@example.org"]}, {}),
        ({"email[]": ["nora@example.org", evil]}, {}),
        ({"email": f"nora@example.org,{evil}"}, {}),
        ({"email": f"nora@example.org {evil}"}, {}),
        ({"email": f"nora@example.org\nBcc: {evil}"}, {}),
        ({"email": f"nora@example.org%0aBcc:{evil}"}, {}),
        ({"email": f'"{evil}" <nora@example.org>'}, {}),
        (json.dumps({"email": ["nora@example.org", evil]}), {"content_type": "application/json"}),
    ]
    for data, more in tries:
        assert Client().post(reverse(page), data, **more).status_code < 500
    for message in mail.outbox:
        assert len(message.recipients()) == 1
        # To the other address goes at most that it has no account here.
        assert message.recipients() == ["nora@example.org"] or "/key/" not in message.body
        assert message.recipients() == ["nora@example.org"] or not re.search(
            r"^[A-Z0-9]{4}-", message.body, re.MULTILINE
        )


LOOK_ALIKES = {
    "m": "ⅿｍм", "i": "ıіⅰíİ", "k": "Kкｋ", "e": "еｅéℯ", "a": "аａαª", "x": "хⅹｘ", "p": "рｐ", "l": "ⅼｌӏ",
    "@": "＠﹫", ".": "。．｡",
}  # fmt: skip


def test_row_29_a_look_alike_of_an_address_gets_no_mail_of_its_account(db, settings):
    """Row 29: Unicode case folding sent the reset to another mailbox that looks the same."""
    settings.EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
    mail.outbox = []
    stored = "mikea@example.pl"
    user = factories.create_user("Mike", email=stored, password=PASSWORD)
    tries = [
        stored[:at] + other + stored[at + 1 :] for at, one in enumerate(stored) for other in LOOK_ALIKES.get(one, "")
    ]
    assert len(tries) > 40
    for typed in tries:
        for page in ("account_reset_password", "account_request_login_code"):
            assert Client().post(reverse(page), {"email": typed}).status_code < 500
        client = Client()
        client.post(reverse("account_login"), {"login": typed, "password": PASSWORD})
        if "_auth_user_id" in client.session:  # one that Unicode folds into the stored one
            assert client.session["_auth_user_id"] == str(user.pk)
    for message in mail.outbox:
        if SECRET.search(message.body):
            assert message.recipients() == [stored]


def test_row_33_the_login_has_another_key_after_each_step(db):
    """Row 33: a key that somebody planted before the login was good after it."""
    user = factories.create_user("Nora", email="nora@example.org", password=PASSWORD)
    client = Client()
    planted = client.session
    planted.save()
    client.cookies["sessionid"] = planted.session_key
    keys = [planted.session_key]
    client.post(reverse("account_login"), {"login": user.email, "password": PASSWORD})
    keys.append(client.cookies["sessionid"].value)
    form = {"oldpassword": PASSWORD, "password1": "another long one", "password2": "another long one"}
    client.post(reverse("account_change_password"), form)
    keys.append(client.cookies["sessionid"].value)
    client.post(reverse("account_logout"))
    keys.append(client.cookies["sessionid"].value)
    assert len(set(keys)) == len(keys)
    for key in filter(None, keys):
        old = Client()
        old.cookies["sessionid"] = key
        assert old.get(reverse("accounts:profile")).status_code == 302


def test_row_35_only_declared_fields_change(house, as_user):
    """Row 35: forms took fields that they did not show: roles, owners, states."""
    more = {
        "is_staff": "on", "is_superuser": "on", "is_active": "", "email": "evil@example.com", "public_id": "x",
        "pk": "1", "id": "1", "slug": "evil", "created_at": "2001-01-01", "date_joined": "2001-01-01", "roles": "owner",
        "author": house.owner.pk, "user": house.owner.pk, "by": house.owner.pk, "group": "1", "state": "withdrawn",
        "reading": "1", "parent": "1", "html": "<b>x</b>", "visibility": "public", "password": "evil evil evil",
    }  # fmt: skip
    client = as_user(house.member)
    before = User.objects.values().get(pk=house.member.pk)
    client.post(reverse("accounts:profile"), {**more, "display_name": "Mara the Second"})
    after = User.objects.values().get(pk=house.member.pk)
    assert {key for key in after if after[key] != before[key]} == {"display_name", "name_skeleton"}

    paragraph = factories.version_of(house.reading).paragraph.public_id
    page = reverse("discussion:post_comment", args=[house.group.slug, house.reading.slug, paragraph])
    key = "7c9e6679-7425-40de-944b-e07fc1f90ae7"
    assert client.post(page, {**more, "body": "Mine.", "key": key}).status_code == 302
    said = Comment.objects.get()
    assert (said.author, said.reading, said.parent, said.public_id != "x") == (house.member, house.reading, None, True)
    assert said.created_at.year > 2001
    assert "<b>x" not in str(Comment.objects.values().get())

    group = Group.objects.values().get(pk=house.group.pk)
    form = {**more, "name": "Named anew", "description": "", "visibility": house.group.visibility}
    as_user(house.owner).post(reverse("groups:settle_group", args=[house.group.slug]), form)
    now = Group.objects.values().get(pk=house.group.pk)
    assert {key for key in now if now[key] != group[key]} <= {"name", "description"}

    Client().post(
        reverse("account_signup"), {**more, "display_name": "New", "email": "new@example.org", "password1": ""}
    )
    new = User.objects.get(email="new@example.org")
    assert (new.is_staff, new.is_superuser, new.is_active) == (False, False, True)


ODD = ["\x00", "a\x00b", "\ufffe", "\u202e", "\r\n", "%00", "x" * 70_000, "\U0010ffff", "{{ 7 }}", "'\"><svg onload=x>"]


@pytest.mark.parametrize("odd", ODD, ids=range(len(ODD)))
def test_row_47_odd_characters_anywhere_are_no_fault_of_ours(house, as_user, odd):
    """Row 47: NUL in any string was a 500."""
    client = as_user(house.owner)
    for page in private_pages(house):
        for answer in (
            client.get(page, {"page": odd, "order": odd, "section": odd, "next": odd, odd[:50]: "1"}),
            client.post(page, dict.fromkeys(("body", "key", "name", "display_name", "email", "words", "roles"), odd)),
        ):
            assert answer.status_code < 500, page
            assert "<svg onload" not in answer.content.decode()
    visitor = Client()
    for page in ("account_login", "account_signup", "account_reset_password", "account_request_login_code"):
        fields = dict.fromkeys(("login", "email", "password", "display_name", "password1", "code", "next"), odd)
        assert visitor.post(reverse(page), fields).status_code < 500
    for address in ("/accounts/oidc/{}/login/", "/sign-in/{}/", "/not-me/{}/", "/g/{}/", "/join/{}/"):
        assert visitor.get(address.format(odd.replace("\r\n", "%0d%0a")[:500])).status_code < 500


@pytest.mark.parametrize(
    "header", ["Accept-Language", "Referer", "Origin", "User-Agent", "HX-Request", "Cookie", "Accept"]
)
def test_row_47_odd_headers_are_no_fault_of_ours(house, header):
    """Row 47: as above, in headers."""
    page = reverse("readings:reading_page", args=[house.group.slug, house.reading.slug])
    for odd in (
        "\x00",
        "\xff\xfe",
        "\u202e".encode().decode("latin-1"),
        "x" * 20_000,
        "http://[1/",
        "a=b; sessionid=\x00; csrftoken=\xff",
    ):
        for address in ("/", page, "/accounts/login/"):
            assert Client(headers={header: odd}).get(address).status_code < 500
        for act in ("/accounts/login/", reverse("discussion:leave", args=[house.group.slug])):
            assert Client(headers={header: odd}).post(act, {"login": "a"}).status_code < 500
            strict = Client(headers={header: odd}, enforce_csrf_checks=True)
            assert strict.post(act, {"words": "a"}).status_code < 500
