"""What is marked at paragraphs of sessions: "discussed on 12 May", and what came of it."""

from collections import defaultdict

from django.template.loader import render_to_string
from django.utils.safestring import mark_safe

from .models import DiscussedMark


def discussed_in(reading_id, outline, *, paragraph=None) -> defaultdict:
    """The marks of a reading, or of one of its paragraphs, as HTML by the paragraph's key: one query.

    What was merged, perhaps more than once, is shown where the outline finds it.
    """
    marks = DiscussedMark.objects.filter(reading=reading_id)
    if paragraph is not None:
        marks = marks.filter(paragraph__in=outline.found_at(paragraph))
    by_paragraph = defaultdict(list)
    for mark in marks:
        there = outline.near(mark.paragraph_id)
        by_paragraph[there.pk if there else mark.paragraph_id].append(mark)
    html = defaultdict(str)
    for pk, found in by_paragraph.items():
        html[pk] = mark_safe(render_to_string("readings/_discussed.html", {"marks": found}).strip())  # noqa: S308 - ours
    return html
