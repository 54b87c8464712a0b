"""What the log's entries tell one reader: put into words, linked to one another and to the rules."""

import json
from dataclasses import dataclass, field
from datetime import datetime

from django.db.models import Q
from django.utils.dateparse import parse_datetime
from django.utils.text import capfirst
from django.utils.translation import gettext as _

from readinggroup.groups.permissions import Can, may
from readinggroup.readings.models import Reading

from .models import Action, As, Decision, LogEntry, Part


@dataclass(frozen=True)
class Done:
    """One thing that a decision did."""

    what: str
    text: str  # "" where it concerns no place in a text, or this reader is not told
    paragraph: int
    until: datetime | None


@dataclass
class Shown:
    """One entry as a reader sees it. `is_inside`: it is about what is said on a text that is kept for members."""

    entry: LogEntry
    parts: list
    ground: str
    rule: dict | None
    words: str
    role: str
    by: str  # the moderator's name, where the group gives it
    is_inside: bool
    reverses: int | None = None  # numbers of entries
    reversed_by: int | None = None
    appeal_against: int | None = None
    upheld: bool = False
    appeal_answered_by: list = field(default_factory=list)  # those that changed nothing

    @property
    def title(self):
        """What was done, in a line."""
        places = dict.fromkeys((part.what, part.text, part.paragraph) for part in self.parts)
        told = [
            _("%(what)s: %(text)s, paragraph %(number)d") % {"what": capfirst(what), "text": text, "number": number}
            if text
            else capfirst(what)
            for what, text, number in places
        ]
        return "; ".join(told)


def shown(membership, entries) -> list:
    """These entries of the group's log for this reader; six queries at most, however many they are."""
    group, facts = membership.group, [json.loads(entry.facts) for entry in entries]
    ids = [entry.decision for entry in entries]
    decisions = {
        row.public_id: row for row in Decision.objects.filter(group=group, public_id__in=ids).select_related("by")
    }
    inside = set()
    if not may(membership, Can.READ_ALL):
        # What is said on a text for members is not there for others: neither where, nor what a moderator says of it.
        inside = set(about_texts_for_members(group, ids))
    found = []
    for entry, told in zip(entries, facts, strict=True):
        decision = decisions.get(entry.decision)
        is_inside = entry.decision in inside
        found.append(
            Shown(
                entry=entry,
                parts=[done(part, is_inside) for part in told["parts"]],
                ground=told["ground"],
                rule=told["rule"],
                words="" if is_inside else told["words"],
                role=str(As(told["role"]).label),
                by=group.name_of(decision.by) if told["named"] and decision and decision.by else "",
                is_inside=is_inside,
                upheld=told["reversed"] is False,
            )
        )
    link(group, found, facts)
    return found


def about_texts_for_members(group, ids):
    """Of these decisions those about what is said on a text for members; and those that reverse one, or uphold it."""
    readings = list(Reading.objects.filter(group=group, for_members=True).values_list("pk", flat=True))
    about = Q(comment__reading__in=readings) | Q(before__reading__in=readings)  # a place that is locked has no comment
    theirs = Decision.objects.filter(pk__in=Part.objects.filter(about, decision__group=group).values("decision"))
    of_one = Q(pk__in=theirs) | Q(reverses__in=theirs) | Q(appeal__decision__in=theirs)
    return Decision.objects.filter(of_one, group=group, public_id__in=ids).values_list("public_id", flat=True)


def done(part, is_inside) -> Done:
    """One part of the sealed facts."""
    until = part["until"] and parse_datetime(part["until"])
    text = "" if is_inside else part["reading"] or ""
    return Done(str(Action(part["action"]).label), text, part["paragraph"] or 0, until)


def link(group, found, facts) -> None:
    """Give the entries the numbers of those that reverse them, that they reverse, that answer appeals."""
    ids = [one.entry.decision for one in found]
    later = Decision.objects.filter(group=group).filter(
        Q(reverses__public_id__in=ids) | Q(appeal__decision__public_id__in=ids)
    )
    rows = list(later.values_list("public_id", "reverses__public_id", "appeal__decision__public_id").order_by("pk"))
    wanted = {row[0] for row in rows}
    wanted |= {told[name] for told in facts for name in ("reverses", "appeal_against") if told[name]}
    numbers = dict(LogEntry.objects.filter(group_key=group.pk, decision__in=wanted).values_list("decision", "number"))
    reversals = {reversed_one: numbers.get(later) for later, reversed_one, _appealed in rows}
    for one, told in zip(found, facts, strict=True):
        one.reverses = numbers.get(told["reverses"])
        one.appeal_against = numbers.get(told["appeal_against"])
        one.reversed_by = reversals.get(one.entry.decision)
        one.appeal_answered_by = [
            numbers[later]
            for later, reversed_one, appealed in rows
            if appealed == one.entry.decision and reversed_one != appealed and later in numbers
        ]


def in_eights(fingerprint) -> str:
    """A fingerprint so that people can compare it, and it fits on a line of a phone."""
    return " ".join(fingerprint[at : at + 8] for at in range(0, len(fingerprint), 8))
