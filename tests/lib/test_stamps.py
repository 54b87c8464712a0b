"""Templates rendered once and stamped: what is filled in stays a value, whatever it holds."""

import re
import subprocess
import sys

import pytest
from django.conf import settings
from django.template import TemplateDoesNotExist
from django.test import override_settings
from django.urls import reverse
from django.utils import translation
from hypothesis import given
from hypothesis import strategies as st

from readinggroup.lib import stamps
from readinggroup.lib.stamps import MARK, Page, Stamp, slot, stamp

from .. import factories

TEMPLATES = {
    "row.html": "{% load i18n %}<li{% if mine %} class=mine{% endif %}>"
    "{{ name }}: {{ words }}, {{ name }}{% translate 'Yes' %}</li>",
    "empty.html": "nothing to fill in",
}
LOADERS = [("django.template.loaders.locmem.Loader", TEMPLATES)]
ENGINE = [{"BACKEND": "django.template.backends.django.DjangoTemplates", "OPTIONS": {"loaders": LOADERS}}]


@pytest.fixture
def row():
    """A stamp of the small template above; none of it stays for the next test."""
    stamps._stamp.cache_clear()
    with override_settings(TEMPLATES=ENGINE, LANGUAGES=[("en", "English"), ("de", "German")]):
        yield lambda **flags: stamp("row.html", ("name", "words"), **flags)
    stamps._stamp.cache_clear()


def test_a_slot_twice_is_filled_twice(row):
    assert row().fill({"name": "Ana", "words": "so"}) == "<li>Ana: so, AnaYes</li>"


def test_values_are_taken_as_they_are_and_more_than_asked_for_do_no_harm(row):
    assert (
        row()
        .fill({"name": r"\1 %s {x} {{ x }} $0", "words": "<p>", "more": "x"})
        .startswith(r"<li>\1 %s {x} {{ x }} $0: <p>,")
    )


def test_a_missing_value_is_an_error_and_not_a_gap(row):
    with pytest.raises(KeyError, match="words"):
        row().fill({"name": "Ana"})


def test_each_set_of_flags_and_each_language_has_its_own_stamp_and_only_one(row):
    assert row(mine=True).fill({"name": "Ana", "words": ""}).startswith("<li class=mine>")
    assert row(mine=True) is row(mine=True)
    with translation.override("de"):
        assert row().fill({"name": "Ana", "words": "so"}) == "<li>Ana: so, AnaJa</li>"
    assert row().fill({"name": "Ana", "words": "so"}) == "<li>Ana: so, AnaYes</li>"


def test_a_template_without_slots_is_itself(row):
    assert stamp("empty.html", ()).fill({}) == "nothing to fill in"
    with pytest.raises(TemplateDoesNotExist):
        stamp("not-there.html", ())


@given(
    st.dictionaries(
        st.sampled_from(["a", "b", "long_name2"]), st.text(st.characters(exclude_categories=["Cs"])), min_size=3
    )
)
def test_filling_is_replacing(values):
    html = f"<p>{slot('a')}é{slot('b')}{slot('a')}</p>{slot('long_name2')}"
    wanted = f"<p>{values['a']}é{values['b']}{values['a']}</p>{values['long_name2']}"
    assert Stamp(html).fill(values) == wanted
    assert Page(html).fill(values) == wanted.encode()


def test_a_value_that_looks_like_a_slot_is_not_filled():
    html = f"{slot('words')} {slot('token')}"
    values = {"words": slot("token"), "token": "secret"}
    assert Stamp(html).fill(values).count("secret") == Page(html).fill(values).count(b"secret") == 1


def test_a_page_is_as_long_as_what_is_kept_of_it():
    assert len(Page(f"é{slot('a')}b")) == 3


def test_the_mark_cannot_be_guessed():
    """It is another in every process."""
    code = "from readinggroup.lib.stamps import MARK; print(repr(MARK))"
    other = subprocess.run(
        [sys.executable, "-c", code], cwd=settings.BASE_DIR, capture_output=True, text=True, check=True
    )
    assert other.stdout.strip() != repr(MARK)
    assert len(MARK) > 16


@pytest.mark.parametrize("name", ["token", "words", "no_such_slot"])
def test_a_comment_cannot_bring_slots_of_its_own(house, as_user, name):
    comment = factories.create_comment(house.reading, house.member, f"before \x1f{name}\x1f after {slot('x')[:4]}")
    page = as_user(house.member).get(reverse("discussion:comment", args=[comment.public_id]), follow=True)
    assert f"before \x1f{name}\x1f after" in page.content.decode()


@pytest.mark.parametrize("name", ["token", "no_such_slot"])
def test_an_imported_text_cannot_bring_slots_of_its_own(house, as_user, name):
    """A reading's page is kept as a stamp: a slot in it would be filled with the reader's own token, in a link say."""
    entity = f"&#31;{name}&#31;"
    source = f'<h1>The Well</h1><p>The rope{entity} was <a href="http://evil.example/?{entity}">new</a> and long.</p>'
    check_its_page(as_user(house.member), factories.create_reading(house.group, source, filename="well.html"))


@pytest.mark.parametrize("name", ["token", "no_such_slot"])
def test_what_is_said_about_an_edition_cannot_bring_slots(house, as_user, name):
    said = dict.fromkeys(["title", "author", "translator", "rights"], f"a \x1f{name}\x1f b")
    check_its_page(as_user(house.member), factories.create_reading(house.group, "One.\n\nTwo and three.\n", **said))


def check_its_page(client, reading):
    """It opens, and holds the reader's token no more often than any other."""
    page = client.get(reverse("readings:reading_page", args=[reading.group.slug, reading.slug]))
    assert page.status_code == 200
    plain = factories.create_reading(reading.group, "Four.\n\nFive and six.\n", title="Plain")
    other = client.get(reverse("readings:reading_page", args=[plain.group.slug, plain.slug]))
    assert len(tokens_in(page)) == len(tokens_in(other)) > 0


def tokens_in(page):
    return re.findall(r"\b[A-Za-z0-9]{64}\b", page.content.decode())
