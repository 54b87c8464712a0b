"""How a person likes the site: it holds on the next request and on another device, and for nobody else."""

import re

import pytest
from django.db import IntegrityError, OperationalError, connection, transaction
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone, translation

from readinggroup.accounts.models import SignInLink, User
from readinggroup.lib.time_zones import zone_called, zone_named, zones

from .. import factories

PAGE = "/me/preferences/"
LIKED = {
    "language": "de",
    "time_zone": "Asia/Tokyo",
    "text_size": "large",
    "measure": "wide",
    "scheme": "dark",
    "motion": "reduced",
    # letter_keys is not sent: the box is not ticked
}
GERMAN = {"Accept-Language": "de"}


def root_of(answer):
    """What the root of the page says."""
    return re.search(r"<html[^>]*>", answer.content.decode())[0]


def reading_page(house):
    return reverse("readings:reading_page", args=[house.group.slug, house.reading.slug])


# --- What a person chooses ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "value", "root"),
    [
        ("language", "fr", '<html lang="fr">'),
        ("text_size", "largest", '<html lang="en" data-size="largest">'),
        ("measure", "narrow", '<html lang="en" data-measure="narrow">'),
        ("scheme", "dark", '<html lang="en" data-scheme="dark">'),
        ("motion", "reduced", '<html lang="en" data-motion="reduced">'),
        ("letter_keys", None, '<html lang="en" data-keys="off">'),
    ],
)
def test_each_preference_holds_on_the_next_request_and_on_another_device(house, as_user, name, value, root):
    plain = {"text_size": "medium", "measure": "medium", "scheme": "device", "motion": "device", "letter_keys": "on"}
    sent = {key: kept for key, kept in (plain | {name: value}).items() if kept is not None}
    here, elsewhere = as_user(house.member), as_user(house.member)
    assert root_of(here.get("/")) == '<html lang="en">'
    assert here.post(PAGE, sent)["Location"] == PAGE
    for device in (here, elsewhere):
        for page in ("/", reading_page(house), "/nowhere/"):
            assert root_of(device.get(page)) == root
    assert root_of(as_user(house.other).get(reading_page(house))) == '<html lang="en">'


def test_the_page_shows_what_is_chosen(house, as_user):
    client = as_user(house.member)
    client.post(PAGE, LIKED)
    page = client.get(PAGE).content.decode()
    assert '<option value="de" selected>Deutsch</option>' in page
    assert 'value="Asia/Tokyo"' in page
    for name in ("text_size", "measure", "scheme", "motion"):
        assert re.search(rf'name="{name}" value="{LIKED[name]}"[^>]* checked', page), name
    assert not re.search(r'name="letter_keys"[^>]* checked', page)
    assert "(Asia/Tokyo)" in page
    assert PAGE in client.get("/me/").content.decode()


def test_what_was_done_is_told_in_the_language_just_chosen(house, as_user):
    answer = as_user(house.member).post(PAGE, LIKED, follow=True)
    assert "Die Einstellungen sind gespeichert." in answer.content.decode()


def test_what_is_looked_at_first_is_on_that_page_and_not_saved(house, as_user):
    client = as_user(house.member)
    answer = client.post(PAGE, LIKED | {"preview": "yes"})
    assert answer.status_code == 200
    assert root_of(answer) == (
        '<html lang="de" data-size="large" data-measure="wide" data-scheme="dark" data-motion="reduced"'
        ' data-keys="off">'
    )
    assert "(Asia/Tokyo)" in answer.content.decode()
    assert "Gespeichert ist es noch nicht." in answer.content.decode()
    assert root_of(client.get("/")) == '<html lang="en">'
    assert User.objects.get(pk=house.member.pk).time_zone == ""


@pytest.mark.parametrize(
    "zone", ["Mars/Olympus", "../../etc/passwd", "/etc/passwd", "Europe/", "localtime", "x" * 65, "a\x00b"]
)
def test_a_zone_that_is_none_is_refused_and_what_was_typed_stays(house, as_user, zone):
    client = as_user(house.member)
    answer = client.post(PAGE, LIKED | {"language": "", "time_zone": zone})
    page = answer.content.decode()
    assert answer.status_code == 422
    assert f'value="{zone}"' in page
    assert 'aria-invalid="true"' in page
    assert re.search(r'name="scheme" value="dark"[^>]* checked', page)
    assert root_of(answer) == '<html lang="en">'  # nothing of it holds
    assert User.objects.get(pk=house.member.pk).scheme == "device"


