"""Whether a text was proposed or read already, or something very like it.

The same is what has the same title, author, language and translator but for capitals, accents and punctuation: that
stands on the list once. Like it is what bears nearly the same title: that is said, with a link, and may be right.
"""

import re
import unicodedata
from dataclasses import dataclass
from difflib import SequenceMatcher
from hashlib import sha256

from django.urls import reverse
from django.utils.translation import gettext as _

from .models import ProposalState

MOST_COMPARED = 1_000  # of each kind, the newest
MOST_SHOWN = 5
NEAR = 0.85  # of 1; from here on two titles are said to be alike
_ARTICLES = re.compile(r"^(?:the|an?|der|die|das|eine?|le|la|les|une?|el|los|las|il|lo|gli|i) (?=\w)")


@dataclass(frozen=True)
class Alike:
    """Something like what is proposed: what it is, how it stands, and where it is found."""

    title: str
    author: str
    stands: str
    address: str
    is_same: bool


def key_of(words: str) -> str:
    """The words as they are compared: without capitals, accents, punctuation and a leading article."""
    bare = "".join(each for each in unicodedata.normalize("NFKD", words.casefold()) if not unicodedata.combining(each))
    plain = " ".join(re.findall(r"\w+", bare.replace("_", " ")))
    return _ARTICLES.sub("", plain) or words.strip().casefold()


def fingerprint_of(*, title: str, author: str, language: str, translator: str) -> str:
    """The same for what is the same text."""
    said = "\n".join([key_of(title), key_of(author), language.partition("-")[0].lower(), key_of(translator)])
    return sha256(said.encode()).hexdigest()


def alike_to(membership, *, title: str, author: str, but=None) -> list[Alike]:
    """What the group has read, has on its shelf, or was proposed that is like this; what is the same comes first."""
    if not key_of(title):
        return []
    compared = Compared(title, author)
    found = [
        (likeness, each)
        for each in (*readings_in(membership), *proposals_in(membership, but))
        if (likeness := compared.likeness(each.title, each.author))
    ]
    found.sort(key=lambda pair: -pair[0])
    return [
        Alike(each.title, each.author, each.stands, each.address, is_same=likeness == 1)
        for likeness, each in found[:MOST_SHOWN]
    ]


def readings_in(membership):
    """The texts of the group, as something that may be like a proposal."""
    group = membership.group
    rows = group.readings.on_the_shelf().order_by("-created_at")
    for slug, state, title, author in rows.values_list("slug", "state", "edition__title", "edition__author")[
        :MOST_COMPARED
    ]:
        stands = {"current": _("being read"), "finished": _("read already")}.get(state, _("on the shelf"))
        yield Alike(title, author, stands, reverse("readings:reading_page", args=[group.slug, slug]), is_same=False)


def proposals_in(membership, but):
    """What was proposed, as far as this person may see it; drafts are nobody's business yet."""
    rows = membership.group.proposals.exclude(state=ProposalState.DRAFT).exclude(pk=but and but.pk)
    for name, state, title, author in rows.order_by("-proposed_at").values_list(
        "public_id", "state", "title", "author"
    )[:MOST_COMPARED]:
        address = reverse("proposals:proposal", args=[membership.group.slug, name])
        yield Alike(title, author, ProposalState(state).label, address, is_same=False)


class Compared:
    """A title and an author with which others are compared."""

    def __init__(self, title, author):
        self.title, self.author = key_of(title), key_of(author) if author else ""
        self.words = set(self.title.split())
        self.matcher = SequenceMatcher(autojunk=False)
        self.matcher.set_seq2(self.title)

    def likeness(self, title: str, author: str) -> float:
        """1 for the same title and author, something less for what is alike, 0 for anything else."""
        other, by = key_of(title), key_of(author) if author else ""
        if other == self.title:
            return 1 if self.author == by or not by or not self.author else 0.9
        if self.author and by and self.author != by:
            return 0  # two authors' titles may be alike
        shorter, longer = sorted((self.words, set(other.split())), key=len)
        if len(shorter) > 1 and shorter <= longer:
            return 0.86  # one is a part of the other
        self.matcher.set_seq1(other)
        if self.matcher.real_quick_ratio() < NEAR or self.matcher.quick_ratio() < NEAR:
            return 0
        ratio = self.matcher.ratio()
        return min(ratio, 0.99) if ratio >= NEAR else 0
