"""The catalogs: every string of the site is in them and translated, and what is compiled is what was written."""

import ast
import re
import shutil
import subprocess
from pathlib import Path

import allauth
import polib
import pytest
from django.conf import settings
from django.core.management import CommandError, call_command
from django.test import Client
from django.utils import translation
from django.utils.translation import ngettext

from readinggroup.management.commands.translations import (
    catalog_path,
    is_allauths,
    languages,
    strings_in,
    strings_of,
    strings_of_site,
)

PLACEHOLDER = re.compile(r"%(?:\(\w+\))?[#0+-]*\d*(?:\.\d+)?[a-zA-Z]|%%|</?\w+[^>]*>")
HOW = "run `uv run manage.py translations`, then translate what is empty in readinggroup/locale/"


def catalog(language):
    return polib.pofile(str(catalog_path(language)))


def wordings(entry):
    """All that an entry says in its language."""
    return list(entry.msgstr_plural.values()) if entry.msgid_plural else [entry.msgstr]


def test_the_languages_are_the_ones_with_catalogs():
    folders = {path.name for path in Path(settings.LOCALE_PATHS[0]).iterdir() if path.is_dir()}
    assert folders == set(languages()) == {"de", "fr"}


@pytest.mark.parametrize("language", languages())
def test_every_string_of_the_site_is_in_the_catalog(language):
    ours = [entry for entry in catalog(language) if not is_allauths(entry)]
    written = {(entry.msgctxt, entry.msgid, entry.msgid_plural or None) for entry in ours}
    said = set(strings_of_site())
    assert len(said) > 300
    assert said - written == set(), HOW
    assert written - said == set(), HOW


@pytest.mark.parametrize("language", languages())
def test_every_string_is_translated(language):
    missing = [entry.msgid for entry in catalog(language) if not all(wordings(entry))]
    assert missing == [], HOW
    assert [entry.msgid for entry in catalog(language) if entry.fuzzy or entry.obsolete] == []


@pytest.mark.parametrize("language", languages())
def test_what_is_filled_in_is_the_same_in_both(language):
    for entry in catalog(language):
        allowed = {tuple(sorted(PLACEHOLDER.findall(text))) for text in (entry.msgid, entry.msgid_plural) if text}
        for wording in wordings(entry):
            assert tuple(sorted(PLACEHOLDER.findall(wording))) in allowed, wording
            assert (wording[:1].isspace(), wording[-1:].isspace()) == (
                entry.msgid[:1].isspace(),
                entry.msgid[-1:].isspace(),
            ), wording


@pytest.mark.parametrize("language", languages())
def test_what_is_said_in_allauths_place_is_something_that_it_says(language):
    root = Path(allauth.__file__).parent / "locale" / language / "LC_MESSAGES" / "django.po"
    theirs = {entry.msgid for entry in polib.pofile(str(root))}
    assert {entry.msgid for entry in catalog(language) if is_allauths(entry)} - theirs == set()


def test_german_says_sie():
    """allauth's German says du in one place and Sie in the next; what people meet of it is said over."""
    root = Path(allauth.__file__).parent / "locale" / "de" / "LC_MESSAGES" / "django.po"
    said_over = {entry.msgid for entry in catalog("de") if is_allauths(entry)}
    du = re.compile(r"\b(du|dein\w*|dir|dich)\b", re.IGNORECASE)
    not_met = re.compile("phone|client_name|displayed on your device|View your|basic profile", re.IGNORECASE)
    left = [
        entry.msgid
        for entry in polib.pofile(str(root))
        if du.search(entry.msgstr) and not entry.obsolete and not not_met.search(entry.msgid)
    ]
    assert [msgid for msgid in left if msgid not in said_over] == []
    assert [entry.msgstr for entry in catalog("de") if du.search(PLACEHOLDER.sub("", entry.msgstr))] == []


@pytest.mark.parametrize("language", languages())
def test_plural_forms_are_there(language):
    counted = [entry for entry in catalog(language) if entry.msgid_plural]
    assert len(counted) > 8
    assert "nplurals=2" in catalog(language).metadata["Plural-Forms"]
    assert all(set(entry.msgstr_plural) == {0, 1} for entry in counted)


@pytest.mark.parametrize(
    ("language", "nought"), [("en", "0 comments"), ("de", "0 Kommentare"), ("fr", "0 commentaire")]
)
def test_nought_is_counted_as_the_language_does(language, nought):
    with translation.override(language):
        assert ngettext("%(count)d comment", "%(count)d comments", 0) % {"count": 0} == nought