def test_hostile_values_are_shown_as_text(house, as_user):
    answer = as_user(house.member).post(PAGE, LIKED | {"time_zone": '"><script>alert(1)</script>'})
    assert answer.status_code == 422
    assert "<script>alert" not in answer.content.decode()
    assert "&lt;script&gt;alert(1)" in answer.content.decode()


@pytest.mark.parametrize("name", ["language", "text_size", "measure", "scheme", "motion"])
@pytest.mark.parametrize("value", ["hot", '"><b>', "a\x00b", "x" * 100_000])
def test_a_value_that_is_not_offered_is_refused(house, as_user, name, value):
    client = as_user(house.member)
    assert client.post(PAGE, LIKED | {name: value}).status_code == 422
    assert root_of(client.get("/")) == '<html lang="en">'
    assert client.post(PAGE).status_code == 422


@pytest.mark.parametrize(
    "wrong",
    [
        {"language": "tlh"},
        {"text_size": "huge"},
        {"measure": ""},
        {"scheme": "red"},
        {"motion": "x"},
        {"time_zone": "", "time_zone_chosen": True},
    ],
)
def test_the_database_refuses_what_the_form_would(house, wrong):
    with pytest.raises(IntegrityError), transaction.atomic():
        User.objects.filter(pk=house.member.pk).update(**wrong)


# --- Where one is -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("typed", "zone"),
    [
        ("Europe/Berlin", "Europe/Berlin"),
        ("europe/berlin", "Europe/Berlin"),
        ("Berlin", "Europe/Berlin"),
        (" new york ", "America/New_York"),
        ("utc", "UTC"),
        ("Buenos Aires", "America/Buenos_Aires"),  # America/Argentina/Buenos_Aires is the same
        ("Central", None),  # of the United States, or of Canada?
        ("US/Central", "US/Central"),
        ("localtime", None),
        ("", None),
    ],
)
def test_a_zone_is_found_by_name_or_city(typed, zone):
    assert zone_named(typed) == zone


def test_the_zones_are_the_worlds():
    assert len(zones()) > 400
    assert all(zone_called(zone).key == zone for zone in zones().values())
    assert all(len(zone) <= 64 for zone in zones().values())


def test_the_devices_zone_is_taken_once_and_forgotten_by_the_device(house, as_user):
    client = as_user(house.member)
    client.cookies["zone"] = "Asia/Tokyo"
    answer = client.get("/")
    assert answer.cookies["zone"]["max-age"] == 0
    kept = User.objects.get(pk=house.member.pk)
    assert (kept.time_zone, kept.time_zone_chosen) == ("Asia/Tokyo", False)
    page = client.get(PAGE).content.decode()
    assert "Your device says Asia/Tokyo." in page
    client.cookies["zone"] = "Europe/Paris"
    client.get("/")
    assert User.objects.get(pk=house.member.pk).time_zone == "Europe/Paris"  # still a guess: people travel


def test_saving_other_things_does_not_turn_the_guess_into_a_choice(house, as_user):
    User.objects.filter(pk=house.member.pk).update(time_zone="Asia/Tokyo")
    as_user(house.member).post(PAGE, LIKED | {"time_zone": ""})
    kept = User.objects.get(pk=house.member.pk)
    assert (kept.time_zone, kept.time_zone_chosen, kept.scheme) == ("Asia/Tokyo", False, "dark")


def test_a_guess_never_overwrites_a_choice(house, as_user):
    client = as_user(house.member)
    client.post(PAGE, LIKED)
    client.cookies["zone"] = "Europe/Paris"
    assert client.get("/").cookies["zone"]["max-age"] == 0
    assert User.objects.get(pk=house.member.pk).time_zone == "Asia/Tokyo"
    stale = User(pk=house.member.pk)  # as another request read it before the choice
    stale.guess_time_zone("Europe/Paris")
    assert User.objects.get(pk=house.member.pk).time_zone == "Asia/Tokyo"


@pytest.mark.parametrize("guess", ["Mars/Olympus", "../../etc/passwd", "", "x" * 4_000, "é"])
def test_a_device_that_says_nonsense_is_not_believed(house, as_user, guess):
    client = as_user(house.member)
    client.cookies["zone"] = guess
    assert client.get("/").status_code == 200
    assert User.objects.get(pk=house.member.pk).time_zone == ""


