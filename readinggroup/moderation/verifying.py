"""Whether the logs are what was sealed, and whether every decision stands in its log as it was made."""

import json
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import groupby

from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import Exists, OuterRef, Subquery
from django.db.models.functions import JSONObject

from readinggroup.groups.models import Group

from .log import WITHHELD
from .models import GENESIS, Decision, LogEntry, Part

A_CHUNK = 2_000  # rows that are in memory at a time


@dataclass
class Chain:
    """What was found of one group's log. `broken` says what is wrong with the first entry that is not as it was."""

    group_key: int
    slug: str = ""  # "" if the group is removed
    entries: int = 0
    head: str = ""
    broken: str = ""


def verify(*, group_key=None, noted=None) -> Iterator[Chain]:
    """Each log, or that of one group. Fingerprints that are found are taken out of the set `noted`.

    One statement reads entries and decisions as they stood at one moment, row by row: what is decided meanwhile is in
    it wholly or not at all.
    """
    noted = set() if noted is None else noted
    seen = set()
    for key, entries in groupby(with_decisions(group_key).iterator(chunk_size=A_CHUNK), lambda entry: entry.group_key):
        seen.add(key)
        yield walked(key, entries, noted)
    # What is decided in groups of which no entry is left at all.
    missing = unlogged().exclude(group__in=seen).order_by("group", "pk")
    if group_key is not None:
        missing = missing.filter(group=group_key)
    for key, slug in missing.values_list("group", "group__slug").distinct("group").order_by("group"):
        yield Chain(key, slug, broken=lacking(key))
    if group_key is not None and group_key not in seen and not missing.exists():
        yield Chain(group_key, Group.objects.get(pk=group_key).slug)


def unlogged():
    """Decisions without an entry in their group's log."""
    theirs = LogEntry.objects.filter(decision=OuterRef("public_id"), group_key=OuterRef("group"))
    return Decision.objects.filter(~Exists(theirs))


def with_decisions(group_key):
    """The entries in order, each with its group's name and what stands of its decision."""
    decision = Decision.objects.filter(public_id=OuterRef("decision"), group=OuterRef("group_key"))
    parts = Part.objects.filter(decision__public_id=OuterRef("decision")).order_by("position")
    made = JSONObject(
        ground="ground",
        set="rule__rule_set__number",
        number="rule__number",
        title="rule__title",
        role="decided_as",
        reverses="reverses__public_id",
        words="words",
    )
    entries = LogEntry.objects.order_by("group_key", "number").annotate(
        slug=Subquery(Group.objects.filter(pk=OuterRef("group_key")).values("slug")),
        made=Subquery(decision.annotate(made=made).values("made")),
        actions=ArraySubquery(parts.values("action")),
    )
    return entries if group_key is None else entries.filter(group_key=group_key)


def walked(key, entries, noted) -> Chain:
    """One log from its first entry on; after the first that is broken, entries are only counted."""
    chain, previous = Chain(key), GENESIS
    for entry in entries:
        chain.slug = entry.slug or ""
        chain.entries += 1
        noted.discard(entry.hash)
        if not chain.broken and (wrong := wrong_with(entry, chain.entries, previous)):
            chain.broken = f"entry {chain.entries}: {wrong}"
        previous = chain.head = entry.hash
    if not chain.broken and chain.slug:
        chain.broken = lacking(key)
    return chain


def lacking(key) -> str:
    """What is said of a group's decisions that have no entry; "" where all have one."""
    first = unlogged().filter(group=key).order_by("pk").first()
    return f"decision {first.public_id} of {first.decided_at:%Y-%m-%d %H:%M} UTC has no entry" if first else ""


def wrong_with(entry, number, previous) -> str:
    """What is wrong with one entry; "" if it is what was sealed and what was decided."""
    if entry.number != number:
        return f"it is missing; entry {entry.number} stands in its place"
    if entry.previous != previous:
        return "it is not sealed with the entry before it"
    if not entry.is_whole:
        return "it is not what was sealed"
    if not entry.slug:
        return ""  # the group is removed, and its decisions with it
    if entry.made is None:
        return f"its decision {entry.decision} is not there"
    try:
        is_so = says(json.loads(entry.facts), entry.made, entry.actions)
    except (ValueError, KeyError, TypeError):
        is_so = False  # sealed anew, by somebody who does not know what an entry looks like
    return "" if is_so else "it does not say what was decided"


def says(facts, made, actions) -> bool:
    """Whether the sealed facts are those of the decision."""
    rule = facts["rule"] or {"set": None, "number": None, "title": None}
    same = all(rule[name] == made[name] for name in ("set", "number", "title"))
    same = same and all(facts[name] == made[name] for name in ("ground", "role", "reverses"))
    same = same and [part["action"] for part in facts["parts"]] == actions
    return same and fits(facts["words"], made["words"])


def fits(told, words) -> bool:
    """Whether the words are those that are told, with anything in the places of what is withheld."""
    first, *rest = told.split(WITHHELD)
    words = unicodedata.normalize("NFC", words)
    if not rest:
        return words == first
    *middle, last = rest
    if not words.startswith(first) or not words.endswith(last) or len(words) < len(first) + len(last):
        return False
    at, end = len(first), len(words) - len(last)
    for piece in middle:
        found = words.find(piece, at, end)
        if found < 0:
            return False
        at = found + len(piece)
    return True