@pytest.mark.parametrize("language", languages())
def test_what_is_compiled_is_what_was_written(language):
    compiled = polib.mofile(str(catalog_path(language).with_suffix(".mo")))

    def said(entries):
        return {(entry.msgctxt, entry.msgid): wordings(entry) for entry in entries if all(wordings(entry))}

    assert said(compiled) == said(catalog(language)), HOW


def test_languages_are_named_in_themselves():
    assert dict(settings.LANGUAGES) == {"en": "English", "de": "Deutsch", "fr": "Français"}


def test_strings_are_found_wherever_they_stand(tmp_path):
    code = tmp_path / "code.py"
    code.write_text(
        '_("one " "string")\nx = f"{gettext_lazy(\'inside\')}"\nngettext("%(n)d thing", "%(n)d things", n)\n'
        'pgettext_lazy("where", "what")\nself._("not " + variable)\ntranslation.gettext("by name")\n'
    )
    page = tmp_path / "page.html"
    page.write_text(
        '{% load i18n %}\n  <p title="{% translate "it\'s (here)" %}">{{ _("in a variable")|upper }}</p>\n'
        "{% blocktranslate trimmed count n=n with a=b %}\n  {{ n }} of {{ a }}\n{% plural %}\n  all {{ n }}\n"
        '{% endblocktranslate %}{% translate "may" context "month" %}{# _("a comment") #}'
    )
    assert set(strings_of(code)) == {
        (None, "one string", None),
        (None, "inside", None),
        (None, "%(n)d thing", "%(n)d things"),
        ("where", "what", None),
        (None, "by name", None),
    }
    assert set(strings_of(page)) == {
        (None, "it's (here)", None),
        (None, "in a variable", None),
        (None, "%(n)s of %(a)s", "all %(n)s"),
        ("month", "may", None),
    }


def test_the_command_keeps_translations_and_says_what_is_missing(tmp_path, settings, capsys):
    settings.LOCALE_PATHS = [tmp_path]
    for language in ("de", "fr"):
        path = catalog_path(language)
        path.parent.mkdir(parents=True)
        shutil.copy(Path(__file__).parent.parent / "readinggroup" / "locale" / path.relative_to(tmp_path), path)
    german = polib.pofile(str(catalog_path("de")))
    german.remove(german.find("Reading group"))
    german.append(polib.POEntry(msgid="Said no more", msgstr="Nicht mehr gesagt"))
    german.save()
    with pytest.raises(CommandError):
        call_command("translations", check=True)
    assert "de: Reading group" in capsys.readouterr().out
    call_command("translations")
    again = polib.pofile(str(catalog_path("de")))
    assert again.find("Reading group").msgstr == ""
    assert again.find("Said no more") is None
    assert again.find("Members").msgstr == "Mitglieder"
    assert polib.mofile(str(catalog_path("de").with_suffix(".mo"))).find("Members").msgstr == "Mitglieder"


@pytest.mark.skipif(not shutil.which("xgettext"), reason="GNU gettext is not installed: nothing to compare with")
def test_gnu_gettext_finds_nothing_more_in_the_code():
    """Our own search against the usual one, over the Python of the site."""
    root = Path(__file__).parent.parent
    files = [path for folder in ("readinggroup", "texts") for path in root.joinpath(folder).rglob("*.py")]
    keywords = ["_", "gettext_lazy", "ngettext_lazy:1,2", "pgettext_lazy:1c,2", "pgettext:1c,2"]
    command = ["xgettext", "--language=Python", "--from-code=UTF-8", "--output=-"]
    command += [f"--keyword={word}" for word in keywords]
    made = subprocess.run([*command, *files], capture_output=True, text=True, check=True).stdout
    found = {(entry.msgctxt, entry.msgid) for entry in polib.pofile(made)}
    assert len(found) > 200
    assert found - {(context, msgid) for context, msgid, _plural in strings_of_site()} == set()


def test_a_call_that_is_not_gettext_is_none():
    assert list(strings_in(ast.parse('print("x")\nobject.other("y")\n_(name)\n_()'))) == []


def test_our_german_is_heard_where_allauth_speaks(db):
    page = Client().get("/accounts/login/", headers={"Accept-Language": "de"}).content.decode()
    assert "Noch kein Konto? Dann bitte zuerst" in page
    assert re.search(r"\b[Dd]u\b", page) is None