def test_the_guess_comes_with_the_sign_in(db):
    user = factories.create_user(email="nora@example.org", password="a long enough one")
    by_password, by_link = Client(), Client()
    for client, zone in ((by_password, "Asia/Tokyo"), (by_link, "Europe/Paris")):
        client.cookies["zone"] = zone
        client.get("/")
        assert client.cookies["zone"].value == zone  # a visitor's is left alone
    by_password.post(reverse("account_login"), {"login": "nora@example.org", "password": "a long enough one"})
    by_password.get("/")
    assert User.objects.get().time_zone == "Asia/Tokyo"
    by_link.get(reverse("accounts:sign_in_by_link", args=[SignInLink.issue(user)]), follow=True)
    assert User.objects.get().time_zone == "Europe/Paris"


def test_the_pages_that_sign_in_ask_the_device(db, as_user):
    user = factories.create_user()
    for page in ("account_login", "account_signup", "account_request_login_code"):
        assert "js/zone.js" in Client().get(reverse(page)).content.decode()
    assert "js/zone.js" not in Client().get("/").content.decode()
    assert "js/zone.js" in as_user(user).get("/").content.decode()
    User.objects.update(time_zone="Asia/Tokyo")
    assert "js/zone.js" not in as_user(user).get("/").content.decode()


def test_times_are_shown_where_the_reader_is(house, as_user):
    comment = factories.create_comment(house.reading, house.other)
    type(comment).objects.update(created_at="2026-01-15T23:30:00Z")
    page = reverse("discussion:paragraph", args=[house.group.slug, house.reading.slug, comment.paragraph.public_id])
    User.objects.filter(pk=house.member.pk).update(time_zone="Asia/Tokyo")
    User.objects.filter(pk=house.other.pk).update(time_zone="America/New_York", language="de")
    assert "Jan. 16, 2026, 8:30 a.m. (Asia/Tokyo)" in as_user(house.member).get(page).content.decode()
    assert "15. Januar 2026 18:30 (America/New_York)" in as_user(house.other).get(page).content.decode()
    assert "Jan. 15, 2026, 11:30 p.m. (UTC)" in as_user(None).get(page).content.decode()


def test_a_zone_that_is_known_no_more_is_no_error(house, as_user):
    User.objects.filter(pk=house.member.pk).update(time_zone="Asia/Atlantis", time_zone_chosen=True)
    client = as_user(house.member)
    assert client.get("/").status_code == 200
    assert client.get(PAGE).status_code == 200
    assert client.post(PAGE, LIKED).status_code == 302


def test_the_thread_is_left_as_it_was(house, as_user):
    before = (translation.get_language(), timezone.get_current_timezone_name())
    User.objects.filter(pk=house.member.pk).update(time_zone="Asia/Tokyo", language="fr")
    for page in ("/", "/nowhere/", PAGE, "/g/nowhere/"):
        as_user(house.member).get(page)
        as_user(None).get(page, headers=GERMAN)
        assert (translation.get_language(), timezone.get_current_timezone_name()) == before
    as_user(house.member).post(PAGE, LIKED)
    assert (translation.get_language(), timezone.get_current_timezone_name()) == before


def test_a_missing_database_is_told_in_the_visitors_language(house, as_user, monkeypatch):
    """It is missed before anybody knows who asks, while the language is known already."""

    def gone(*args, **options):
        raise OperationalError("the server closed the connection")

    client = as_user(house.member)
    monkeypatch.setattr("readinggroup.accounts.logins.SessionStore._get_session_from_db", gone)
    answer = client.get("/", headers=GERMAN)
    assert answer.status_code == 503
    assert '<html lang="de">' in answer.content.decode()
    assert "Einen Moment, bitte" in answer.content.decode()


# --- What visitors choose -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("asked", "language"),
    [
        ("fr", "fr"),
        ("de-AT,de;q=0.9,en;q=0.5", "de"),
        ("pt-BR, fr;q=0.4", "fr"),
        ("tlh", "en"),
        ("", "en"),
        ("\xff;q=x", "en"),
    ],
)
def test_the_browser_asks_for_a_language(db, asked, language):
    answer = Client().get("/", headers={"Accept-Language": asked})
    assert root_of(answer) == f'<html lang="{language}">'
    assert answer["Content-Language"] == language
    assert {"Accept-Language", "Cookie"} <= set(answer["Vary"].split(", "))


