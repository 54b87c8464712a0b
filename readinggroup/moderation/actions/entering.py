"""What follows every decision: its parts and its entry in the log, and telling whom it concerns."""

from django.urls import reverse
from django.utils import timezone

from readinggroup.lib.markup import excerpt
from readinggroup.notifications.actions import tell
from readinggroup.notifications.models import Category

from .. import log
from ..models import Action, Outcome, Part, Report


def enter(decision, parts) -> None:
    """Keep the parts, and write the decision into the log."""
    for position, part in enumerate(parts):
        part.position = position
    Part.objects.bulk_create(parts)
    log.write(decision, parts)


def tell_concerned(decision, parts) -> None:
    """Tell each person what was done with what is theirs, why, by whom, and what they can do: always, at once."""
    for person in sorted({part.person_id for part in parts} - {None}):
        theirs = [part for part in parts if part.person_id == person]
        tell(
            recipients=[person],
            kind="moderation/decided",
            category=Category.DECISION,
            event=f"decision-{decision.public_id}",
            group=decision.group_id,
            address=reverse("moderation:decision", args=[decision.public_id]),
            thread=f"decision-{decision.public_id}",
            facts=facts_for_concerned(decision, theirs),
        )


def facts_for_concerned(decision, parts) -> dict:
    """The statement of reasons. What is quoted are the reader's own words."""
    rule = decision.rule
    comments = {part.comment_id: part.comment for part in parts if part.comment}
    restricted = any(part.is_restrictive for part in parts)
    return {
        "group": decision.group.name,
        "decision": decision.public_id,
        "actions": list(dict.fromkeys(part.action for part in parts)),  # said once, however many comments
        "until": until_of(part for part in parts if part.action != Action.LOCK),
        "locked_until": until_of(part for part in parts if part.action == Action.LOCK),
        "for_good": any(part.before.get("for_good") for part in parts),
        "items": [item_of(comment) for comment in comments.values()],
        "ground": decision.ground,
        "rule": f"{rule.number}. {rule.title}" if rule else "",
        "words": decision.words,
        "role": decision.decided_as,
        "by": log.name_of(decision) or "",
        "automatic": decision.automatic,
        "reversed": decision.reverses_id is not None,
        "appeal_until": decision.appeal_until.isoformat() if restricted else "",
    }


def until_of(parts) -> str:
    """Until when the first of these lasts that a day ends; "" if there is none."""
    return next((part.until.isoformat() for part in parts if part.until), "")


def item_of(comment) -> dict:
    """One of the reader's own comments: its words, and where they stand."""
    return {
        "quoted": excerpt(comment.body_html),
        "title": comment.reading.edition.title,
        "number": comment.version.number,
    }


def tell_reporters(decision, cases, *, upheld) -> None:
    """Tell whoever reported it what came of it; not more of the decision than everybody sees."""
    reports = Report.objects.filter(case__in=cases, outcome=Outcome.OPEN)
    people = sorted(set(reports.values_list("reporter", flat=True)))
    outcome = Outcome.UPHELD if upheld else Outcome.NOT_UPHELD
    reports.update(outcome=outcome, decided_at=timezone.now())
    tell(
        recipients=people,
        kind="moderation/report_answered",
        category=Category.DECISION,
        event=f"reports-{decision.public_id}",
        group=decision.group_id,
        address=reverse("moderation:log", args=[decision.group.slug]),
        facts={"group": decision.group.name, "upheld": upheld},
    )
