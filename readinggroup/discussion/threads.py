"""Which comments stand on one page of a paragraph's discussion, and in which order.

A page has twenty threads. Of a thread it shows the first hundred comments, down to the end of the indent; what is
beyond is continued on a page of its own, that of a comment with all that is said below it.
"""

from collections import Counter, defaultdict
from dataclasses import dataclass, field
from typing import NamedTuple
from urllib.parse import urlencode

from django.db.models import Count, F, Q, Window
from django.db.models.functions import RowNumber
from django.utils.safestring import mark_safe

from readinggroup.lib.prepared import AnyOf, Parameter, prepared
from readinggroup.readings.pages import outline_of

from .models import Comment, RestrictionKind, State, Viewer

ROOTS_A_PAGE = 20
A_THREAD = 100  # comments of one thread on a page
DEEPEST_INDENT = 4  # answers below this are continued on a page of their own
MOST_PAGES_AT_ONCE = 50
OLDEST, NEWEST, DISCUSSED = "oldest", "newest", "discussed"
_ORDERINGS = {
    OLDEST: ("created_at", "pk"),
    NEWEST: ("-created_at", "-pk"),
    DISCUSSED: ("-answered", "created_at", "pk"),
}
_ANSWERED = Count("thread", filter=Q(thread__state=State.VISIBLE))


class Row(NamedTuple):
    """One comment as the tree needs it."""

    pk: int
    public_id: str
    parent_id: int | None
    root_id: int | None
    depth: int
    author_id: int
    state: str
    html: str
    created_at: object
    edited_at: object
    sequence: int
    question: str
    answered_in: str | None
    answer_state: str | None
    held_for: str
    rule: int | None  # under which it is hidden: its number and title, and the number of its set
    rule_title: str | None
    rule_set: int | None
    about: int  # the paragraph that it was written about, which number that bore, and what it read
    about_number: int
    about_wording: str


_COLUMNS = (
    "pk", "public_id", "parent_id", "root_id", "depth", "author_id", "state", "shown_html", "created_at", "edited_at",
    "sequence", "question", "answered_in__public_id", "answered_in__state", "held_for", "hidden_under__number",
    "hidden_under__title", "hidden_under__rule_set__number", "version__paragraph_id", "version__number",
    "version__wording",
)  # fmt: skip


class Asked(NamedTuple):
    """What of a discussion somebody wants to see: pages `first` to `page` of the threads, or of one comment's."""

    order: str = OLDEST
    first: int = 1
    page: int = 1
    thread: str = ""  # the comment whose thread it is

    @property
    def query(self) -> str:
        """The part of an address that asks for this."""
        asked = {"page": self.page if self.page > 1 else "", "thread": self.thread}
        asked = urlencode({name: value for name, value in asked.items() if value})
        return f"?{asked}" if asked else ""

    @property
    def rest(self) -> str:
        """What the address of another page has besides its number, as HTML."""
        order = f"&amp;order={self.order}" if self.order != OLDEST else ""
        return mark_safe(order + (f"&amp;thread={self.thread}" if self.thread else ""))  # noqa: S308 - ours, see asked_in


@dataclass
class Discussion:
    """What this member may see, as asked for, of one paragraph's discussion."""

    asked: Asked
    roots: list
    answers: dict  # comment's primary key -> its answers
    group: object
    threads: int = 0  # how many there are in all
    top: Row | None = None  # of the page of one comment's thread
    beyond: dict = field(default_factory=dict)  # comment's primary key -> how many below it stand elsewhere
    restricted: dict = field(default_factory=dict)  # thread's key, None for the paragraph -> kind -> Restriction
    forms: dict = field(default_factory=dict)  # comment's primary key -> HTML of a form that is open there
    address: str = ""  # of the paragraph's page
    wait: bool = False  # whether it says how long it takes until what is held is looked at
    to_keep: bool = False  # printed or saved: no acts, and dates that stay true
    paragraph: int = 0  # where it stands: its key, and what it reads now (texts.models.ParagraphVersion.wording)
    wording: str = ""

    def __iter__(self):
        yield from self.roots
        for below in self.answers.values():
            yield from below

    def is_locked(self, row) -> bool:
        """Whether nobody writes in the comment's thread now."""
        places = (self.restricted.get(thread, {}) for thread in (None, row.root_id or row.pk))
        return any(RestrictionKind.LOCKED in kinds for kinds in places)

    def is_about_other_words(self, row) -> bool:
        """Whether the text has changed since the comment was written: the paragraph reads otherwise now."""
        return row.about_wording != self.wording

    @property
    def base(self) -> int:
        """The depth at which this page begins."""
        return self.top.depth if self.top else 0

    @property
    def left(self) -> int:
        """How many threads, or comments of the thread, come after this page."""
        each = A_THREAD if self.top else ROOTS_A_PAGE
        return max(0, self.threads - self.asked.page * each)


