"""Drawing a veil over paragraphs, and opening it. What lies under one is the discussion's to keep: see its triggers.

Held in this order: the veils of the reading, then comments, then the paragraphs' counters. Whoever says something
holds the veils above the place shared, before anything that was said (`hold_over`): so it comes before an opening and
is opened with the rest, or after it, and never lies under a veil that nobody will open.
"""

from collections import defaultdict

from django.db import connection, transaction
from django.db.models import Sum
from django.utils import timezone

from .models import ParagraphActivity, Veil, VeiledParagraph


@transaction.atomic
def draw(*, reading, paragraphs, until) -> Veil:
    """A veil over these paragraphs (keys) of the reading. What was said there before stays seen."""
    veil = Veil.objects.create(reading=reading, until=until)
    cover(veil, set(paragraphs))
    return veil


@transaction.atomic
def change(*, veil, paragraphs, until) -> None:
    """The veil lies over these paragraphs from now on, until then; where it is taken away, what waited is opened.

    Where another veil lies there, too, what waited goes on waiting under that one. One that was opened stays so.
    """
    standing = held(veil)
    if standing is None:
        return
    before = set(standing.paragraphs.values_list("paragraph", flat=True))
    after = set(paragraphs)
    if standing.until != until:
        standing.until = until
        standing.save(update_fields=["until"])
        renew(standing.reading_id, before)  # their pages say until when
    if before - after:
        standing.paragraphs.filter(paragraph__in=before - after).delete()
        renew(standing.reading_id, before - after)
    if after - before:
        cover(standing, after - before)


@transaction.atomic
def open_veil(*, veil) -> bool:
    """Everybody sees from now on what waits at its paragraphs, also under others. False if it was opened before."""
    standing = held(veil)
    if standing is None:
        return False
    standing.opened_at = timezone.now()
    standing.save(update_fields=["opened_at"])
    paragraphs = set(standing.paragraphs.values_list("paragraph", flat=True))
    standing.paragraphs.all().delete()
    renew(standing.reading_id, paragraphs)
    return True


@transaction.atomic
def take_away(*, veil) -> None:
    """The veil lies nowhere any more. What waited is opened, but for what another veil lies over."""
    change(veil=veil, paragraphs=[], until=veil.until)
    open_veil(veil=veil)


def open_due() -> int:
    """Open the veils whose time has come, one at a time; the answer is how many."""
    due = Veil.objects.filter(opened_at=None, until__lte=timezone.now()).order_by("until", "pk")
    return sum(open_if_due(veil) for veil in list(due))


@transaction.atomic
def open_if_due(veil) -> bool:
    """Open it unless it was put off, or opened, at this moment."""
    standing = held(veil)
    return standing is not None and standing.until <= timezone.now() and open_veil(veil=standing)


def waiting_under(veil) -> int:
    """How many comments wait at the paragraphs of the veil. One query."""
    there = ParagraphActivity.objects.filter(reading=veil.reading_id, paragraph__in=veil.paragraphs.values("paragraph"))
    return there.aggregate(waiting=Sum("waiting", default=0))["waiting"]


def held(veil) -> Veil | None:
    """The veil as it stands, held with all others of its reading; None if it was opened."""
    closed = Veil.objects.select_for_update(of=("self",)).filter(reading=veil.reading_id, opened_at=None)
    return next((each for each in closed.order_by("pk") if each.pk == veil.pk), None)


def cover(veil, paragraphs) -> None:
    rows = [VeiledParagraph(veil=veil, paragraph_id=paragraph) for paragraph in sorted(paragraphs)]
    VeiledParagraph.objects.bulk_create(rows)
    renew(veil.reading_id, paragraphs)


def veils_to_carry(published) -> list[tuple[Veil, set[int]]]:
    """When a text is revised: the closed veils, held, each with what its paragraphs go on in beyond what it lies over.

    What is said there is held after them; then `cover_more`.
    """
    lies_over = defaultdict(set)
    rows = VeiledParagraph.objects.filter(paragraph__edition=published.revision.edition_id)
    for row in rows.select_related("veil").order_by("veil"):
        if row.paragraph_id in published.goes_on_in:
            lies_over[row.veil].add(row.paragraph_id)
    found = []
    for veil, paragraphs in lies_over.items():
        goes_on = {version.paragraph_id for key in paragraphs for version in published.goes_on_in[key]}
        if goes_on - paragraphs and (standing := held(veil)):
            found.append((standing, goes_on - paragraphs))
    return found


def cover_more(veils) -> None:
    """Each of these veils lies over these paragraphs, too, unless another row says so already."""
    for veil, paragraphs in veils:
        cover(veil, paragraphs - set(veil.paragraphs.values_list("paragraph", flat=True)))


def renew(reading, paragraphs) -> None:
    """Pages that are kept of these paragraphs are made anew."""
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO readings_paragraphactivity AS activity (reading_id, paragraph_id, comments, changes, said)"
            " SELECT %s, paragraph, 0, 1, 0 FROM unnest(%s::bigint[]) AS paragraph ORDER BY paragraph"
            " ON CONFLICT (reading_id, paragraph_id) DO UPDATE SET changes = activity.changes + 1",
            [reading, sorted(paragraphs)],
        )


def hold_over(*, reading, paragraph, under=None) -> None:
    """Hold the veils above this paragraph (keys), and the one `under` which lies what is answered, shared."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT FROM readings_veil veil WHERE reading_id = %s AND opened_at IS NULL AND (id = %s OR EXISTS ("
            "SELECT FROM readings_veiledparagraph here WHERE here.veil_id = veil.id AND here.paragraph_id = %s"
            ")) ORDER BY id FOR KEY SHARE",
            [reading, under, paragraph],
        )
