"""Writing the public log: what an entry says, with names withheld."""

import json
import re

from readinggroup.groups.models import Membership

from .models import As, Decision, LogEntry

# What stands for the name of somebody whom a decision concerns. Not translated: the entry is sealed as it is.
WITHHELD = "[…]"


def write(decision: Decision, parts, *, people=()) -> LogEntry:
    """Enter the decision, in its transaction. `people` are the keys of those whose names are withheld."""
    rule = decision.rule
    facts = {
        "parts": [facts_of(part) for part in parts],
        "ground": decision.ground,
        "rule": rule and {"set": rule.rule_set.number, "number": rule.number, "title": rule.title},
        "words": withheld(decision.words, decision.group_id, people),
        "role": decision.decided_as,
        "name": name_of(decision),
        "reverses": decision.reverses.public_id if decision.reverses else None,
        "reversed": decision.appeal.reversed if decision.appeal else None,
    }
    text = json.dumps(facts, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    return LogEntry.objects.create(group_key=decision.group_id, decision=decision.public_id, facts=text)


def facts_of(part) -> dict:
    """What the log tells of one part: what was done with what, where, until when. Not whose it is."""
    comment, place = part.comment, part.before  # of a paragraph that is locked, without a comment, that says where
    return {
        "action": part.action,
        "reading": comment.reading.edition.title if comment else place.get("title"),
        "paragraph": comment.version.number if comment else place.get("number"),
        "until": part.until.isoformat() if part.until else None,
    }


def name_of(decision) -> str | None:
    """The moderator's name, in a group that has chosen to give names."""
    if decision.by is None or not decision.group.moderators_are_named or decision.decided_as == As.JURY:
        return None
    return decision.group.name_of(decision.by)


def withheld(words, group, people) -> str:
    """The words without the names of these people, also parts of a name that stand alone."""
    members = Membership.objects.filter(group=group, user__in=people).select_related("user")
    names = {name for member in members for name in (member.name, member.user.display_name)}
    for name in sorted(names, key=len, reverse=True):
        words = re.sub(rf"(?<!\w){re.escape(name)}(?!\w)", WITHHELD, words, flags=re.IGNORECASE)
    return words
