"""Choosing a session's passages in the text itself: the first paragraph, the last one, and a button.

The text is the one that the reading page keeps ready. The links at its paragraphs lead to "p/<paragraph>/", which is an
address below the page that one is on: of the beginning, or of the end of what was begun. Nothing is changed by a link.
"""

from django.conf import settings
from django.contrib import messages
from django.http import Http404
from django.shortcuts import redirect
from django.template.loader import render_to_string
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.safestring import mark_safe
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from readinggroup.groups.permissions import Can, requires
from readinggroup.readings.pages import href, kept_skeleton, outline_of
from readinggroup.readings.views import section_asked_for

from . import actions
from .passages import MOST, NoSuchPassage, merged, paragraphs_of, read_passages, spans_of, typed_of
from .views import session_or_404


@require_http_methods(["GET", "POST"])
@requires(Can.SCHEDULE)
def choose_passages(request, membership, session, first=None, last=None):
    """The text, with what belongs to the session marked in it, to choose where a passage begins and where it ends."""
    standing = open_session_or_404(membership, session)
    outline = outline_of(standing.reading.edition.current_id)
    ends = [address_or_404(outline, name) for name in (first, last) if name is not None]
    ends.sort(key=lambda address: address.number)
    if request.method == "GET":
        return show_text(request, membership, standing, outline, ends)
    try:
        ranges = ranges_after(request.POST, standing, outline, ends)
    except NoSuchPassage as refusal:
        words = _("“%(typed)s” is no passage of this text: it has the paragraphs 1 to %(last)d.")
        refused = words % {"typed": refusal.typed, "last": len(outline.addresses)}
        return show_text(
            request, membership, standing, outline, ends, refused=refused, typed=request.POST["passages"], status=422
        )
    return save(request, membership, standing, outline, ends, ranges)


@require_safe
@requires(Can.SCHEDULE)
def choose_paragraph(request, membership, session, here, first=None, last=None):
    """A paragraph was chosen: back to the text at this place, where it is the first or the last of a passage."""
    standing = open_session_or_404(membership, session)
    outline = outline_of(standing.reading.edition.current_id)
    chosen = address_or_404(outline, here)
    names = {"first": here} if first is None else {"first": first, "last": here}
    page = reverse("schedule:choose_passages", args=[membership.group.slug, standing.public_id, *names.values()])
    by_section = standing.reading.edition.current.words > settings.READ_WHOLE_UP_TO_WORDS
    return redirect(f"{page}?section={chosen.section + 1}#{here}" if by_section else f"{page}#{here}")


def open_session_or_404(membership, public_id):
    """A session that can still be changed, of a text that is there."""
    standing = session_or_404(membership, public_id)
    if not standing.can_change or standing.reading.edition.current_id is None:
        raise Http404
    return standing


def address_or_404(outline, name):
    if name not in outline.by_name:
        raise Http404
    return outline.by_name[name]


def ranges_after(sent, standing, outline, ends) -> list:
    """The session's passages after what was asked for: as typed, with one more, or without one."""
    ranges = [(span.first.number, span.last.number) for span in spans_of(standing)]
    if "passages" in sent:
        return read_passages(sent["passages"][:1_000], outline)
    if "add" in sent and ends:
        ranges = merged([*ranges, (ends[0].number, ends[-1].number)])
    if "remove" in sent:
        ranges = [(first, last) for first, last in ranges if f"{first}-{last}" != sent["remove"]]
    return [(outline.addresses[first - 1], outline.addresses[last - 1]) for first, last in ranges]


def save(request, membership, standing, outline, ends, ranges):
    """Keep these passages, and show them in the text; 409 if the session was changed meanwhile."""
    page = (request, membership, standing, outline, ends)
    if len(ranges) > MOST:
        return show_text(*page, refused=_("These are too many passages for one session."), status=422)
    sent = request.POST.get("version", "")
    version = int(sent) if sent.isascii() and sent.isdecimal() and len(sent) < 10 else 0
    try:
        actions.change(session=standing, version=version, by=request.user, passages=paragraphs_of(ranges))
    except (actions.StaleSession, actions.NotPossible):
        standing = session_or_404(membership, standing.public_id)
        refused = _("Somebody else has changed this session meanwhile. These are its passages now; choose again.")
        return show_text(request, membership, standing, outline, ends, refused=refused, status=409)
    messages.success(request, _("The passages are kept."))
    return redirect("schedule:choose_passages", group=membership.group.slug, session=standing.public_id)


def show_text(request, membership, standing, outline, ends, *, refused="", typed=None, status=200):
    """The text, or the section of it, with the passages marked."""
    revision = standing.reading.edition.current
    position = section_asked_for(request, revision.pk, revision.words)
    spans = spans_of(standing)
    chosen = {number for span in spans for number in range(span.first.number, span.last.number + 1)}
    marks = {
        is_in: render_to_string("schedule/_paragraph_mark.html", {"is_in": is_in}).strip() for is_in in (True, False)
    }
    labels = {f"p{address.pk}": marks[address.number in chosen] for address in outline.addresses}
    labels |= {f"d{address.pk}": "" for address in outline.addresses}  # what came of a session is not to be chosen
    text = kept_skeleton(revision.pk, standing.reading.edition.note_changes, position, outline).fill(labels)
    context = {
        "membership": membership,
        "group": membership.group,
        "session": standing,
        "spans": spans,
        "typed": typed_of(spans) if typed is None else typed,
        "ends": ends,
        "refused": refused,
        "edition": standing.reading.edition,
        "text": mark_safe(text),  # noqa: S308 - made of our templates and sanitised paragraphs
        "sections": [
            (section, href(outline.addresses[section.first_number - 1], position)) for section in outline.sections
        ],
        "position": position,
        "section_count": 0 if position is None else len(outline.sections),
        "base": reverse("schedule:choose_passages", args=[membership.group.slug, standing.public_id]),
    }
    return TemplateResponse(request, "schedule/choose_passages.html", context, status=status)
