"""Changes by hand to a text: another wording, split, merged, moved, taken out, put in.

A change is a dict, as it is kept in JSON: {"change": "edit", "paragraph": its public id, "texts": […]}; more than one
text parts it. "merge" joins a paragraph with the one after it; "move" puts it "after" another, or at the beginning;
"remove" takes it out; "add" puts "texts" in, "after" another.
"""

from dataclasses import dataclass, field, replace

from django.utils.translation import gettext as _

from texts.importing.document import Block, NoteMark
from texts.importing.inline import Inline
from texts.importing.limits import BLOCK_CHARACTERS
from texts.models import Kind

from .rewording import as_one, inline_of, render, reworded


class BadChange(ValueError):  # noqa: N818 - said to people
    """This cannot be done to the text. The message is one sentence, for the person who wanted it."""


@dataclass
class Entry:
    """A paragraph of the text to come, with the places of those that it came from, and the name it is known by."""

    block: Block
    origins: list[int] = field(default_factory=list)
    name: str = ""


def changed_by_hand(blocks: list[Block], names: dict[str, int], changes) -> list[Entry]:
    """The text after these changes, each of which sees what those before it made. BadChange if one cannot be made."""
    by_place = {place: name for name, place in names.items()}
    entries = [Entry(block, [place], by_place[place]) for place, block in enumerate(blocks)]
    for change in changes:
        DOES[change["change"]](entries, change)
    return entries


def place_of(entries, name) -> int:
    """Where the paragraph of that name stands."""
    for place, entry in enumerate(entries):
        if entry.name == name:
            return place
    raise BadChange(_("The paragraph is not in the text any more."))


def edit(entries, change) -> None:
    place = place_of(entries, change["paragraph"])
    entry, texts = entries[place], _checked(change["texts"])
    pieces = reworded(inline_of(entry.block.html), texts)
    made = [_with_words(entry.block, piece) for piece in pieces]
    for block in made[1:]:
        block.number = None if entry.block.list == "numbered" else block.number
    entries[place : place + 1] = [
        Entry(block, list(entry.origins), "" if later else entry.name) for later, block in enumerate(made)
    ]


def merge(entries, change) -> None:
    place = place_of(entries, change["paragraph"])
    if place + 1 == len(entries):
        raise BadChange(_("There is no paragraph after the last one to merge it with."))
    first, second = entries[place], entries[place + 1]
    between = "\n" if first.block.kind == Kind.VERSE_LINE else " "
    notes = [*first.block.notes, *second.block.notes]
    whole = as_one([inline_of(first.block.html), inline_of(second.block.html)], between)
    if len(whole.text) > BLOCK_CHARACTERS:
        raise BadChange(_("Together they are longer than a paragraph may be."))
    block = _with_words(replace(first.block, notes=notes), whole)
    entries[place : place + 2] = [Entry(block, [*first.origins, *second.origins], first.name or second.name)]


def move(entries, change) -> None:
    if change["after"] == change["paragraph"]:
        raise BadChange(_("A paragraph cannot stand after itself."))
    entry = entries.pop(place_of(entries, change["paragraph"]))
    place = place_of(entries, change["after"]) + 1 if change["after"] else 0
    entry.block = replace(entry.block, section=_section_at(entries, place))
    entries.insert(place, entry)


def remove(entries, change) -> None:
    del entries[place_of(entries, change["paragraph"])]


def add(entries, change) -> None:
    place = place_of(entries, change["after"]) + 1 if change["after"] else 0
    section = _section_at(entries, place)
    for text in reversed(_checked(change["texts"])):
        inline = Inline(text)
        entries.insert(place, Entry(Block(Kind.PARAGRAPH, text, section, html=render(inline))))


DOES = {"edit": edit, "merge": merge, "move": move, "remove": remove, "add": add}


def _section_at(entries, place) -> int:
    if not entries:
        return 0
    return entries[place - 1].block.section if place else entries[0].block.section


def _checked(texts) -> list[str]:
    if not texts or not all(texts):
        raise BadChange(_("A paragraph needs words. To take it out, choose that."))
    if any(len(text) > BLOCK_CHARACTERS for text in texts):
        raise BadChange(_("This is longer than a paragraph may be."))
    return list(texts)


def _with_words(block: Block, inline: Inline) -> Block:
    """The block with these words, and of its notes those that are called in them: `key` is their place among them."""
    notes = [NoteMark(mark.label, mark.offset, block.notes[mark.key].note) for mark in inline.marks]
    return replace(block, text=inline.text, html=render(inline), notes=notes)
