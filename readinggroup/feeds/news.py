"""The news of a group: what its logs, rules, shelf, letters and calendar hold, as one reader may see them.

Another kind of news is one more function in SOURCES: from a membership to its newest entries.
"""

from datetime import timedelta
from itertools import chain

from django.db.models import Q
from django.urls import reverse
from django.utils import timezone
from django.utils.html import escape, linebreaks
from django.utils.text import capfirst
from django.utils.translation import gettext as _

from readinggroup.groups.models import ChangeKind
from readinggroup.groups.permissions import Can, may
from readinggroup.moderation.models import LogEntry
from readinggroup.moderation.shown_entries import shown
from readinggroup.schedule.calendars import entries, sessions_seen_by
from readinggroup.schedule.models import Minutes
from readinggroup.schedule.times import time_of

from .atom import Entry

MOST = 50
AHEAD = timedelta(days=14)  # one of a series is news so long before; else fifty dates would push out all the rest
# The log keeps a name of that day, which its person may have left behind: the entry's author is the one of now.
NAMES_SOMEBODY = {ChangeKind.HANDED_OVER}
TOLD_BY_ITS_OWN_ENTRY = {ChangeKind.LETTER}


class News:
    """What the feed of news holds at this moment. Its entries are short, so that they are their own stamp."""

    def __init__(self, membership):
        found = chain.from_iterable(source(membership) for source in SOURCES)
        self.stamp = sorted(found, key=lambda entry: entry.at, reverse=True)[:MOST]

    def entries(self) -> list:
        return self.stamp


def by(membership, user) -> str:
    """Who did it, where this reader may see who belongs."""
    return membership.group.name_of(user) if user and may(membership, Can.SEE_MEMBERS) else ""


def changes(membership) -> list:
    """The log of the group as a whole."""
    group, found = membership.group, []
    for change in group.changes.exclude(kind__in=TOLD_BY_ITS_OWN_ENTRY).select_related("by", "person")[:MOST]:
        told = [by(membership, change.person), "" if change.kind in NAMES_SOMEBODY else change.became]
        became = ", ".join(filter(None, told))
        label = capfirst(change.get_kind_display())
        found.append(
            Entry(
                name=f"change/{change.pk}",
                title=_("%(what)s: %(became)s") % {"what": label, "became": became} if became else label,
                address=reverse("group", args=[group.slug]),
                html="",
                author=by(membership, change.by),
                at=change.at,
                updated=change.at,
            )
        )
    return found


def rules(membership) -> list:
    """Every version of the rules, with why it was made."""
    group = membership.group
    return [
        Entry(
            name=f"rules/{rule_set.pk}",
            title=_("The rules have changed: version %(number)d") % {"number": rule_set.number},
            address=reverse("groups:rules_version", args=[group.slug, rule_set.number]),
            html=linebreaks(rule_set.note, autoescape=True) if rule_set.note else "",
            author=by(membership, rule_set.created_by),
            at=rule_set.created_at,
            updated=rule_set.created_at,
        )
        for rule_set in group.rule_sets.select_related("created_by")[:MOST]
    ]


def texts(membership) -> list:
    """What was brought to the shelf: of a text for members everyone who reads here sees that it is there."""
    group, shelf = membership.group, membership.group.readings.on_the_shelf()
    return [
        Entry(
            name=f"reading/{reading.pk}",
            title=_("New on the shelf: %(text)s") % {"text": reading.edition.title},
            address=reverse("readings:reading_page", args=[group.slug, reading.slug]),
            html=f"<p>{escape(reading.edition.author)}</p>" if reading.edition.author else "",
            author="",
            at=reading.created_at,
            updated=reading.created_at,
        )
        for reading in shelf.with_text().exclude(edition__current=None).order_by("-created_at")[:MOST]
    ]


