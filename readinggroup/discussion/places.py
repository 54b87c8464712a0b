"""Where something that was said, or found, stands in the text as it is now."""

from dataclasses import dataclass

from readinggroup.readings.pages import Address, outline_of


@dataclass(frozen=True)
class PlaceInText:
    """A paragraph of a reading by its number, and the name of its section where the text has several."""

    reading: object
    address: Address | None  # None if the paragraph is there no more
    section: str
    number: int


def place_of(reading, paragraph_id, number) -> PlaceInText:
    """The paragraph's place; `number` is what it bore when it was last there."""
    outline = outline_of(reading.edition.current_id)
    address = outline.by_paragraph.get(paragraph_id)
    if address is None:
        return PlaceInText(reading, None, "", number)
    section = section_name(outline.sections[address.section]) if len(outline.sections) > 1 else ""
    return PlaceInText(reading, address, section, address.number)


def section_name(section) -> str:
    """A section by its number and its heading, or its first words."""
    return f"{section.position + 1}. {section.title or section.opening}"
