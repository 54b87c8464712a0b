"""The links of two editions as rows, in the order of the one that is read: what stands beside what, and what alone."""

from collections import defaultdict
from collections.abc import Sequence
from typing import NamedTuple

from texts.models import LinkedParagraph, ParagraphVersion, Parallel, ParallelStatus


class Row(NamedTuple):
    """Paragraphs that stand beside one another, by their keys, in the order of their texts; one side may be empty."""

    links: tuple[int, ...]  # none where nobody and nothing has linked them; several where paragraphs were merged
    status: str
    mine: tuple[int, ...]
    theirs: tuple[int, ...]
    section: int  # of the text that is read

    @property
    def is_confirmed(self) -> bool:
        """Whether a person has said so."""
        return self.status == ParallelStatus.CONFIRMED


class Standing(NamedTuple):
    """A paragraph that stands in a revision: its key, and the position of its section."""

    pk: int
    section: int


def between(one, other) -> Parallel | None:
    """The pair that these two editions are, if they are one: by their keys."""
    first, second = sorted([one, other])
    return Parallel.objects.filter(first=first, second=second).first()


def standing_in(revision) -> list[Standing]:
    """The paragraphs of a revision, in their order."""
    versions = ParagraphVersion.objects.filter(revision=revision).order_by("number")
    return [Standing(*row) for row in versions.values_list("paragraph_id", "section__position")]


def rows_of(parallel, mine: Sequence, theirs: Sequence) -> list[Row]:
    """Every paragraph that stands in the two texts (anything with `pk` and `section`), in one row: one query.

    One that was merged into another stands there; any other that is gone is not shown, and its link waits for it.
    """
    if parallel is None:
        return in_order([], mine, theirs)
    standing = {each.pk for each in (*mine, *theirs)}
    members = LinkedParagraph.objects.filter(parallel=parallel).order_by("pk")
    members = members.values_list("link_id", "link__status", "paragraph_id", "paragraph__heir")
    return in_order(
        [(link, status, pk if pk in standing else heir) for link, status, pk, heir in members], mine, theirs
    )


def joined(members) -> dict:
    """Links that hold the same paragraph, since others were merged into it, are one row: link -> its row's links."""
    rows, first_at = {}, {}
    for link, _status, paragraph in members:
        own = rows.setdefault(link, [link])
        other = rows[first_at.setdefault(paragraph, link)] if paragraph else own
        if other is not own:
            other += own
            rows |= dict.fromkeys(own, other)
    return {link: tuple(sorted(row)) for link, row in rows.items()}


def in_order(members, mine: Sequence, theirs: Sequence) -> list[Row]:
    """Rows by the first of my paragraphs; one that has none follows the one where the other text stood before it."""
    my_place = {each.pk: place for place, each in enumerate(mine)}
    their_place = {each.pk: place for place, each in enumerate(theirs)}
    members = list(members)
    row_with, status, mine_in, theirs_in = joined(members), {}, defaultdict(set), defaultdict(set)
    for link, state, paragraph in members:
        links = row_with[link]
        status[links] = state if status.get(links, state) == state else ParallelStatus.PROPOSED.value
        if paragraph in my_place:
            mine_in[links].add(paragraph)
        elif paragraph in their_place:
            theirs_in[links].add(paragraph)
    row_of = {pk: links for inside in (mine_in, theirs_in) for links, pks in inside.items() for pk in pks}

    def row(key, section):
        ours = sorted(mine_in[key], key=my_place.get) if key is not None else ()
        others = sorted(theirs_in[key], key=their_place.get) if key is not None else ()
        return Row(key, status.get(key, ""), tuple(ours), tuple(others), section)

    leading, rows, at = [], [], {}  # at: where a paragraph's row is among `rows`
    for each in mine:
        key = row_of.get(each.pk)
        if each.pk in at:
            continue
        made = row(key, each.section) if key is not None else Row((), "", (each.pk,), (), each.section)
        at |= dict.fromkeys((*made.mine, *made.theirs), len(rows))
        rows.append([made])
    last = leading
    for each in theirs:
        if each.pk in at:
            place = at[each.pk]
            last = rows[place] if place is not None else last
            continue
        key, section = row_of.get(each.pk), last[0].section if last else 0
        made = row(key, section) if key is not None else Row((), "", (), (each.pk,), section)
        at |= dict.fromkeys(made.theirs)
        last.append(made)
    return [*leading, *(made for run in rows for made in run)]