def test_a_visitors_choice_wins_over_the_browser_and_a_persons_over_both(house, as_user):
    visitor = as_user(None)
    answer = visitor.post("/language/", {"language": "fr", "next": reading_page(house)})
    assert answer["Location"] == reading_page(house)
    assert answer.cookies["django_language"]["samesite"] == "Lax"
    assert answer.cookies["django_language"]["max-age"] > 10_000_000
    assert root_of(visitor.get("/", headers=GERMAN)) == '<html lang="fr">'
    assert 'value="fr" lang="fr" aria-current="true">Français</button>' in visitor.get("/").content.decode()
    member = as_user(house.member)
    member.cookies["django_language"] = "fr"
    assert root_of(member.get("/", headers=GERMAN)) == '<html lang="fr">'
    User.objects.filter(pk=house.member.pk).update(language="en")
    answer = member.get("/", headers=GERMAN)
    assert (root_of(answer), answer["Content-Language"]) == ('<html lang="en">', "en")


@pytest.mark.parametrize(
    "back", ["https://evil.example/", "//evil.example", "/\\evil.example", "javascript:alert(1)", ""]
)
def test_choosing_a_language_leads_nowhere_else(db, back):
    assert Client().post("/language/", {"language": "de", "next": back})["Location"] == "/"


@pytest.mark.parametrize("language", ["tlh", "", "../de", "a\x00b", "d" * 10_000])
def test_a_language_that_is_not_here_is_a_400(db, language):
    answer = Client().post("/language/", {"language": language})
    assert answer.status_code == 400
    assert "django_language" not in answer.cookies
    assert "not written in this language" in answer.content.decode()


@pytest.mark.parametrize(
    ("site", "status"), [("cross-site", 403), ("same-site", 403), ("same-origin", 302), (None, 302)]
)
def test_another_site_cannot_choose(db, site, status):
    client = Client(enforce_csrf_checks=True)
    headers = {"Sec-Fetch-Site": site} if site else {}
    assert client.post("/language/", {"language": "de"}, headers=headers).status_code == status
    assert client.get("/language/").status_code == 405


def test_visitors_choose_on_every_page_and_members_among_preferences(house, as_user):
    for page in ("/", reading_page(house), reading_page(house) + "?section=1", "/accounts/login/", "/nowhere/"):
        html = as_user(None).get(page).content.decode()
        assert html.count('action="/language/"') == 1
        assert f'name="next" value="{page}"' in html
        assert 'action="/language/"' not in as_user(house.member).get(page).content.decode()


def test_who_signs_up_keeps_the_language(db, settings):
    settings.EMAIL_BACKEND = "readinggroup.lib.mail_files.EmailBackend"
    form = {"display_name": "Nora", "email": "nora@example.org", "password1": ""}
    assert Client().post(reverse("account_signup"), form, headers=GERMAN).status_code == 302
    assert User.objects.get().language == "de"


# --- What it costs, and for whom it is kept -----------------------------------------------------------------------


def test_preferences_cost_no_query(house, as_user):
    def queries(page):
        client = as_user(house.member)
        client.get(page)
        with CaptureQueriesContext(connection) as captured:
            client.get(page)
        return len(captured)

    pages = ("/", reading_page(house))
    before = [queries(page) for page in pages]
    as_user(house.member).post(PAGE, LIKED)
    assert [queries(page) for page in pages] == before
    assert before[1] == 2


def test_two_people_share_a_kept_page_and_never_their_preferences(house, as_user):
    page = reading_page(house)
    User.objects.filter(pk=house.member.pk).update(scheme="dark", letter_keys=False, time_zone="Asia/Tokyo")
    User.objects.filter(pk=house.other.pk).update(scheme="light", text_size="large", language="de")
    roots = {
        house.member: '<html lang="en" data-scheme="dark" data-keys="off">',
        house.other: '<html lang="de" data-size="large" data-scheme="light">',
        house.organizer: '<html lang="en">',
        None: '<html lang="en">',
    }
    for _ in range(2):
        for person, root in roots.items():
            answer = as_user(person).get(page)
            html = answer.content.decode()
            assert root_of(answer) == root
            assert "\x1f" not in html
            assert ("Absätze" in html) == (person == house.other)
            for other in (house.member, house.other, house.organizer):
                assert (other.display_name in html) == (other == person)


def test_the_essay_keeps_its_own_language(house, as_user):
    html = as_user(None).get(reading_page(house), headers=GERMAN).content.decode()
    assert '<html lang="de">' in html
    assert '<article class="text" lang="en">' in html
