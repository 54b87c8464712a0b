"""The discussion of a paragraph as a tree, and the tree as HTML.

Five hundred comments are ordinary here, so rows come as plain tuples in one query and are stamped, not templated.
"""

from collections import defaultdict
from dataclasses import dataclass, field
from functools import lru_cache
from html import escape
from typing import NamedTuple

from django.db.models import Q
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.safestring import mark_safe
from django.utils.translation import get_language, gettext

from readinggroup.groups.models import Membership, Role
from readinggroup.groups.permissions import Can, may
from readinggroup.lib.ago import ago
from readinggroup.lib.stamps import stamp
from readinggroup.readings.pages import outline_of

from .models import Comment, State

ROOTS_A_PAGE = 20
DEEPEST_INDENT = 4  # from here on an answer names whom it answers instead of moving to the right
OLDEST, NEWEST = "oldest", "newest"

_FLAGS = ("state", "mine", "edited", "has_role", "deep", "may_discuss")
_SLOTS = ("id", "author", "role", "iso", "exact", "ago", "words", "to", "form")


class Row(NamedTuple):
    """One comment as the tree needs it."""

    pk: int
    public_id: str
    parent_id: int | None
    depth: int
    author_id: int
    author: str
    state: str
    html: str
    created_at: object
    edited_at: object


_COLUMNS = (
    "pk", "public_id", "parent_id", "depth", "author_id", "author__display_name", "state", "shown_html",
    "created_at", "edited_at",
)  # fmt: skip


@dataclass
class Discussion:
    """One page of what this member may see at one paragraph."""

    membership: Membership
    roots: list
    answers: dict
    page: int
    pages: int
    order: str
    people: dict  # person's primary key -> (name here, roles in words): the exceptions alone
    forms: dict = field(default_factory=dict)  # comment's primary key -> HTML of a form that is open there
    to_keep: bool = False  # printed or saved: no acts, and dates that stay true

    def as_html(self):
        """The comments as nested lists."""
        return mark_safe("".join(render_tree(self)))  # noqa: S308 - every value in a slot is escaped or sanitised


def discussion_of(membership, reading, paragraph, *, order=OLDEST, page=1) -> Discussion:
    """The page of the paragraph's discussion: three queries, whatever its size."""
    comments = Comment.objects.visible_to(membership).filter(reading=reading, paragraph=paragraph)
    ordering = ("created_at", "pk") if order == OLDEST else ("-created_at", "-pk")
    first = (page - 1) * ROOTS_A_PAGE
    roots = comments.filter(root=None).order_by(*ordering)
    page_of_roots = list(roots.values_list(*_COLUMNS)[first : first + ROOTS_A_PAGE + 1])
    more = len(page_of_roots) > ROOTS_A_PAGE
    rows = [Row(*values) for values in page_of_roots[:ROOTS_A_PAGE]]
    answers = defaultdict(list)
    under = comments.filter(root__in=[row.pk for row in rows]).order_by("created_at", "pk")
    for values in under.values_list(*_COLUMNS):
        row = Row(*values)
        answers[row.parent_id].append(row)
    roots, answers = pruned(membership, rows, answers)
    return Discussion(membership, roots, answers, page, page + more, order, people_in(membership.group))


def threads_in(membership, reading, position: int | None) -> dict:
    """All that this member may see of the reading, or of a section, to be read and kept: paragraph -> HTML.

    Two queries. Nothing to be done with a comment there, and dates instead of "yesterday".
    """
    comments = Comment.objects.visible_to(membership).filter(reading=reading).order_by("created_at", "pk")
    if position is not None:
        here = reading.edition.current.versions.filter(section__position=position)
        comments = comments.filter(paragraph__in=here.values("paragraph"))
    roots, answers = defaultdict(list), defaultdict(lambda: defaultdict(list))
    for paragraph, *values in comments.values_list("paragraph_id", *_COLUMNS):
        row = Row(*values)
        (answers[paragraph][row.parent_id] if row.parent_id else roots[paragraph]).append(row)
    people, places = people_in(membership.group), outline_of(reading.edition.current_id).by_paragraph
    section = stamp("discussion/_thread_in_text.html", ("number", "thread"))
    threads = {}
    for paragraph in roots.keys() & places.keys():
        kept, below = pruned(membership, roots[paragraph], answers[paragraph], own_stubs=False)
        if kept:
            html = Discussion(membership, kept, below, 1, 1, OLDEST, people, to_keep=True).as_html()
            threads[paragraph] = section.fill({"number": str(places[paragraph].number), "thread": html})
    return threads


def page_of(membership, comment) -> int:
    """On which page, in the order in which things were said, the comment's thread stands."""
    root = comment.root or comment
    before = Comment.objects.visible_to(membership).filter(
        reading_id=comment.reading_id, paragraph_id=comment.paragraph_id, root=None
    )
    earlier = Q(created_at__lt=root.created_at) | Q(created_at=root.created_at, pk__lt=root.pk)
    return before.filter(earlier).count() // ROOTS_A_PAGE + 1


