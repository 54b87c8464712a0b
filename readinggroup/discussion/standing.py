"""Where words stand now that were quoted, or talked about, in an earlier revision of the text."""

from texts.models import Paragraph, ParagraphLink, ParagraphVersion
from texts.quoting import selectors
from texts.revising.tracking import follow

from .models import QuoteAnchor

LOST = "lost"


def where_it_stands(version, quotes, heir, current, *, is_new) -> int:
    """The paragraph (its key) for what somebody says who has this version before them. The text is held.

    `heir` is that of the version's paragraph, `current` the revision that its edition stands at now, as keys. Mostly
    it is the version's own paragraph. If the text was revised since: that which the quoted words are in now, of a
    comment that is no answer; else its heir, if it was merged.
    """
    if version.revision_id == current:
        return version.paragraph_id
    mine = [quote for quote in quotes if is_new and quote.version_id == version.pk]
    for quote in mine:
        found = found_now(version, quote.found.start, quote.found.end, current)
        if found:
            return found[0].paragraph_id
    return heir_of(heir) if heir else version.paragraph_id


def heir_of(key) -> int:
    """The paragraph at which one finds what was said at this one."""
    heir = Paragraph.objects.values_list("heir", flat=True).get(pk=key)
    return heir_of(heir) if heir else key


def versions_now(version, current) -> list[ParagraphVersion]:
    """In what this version goes on in the revision `current` (its key), in order; through all revisions between."""
    front = {version.pk}
    while front:
        here = ParagraphVersion.objects.filter(pk__in=front, revision=current)
        if found := list(here.order_by("number")):
            return found
        front = set(ParagraphLink.objects.filter(old__in=front).values_list("new", flat=True))
    return []


def found_now(version, start, end, current):
    """(version, start, end, score, method) of words of an earlier version in the revision `current`, or None."""
    goes_on = versions_now(version, current)
    found = follow(selectors(version.text, start, end), version.text, [each.text for each in goes_on])
    return found and (goes_on[found.index], found.start, found.end, found.score, found.method)


def anchor_late(quotes) -> None:
    """Of quotations that were just kept, those of a revision that is not current any more: where they stand now."""
    keys = {quote.version_id for quote in quotes} - {None}
    if not keys:
        return
    versions = ParagraphVersion.objects.filter(pk__in=keys).select_related("revision__edition").in_bulk()
    for quote in quotes:
        version = versions.get(quote.version_id)
        current = version and version.revision.edition.current_id
        if version and version.revision_id != current:
            place = found_now(version, quote.start, quote.end, current)
            anchor_at(current, quote, place).save()


def anchor_at(revision, quote, place) -> QuoteAnchor:
    """The anchor, unsaved: (version, start, end, score, method), or None of words that are lost."""
    if place is None:
        return QuoteAnchor(quote=quote, revision_id=revision, version=None, method=LOST)
    version, start, end, score, method = place
    return QuoteAnchor(
        quote=quote, revision_id=revision, version=version, start=start, end=end, score=score, method=method
    )