def discussion_of(membership, reading, version, asked: Asked) -> Discussion:
    """What is asked for of what is said about the paragraph that reads `version` now.

    Four queries, whatever its size; five for one comment's thread.
    """
    if asked.thread:
        comments = Comment.objects.visible_to(membership).filter(reading=reading, paragraph=version.paragraph_id)
        discussion = thread_of(membership, comments, asked)
    else:
        discussion = threads_of(membership, reading, version.paragraph_id, asked)
    if discussion is not None:
        discussion.paragraph, discussion.wording = version.paragraph_id, version.wording
    return discussion


def threads_of(membership, reading, paragraph, asked) -> Discussion:
    """The threads of the pages that are asked for. After every comment they are asked for anew: hence prepared."""
    viewer = Viewer.of(membership)
    here = {"group": viewer.group, "user": viewer.user, "reading": reading.pk, "paragraph": paragraph}
    threads = sum(count for (count,) in _count(viewer.traits).rows(**here))
    rows = [Row(*row) for row in _roots(viewer.traits, asked.order, asked.first, asked.page).rows(**here)]
    here["roots"] = [row.pk for row in rows]
    answers = defaultdict(list)
    for row in map(Row._make, _under(viewer.traits).rows(**here) if rows else ()):
        answers[row.parent_id].append(row)
    totals = dict(_totals(viewer.traits).rows(**here)) if rows else {}
    discussion = Discussion(asked, rows, answers, membership.group, threads)
    return cut(pruned(membership, discussion), totals)


def _here(traits):
    """The comments at a paragraph that somebody of these traits may see."""
    seen = Comment.objects.visible_to_viewer(Viewer.with_traits(traits))
    return seen.filter(reading=Parameter("reading"), paragraph=Parameter("paragraph"))


@prepared
def _count(traits):
    return (
        _here(traits).filter(root=None).order_by().values("paragraph").annotate(count=Count("pk")).values_list("count")
    )


@prepared
def _roots(traits, order, first, last):
    """The first comments of the threads of these pages."""
    roots = _here(traits).filter(root=None)
    if order == DISCUSSED:
        roots = roots.annotate(answered=_ANSWERED)
    return roots.order_by(*_ORDERINGS[order]).values_list(*_COLUMNS)[(first - 1) * ROOTS_A_PAGE : last * ROOTS_A_PAGE]


@prepared
def _under(traits):
    """The first of each thread in the order of time, so that none stands without the one that it answers."""
    numbered = (
        Comment.objects.no_veil_hides_from_viewer(Viewer.with_traits(traits))
        .filter(AnyOf("root_id", Parameter("roots")))
        .annotate(place=Window(RowNumber(), partition_by=F("root"), order_by=["created_at", "pk"]))
        .filter(place__lt=A_THREAD)
    )
    return _here(traits).filter(pk__in=numbered.values("pk")).order_by("created_at", "pk").values_list(*_COLUMNS)


@prepared
def _totals(traits):
    """How many answers each thread has in all."""
    answers = _here(traits).filter(AnyOf("root_id", Parameter("roots"))).order_by()
    return answers.values("root").annotate(count=Count("pk")).values_list("root", "count")


def thread_of(membership, comments, asked) -> Discussion | None:
    """One comment with what is said below it, a hundred a page in the order of time.

    An answer whose comment stands on an earlier page stands at the left edge and names whom it answers.
    """
    top = comments.filter(public_id=asked.thread).values_list(*_COLUMNS).first()
    if top is None:
        return None
    top = Row(*top)
    family = comments.filter(root=top.root_id or top.pk).order_by("created_at", "pk").values_list("pk", "parent_id")
    below, inside = [], {top.pk}
    for pk, parent in family:
        if parent in inside:
            inside.add(pk)
            below.append(pk)
    first, last = (asked.first - 1) * A_THREAD, asked.page * A_THREAD
    rows = comments.filter(pk__in=below[first:last]).order_by("created_at", "pk").values_list(*_COLUMNS)
    rows = [Row(*row) for row in rows]
    here = {top.pk, *(row.pk for row in rows)}
    answers = defaultdict(list)
    for row in rows:
        answers[row.parent_id if row.parent_id in here else top.pk].append(row)
    discussion = Discussion(asked, [top], answers, membership.group, len(below), top)
    return cut(pruned(membership, discussion), {})


