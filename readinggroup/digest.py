"""What stands in somebody's daily or weekly digest: of each of their groups what concerns them, and what is open there.

It asks all apps; `notifications` delivers it. The questions are as many for a group of ten as for one of a thousand.
"""

from datetime import timedelta
from itertools import groupby

from django.conf import settings
from django.db.models import Count, Exists, OuterRef
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from readinggroup.discussion.models import Comment, QuestionState, State
from readinggroup.discussion.telling import facts_of
from readinggroup.groups.models import Group, Membership
from readinggroup.lib.markup import excerpt
from readinggroup.notifications.digests import DigestWords
from readinggroup.notifications.models import Category, Notice
from readinggroup.notifications.unsubscribing import ALL_DIGESTS, unsubscribe_address
from readinggroup.notifications.wording import one_line, words_of_kind
from readinggroup.readings.models import ReadingState
from readinggroup.schedule.preparing import next_sessions, to_read_all

from .notices import stand

MOST_TOLD = 60  # comments, and pieces of news, of one digest; the rest stands in the inbox
MOST_QUESTIONS = 3  # of one group
A_WEEK = timedelta(days=7)
TO_ME = [Category.REPLY, Category.MENTION]


def compose(person, notices) -> DigestWords | None:
    """The digest, in the active language; None if all that waited was hidden, taken back or closed meanwhile."""
    standing = stand(Notice.objects.filter(pk__in=[notice.pk for notice in notices])).order_by("created_at", "pk")
    told = list(standing)
    groups = groups_of({each.group_key for each in told} - {None}, person)
    open_ones = {key for key, group in groups.items() if group.is_mine and not group.is_closed}
    told = [each for each in told if not each.about or each.group_key in open_ones]
    facts = facts_of({notice.about for notice in told[:MOST_TOLD]} - {""})
    shown = [notice for notice in told[:MOST_TOLD] if not notice.about or notice.about in facts]
    if not shown:
        return None
    questions, sessions = open_questions(open_ones, person), sessions_ahead(open_ones, person)
    parts = [
        part_of(groups.get(key), mine, facts, questions.get(key, []), sessions.get(key))
        for key, mine in by_group(shown)
    ]
    context = {
        "recipient": person,
        "parts": parts,
        "more": len(told) - len(shown),
        "site": settings.SITE_URL,
        "inbox": f"{settings.SITE_URL}{reverse('inbox')}",
        "choices": f"{settings.SITE_URL}{reverse('mail_choices')}",
        "stop": unsubscribe_address(person, ALL_DIGESTS),
        "subject": subject_of(parts),
    }
    text, html = (render_to_string(f"site/mail/digest.{kind}", context) for kind in ("txt", "html"))
    return DigestWords(context["subject"], text, html)


def groups_of(keys, person) -> dict:
    """These groups by their keys, each with whether the person belongs: who was removed is told that, and no more."""
    member = Membership.objects.active().filter(group=OuterRef("pk"), user=person)
    return {group.pk: group for group in Group.objects.filter(pk__in=keys).annotate(is_mine=Exists(member))}


def by_group(notices):
    """The notices of each group together, in the order of their first."""
    order = {}
    for notice in notices:
        order.setdefault(notice.group_key, len(order))
    return groupby(sorted(notices, key=lambda notice: order[notice.group_key]), key=lambda notice: notice.group_key)


def part_of(group, notices, facts, questions, session) -> dict:
    """What is told of one group (None for what belongs to none)."""
    notices = list(notices)
    said = [{**facts[each.about], "address": each.address, "category": each.category} for each in notices if each.about]
    for each in said:
        each["excerpt"] = excerpt(each["words_html"])
    to_me = [each for each in said if each["category"] in TO_ME]
    return {
        "group": group,
        "session": session and session | {"sentence": before_session(session, len(to_me))},
        "to_me": to_me,
        "followed": places_of(each for each in said if each["category"] not in TO_ME),
        "followed_count": sum(each["category"] not in TO_ME for each in said),
        "news": [(words_of_kind(each.kind, each.facts), each.address) for each in notices if not each.about],
        "questions": questions,
    }


def places_of(said) -> list:
    """What was said, each paragraph in one piece, in the order of the text."""
    ordered = sorted(said, key=lambda each: (each["title"], each["number"]))
    places = groupby(ordered, key=lambda each: (each["title"], each["number"]))
    return [{"title": title, "number": number, "said": list(there)} for (title, number), there in places]


