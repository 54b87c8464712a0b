"""The reading page, and the reader's place in it."""

from django.conf import settings
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.views.decorators.http import require_POST, require_safe

from readinggroup.groups.permissions import Can, requires
from readinggroup.lib.bad_input import is_storable
from texts.models import Paragraph

from . import actions
from .models import Place
from .pages import outline_of, text_of


def reading_or_404(membership, slug):
    """The group's reading of that name, with its edition and text, in one query."""
    reading = membership.group.readings.with_text().filter(slug=slug).first()
    if reading is None or reading.edition.current is None:
        raise Http404
    reading.group = membership.group
    return reading


def section_asked_for(request, reading) -> int | None:
    """Which section to show, counted from 0, or None for the whole text. Long texts are read by section."""
    asked = request.GET.get("section", "")
    if not asked:
        return None if reading.edition.current.words <= settings.READ_WHOLE_UP_TO_WORDS else 0
    sections = len(outline_of(reading.edition.current_id).sections)
    if not asked.isascii() or not asked.isdecimal() or not 1 <= int(asked[:9]) <= sections:
        raise Http404
    return int(asked) - 1


@require_safe
@requires(Can.READ)
def reading_page(request, membership, reading):
    """The text, to be read, with a button at each paragraph."""
    reading = reading_or_404(membership, reading)
    position = section_asked_for(request, reading)
    place = None
    if membership.is_member:
        place = Place.objects.filter(reading=reading, user=request.user).select_related("paragraph").first()
    context = {
        "membership": membership,
        "group": membership.group,
        "reading": reading,
        "edition": reading.edition,
        "revision": reading.edition.current,
        "position": position,
        "section_count": 0 if position is None else len(outline_of(reading.edition.current_id).sections),
        "place": address_in(reading, place.paragraph) if place else None,
        "text": text_of(reading, position),
    }
    return TemplateResponse(request, "readings/reading_page.html", context)


def address_in(reading, paragraph):
    """Where the paragraph stands in the text as it is now, or None if it is there no more."""
    addresses = outline_of(reading.edition.current_id).addresses
    return next((address for address in addresses if address.pk == paragraph.pk), None)


@require_safe
@requires(Can.READ)
def paragraph_number(request, membership, reading, number):
    """What people say aloud, "paragraph 58", leads to the paragraph that bears the number now."""
    reading = reading_or_404(membership, reading)
    addresses = outline_of(reading.edition.current_id).addresses
    if not 1 <= number <= len(addresses):
        raise Http404
    return redirect(page_at(reading, addresses[number - 1]))


@require_POST
@requires(Can.DISCUSS)
def keep_place(request, membership, reading):
    """Remember where the reader stopped: sent by the page as one reads, or by a button."""
    reading = reading_or_404(membership, reading)
    public_id = request.POST.get("paragraph", "")
    if not is_storable(public_id):
        raise Http404
    paragraph = get_object_or_404(Paragraph, edition=reading.edition_id, public_id=public_id)
    actions.keep_place(reading=reading, user=request.user, paragraph=paragraph)
    if request.headers.get("HX-Request") == "true":
        return HttpResponse(status=204)
    return redirect(page_at(reading, address_in(reading, paragraph)))


def page_at(reading, address) -> str:
    """The address of the reading page at this paragraph, or of the page if the paragraph is there no more."""
    page = reverse("readings:reading_page", kwargs={"group": reading.group.slug, "reading": reading.slug})
    if address is None:
        return page
    whole = reading.edition.current.words <= settings.READ_WHOLE_UP_TO_WORDS
    return f"{page}#{address.public_id}" if whole else f"{page}?section={address.section + 1}#{address.public_id}"