def people_in(group) -> dict:
    """Who is called otherwise in this group or holds a role: name here, roles in words. Few people, one query."""
    rows = Membership.objects.exceptions().filter(group=group).values_list("user_id", "name_here", "roles")
    return {user: (name, escape(", ".join(str(Role(role).label) for role in roles))) for user, name, roles in rows}


def pruned(membership, roots, answers, *, own_stubs=True) -> tuple[list, dict]:
    """Without the stubs below which nothing is shown; one's own may stay, to be put back.

    An answer is always younger than what it answers, so one pass from the youngest suffices.
    """
    me = membership.user_id if membership.is_member and own_stubs else None
    everyone = sorted((*roots, *(row for below in answers.values() for row in below)), key=lambda row: -row.pk)
    shown = set()
    for row in everyone:
        own = row.author_id == me and row.state == State.WITHDRAWN
        if row.html or own or any(answer.pk in shown for answer in answers.get(row.pk, ())):
            shown.add(row.pk)
    kept = {pk: [row for row in below if row.pk in shown] for pk, below in answers.items()}
    return [row for row in roots if row.pk in shown], kept


def render_tree(discussion):
    """The tree, depth first, without recursion: a chain of answers may be longer than Python's stack."""
    render = Renderer(discussion)
    names = {row.pk: render.name(row) if row.html else "" for row in discussion.roots}
    waiting = [("</ol>", None), *((None, row) for row in reversed(discussion.roots))]
    yield '<ol class="thread">'
    while waiting:
        html, row = waiting.pop()
        if row is None:
            yield html
            continue
        answers = discussion.answers.get(row.pk, ())
        yield render.comment(row, names.get(row.parent_id, ""))
        for answer in answers:
            names[answer.pk] = render.name(answer) if answer.html else ""
        if row.depth >= DEEPEST_INDENT:
            yield "</li>"  # its answers follow on the same level, and name whom they answer
        else:
            waiting.append(("</li>", None))
            if answers:
                yield '<ol class="answers">'
                waiting.append(("</ol>", None))
        waiting += [(None, answer) for answer in reversed(answers)]


class Renderer:
    """Stamps the comments of one page: what is the same for all of them is asked once."""

    def __init__(self, discussion):
        self.discussion = discussion
        self.me = discussion.membership.user_id if discussion.membership.is_member else None
        self.may_discuss = may(discussion.membership, Can.DISCUSS) and not discussion.to_keep
        self.now = timezone.now()
        self.zone = timezone.get_current_timezone_name()
        self.language = get_language()
        self.stamps = {}

    def stamp(self, *flags):
        """The stamp of a comment with these traits, made once a page."""
        if flags not in self.stamps:
            self.stamps[flags] = stamp("discussion/_comment.html", _SLOTS, **dict(zip(_FLAGS, flags, strict=True)))
        return self.stamps[flags]

    def name(self, row) -> str:
        """How this group calls the author."""
        return self.discussion.people.get(row.author_id, ("", ""))[0] or row.author

    def comment(self, row, answered) -> str:
        """One comment's `<li>`, left open for its answers. `answered` is whom it answers, where that can be named."""
        role = self.discussion.people.get(row.author_id, ("", ""))[1]
        to = answered if row.depth > DEEPEST_INDENT else ""
        whole = row.html and row.state != State.HELD
        waits = row.state == State.HELD and not row.html
        state = "visible" if whole else "waits" if waits else row.state
        mine = row.author_id == self.me
        minute = row.created_at.replace(second=0, microsecond=0)
        chosen = self.stamp(state, mine, row.edited_at is not None, role != "", to != "", self.may_discuss)
        return chosen.fill(
            {
                "id": row.public_id,
                "author": escape(self.name(row)),
                "role": role,
                "iso": row.created_at.isoformat(timespec="seconds"),
                "exact": exact(minute, self.zone, self.language),
                "ago": self.when(row, minute),
                "words": row.html,
                "to": escape(to),
                "form": self.discussion.forms.get(row.pk, ""),
            }
        )

    def when(self, row, minute) -> str:
        """How long ago; in what is kept, the date."""
        return dated(minute, self.zone, self.language) if self.discussion.to_keep else ago(row.created_at, self.now)


@lru_cache(maxsize=20_000)
def exact(minute, zone, language) -> str:
    """The minute in full, with its zone, in the language that is active."""
    return escape(gettext("%(moment)s (%(zone)s)") % {"moment": dated(minute, zone, language), "zone": zone})


@lru_cache(maxsize=20_000)
def dated(minute, zone, language) -> str:
    """The minute as a date and a time of day, in the zone and the language that are active."""
    return escape(date_format(timezone.localtime(minute), "DATETIME_FORMAT"))
