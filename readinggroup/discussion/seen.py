"""What a reader has seen of the discussion: marking it, taking that back, and going to what is next.

Whoever writes here holds the rows of the paragraphs, shared, before comments are counted: see `readings.Seen`.
"""

from django.db import connection, transaction
from django.http import Http404, HttpResponse, JsonResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.views.decorators.http import require_POST, require_safe

from readinggroup.groups.permissions import Can
from readinggroup.lib.bad_input import is_storable
from readinggroup.lib.htmx import wants_part
from readinggroup.notifications.actions import mark_read
from readinggroup.notifications.models import Notice
from readinggroup.readings.access import of_reading
from readinggroup.readings.pages import outline_of
from readinggroup.readings.unread import ask_unread, unread_in, unread_part

from .models import Comment
from .pages import address_of

MOST_AT_ONCE = 1_000  # comments, or paragraphs, that one request may name

# The comments that are meant, grouped; where they were seen already, together with what else was.
_SEE = """
    INSERT INTO readings_seen AS seen (reading_id, paragraph_id, user_id, sequences, comments)
    SELECT said.reading_id, said.paragraph_id, %(user)s,
        range_agg(int4range(said.sequence, said.sequence, '[]')), count(*) FILTER (WHERE said.state = 'visible')
    FROM discussion_comment said {meant}
    GROUP BY 1, 2 ORDER BY 1, 2
    ON CONFLICT (reading_id, paragraph_id, user_id) DO UPDATE
    SET sequences = seen.sequences + EXCLUDED.sequences,
        comments = (
            SELECT count(*) FROM discussion_comment every
            WHERE every.reading_id = seen.reading_id AND every.paragraph_id = seen.paragraph_id
                AND every.state = 'visible' AND (seen.sequences + EXCLUDED.sequences) @> every.sequence::integer
        )
"""
# Of paragraphs that are held: what was moved away meanwhile is not counted.
_THESE = "WHERE said.id = ANY(%(comments)s::bigint[]) AND said.paragraph_id = ANY(%(paragraphs)s::bigint[])"
_UNTIL = """
    JOIN unnest(%(paragraphs)s::bigint[], %(untils)s::integer[]) AS up (paragraph_id, until)
        ON said.paragraph_id = up.paragraph_id AND said.sequence <= up.until
    WHERE said.reading_id = %(reading)s AND said.state = 'visible'
"""
# Everything from a comment on is unseen again, but for what one has written oneself.
_UNSEE = """
    WITH own AS (
        SELECT coalesce(range_agg(int4range(sequence, sequence, '[]')), '{}') AS sequences FROM discussion_comment
        WHERE reading_id = %(reading)s AND paragraph_id = %(paragraph)s AND author_id = %(user)s
    ), kept AS (
        SELECT seen.id, seen.sequences - int4multirange(int4range(%(first)s, NULL)) + own.sequences AS sequences
        FROM readings_seen seen, own
        WHERE seen.reading_id = %(reading)s AND seen.paragraph_id = %(paragraph)s AND seen.user_id = %(user)s
    )
    UPDATE readings_seen seen SET sequences = kept.sequences, comments = (
        SELECT count(*) FROM discussion_comment every
        WHERE every.reading_id = %(reading)s AND every.paragraph_id = %(paragraph)s
            AND every.state = 'visible' AND kept.sequences @> every.sequence::integer
    )
    FROM kept WHERE seen.id = kept.id
"""