def proposals(membership) -> list:
    """What was proposed to be read, and stands on the list."""
    group = membership.group
    return [
        Entry(
            name=f"proposal/{proposal.pk}",
            title=_("Proposed: %(text)s") % {"text": proposal.title},
            address=reverse("proposals:proposal", args=[group.slug, proposal.public_id]),
            html=linebreaks(proposal.why, autoescape=True),
            author=by(membership, proposal.proposer),
            at=proposal.proposed_at,
            updated=proposal.edited_at or proposal.proposed_at,
        )
        for proposal in group.proposals.living().select_related("proposer").order_by("-proposed_at")[:MOST]
    ]


def letters(membership) -> list:
    """Letters to all members, for members."""
    if not may(membership, Can.READ_ALL):
        return []
    group = membership.group
    return [
        Entry(
            name=f"letter/{letter.pk}",
            title=letter.subject,
            address=reverse("groups:letter", args=[group.slug, letter.pk]),
            html=letter.body_html,
            author=by(membership, letter.by),
            at=letter.created_at,
            updated=letter.created_at,
        )
        for letter in group.letters.select_related("by")[:MOST]
    ]


def decisions(membership) -> list:
    """What moderators decided, as the public log tells it to this reader."""
    group = membership.group
    newest = LogEntry.objects.filter(group_key=group.pk).order_by("-number")[:MOST]
    return [
        Entry(
            name=f"log/{group.pk}/{one.entry.number}",
            title=_("Moderation: %(decision)s") % {"decision": one.title},
            address=reverse("moderation:log_entry", args=[group.slug, one.entry.number]),
            html=words_of(one),
            author=one.by,
            at=one.entry.at,
            updated=one.entry.at,
        )
        for one in shown(membership, list(newest))
    ]


def words_of(one) -> str:
    """The rule, the reason, and what the decision has to do with an earlier one. What comes later is its own entry."""
    told = []
    if one.rule:
        told.append(_("Rule %(number)d: %(title)s") % one.rule)
    if one.reverses:
        told.append(_("Reverses entry %(number)d") % {"number": one.reverses})
    facts = "".join(f"<p>{escape(line)}</p>" for line in told)
    return facts + (f"<blockquote>{linebreaks(one.words, autoescape=True)}</blockquote>" if one.words else "")


def sessions(membership) -> list:
    """Sessions that were put on the calendar, and that were cancelled: as the reader's calendar would tell them."""
    group, is_soon = membership.group, Q(starts_at__lt=timezone.now() + AHEAD)
    newest = sessions_seen_by(membership).filter(Q(series=None) | is_soon).order_by("-announced_at", "-pk")[:MOST]
    return [
        Entry(
            name=f"session/{told.session.uid}",
            title=_("%(session)s, %(time)s") % {"session": told.title, "time": when(told.session, group)},
            address=reverse("schedule:session", args=[group.slug, told.session.public_id]),
            html=linebreaks(told.words, autoescape=True) if told.words else "",
            author="",
            at=since_when(told.session),
            updated=max(since_when(told.session), told.session.changed_at),
        )
        for told in entries({group.pk: membership}, newest, membership.user_id)
    ]


def since_when(session):
    """Since when it is news."""
    known = session.announced_at or session.created_at
    return known if session.series_id is None else max(known, session.starts_at - AHEAD)


def when(session, group) -> str:
    """Its time as the group's clock shows it."""
    time = {"starts_at": session.starts_at, "ends_at": session.ends_at, "zone": session.zone}
    told = time_of(**time, all_day=session.all_day, reader=group.zone)
    return f"{told.words} ({told.zone})"


def minutes(membership) -> list:
    """Minutes that were published, for members."""
    if not may(membership, Can.READ_ALL):
        return []
    group = membership.group
    published = Minutes.objects.filter(session__in=sessions_seen_by(membership), published_at__isnull=False)
    newest = published.select_related("session", "published_by").order_by("-published_at", "-pk")[:MOST]
    return [
        Entry(
            name=f"minutes/{one.session.uid}",
            title=_("Minutes: %(session)s") % {"session": one.session.title},
            address=reverse("schedule:session", args=[group.slug, one.session.public_id]) + "#minutes",
            html="",
            author=by(membership, one.published_by),
            at=one.published_at,
            updated=one.published_at,
        )
        for one in newest
    ]


SOURCES = [changes, rules, texts, proposals, letters, decisions, sessions, minutes]
