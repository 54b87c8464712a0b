"""Revisions that were published, as the pages of the history show them."""

from collections import Counter, defaultdict

from django.db.models import Count, Exists, OuterRef, Q

from texts.models import Paragraph, ParagraphLink, ParagraphVersion, Revision, RevisionState

from .shown_changes import (
    ADDED_ONE,
    EDITED,
    LABELS,
    MERGED,
    MOVED,
    REMOVED_ONE,
    SPLIT,
    Changed,
    Side,
)


def counted(revisions) -> list[dict]:
    """The revisions, each with how many paragraphs it changed in which way: two queries, however many there are."""
    links = ParagraphLink.objects.filter(new__revision__in=[each.pk for each in revisions])
    sides = {SPLIT: "old", MERGED: "new"}  # one that was parted counts once, and so does one that was joined
    of = {
        change: Count(sides.get(change, "new"), distinct=True, filter=Q(change=change))
        for change in (EDITED, MOVED, SPLIT, MERGED)
    }
    rows = links.values("new__revision_id").annotate(
        olds=Count("old", distinct=True), news=Count("new", distinct=True), **of
    )
    found = {row["new__revision_id"]: row for row in rows.order_by()}
    former = Revision.objects.filter(
        edition__in={each.edition_id for each in revisions}, number__in=[each.number - 1 for each in revisions]
    )
    before = dict(former.values_list("number", "paragraphs"))
    return [row_of(each, found.get(each.pk), before.get(each.number - 1)) for each in revisions]


def row_of(revision, found, before) -> dict:
    """One revision: who published it, and how many paragraphs it changed; None of the first."""
    correction = getattr(revision, "correction", None)
    row = {"revision": revision, "by": correction.by if correction else None, "counts": None}
    if before is not None:
        found = found or Counter()
        numbers = {change: found[change] for change in (EDITED, MOVED, SPLIT, MERGED)}
        numbers[REMOVED_ONE] = before - found["olds"]
        numbers[ADDED_ONE] = revision.paragraphs - found["news"]
        row["counts"] = [(LABELS[change], number) for change, number in numbers.items() if number]
    return row


def entries_between(former, revision) -> list[Changed]:
    """What became of every paragraph, in the order of the new text; removed ones where they stood. Three queries."""
    olds = dict(former.versions.order_by("number").values_list("pk", "number"))
    news = dict(revision.versions.order_by("number").values_list("pk", "number"))
    forward, back, change_of = defaultdict(list), defaultdict(list), {}
    for old, new, change in ParagraphLink.objects.filter(new__revision=revision).values_list("old", "new", "change"):
        forward[old].append(new)
        back[new].append(old)
        change_of[new] = change
    found, seen = [], set()
    for new in news:
        if new in seen:
            continue
        here, there = connected(new, forward, back)
        seen |= there
        found.append(
            Changed(
                key=len(found),
                change=str(change_of.get(new, ADDED_ONE)),
                old=sorted(olds[pk] for pk in here),
                new=sorted(news[pk] for pk in there),
            )
        )
    gone = [number for pk, number in olds.items() if pk not in forward]
    return with_removed(found, gone)


def connected(new, forward, back) -> tuple[set, set]:
    """The old and new versions that hang together with this one."""
    olds, news, waiting = set(), set(), [new]
    while waiting:
        here = waiting.pop()
        news.add(here)
        for old in back[here]:
            if old not in olds:
                olds.add(old)
                waiting += [each for each in forward[old] if each not in news]
    return olds, news


def with_removed(entries, gone) -> list[Changed]:
    """The entries with the removed paragraphs, each after the last one that stood before it and stayed in its place."""
    place_of = {}
    for place, entry in enumerate(entries):
        if entry.change != MOVED:
            for number in entry.old:
                place_of[number] = place
    after = defaultdict(list)
    for number in gone:
        before = number - 1
        while before and before not in place_of:
            before -= 1
        after[place_of.get(before, -1)].append(
            Changed(key=len(entries) + number, change=REMOVED_ONE, old=[number], new=[])
        )
    found = list(after[-1])
    for place, entry in enumerate(entries):
        found += [entry, *after[place]]
    return found


def words_for(entries, former, revision) -> None:
    """The entries of a page with the words of their paragraphs: two queries."""
    shown = [entry for entry in entries if not entry.is_run]
    for revised, side in ((former, "old"), (revision, "new")):
        numbers = [number for entry in shown for number in getattr(entry, side)]
        rows = revised.versions.filter(number__in=numbers).values_list("number", "text", "paragraph__public_id")
        sides = {row[0]: Side(*row) for row in rows}
        for entry in shown:
            setattr(entry, side, [sides[number] for number in getattr(entry, side)])


def heirs_in(edition) -> dict:
    """Each paragraph that was merged into another, and where it stands in the end, by their keys: one query."""
    into = dict(Paragraph.objects.filter(edition=edition, heir__isnull=False).values_list("pk", "heir_id"))
    found = {}
    for pk in into:
        place, steps = pk, 0
        while place in into and steps <= len(into):
            place, steps = into[place], steps + 1
        found[pk] = place
    return found


def removed_from(edition):
    """The last wording of each paragraph that is neither in the text now nor merged into another."""
    standing = ParagraphVersion.objects.filter(revision=edition.current_id, paragraph=OuterRef("paragraph"))
    later = ParagraphVersion.objects.filter(
        paragraph=OuterRef("paragraph"),
        revision__state=RevisionState.PUBLISHED,
        revision__number__gt=OuterRef("revision__number"),
    )
    found = ParagraphVersion.objects.filter(
        ~Exists(standing),
        ~Exists(later),
        revision__edition=edition,
        revision__state=RevisionState.PUBLISHED,
        paragraph__heir=None,
    )
    return found.select_related("paragraph", "revision").order_by("-revision__number", "number")
