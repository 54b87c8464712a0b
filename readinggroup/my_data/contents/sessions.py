"""What one has to do with sessions."""

from django.utils.translation import gettext_lazy as _

from readinggroup.schedule.models import MinutesEntry, Outcome

from .part import Part, Words, each, on_this_site


def at_session(row) -> dict:
    """Which session something belongs to."""
    reading = row.session.reading
    return {
        "group": reading.group.name,
        "session": row.session.title,
        "address": on_this_site("schedule:session", reading.group.slug, row.session.public_id),
    }


def of_sessions(rows):
    return each(rows.select_related("session__reading__group"))


def minutes(user):
    """What stands in minutes as I have left it: whoever writes there next has written it."""
    for entry in of_sessions(MinutesEntry.objects.filter(written_by=user)):
        yield at_session(entry) | {"words": Words(entry.body, entry.body_html), "written_at": entry.written_at}


def outcomes(user):
    """Decisions and answered questions that I have noted."""
    for outcome in of_sessions(Outcome.objects.filter(by=user)):
        yield at_session(outcome) | {
            "kind": outcome.kind,
            "words": outcome.words,
            "question": outcome.question and on_this_site("discussion:comment", outcome.question),
            "created_at": outcome.created_at,
        }


PARTS = [
    Part("minutes", _("Minutes that I have written"), ("schedule.MinutesEntry.written_by",), minutes),
    Part("outcomes", _("What I have noted in minutes"), ("schedule.Outcome.by",), outcomes),
]
