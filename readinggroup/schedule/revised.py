"""What sessions are about goes on with the words when a text is revised."""

from texts.models import Change

from .models import Passage, ReadingSession


def carry_passages(published) -> None:
    """The passages of sessions reach from the first to the last of what their paragraphs go on in.

    The sessions are held as whoever changes them holds them. A passage of which nothing is left stays as it was.
    """
    places = {version.paragraph_id: place for place, version in enumerate(published.plan.old)}
    theirs = Passage.objects.filter(session__reading__edition=published.revision.edition_id)
    sessions = theirs.values("session")
    list(ReadingSession.objects.select_for_update(of=("self",), no_key=True).filter(pk__in=sessions).order_by("pk"))
    for passage in theirs.order_by("pk"):
        ends = sorted(places[key] for key in (passage.first_id, passage.last_id) if key in places)
        found = reaches(published, ends[0], ends[-1]) if ends else None
        if found and found != (passage.first_id, passage.last_id):
            passage.first_id, passage.last_id = found
            passage.save(update_fields=["first", "last"])


def reaches(published, first, last) -> tuple[int, int] | None:
    """The first and the last paragraph (keys) in which those between these places go on; None if nothing is left.

    What was moved away from within does not stretch it.
    """
    found = [news for place in range(first, last + 1) if (news := in_order(published, place))]
    found = found or [published.match_at[place].new for place in (first, last) if published.match_at[place].new]
    if not found:
        return None
    start, end = min(found[0]), max(found[-1])
    if start > end:
        start, end = min(map(min, found)), max(map(max, found))
    return published.new[start].paragraph_id, published.new[end].paragraph_id


def in_order(published, place) -> tuple[int, ...]:
    """The places in the new text in which this one goes on, unless it has gone elsewhere."""
    match = published.match_at[place]
    return () if match.change == Change.MOVED else match.new
