"""Editions become those of one work, their links are proposed and corrected: each act in one transaction.

Whoever calls knows who may. An act about links holds the pair, so that two people who correct it wait for one another.
"""

from bisect import bisect_left
from hashlib import sha256

from django.db import transaction
from django.db.models import F, Q

from texts.models import Edition, LinkedParagraph, ParagraphVersion, Parallel, ParallelLink, ParallelStatus, Work

from .aligning import Unit, align, ratio_of
from .rows import Row, rows_of, standing_in

A_BATCH = 4_000  # rows a statement, as in importing/saving.py


class StaleLinks(Exception):  # noqa: N818 - what happened, not an error
    """Somebody else has changed these links since they were shown; nothing was done."""


class NoSuchRow(Exception):  # noqa: N818 - as above
    """What was to be changed does not stand there."""


# --- Editions of one work ---------------------------------------------------------------------------------------------


@transaction.atomic
def join_works(one: Edition, other: Edition) -> Parallel:
    """From now on these two, and what was one work with either, are editions of one work. The pair, with proposals."""
    works = Work.objects.filter(editions__in=[one, other]).order_by("pk")
    keys = sorted(set(works.values_list("pk", flat=True)))
    list(Work.objects.select_for_update().filter(pk__in=keys).order_by("pk"))
    one.refresh_from_db(fields=["work"])
    other.refresh_from_db(fields=["work"])
    if one.work_id != other.work_id:
        Edition.objects.filter(work=other.work_id).update(work=one.work_id)
        Work.objects.filter(pk=other.work_id, editions=None).delete()
        other.work_id = one.work_id
    return pair(one, other)


@transaction.atomic
def pair(one: Edition, other: Edition) -> Parallel:
    """The pair of two editions of one work. A new one comes with proposals for its links."""
    Work.objects.select_for_update().get(pk=one.work_id)
    if not Edition.objects.filter(pk=other.pk, work=one.work_id).exists():
        raise StaleLinks  # somebody has just separated them
    first, second = sorted([one.pk, other.pk])
    parallel, is_new = Parallel.objects.get_or_create(first_id=first, second_id=second)
    if is_new:
        propose(parallel)
    return parallel


@transaction.atomic
def separate_edition(edition: Edition) -> None:
    """The edition is one of a work of its own again; its links with the others go."""
    Work.objects.select_for_update().get(pk=edition.work_id)
    remove_parallels(edition)
    if edition.work.editions.count() > 1:
        edition.work = Work.objects.create(title=edition.title, author=edition.author)
        edition.save(update_fields=["work"])


def remove_parallels(edition: Edition) -> None:
    """Take away the pairs that the edition is in, with their links: as many statements as tables."""
    pairs = Parallel.objects.filter(Q(first=edition) | Q(second=edition))
    for rows in (
        LinkedParagraph.objects.filter(parallel__in=pairs),
        ParallelLink.objects.filter(parallel__in=pairs),
        pairs,
    ):
        rows._raw_delete(rows.db)


# --- Proposals --------------------------------------------------------------------------------------------------------


@transaction.atomic
def propose(parallel: Parallel) -> None:
    """Link what seems to belong together. What a person has confirmed stays, and the rest is looked for around it."""
    hold(parallel)
    pairs = Parallel.objects.select_related("first", "second").get(pk=parallel.pk)
    mine, theirs = units_of(pairs.first), units_of(pairs.second)
    ParallelLink.objects.filter(parallel=parallel, status=ParallelStatus.PROPOSED).delete()
    rows = rows_of(parallel, standing_in(pairs.first.current_id), standing_in(pairs.second.current_id))
    save_links(parallel, list(proposals(mine, theirs, [row for row in rows if row.is_confirmed])))


def units_of(edition) -> dict:
    """The edition's paragraphs as they are now: key -> Unit, in their order."""
    versions = ParagraphVersion.objects.filter(revision=edition.current_id).order_by("number")
    rows = versions.values_list("paragraph_id", "text", "kind", "section__position")
    return {pk: Unit(text, kind, section) for pk, text, kind, section in rows}


def proposals(mine: dict, theirs: dict, confirmed: list[Row]):
    """Keys of paragraphs to be linked: of what lies between two confirmed rows, and is in none."""
    ratio = ratio_of(list(mine.values()), list(theirs.values()))
    settled = {pk for row in confirmed for pk in (*row.mine, *row.theirs)}
    for ours, others in stretches(list(mine), list(theirs), confirmed):
        ours, others = [pk for pk in ours if pk not in settled], [pk for pk in others if pk not in settled]
        for bead in align([mine[pk] for pk in ours], [theirs[pk] for pk in others], ratio=ratio):
            if bead.first and bead.second:
                yield [*(ours[at] for at in bead.first), *(others[at] for at in bead.second)]


def stretches(mine: list, theirs: list, confirmed: list[Row]):
    """Both texts cut where confirmed rows stand in the same order: the longest rising run of them."""
    my_place, their_place = ({pk: place for place, pk in enumerate(side)} for side in (mine, theirs))
    points = [(my_place[row.mine[0]], their_place[row.theirs[0]]) for row in confirmed if row.mine and row.theirs]
    ends, heads, before = [], [], {}
    for here, there in sorted(points):
        place = bisect_left(ends, there)
        before[here, there] = heads[place - 1] if place else None
        ends[place : place + 1], heads[place : place + 1] = [there], [(here, there)]
    cuts, point = [(len(mine), len(theirs))], heads[-1] if heads else None
    while point:
        cuts.append(point)
        point = before[point]
    last = (0, 0)
    for cut in reversed(cuts):
        yield mine[last[0] : cut[0]], theirs[last[1] : cut[1]]
        last = cut