def asked_by_others(person):
    """Questions of others that nobody has answered."""
    asked = Comment.objects.filter(question=QuestionState.OPEN, parent=None, state=State.VISIBLE)
    return asked.exclude(author=person)


def sessions_ahead(groups, person) -> dict:
    """The next session of each group: the group's key -> what is to be read till then, how much is asked there."""
    sessions = next_sessions(groups, person)
    ahead = to_read_all(list(sessions.values()), person.pk)
    asked = asked_by_others(person).filter(reading__in={session.reading_id for session in sessions.values()})
    counts = {
        (reading, paragraph): count
        for reading, paragraph, count in asked.values_list("reading", "paragraph").annotate(count=Count("pk"))
    }
    return {
        key: {
            "session": session,
            "to_read": (to_read := ahead[session.pk]),
            "questions": sum(
                counts.get((session.reading_id, address.pk), 0) for address in (to_read.addresses if to_read else ())
            ),
            "address": reverse("schedule:session", args=[session.reading.group.slug, session.public_id]),
        }
        for key, session in sessions.items()
    }


def before_session(ahead, words_to_me) -> str:
    """ "Before Thursday, May 6, 2027, 7 p.m. (your time): paragraphs 41–58, about 35 minutes; 2 open questions"."""
    to_read, left = ahead["to_read"], []
    if to_read:
        facts = {"paragraphs": to_read, "minutes": to_read.minutes}
        left.append(
            ngettext(
                "%(paragraphs)s, about %(minutes)d minute",
                "%(paragraphs)s, about %(minutes)d minutes",
                facts["minutes"],
            )
            % facts
        )
    if ahead["questions"]:
        count = ahead["questions"]
        left.append(ngettext("%(count)d open question", "%(count)d open questions", count) % {"count": count})
    if words_to_me:
        left.append(ngettext("%(count)d word to you", "%(count)d words to you", words_to_me) % {"count": words_to_me})
    facts = {"when": moment_of(ahead["session"]), "left": "; ".join(left)}
    if not left:
        return _("The group meets on %(when)s (your time).") % facts
    return _("Before %(when)s (your time): %(left)s") % facts


def moment_of(session) -> str:
    """When it begins, by its reader's clock: with the day of the week, in the formats of the language."""
    begins = timezone.localtime(session.starts_at)
    return f"{date_format(begins, 'l')}, {date_format(begins, 'DATE_FORMAT' if session.all_day else 'DATETIME_FORMAT')}"


def open_questions(groups, person) -> dict:
    """Questions of others that nobody has answered, in what these groups read now: group's key -> the newest few."""
    asked = asked_by_others(person).filter(reading__group__in=groups, reading__state=ReadingState.CURRENT)
    found = {}
    for row in asked.order_by("-created_at").values("reading__group", "public_id", "body_html")[: 10 * MOST_QUESTIONS]:
        here = found.setdefault(row["reading__group"], [])
        if len(here) < MOST_QUESTIONS:
            address = reverse("discussion:comment", args=[row["public_id"]])
            here.append({"address": address, "excerpt": excerpt(row["body_html"])})
    return found


def subject_of(parts) -> str:
    """ "Harbour readers: 2 answers to you, 5 new comments"."""
    names = [part["group"].name for part in parts if part["group"]]
    to_me, followed = sum(len(part["to_me"]) for part in parts), sum(part["followed_count"] for part in parts)
    news = sum(len(part["news"]) for part in parts)
    counts = []
    if to_me:
        counts.append(ngettext("%(count)d word to you", "%(count)d words to you", to_me) % {"count": to_me})
    if followed:
        counts.append(ngettext("%(count)d new comment", "%(count)d new comments", followed) % {"count": followed})
    if news and not counts:
        counts.append(ngettext("%(count)d piece of news", "%(count)d pieces of news", news) % {"count": news})
    where = names[0] if len(names) == 1 else _("Your reading groups")
    if len(parts) == 1 and (ahead := parts[0]["session"]):
        begins = timezone.localtime(ahead["session"].starts_at)
        if begins.date() - timezone.localdate() < A_WEEK:  # the day says which
            where = _("%(group)s, before %(day)s") % {"group": where, "day": date_format(begins, "l")}
    return one_line(f"{where}: {', '.join(counts)}")