def _hold(reading, paragraphs) -> None:
    """Let no comment of these paragraphs come or change until this transaction ends; other readers may mark, too."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT FROM readings_paragraphactivity WHERE reading_id = %s AND paragraph_id = ANY(%s::bigint[])"
            " ORDER BY paragraph_id FOR SHARE",
            [reading.pk, list(paragraphs)],
        )


@transaction.atomic
def see(*, reading, comments, by) -> None:
    """These comments have been seen: those of them that `by` may read are given."""
    paragraphs = list({comment.paragraph_id for comment in comments})
    _hold(reading, paragraphs)
    values = {"user": by.pk, "comments": [comment.pk for comment in comments], "paragraphs": paragraphs}
    with connection.cursor() as cursor:
        cursor.execute(_SEE.format(meant=_THESE), values)
    tidy_inbox(by, [comment.public_id for comment in comments])


@transaction.atomic
def see_until(*, reading, untils, by) -> None:
    """All visible comments are seen up to a sequence, for each paragraph (key -> sequence)."""
    _hold(reading, untils)
    values = {"user": by.pk, "reading": reading.pk, "paragraphs": list(untils), "untils": list(untils.values())}
    with connection.cursor() as cursor:
        cursor.execute(_SEE.format(meant=_UNTIL), values)
    told = Notice.objects.of(by).unread().exclude(about="").values("about")
    rows = Comment.objects.filter(reading=reading, paragraph__in=untils, public_id__in=told)
    rows = rows.values_list("public_id", "paragraph_id", "sequence")
    tidy_inbox(by, [name for name, paragraph, sequence in rows if sequence <= untils[paragraph]])


def tidy_inbox(by, comments) -> None:
    """Whoever has seen a comment where it stands need not be told of it any more."""
    if comments:
        mark_read(notices=Notice.objects.filter(about__in=comments), by=by)


@transaction.atomic
def unsee_from(*, reading, comment, by) -> None:
    """What is said at the paragraph from this comment on is unread again; what `by` has written never is."""
    _hold(reading, [comment.paragraph_id])
    values = {"reading": reading.pk, "paragraph": comment.paragraph_id, "user": by.pk, "first": comment.sequence}
    with connection.cursor() as cursor:
        cursor.execute(_UNSEE, values)


def news(request, reading) -> JsonResponse:
    """What a page renews by script after something was seen: how much is unread, and where."""
    page = reverse("readings:reading_page", args=[reading.group.slug, reading.slug])
    told = ask_unread(reading.pk, request.user.pk)
    return JsonResponse({"unread": unread_part(page, "", reading.edition.current_id, told)})


def sequence_in(text) -> int:
    """A sequence as a form holds it. Http404 for anything else: nobody types these."""
    if not text.isascii() or not text.isdecimal() or len(text) > 9:
        raise Http404
    return int(text)


@require_POST
@of_reading(Can.READ_ALL)  # whoever belongs, suspended or not: they read on
def mark_seen(request, membership, reading, paragraph):
    """Of one paragraph: these comments were seen; or everything up to a sequence; or nothing from a comment on."""
    outline = outline_of(reading.edition.current_id)
    address = outline.called(paragraph)
    if address is None and paragraph in outline.by_name:  # merged since: the page's numbers say nothing now
        return redirect_to_paragraph(membership, reading, outline.by_name[paragraph].public_id)
    if address is None:
        raise Http404
    readable = Comment.objects.visible_to(membership).filter(reading=reading, paragraph=address.pk)
    if "from" in request.POST:
        comment = get_object_or_404(
            readable, public_id=request.POST["from"] if is_storable(request.POST["from"]) else ""
        )
        unsee_from(reading=reading, comment=comment, by=request.user)
    elif "until" in request.POST:
        see_until(reading=reading, untils={address.pk: sequence_in(request.POST["until"])}, by=request.user)
    else:
        names = [name for name in request.POST.getlist("comment")[:MOST_AT_ONCE] if is_storable(name)]
        comments = readable.filter(public_id__in=names).exclude(shown_html="")
        see(reading=reading, comments=list(comments.only("pk", "public_id", "paragraph_id")), by=request.user)
    if wants_part(request):
        return news(request, reading)
    return redirect_to_paragraph(membership, reading, paragraph)


def redirect_to_paragraph(membership, reading, paragraph):
    """To the discussion of the paragraph of that public id."""
    return redirect("discussion:paragraph", group=membership.group.slug, reading=reading.slug, paragraph=paragraph)


@require_POST
@of_reading(Can.READ_ALL)
def mark_all_seen(request, membership, reading):
    """Everything is seen that was there when the page was made, which says so: what came meanwhile stays unread."""
    outline = outline_of(reading.edition.current_id)
    most = len(outline.addresses) + len(outline.gaps)
    pairs = (pair.partition(":") for pair in request.POST.get("until", "").split()[:most])
    untils = {there.pk: sequence_in(until) for name, _colon, until in pairs if (there := outline.called(name))}
    see_until(reading=reading, untils=untils, by=request.user)
    if wants_part(request):
        return news(request, reading)
    return redirect("readings:reading_page", group=membership.group.slug, reading=reading.slug)


@require_safe
@of_reading(Can.READ_ALL)
def next_unread(request, membership, reading):
    """The next unread comment in the text, after a comment or a paragraph (`after`), else from the start."""
    outline = outline_of(reading.edition.current_id)
    unread = unread_in(outline, ask_unread(reading.pk, request.user.pk))
    number, sequence = place_after(membership, reading, outline, request.GET.get("after", ""))
    # Round the text: what is left of this paragraph, the later ones, the earlier ones, and its own beginning.
    round_trip = [there for there in unread if there.address.number >= number]
    round_trip += [there for there in unread if there.address.number <= number]
    for place, there in enumerate(round_trip):
        after = sequence if place == 0 and there.address.number == number else 0
        comment = first_unread(membership, reading, there.address.pk, request.user.pk, after)
        if comment is not None:
            seen = Comment.objects.select_related("reading", "paragraph", "root").get(public_id=comment)
            href = address_of(membership, seen)
            return JsonResponse({"href": href}) if wants_part(request) else redirect(href)
    if wants_part(request):
        return HttpResponse(status=204)
    return redirect("readings:reading_page", group=membership.group.slug, reading=reading.slug)


def place_after(membership, reading, outline, after) -> tuple[int, int]:
    """The paragraph's number and the sequence that `after` names: a comment, a paragraph with all of it, or nothing."""
    if after in outline.by_name:
        return outline.by_name[after].number + 1, 0
    named = Comment.objects.visible_to(membership).filter(
        reading=reading, public_id=after if is_storable(after) else ""
    )
    row = named.values_list("paragraph", "sequence").first()
    there = row and outline.near(row[0])
    return (there.number, row[1]) if there else (1, 0)


def first_unread(membership, reading, paragraph, user, after) -> str | None:
    """The public id of the first comment there, after that sequence, that the person has not seen."""
    with connection.cursor() as cursor:
        cursor.execute(
            """
            SELECT said.public_id FROM discussion_comment said
            LEFT JOIN readings_seen seen ON seen.reading_id = said.reading_id
                AND seen.paragraph_id = said.paragraph_id AND seen.user_id = %s
            WHERE said.reading_id = %s AND said.paragraph_id = %s AND said.state = 'visible' AND said.sequence > %s
                AND NOT coalesce(seen.sequences @> said.sequence::integer, false)
            ORDER BY said.sequence LIMIT 1
            """,
            [user, reading.pk, paragraph, after],
        )
        row = cursor.fetchone()
    return row and row[0]
