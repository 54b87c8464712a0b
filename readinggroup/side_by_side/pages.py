"""What the pages of two editions show: rows of paragraphs, from the links as they are now, section by section."""

from dataclasses import dataclass, field

from readinggroup.lib.kept import Kept
from readinggroup.readings.pages import Address, counts_in, notes_called_in, outline_of, talk_label, with_note_marks
from texts.models import ParagraphVersion
from texts.parallel.rows import Row, rows_of

ENDS = 120  # characters of a paragraph's beginning, and of its end, where links are checked
_rows = Kept(20_000_000)


class KeptRows(tuple):
    """The rows of two whole texts, which weigh about so many characters."""

    def __len__(self):
        return 200 * super().__len__()


@dataclass
class Cell:
    """A paragraph in its column: what it reads, where it stands, and how much is said there."""

    address: Address
    version: ParagraphVersion
    words: str = ""
    talk: str = ""

    @property
    def excerpt(self) -> str:
        """How it begins and ends: by that one sees whether two go together."""
        text = self.version.text
        if len(text) <= 2 * ENDS:
            return text
        beginning, end = text[:ENDS].rpartition(" "), text[-ENDS:].partition(" ")
        return f"{beginning[0] or beginning[2]} … {end[2] or end[0]}"


@dataclass
class ShownRow:
    """A row with its paragraphs, in both texts."""

    row: Row
    mine: list = field(default_factory=list)
    theirs: list = field(default_factory=list)

    @property
    def name(self) -> str:
        """The paragraph by which the row is named in forms: its first."""
        return (self.mine or self.theirs)[0].address.public_id

    @property
    def number(self) -> int:
        """What that paragraph is called aloud."""
        return (self.mine or self.theirs)[0].address.number

    @property
    def names(self) -> set:
        """All its paragraphs, as forms name them."""
        return {cell.address.public_id for cell in (*self.mine, *self.theirs)}

    @property
    def is_several(self) -> bool:
        """Whether there is something to be separated."""
        return len(self.mine) + len(self.theirs) > 1


def rows_beside(parallel, reading, other) -> tuple:
    """All rows of the two texts, in the order of the first: kept while neither text nor any link changes."""
    mine, theirs = (outline_of(each.edition.current_id).addresses for each in (reading, other))
    key = (reading.edition.current_id, other.edition.current_id, parallel and (parallel.pk, parallel.changes))
    return _rows.get_or_make(key, lambda: KeptRows(rows_of(parallel, mine, theirs)))


def rows_in(rows, position: int | None) -> list[Row]:
    """Those of one section of the first text, or all."""
    return [row for row in rows if position is None or row.section == position]


def shown(rows, reading, other) -> list[ShownRow]:
    """These rows with what their paragraphs read: one query."""
    revisions = [each.edition.current_id for each in (reading, other)]
    keys = [pk for row in rows for pk in (*row.mine, *row.theirs)]
    versions = ParagraphVersion.objects.filter(revision__in=revisions, paragraph__in=keys)
    versions = {version.paragraph_id: version for version in versions}
    mine, theirs = (outline_of(revision).by_paragraph for revision in revisions)
    return [
        ShownRow(
            row,
            [Cell(mine[pk], versions[pk]) for pk in row.mine],
            [Cell(theirs[pk], versions[pk]) for pk in row.theirs],
        )
        for row in rows
    ]


def with_words_and_counts(shown_rows, reading, other) -> list:
    """The same with their words set, and how much is said at each. The notes that they call; three queries."""
    versions = [cell.version for row in shown_rows for cell in (*row.mine, *row.theirs)]
    notes = notes_called_in(versions)
    for side, each in (("mine", reading), ("theirs", other)):
        counts = counts_in(each.pk)
        for row in shown_rows:
            for cell in getattr(row, side):
                called = notes[cell.version.pk]
                for note in called:
                    note.side = "" if side == "mine" else "other-"
                cell.words = with_note_marks(cell.version.html, called, set())
                pk = cell.version.paragraph_id
                cell.talk = talk_label(counts[pk], counts.waiting[pk])
    called = {note.pk: note for each in notes.values() for note in each}
    return sorted(called.values(), key=lambda note: (note.side, note.position))
