"""A rehearsal as its page shows it: how much changes, what becomes of each paragraph, and of what is said there."""

from dataclasses import dataclass

from django.core.paginator import Paginator
from django.utils.translation import gettext as _
from django.utils.translation import ngettext_lazy

from readinggroup.readings.pages import counts_in

from .forms import LinkForm
from .shown_changes import (
    CHANGES,
    EDITED,
    LABELS,
    MERGED,
    MOVED,
    REMOVED_ONE,
    SPLIT,
    UNCHANGED,
    Changed,
    Side,
    compare,
    folded,
    numbers_in_words,
)

A_PAGE = 30
ALL, DOUBTFUL, DISCUSSED = "all", "doubtful", "discussed"
FILTERS = (ALL, DOUBTFUL, DISCUSSED)


@dataclass
class Shown:
    """The rehearsal: how many of each change, how much of it is discussed or doubtful, one page of it."""

    counts: list  # (label, how many), of what there is
    touched: int  # paragraphs that are discussed and do not stay as they are
    doubtful: int
    discussed: int
    show: str
    page: object
    entries: list


def shown_plan(plan, reading, *, show=ALL, number=1, opened=None) -> Shown:
    """One page of the rehearsal; `opened` is a LinkForm that was refused, by the key of its pair. One query."""
    entries = entries_of(plan, counts_in(reading.pk))
    touched = sum(1 for entry in entries if entry.comments and entry.change != UNCHANGED)
    doubtful = sum(entry.is_doubtful for entry in entries)
    discussed = sum(entry.comments > 0 for entry in entries)
    listed = folded(entries)
    if show == DOUBTFUL:
        listed = [entry for entry in entries if entry.is_doubtful]
    elif show == DISCUSSED:
        listed = [entry for entry in entries if entry.comments]
    pages = Paginator(listed, A_PAGE)
    if opened:
        keys = [None if entry.is_run else entry.key for entry in listed]
        number = keys.index(next(iter(opened))) // A_PAGE + 1 if next(iter(opened)) in keys else 1
    page = pages.page(min(number, pages.num_pages))
    shown = list(page)
    for entry in shown:
        if not entry.is_run:
            fill(entry, plan, (opened or {}).get(entry.key))
    compare(shown)
    counts = [(LABELS[change], plan.counts[change]) for change in CHANGES if plan.counts.get(change)]
    return Shown(counts, touched, doubtful, discussed, show, page, shown)


def entries_of(plan, counts) -> list[Changed]:
    """Each match of the plan, with how much is said at its old paragraphs, those that wait under a veil among them."""
    said = [counts[version.paragraph_id] + counts.waiting[version.paragraph_id] for version in plan.old]
    return [
        Changed(
            key=key,
            change=match.change,
            old=[index + 1 for index in match.old],
            new=[index + 1 for index in match.new],
            comments=sum(said[index] for index in match.old),
            is_doubtful=match.doubtful and not match.fixed,
            is_chosen=match.fixed,
        )
        for key, match in enumerate(plan.matches)
    ]


def fill(entry, plan, form) -> None:
    """The entry with its words, what becomes of its comments, and the form by which it is linked otherwise."""
    match = plan.matches[entry.key]
    entry.fate = fate_of(entry, match)
    initial = {"old": entry.old_numbers, "new": entry.new_numbers}
    entry.form = form or LinkForm(initial=initial, plan=plan, pair=entry.key)
    olds = [plan.old[index] for index in match.old]
    entry.old = [Side(old.number, old.text, old.paragraph.public_id) for old in olds]
    entry.new = [Side(index + 1, plan.blocks[index].text) for index in match.new]


_FATES = {
    UNCHANGED: ngettext_lazy("Its %(count)d comment stays.", "Its %(count)d comments stay.", "count"),
    EDITED: ngettext_lazy(
        "Its %(count)d comment stays, and says that the text has changed since.",
        "Its %(count)d comments stay, and say that the text has changed since.",
        "count",
    ),
    MOVED: ngettext_lazy(
        "Its %(count)d comment goes along with it, to number %(place)s.",
        "Its %(count)d comments go along with it, to number %(place)s.",
        "count",
    ),
    SPLIT: ngettext_lazy(
        "Its %(count)d comment stands at number %(place)s then; a thread that quotes words of another part goes there.",
        "Its %(count)d comments stand at number %(place)s then; a thread that quotes words of another part goes there.",
        "count",
    ),
    MERGED: ngettext_lazy(
        "Its %(count)d comment stands at number %(place)s then, with a word on where it was said.",
        "The %(count)d comments are shown together at number %(place)s, each with a word on where it was said.",
        "count",
    ),
    REMOVED_ONE: ngettext_lazy(
        "Its %(count)d comment stays readable: at the gap, and in the list of removed paragraphs.",
        "Its %(count)d comments stay readable: at the gap, and in the list of removed paragraphs.",
        "count",
    ),
}


def fate_of(entry, match) -> str:
    """What becomes of what is said there, in one sentence; nothing where nothing is said."""
    if not entry.comments or entry.change not in _FATES:
        return ""
    place = numbers_in_words(sorted({new + 1 for _old, new in match.stands}))
    return _FATES[entry.change] % {"count": entry.comments, "place": place}


def choices_of(correction) -> list[tuple]:
    """What was linked otherwise in this correction: (its number, the old paragraphs, the new ones), in words."""
    return [
        (
            number,
            numbers_in_words(choice["old"]) or _("nothing"),
            numbers_in_words(choice["new"]) or _("nothing"),
        )
        for number, choice in enumerate(correction.choices)
    ]
