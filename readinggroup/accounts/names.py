"""Which names may be shown, which of them look alike, and how somebody is called who is no longer to be named."""

import json
import re
import secrets
import unicodedata
from functools import lru_cache
from hashlib import sha256
from importlib.resources import files

from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from readinggroup.lib.public_ids import ALPHABET

LONGEST_NAME = 60
LONGEST_SKELETON = 200

# Cc control, Cf format (bidirectional marks, zero width), Cs surrogate, Co private use, Zl and Zp line separators.
REFUSED_CATEGORIES = {"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"}
VISIBLE_CATEGORIES = ("L", "N", "S", "P")
# Letters and signs that are drawn as nothing: fillers of Hangul, the blank of Braille, the joiner of graphemes.
BLANK_LETTERS = set("\u115f\u1160\u3164\uffa0\u2800\u034f\u17b4\u17b5")
# More marks than this on one letter run into the lines above and below. No writing needs so many.
MOST_MARKS = 4
# They choose how a sign is drawn (as a picture, as text), and are nothing by themselves.
_VARIATION_SELECTORS = re.compile("[\u180b-\u180f\ufe00-\ufe0f\U000e0100-\U000e01ef]")

# The database's name for "one shown name a group": groups declares it, whoever changes a name may run into it.
NAME_ONCE = "membership_name_once"


def validate_display_name(name: str) -> None:
    """Refuse a name that cannot be seen, or that would change the text around it."""
    if any(unicodedata.category(each) in REFUSED_CATEGORIES or each in BLANK_LETTERS for each in name):
        raise ValidationError(_("A name may not hold invisible or control characters."), code="invisible")
    if not any(unicodedata.category(character).startswith(VISIBLE_CATEGORIES) for character in name):
        raise ValidationError(_("A name needs at least one letter, digit or sign."), code="blank")
    kinds = "".join("M" if unicodedata.category(each) in {"Mn", "Me"} else "." for each in name)
    if "M" * (MOST_MARKS + 1) in kinds:
        raise ValidationError(_("A name may not pile up so many marks on one letter."), code="marks")


def skeleton(name: str) -> str:
    """What is left of a name when all that looks alike is one: two people of one group may not share it.

    The skeleton of Unicode Technical Standard 39 on the compatibility form, and without regard to case. Since case
    makes i and I one, and a capital I looks like a small l, those are one here too: rather one name too many refused.
    """
    bare = _VARIATION_SELECTORS.sub("", name)
    for _round in range(2):  # what case folding gives is looked up as well
        bare = "".join(map(prototype, unicodedata.normalize("NFKD", bare)))
        bare = unicodedata.normalize("NFKD", bare).casefold()
    bare = " ".join(bare.replace("i", "l").split()) or name
    return bare if len(bare) <= LONGEST_SKELETON else sha256(bare.encode()).hexdigest()


def prototype(character: str) -> str:
    """What the character is drawn like, or itself."""
    return _prototypes().get(character, character)


@lru_cache(maxsize=1)
def _prototypes() -> dict:
    """Unicode's table of confusable characters, each with its prototype.

    The package lists each pair on both sides. A prototype has several that look like it, or is several characters; of
    two lone characters the lower one counts. Around right-to-left letters its strings hold marks that are not theirs.
    """
    table = json.loads(files("confusable_homoglyphs").joinpath("confusables.json").read_text(encoding="utf-8"))
    alike = {}
    for one, others in table.items():
        alike.setdefault(one.replace("\u200e", ""), set()).update(each["c"].replace("\u200e", "") for each in others)

    def rank(text):
        return (len(text) > 1, len(alike[text]) > 1, -ord(text[0]))

    chosen = {}
    for character, others in alike.items():
        if len(character) == 1:
            best = max(others, key=rank)
            if rank(best) > rank(character):
                chosen[character] = best
    return chosen


def new_pseudonym() -> str:
    """A name for somebody who is no longer to be named, the same in every language: "Reader K7Q2XM"."""
    return "Reader " + "".join(secrets.choice(ALPHABET) for _ in range(6)).upper()


def is_pseudonym(name) -> bool:
    """Whether the name looks like one that was given in place of another."""
    word, _space, drawn = name.partition(" ")
    return word == "Reader" and len(drawn) == 6 and set(drawn) <= set(ALPHABET.upper())


def is_name_clash(refusal) -> bool:
    """Whether the database refused a change because somebody in the group is called that already."""
    diagnosis = getattr(refusal.__cause__, "diag", None)
    return diagnosis is not None and diagnosis.constraint_name == NAME_ONCE


def name_clash_sentence(refusal=None) -> str:
    """What to say of a name that is taken; with the group's name, where the refusal tells it."""
    diagnosis = refusal and refusal.__cause__.diag
    group = diagnosis and diagnosis.message_hint
    if group:
        return _("In the group “%(group)s” somebody is called that already, or nearly.") % {"group": group}
    return _("Somebody here is called that already, or so nearly that one could be taken for the other.")
