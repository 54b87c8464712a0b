"""Writing the public log: what an entry says, with names withheld."""

import json
import re
import unicodedata
from itertools import chain

from django.contrib.auth import get_user_model

from readinggroup.groups.models import Membership

from .models import As, Case, Decision, LogEntry, Report

# What stands for the name of somebody whom a decision concerns. Not translated: the entry is sealed as it is.
WITHHELD = "[…]"
# Parts of names that are words of every sentence: alone they name nobody.
_ARTICLES = {"a", "an", "the", "der", "die", "das", "ein", "eine", "le", "la", "les", "un", "une"}
# Writings that set no spaces between words: a name in them begins and ends anywhere.
_UNSPACED = re.compile("[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u9fff\uf900-\ufaff]")
# Hebrew and Arabic write "and", "to", "of" onto the name.
_PREFIXED = re.compile("[\u0590-\u06ff]")


def write(decision: Decision, parts) -> LogEntry:
    """Enter the decision, in its transaction.

    Withheld are the names of those whom its parts concern, who reported or appealed, and who decided (unless the group
    names them); of a decision about an earlier one, of those whom that one concerns, too.
    """
    rule, appeal = decision.rule, decision.appeal
    facts = {
        "parts": [facts_of(part) for part in parts],
        "ground": decision.ground,
        "rule": rule and {"set": rule.rule_set.number, "number": rule.number, "title": rule.title},
        "words": withheld(decision.words, decision.group_id, concerned(decision, parts), former_names(decision, parts)),
        "role": decision.decided_as,
        "named": is_named(decision),
        "reverses": decision.reverses.public_id if decision.reverses else None,
        "appeal_against": appeal and appeal.decision.public_id,
        "reversed": appeal and appeal.reversed,
    }
    text = json.dumps(facts, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    return LogEntry.objects.create(group_key=decision.group_id, decision=decision.public_id, facts=text)


def facts_of(part) -> dict:
    """What the log tells of one part: what was done with what, where, until when. Not whose it is."""
    comment, place = part.comment, part.before
    told_by_place = comment is None or "number" in place  # of a paragraph that is locked, which it was then
    return {
        "action": part.action,
        "reading": place.get("title") if told_by_place else comment.reading.edition.title,
        "paragraph": place.get("number") if told_by_place else comment.version.number,
        "until": part.until.isoformat() if part.until else None,
    }


def is_named(decision) -> bool:
    """Whether the log gives the name of who decided: the group has chosen so, and it is one person.

    The name itself is looked up when it is shown, so that a deleted account leaves none behind.
    """
    return decision.by is not None and decision.group.moderators_are_named and decision.decided_as != As.JURY


def name_of(decision) -> str | None:
    """The moderator's name, in a group that has chosen to give names."""
    return decision.group.name_of(decision.by) if is_named(decision) else None


# --- Names ------------------------------------------------------------------------------------------------------------


def concerned(decision, parts) -> set:
    """The keys of all whom the log does not name: whom it is about, who reported or appealed, who decided unnamed."""
    first = answered_by(decision)
    people = {part.person_id for part in parts} | reporters_of(cases_of(parts))
    if decision.appeal:
        people.add(decision.appeal.by_id)
    if first:
        people |= people_of(first)
    people |= {each.by_id for each in (decision, first) if each and not is_named(each)}
    return people - {None}


def involved_in(decision) -> set:
    """Who does not decide about an appeal against it: whom it concerns, who made it, who reported what it is about."""
    return people_of(decision) | {decision.by_id} - {None}


def people_of(decision) -> set:
    """The keys of those whom a decision that was entered concerns, and of who reported what it is about."""
    parts = list(decision.parts.all())
    return {part.person_id for part in parts} - {None} | reporters_of(cases_of(parts))


def answered_by(decision) -> Decision | None:
    """The first decision, of which this one is the reversal, or the answer to an appeal against it."""
    return decision.reverses or (decision.appeal and decision.appeal.decision)


def cases_of(parts) -> set:
    return {part.case_id for part in parts} - {None}


def reporters_of(cases) -> set:
    return set(Report.objects.filter(case__in=cases).values_list("reporter", flat=True))


def former_names(decision, parts) -> set:
    """What somebody was called until this decision, or the one that it answers, replaced their name."""
    first = answered_by(decision)
    keys = cases_of(parts) | (cases_of(first.parts.all()) if first else set())
    return set(Case.objects.filter(pk__in=keys).exclude(former_name="").values_list("former_name", flat=True))


def withheld(words, group, people, names=()) -> str:
    """The words without the names of these people, and without these names. `group` is the group's key."""
    members = Membership.objects.filter(group=group, user__in=people).exclude(name_here="")
    found = chain(
        names,
        members.values_list("name_here", flat=True),
        get_user_model().objects.filter(pk__in=people).values_list("display_name", flat=True),
    )
    return without_names(words, found)


def without_names(words, names) -> str:
    """The words with each of these names replaced, also where a part of one stands alone.

    "Will" and "Rose" are names and "will" and "rose" are words: a name of one word counts as it is written by its
    bearer, or with a capital, or after "@". With "s" or "'s" it is the same name. This helps whoever writes a reason
    and cannot do their work: a nickname, or who is meant by "the baker", is not found.
    """
    words = unicodedata.normalize("NFC", words)
    whole = {unicodedata.normalize("NFC", " ".join(name.split())) for name in names} - {""}
    sought = {*whole, *chain.from_iterable(map(parts_of, whole))}
    if not sought:
        return words
    pattern = re.compile("|".join(map(pattern_of, sorted(sought, key=lambda name: (-len(name), name)))), re.IGNORECASE)

    def replaced(match):
        said = match[0]
        has_capital = said[0] == said[0].upper()  # or is of a writing that has none
        several = len(said.split()) > 1
        return WITHHELD if has_capital or several or any(said.startswith(name) for name in whole) else said

    return pattern.sub(replaced, words)


def parts_of(name) -> list:
    """The parts of a name that would be understood alone: "Mara" and "Kowalski", not "of" and "K."."""
    parts = re.findall(r"[^\W_](?:[\w’'-]*\w)?", name)
    return [part for part in parts if len(part) > 1 and part[0] == part[0].upper() and part.lower() not in _ARTICLES]


def pattern_of(name) -> str:
    """What finds the name: after a sign or a space, before one or an "s"; anywhere in writings without spaces."""
    inner = r"\s+".join(map(re.escape, name.split()))
    if _UNSPACED.search(name) and len(name) > 1:
        return rf"@?{inner}"
    if _PREFIXED.match(name):
        inner = rf"[והבלמשכوفبلكس]{{0,2}}{inner}"
    return rf"(?:(?<!\w)@)?(?<![^\W_]){inner}(?:['’]?s)?(?![^\W_])"
