"""A house that has a text in two languages, the second with a paragraph cut in two."""

from types import SimpleNamespace

from django.urls import reverse

from texts.parallel.rows import between
from texts.parallel.saving import confirm_all, join_works

from .. import factories

GERMAN = """Die Fähre

von Ida Renner

Die Fähre legte ab, ehe jemand die Säcke gezählt hatte.

Und niemand am Kai konnte sagen, wem sie gehörten.

“Man versprach uns eine Liste, und man gab uns ein Lied. Am Kai singt im Winter niemand.”1

Was wir verlangten, war kurz:

1. eine Liste der Säcke;
2. eine Liste der Eigentümer;
3. ein Tag, an dem beide vorgelesen würden.

Daraus wurde nichts in jenem Winter.2 Im Frühjahr nahm der Fluss den Kai.


Das zweite Jahr begann still. Nun gab es drei Fähren, und einen Schreiber für jede.

Ida Renner
Frühjahr 1911
"""


def two_editions(house, *, confirmed=True, **german):
    """The house with its text in German, too: `other`. Their paragraphs are linked, by a person if `confirmed`."""
    details = {"title": "Die Fähre", "language": "de", "translator": "Jan Ohm"} | german
    house.other_reading = factories.create_reading(house.group, GERMAN, filename="faehre.txt", **details)
    house.pair = join_works(house.reading.edition, house.other_reading.edition)
    if confirmed:
        confirm_all(parallel=house.pair)
    for each in (house.reading, house.other_reading):
        each.edition.refresh_from_db()
    house.beside = beside(house.reading, house.other_reading)
    house.links = f"{house.beside}links/"
    return house


def beside(reading, other):
    return reverse("side_by_side:beside", args=[reading.group.slug, reading.slug, other.slug])


def numbers(house):
    """The links as numbers, of what is linked on both sides."""
    pair = between(house.reading.edition_id, house.other_reading.edition_id)
    links = []
    for link in pair.links.all():
        sides = SimpleNamespace(mine=[], theirs=[])
        for row in link.paragraphs.select_related("paragraph"):
            reading = house.reading if row.paragraph.edition_id == house.reading.edition_id else house.other_reading
            number = reading.edition.current.versions.get(paragraph=row.paragraph).number
            (sides.mine if reading == house.reading else sides.theirs).append(number)
        links.append((tuple(sorted(sides.mine)), tuple(sorted(sides.theirs)), link.status))
    return sorted(links)


def paragraph(reading, number):
    version = factories.version_of(reading, number)
    return reverse("discussion:paragraph", args=[reading.group.slug, reading.slug, version.paragraph.public_id])
