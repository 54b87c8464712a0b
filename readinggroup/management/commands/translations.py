"""Bring the catalogs of translations up to date: what the code says now goes into .po files, those into .mo files.

    uv run manage.py translations           # after strings were added or changed; then translate what is empty
    uv run manage.py translations --check   # changes nothing, says what is missing

Needs no GNU gettext. Strings are found by parsing: Python by `ast`, templates by Django's own `templatize`, which turns
what is to be translated into calls of gettext and everything else into filler.
"""

import ast
import io
import tokenize
from collections import defaultdict
from pathlib import Path

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.utils.translation import gettext as _
from django.utils.translation.template import templatize

SOURCES = ("readinggroup", "texts", "templates")
# What the functions of gettext take, by their names without "_lazy"; `_` is gettext by convention.
ARGUMENTS = {
    "_": ("msgid",),
    "gettext": ("msgid",),
    "ngettext": ("msgid", "plural"),
    "pgettext": ("context", "msgid"),
    "npgettext": ("context", "msgid", "plural"),
}


def strings_of_site() -> dict:
    """Every string that is to be translated: (context, msgid, plural) -> the files it stands in."""
    found = defaultdict(set)
    for folder in SOURCES:
        for path in sorted((settings.BASE_DIR / folder).rglob("*")):
            if path.suffix not in {".py", ".html", ".txt"} or "migrations" in path.parts or "guide" in path.parts:
                continue
            for string in strings_of(path):
                found[string].add(path.relative_to(settings.BASE_DIR).as_posix())
    # A string that is counted in one place and not in another is one entry, the counted one.
    counted = {(context, msgid): (context, msgid, plural) for context, msgid, plural in found if plural}
    for context, msgid, plural in list(found):
        if not plural and (context, msgid) in counted:
            found[counted[context, msgid]] |= found.pop((context, msgid, plural))
    return found


def strings_of(path: Path):
    """The strings of one file. Template or code is told by the ending."""
    source = path.read_text(encoding="utf-8")
    if path.suffix == ".py":
        yield from strings_in(ast.parse(source))
    elif "{%" in source or "{{" in source:
        for call in calls_in(templatize(source, origin=str(path))):
            yield from strings_in(ast.parse(call))


def calls_in(templatized: str):
    """The calls of gettext in what `templatize` made, which is Python to the eye of a tokenizer only."""
    line = " ".join(templatized.split("\n"))
    call, depth = [], 0
    for token in tokenize.generate_tokens(io.StringIO(line.strip()).readline):
        if depth:
            call.append(token.string)
            depth += (token.string == "(") - (token.string == ")")
            if not depth:
                yield "".join(call)
        elif token.string == "(" and call:
            call.append("(")
            depth = 1
        else:
            call = [token.string] if token.string in ARGUMENTS else []


def strings_in(tree):
    """(context, msgid, plural) of each call in the code whose arguments are written out."""
    for node in ast.walk(tree):
        if not isinstance(node, ast.Call):
            continue
        name = node.func.id if isinstance(node.func, ast.Name) else getattr(node.func, "attr", "")
        names = ARGUMENTS.get(name.removesuffix("_lazy"), ())
        values = [argument.value for argument in node.args if isinstance(argument, ast.Constant)][: len(names)]
        if names and len(values) == len(names) and all(isinstance(value, str) for value in values):
            said = dict(zip(names, values, strict=True))
            yield said.get("context"), said["msgid"], said.get("plural")


def languages() -> list[str]:
    """The languages that need a catalog: all but the one in which the site is written."""
    return [code for code, _name in settings.LANGUAGES if code != settings.LANGUAGE_CODE]


def catalog_path(language: str) -> Path:
    return Path(settings.LOCALE_PATHS[0]) / language / "LC_MESSAGES" / "django.po"


def is_allauths(entry) -> bool:
    """Whether the entry is a sentence of allauth's that we say differently."""
    return entry.occurrences == [("allauth", "")]


def brought_up_to_date(catalog, strings) -> list:
    """Give the catalog exactly these strings, in a fixed order, and keep their translations. Returns the untranslated.

    What bears the word `allauth` in place of a file stays too: its sentences as we would say them, kept by hand.
    """
    import polib  # for who works on the site; not installed where it only runs

    old = {(entry.msgctxt, entry.msgid): entry for entry in catalog}
    theirs = sorted((entry for entry in catalog if is_allauths(entry)), key=lambda entry: entry.msgid)
    catalog.clear()
    for (context, msgid, plural), files in sorted(strings.items(), key=lambda item: (min(item[1]), item[0][1])):
        entry = polib.POEntry(msgid=msgid, msgctxt=context, occurrences=[(file, "") for file in sorted(files)])
        before = old.get((context, msgid))
        if plural:
            entry.msgid_plural = plural
            kept = before.msgstr_plural if before else {}
            entry.msgstr_plural = {form: kept.get(form, "") for form in (0, 1)}  # German and French have two
        elif before:
            entry.msgstr = before.msgstr
        if before:
            entry.tcomment = before.tcomment
        if "%(" in msgid:
            entry.flags = ["python-format"]
        catalog.append(entry)
    catalog.extend(entry for entry in theirs if (None, entry.msgid, entry.msgid_plural or None) not in strings)
    return catalog.untranslated_entries()


class Command(BaseCommand):
    help = "Bring the catalogs of translations up to date, or say with --check what is missing."

    def add_arguments(self, parser):
        parser.add_argument("--check", action="store_true", help=_("change nothing; fail if a translation is missing"))

    def handle(self, *, check, **options):
        import polib  # as above

        strings, missing = strings_of_site(), 0
        for language in languages():
            path = catalog_path(language)
            catalog = polib.pofile(str(path), wrapwidth=100)
            untranslated = brought_up_to_date(catalog, strings)
            missing += len(untranslated)
            for entry in untranslated:
                self.stdout.write(f"{language}: {entry.msgid}")
            if not check:
                catalog.save()
                catalog.save_as_mofile(str(path.with_suffix(".mo")))
        if missing and check:
            raise CommandError(_("Translations are missing: %(count)d.") % {"count": missing})
