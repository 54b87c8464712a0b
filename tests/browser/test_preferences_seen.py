"""Preferences as they are seen: colours, sizes, keys, and the zone that the device tells of."""

import pytest
from django.urls import reverse
from playwright.sync_api import expect

from readinggroup.accounts.models import User

from .conftest import NARROW
from .steps import address_of, at, button_at, discussion, open_text, paragraph_address, sign_in_by_password, title
from .test_accessibility import faults_of, sideways

pytestmark = pytest.mark.browser

PAGE = "/me/preferences/"


def style_of(page, selector, name):
    return page.evaluate(
        "([selector, name]) => getComputedStyle(document.querySelector(selector))[name]", [selector, name]
    )


def looks(page):
    """The ground, the size of the essay's letters in px and the most that a line of it may measure, in letters."""
    size, measure = (float(style_of(page, ".text", name).removesuffix("px")) for name in ("fontSize", "maxWidth"))
    return style_of(page, "body", "backgroundColor"), size, round(measure / size, 1)


def likes(user, **chosen):
    User.objects.filter(pk=user.pk).update(**chosen)


def test_scheme_size_and_measure_are_obeyed(house, page_for):
    page = page_for(house.member, scheme="light")
    open_text(page, house.reading)
    ground, size, measure = looks(page)
    likes(house.member, scheme="dark", text_size="large", measure="narrow")
    page.reload()
    dark_ground, large, narrow = looks(page)
    assert ground == "rgb(253, 252, 249)"
    assert dark_ground == "rgb(24, 22, 20)"
    assert large > 1.1 * size
    assert narrow < 0.85 * measure
    page.emulate_media(color_scheme="dark")
    likes(house.member, scheme="light", text_size="small", measure="wide")
    page.reload()
    light_ground, small, wide = looks(page)
    assert light_ground == ground
    assert small < size
    assert wide > 1.15 * measure
    page.emulate_media(media="print")
    assert looks(page)[1:] == pytest.approx((14.67, 33.8), abs=0.1)  # paper is paper


def test_letters_do_nothing_when_they_are_no_keys(house, page_for):
    likes(house.member, letter_keys=False)
    page = page_for(house.member)
    open_text(page, house.reading)
    for key in ("j", "o", "r", "?"):
        page.keyboard.press(key)
    expect(page).to_have_url(at(address_of(house.reading)))
    expect(discussion(page)).to_be_hidden()
    expect(page.locator("#keys")).to_be_hidden()
    button_at(page, 2).click()
    expect(title(page)).to_be_focused()
    page.keyboard.press("Escape")  # no letter: it closes still
    expect(discussion(page)).to_be_hidden()
    page.get_by_role("button", name="Keys").click()
    page.get_by_role("link", name="Switch single letters off").click()
    expect(page).to_have_url(at(PAGE))
    expect(page.get_by_label("Single letters are keys")).not_to_be_checked()


def test_a_visitor_switches_letters_off_on_this_device(house, page_for):
    page = page_for(None)
    open_text(page, house.reading)
    page.keyboard.press("?")
    page.get_by_label("Single letters are keys").uncheck()
    page.keyboard.press("Escape")
    for _ in range(2):
        page.keyboard.press("o")
        expect(discussion(page)).to_be_hidden()
        page.reload()
    page.get_by_role("button", name="Keys").click()
    page.get_by_label("Single letters are keys").check()
    page.keyboard.press("Escape")
    page.keyboard.press("j")
    expect(page.locator(".talk:focus")).to_be_in_viewport()


def test_the_page_shows_a_choice_at_once(house, page_for):
    page = page_for(house.member, scheme="light")
    page.goto(PAGE)
    _ground, size, measure = looks(page)
    page.get_by_label("dark", exact=True).check()
    page.get_by_label("very large").check()
    page.get_by_label("short").check()
    ground, large, narrow = looks(page)
    assert ground == "rgb(24, 22, 20)"
    assert large > 1.3 * size
    assert narrow < measure
    expect(page.get_by_role("button", name="Look at it first")).to_be_hidden()
    page.get_by_label("Language of the site").select_option("de")
    page.get_by_role("button", name="Save").click()
    expect(page.locator(".messages")).to_contain_text("Die Einstellungen sind gespeichert.")
    assert looks(page) == (ground, large, narrow)


def test_without_javascript_one_looks_first(house, page_for):
    page = page_for(house.member, javascript=False, scheme="light")
    page.goto(PAGE)
    page.get_by_label("dark", exact=True).check()
    page.get_by_role("button", name="Look at it first").click()
    assert looks(page)[0] == "rgb(24, 22, 20)"
    expect(page.get_by_label("dark", exact=True)).to_be_checked()
    page.goto(PAGE)
    assert looks(page)[0] == "rgb(253, 252, 249)"


def test_the_device_tells_its_zone_at_the_login(house, page_for):
    house.member.set_password("a long enough one")
    house.member.save()
    page = page_for(None)
    page.context.new_cdp_session(page).send("Emulation.setTimezoneOverride", {"timezoneId": "Asia/Tokyo"})
    page.goto(f"/accounts/login/?next={PAGE}")
    sign_in_by_password(page, house.member, "a long enough one")
    expect(page).to_have_url(at(PAGE))
    expect(page.locator("main")).to_contain_text("Your device says Asia/Tokyo.")
    assert "zone" not in {cookie["name"] for cookie in page.context.cookies()}


def test_a_visitor_chooses_a_language_and_stays_where_they_are(house, page_for):
    page = page_for(None)
    open_text(page, house.reading)
    page.get_by_role("button", name="Deutsch").click()
    expect(page.locator("html")).to_have_attribute("lang", "de")
    expect(page).to_have_url(at(address_of(house.reading)))
    expect(page.locator(".text")).to_have_attribute("lang", "en")


def test_large_letters_and_long_words_on_a_phone(house, page_for):
    """German at the largest size in the smallest window: nothing stands out to the side, and axe is content."""
    likes(house.owner, language="de", text_size="largest", scheme="dark")
    page = page_for(house.owner, NARROW)
    group = house.group.slug
    for address in (
        "/", PAGE, "/me/", reverse("group", args=[group]), address_of(house.reading),
        paragraph_address(house.reading, 4), reverse("groups:members", args=[group]),
        reverse("groups:who_may", args=[group]), reverse("groups:settle_group", args=[group]),
        reverse("groups:invite", args=[group]), reverse("readings:import_text", args=[group]), "/accounts/email/",
    ):  # fmt: skip
        page.set_viewport_size({"width": 390, "height": 844})
        page.goto(address)
        assert faults_of(page) == [], address
        page.set_viewport_size({"width": 320, "height": 700})
        assert sideways(page) == [], address