def cut(discussion, totals) -> Discussion:
    """Without what is below the end of the indent, which is counted; and so is what a thread has beyond its hundred."""
    shown = Counter()
    kept, waiting = {}, list(discussion.roots)
    while waiting:
        row = waiting.pop()
        shown[row.root_id or row.pk] += 1
        below = discussion.answers.get(row.pk, [])
        if row.depth - discussion.base >= DEEPEST_INDENT and below:
            discussion.beyond[row.pk] = descendants(discussion.answers, row.pk)
            shown[row.root_id or row.pk] += discussion.beyond[row.pk]
        elif below:
            kept[row.pk] = below
            waiting += below
    discussion.answers = kept
    for root, total in totals.items():
        if total + 1 > max(shown[root], A_THREAD):
            discussion.beyond[root] = total + 1 - shown[root]
    return discussion


def descendants(answers, pk) -> int:
    """How many comments stand below this one."""
    count, waiting = 0, [pk]
    while waiting:
        below = answers.get(waiting.pop(), ())
        count += len(below)
        waiting += [row.pk for row in below]
    return count


def threads_in(membership, reading, position: int | None) -> dict:
    """All that this member may see of the reading, or of a section: paragraph's key -> Discussion to be kept.

    One query. Nothing to be done with a comment there, and dates instead of "yesterday".
    """
    comments = Comment.objects.visible_to(membership).filter(reading=reading).order_by("created_at", "pk")
    if position is not None:
        here = reading.edition.current.versions.filter(section__position=position)
        gaps = outline_of(reading.edition.current_id).gaps.values()
        left = [gap.pk for gap in gaps if gap.section == position]
        comments = comments.filter(Q(paragraph__in=here.values("paragraph")) | Q(paragraph__in=left))
    roots, answers = defaultdict(list), defaultdict(lambda: defaultdict(list))
    for paragraph, *values in comments.values_list("paragraph_id", *_COLUMNS):
        row = Row(*values)
        (answers[paragraph][row.parent_id] if row.parent_id else roots[paragraph]).append(row)
    threads = {}
    outline = outline_of(reading.edition.current_id)
    for paragraph in filter(outline.near, roots):
        discussion = Discussion(Asked(), roots[paragraph], answers[paragraph], membership.group, to_keep=True)
        discussion.paragraph, discussion.wording = paragraph, outline.near(paragraph).wording
        if pruned(membership, discussion, own_stubs=False).roots:
            threads[paragraph] = discussion
    return threads


def where_is(membership, comment) -> Asked:
    """The page, in the order in which things were said, on which the comment is shown."""
    here = Comment.objects.visible_to(membership).filter(
        reading_id=comment.reading_id, paragraph_id=comment.paragraph_id
    )
    if comment.depth <= DEEPEST_INDENT:
        family = here.filter(root=comment.root_id or comment.pk)
        if comment.parent_id is None or earlier(family, comment).count() < A_THREAD - 1:
            root = comment.root or comment
            page = earlier(here.filter(root=None), root).count() // ROOTS_A_PAGE + 1
            return Asked(first=page, page=page)
    parents = dict(here.filter(root=comment.root_id).values_list("pk", "parent_id"))
    top = comment.pk
    for _step in range(min(comment.depth, DEEPEST_INDENT)):
        top = parents.get(top, top)  # what it answers may be hidden from this reader by a veil
    below = {top}
    for pk, parent in here.filter(root=comment.root_id).order_by("created_at", "pk").values_list("pk", "parent_id"):
        if pk == comment.pk:
            break
        if parent in below:
            below.add(pk)
    page = (len(below) - 1) // A_THREAD + 1
    return Asked(first=page, page=page, thread=here.get(pk=top).public_id)


def earlier(comments, than):
    """Those that were said before this one."""
    return comments.filter(Q(created_at__lt=than.created_at) | Q(created_at=than.created_at, pk__lt=than.pk))


def pruned(membership, discussion, *, own_stubs=True) -> Discussion:
    """Without the stubs below which nothing is shown; one's own may stay, to be put back.

    What moderators have hidden always leaves a stub: everybody can see that something was, and why. An answer is always
    younger than what it answers, so one pass from the youngest suffices.
    """
    me = membership.user_id if membership.is_member and own_stubs else None
    shown = {discussion.top.pk} if discussion.top else set()
    for row in sorted(discussion, key=lambda row: -row.pk):
        stays = row.state == State.HIDDEN or (row.author_id == me and row.state == State.WITHDRAWN)
        if row.html or stays or any(answer.pk in shown for answer in discussion.answers.get(row.pk, ())):
            shown.add(row.pk)
    below = discussion.answers.items()
    discussion.answers = {pk: [row for row in rows if row.pk in shown] for pk, rows in below}
    discussion.roots = [row for row in discussion.roots if row.pk in shown]
    return discussion