# --- What a person says -----------------------------------------------------------------------------------------------


def fingerprint(rows: list[Row]) -> str:
    """What a form sends back, so that it is known whether these rows are still as they were shown."""
    return sha256(repr([tuple(row) for row in rows]).encode()).hexdigest()[:16]


def hold(parallel: Parallel) -> None:
    """Nobody else changes the links until this transaction ends; what is kept of them is not shown any more."""
    Parallel.objects.filter(pk=parallel.pk).update(changes=F("changes") + 1)


def rows_held(parallel, edition, section, seen) -> list[Row]:
    """The rows of the edition's section, held; StaleLinks if they are not those that were seen."""
    hold(parallel)
    other = Edition.objects.get(pk=parallel.second_id if edition.pk == parallel.first_id else parallel.first_id)
    rows = rows_of(parallel, standing_in(edition.current_id), standing_in(other.current_id))
    here = [row for row in rows if row.section == section]
    if fingerprint(here) != seen:
        raise StaleLinks
    return rows


@transaction.atomic
def confirm_section(*, parallel, edition, section, seen) -> None:
    """All rows of the section are right as they were shown."""
    rows = rows_held(parallel, edition, section, seen)
    confirm(parallel, [row for row in rows if row.section == section])


@transaction.atomic
def confirm_all(*, parallel) -> None:
    """All that is proposed is right, in the whole text."""
    hold(parallel)
    ParallelLink.objects.filter(parallel=parallel).update(status=ParallelStatus.CONFIRMED)


@transaction.atomic
def confirm_row(*, parallel, edition, section, seen, paragraph) -> None:
    """The row that this paragraph stands in is right."""
    rows = rows_held(parallel, edition, section, seen)
    confirm(parallel, [row_with(rows, paragraph)])


@transaction.atomic
def join_with_next(*, parallel, edition, section, seen, paragraph) -> None:
    """The row that this paragraph stands in, and the one after it, are one."""
    rows = rows_held(parallel, edition, section, seen)
    row = row_with(rows, paragraph)
    place = rows.index(row) + 1
    if place == len(rows):
        raise NoSuchRow
    rearrange(parallel, [row, rows[place]], [[*row.mine, *row.theirs, *rows[place].mine, *rows[place].theirs]])


@transaction.atomic
def separate_row(*, parallel, edition, section, seen, paragraph) -> None:
    """Of several paragraphs one goes with one, in order, and what is left stands alone; so do the two of a pair."""
    rows = rows_held(parallel, edition, section, seen)
    row = row_with(rows, paragraph)
    if max(len(row.mine), len(row.theirs)) == 1:
        parts = [[pk] for pk in (*row.mine, *row.theirs)]
    else:
        most = max(len(row.mine), len(row.theirs))
        parts = [[*row.mine[at : at + 1], *row.theirs[at : at + 1]] for at in range(most)]
    rearrange(parallel, [row], parts)


@transaction.atomic
def move(*, parallel, edition, section, seen, paragraph, to) -> None:
    """This paragraph goes to the row of that one, of the other edition; what stood with it stays together."""
    rows = rows_held(parallel, edition, section, seen)
    here, there = row_with(rows, paragraph), row_with(rows, to)
    if here == there:
        raise NoSuchRow
    left = [pk for pk in (*here.mine, *here.theirs) if pk != paragraph]
    rearrange(parallel, [here, there], [left, [*there.mine, *there.theirs, paragraph]])


def row_with(rows, paragraph) -> Row:
    """The row that the paragraph stands in."""
    found = next((row for row in rows if paragraph in row.mine or paragraph in row.theirs), None)
    if found is None:
        raise NoSuchRow
    return found


def confirm(parallel, rows) -> None:
    """A person says so; also that what stands alone has nothing beside it."""
    links = [link for row in rows for link in row.links]
    ParallelLink.objects.filter(pk__in=links).update(status=ParallelStatus.CONFIRMED)
    alone = [[*row.mine, *row.theirs] for row in rows if not row.links]
    save_links(parallel, alone, status=ParallelStatus.CONFIRMED)


def rearrange(parallel, rows, parts) -> None:
    """Instead of these rows there are those with these paragraphs, and a person says so.

    What is linked and does not stand in the text goes to where it was merged, or to the first, and comes back there.
    """
    links = [link for row in rows for link in row.links]
    shown = {pk for row in rows for pk in (*row.mine, *row.theirs)}
    waiting = LinkedParagraph.objects.filter(link__in=links).exclude(paragraph__in=shown)
    waiting = list(waiting.values_list("paragraph", "paragraph__heir"))
    ParallelLink.objects.filter(pk__in=links).delete()
    parts = [list(part) for part in parts if part]
    for pk, heir in waiting:
        next((part for part in parts if heir in part), parts[0]).append(pk)
    save_links(parallel, parts, status=ParallelStatus.CONFIRMED)


def save_links(parallel, parts, *, status=ParallelStatus.PROPOSED) -> None:
    """A link for each of these groups of paragraphs."""
    links = ParallelLink.objects.bulk_create(
        [ParallelLink(parallel=parallel, status=status) for _part in parts], batch_size=A_BATCH
    )
    members = [
        LinkedParagraph(parallel=parallel, link=link, paragraph_id=pk)
        for link, part in zip(links, parts, strict=True)
        for pk in part
    ]
    LinkedParagraph.objects.bulk_create(members, batch_size=A_BATCH)
