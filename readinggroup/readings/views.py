"""The reading page, and the reader's place in it."""

from functools import wraps

from django.conf import settings
from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.template.loader import render_to_string
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from readinggroup.groups.permissions import Can, answer, known_or_404, may
from readinggroup.lib.bad_input import is_storable
from readinggroup.lib.languages import name_of
from readinggroup.lib.page_parts import frame, frame_values
from readinggroup.lib.paging import number_in
from readinggroup.lib.stamps import slot, stamp
from readinggroup.lib.time_zones import zone_called
from texts.models import Paragraph

from . import actions
from .access import of_reading, reading_or_404, within
from .forms import ReadingForm
from .models import ReadingState
from .pages import ahead_in, editions_in, href, kept_page, outline_of, standing_and_now, text_of
from .unread import unread_part


def section_asked_for(request, revision_id, words) -> int | None:
    """Which section to show, counted from 0, or None for the whole text. Long texts are read by section."""
    asked = request.GET.get("section", "")
    if not asked:
        return None if words <= settings.READ_WHOLE_UP_TO_WORDS else 0
    number = number_in(asked, len(outline_of(revision_id).sections))
    if number is None:
        raise Http404
    return number - 1


def with_the_reading_now(view):
    """Let in who may read; give the view their `membership` and the reading as it is `now`, from one question."""

    @wraps(view)
    def wrapper(request, group, reading):
        membership, now = standing_and_now(request.user.pk, group, reading)
        return answer(request, known_or_404(membership), Can.READ, view, reading=reading, now=now)

    wrapper.access = Can.READ
    return wrapper


@require_safe
@with_the_reading_now
def reading_page(request, membership, reading, now):
    """The text, to be read, with a button at each paragraph."""
    if now is None:
        raise Http404
    if now.state == ReadingState.PROPOSED:  # its text is one paragraph of words, which the proposal's own page shows
        return redirect("proposals:proposal", group=membership.group.slug, proposal=reading)
    return within(
        request, membership, for_members=now.for_members, make=lambda: page_now(request, membership, reading, now)
    )


def page_now(request, membership, reading, now):
    """The page from what is kept ready, with what belongs to the person who asks."""
    position = section_asked_for(request, now.revision, now.words)
    group, member = membership.group, membership.is_member
    signed_in = request.user.is_authenticated
    page = kept_page(
        now,
        position,
        (
            group.slug,
            group.name,
            group.archived_at,
            group.delete_at,
            group.time_zone,
            group.visibility,
            reading,
            member,
            signed_in,
            may(membership, Can.KEEP_TEXTS),
        ),
        lambda: render_page(membership, reading_or_404(membership, reading), now, position, signed_in=signed_in),
    )
    return HttpResponse(page.fill(personal_parts(request, now, position)))


def render_page(membership, reading, now, position, *, signed_in) -> str:
    """The page with a slot wherever something belongs to the person who asks."""
    context = {
        "membership": membership,
        "group": membership.group,
        "reading": reading,
        "edition": reading.edition,
        "revision": reading.edition.current,
        "position": position,
        "section_count": 0 if position is None else len(outline_of(now.revision).sections),
        "text": text_of(now, position),
        "editions": [(slug, title, name_of(tag)) for slug, title, tag in editions_in(now)],
        "ahead": ahead_shown(now, position),
        "ahead_at": slot("ahead_at"),
        "resume": slot("resume"),
        "unread": slot("unread"),
        "keeps": may(membership, Can.KEEP_TEXTS),
        **frame(signed_in),
    }
    return render_to_string("readings/reading_page.html", context)


def personal_parts(request, now, position) -> dict:
    """What belongs to the person who asks, for the slots of the page."""
    parts = frame_values(request) | {"resume": "", "unread": "", "ahead_at": ahead_at(request, now)}
    place = address_of(now.revision, now.place)
    if place:
        resume = stamp("readings/_resume.html", ("href", "number"))
        parts["resume"] = resume.fill({"href": href(place, position), "number": str(place.number)})
    if now.unread is not None:
        page = reverse("readings:reading_page", kwargs=request.resolver_match.kwargs)
        parts["unread"] = unread_part(page, parts["token"], now.revision, now.unread)
    return parts


def ahead_shown(now, position) -> dict | None:
    """The next session about this text and what is to be read for it, for everybody alike."""
    ahead = ahead_in(now, outline_of(now.revision))
    if not ahead.session:
        return None
    spans = [{"first": first, "last": last, "href": href(first, position)} for first, last in ahead.spans]
    return {"session": ahead.session, "spans": spans}


def ahead_at(request, now) -> str:
    """When it begins, on the clock of the person who asks, if they have told their zone; else on that of its place."""
    ahead = ahead_in(now, outline_of(now.revision))
    if not ahead.session:
        return ""
    mine = request.user.time_zone if request.user.is_authenticated and not ahead.all_day else ""
    zone = zone_called(mine) or zone_called(ahead.zone)
    if ahead.all_day:
        return date_format(ahead.starts_at.astimezone(zone), "DATE_FORMAT")
    return f"{date_format(ahead.starts_at.astimezone(zone), 'DATETIME_FORMAT')} ({zone})"


def address_of(revision_id, paragraph_id):
    """Where the paragraph stands in the revision, or None if it is not there (any more)."""
    return outline_of(revision_id).near(paragraph_id)


@require_safe
@of_reading(Can.READ)
def paragraph_number(request, membership, reading, number):
    """What people say aloud, "paragraph 58", leads to the paragraph that bears the number now."""
    addresses = outline_of(reading.edition.current_id).addresses
    if not 1 <= number <= len(addresses):
        raise Http404
    return redirect(page_at(reading, addresses[number - 1]))


@require_POST
@of_reading(Can.READ_ALL)  # whoever belongs, suspended or not: they read on
def keep_place(request, membership, reading):
    """Remember where the reader stopped: sent by the page as one reads, or by a button."""
    public_id = request.POST.get("paragraph", "")
    if not is_storable(public_id):
        raise Http404
    paragraph = get_object_or_404(Paragraph, edition=reading.edition_id, public_id=public_id)
    actions.keep_place(reading=reading, user=request.user, paragraph=paragraph)
    if request.headers.get("HX-Request") == "true":
        return HttpResponse(status=204)
    return redirect(page_at(reading, address_of(reading.edition.current_id, paragraph.pk)))


def page_at(reading, address) -> str:
    """The address of the reading page at this paragraph, or of the page if the paragraph is there no more."""
    page = reverse("readings:reading_page", kwargs={"group": reading.group.slug, "reading": reading.slug})
    if address is None:
        return page
    whole = reading.edition.current.words <= settings.READ_WHOLE_UP_TO_WORDS
    return f"{page}#{address.public_id}" if whole else f"{page}?section={address.section + 1}#{address.public_id}"


@require_http_methods(["GET", "POST"])
@of_reading(Can.KEEP_TEXTS)
def settle_reading(request, membership, reading):
    """Begin or end the reading; keep the text for members, or open it, which is asked once more."""
    initial = {"state": reading.state, "starts_on": reading.starts_on, "for_members": reading.for_members}
    form = ReadingForm(request.POST if request.method == "POST" else None, initial=initial)
    asks = False
    if request.method == "POST" and form.is_valid():
        keep = form.cleaned_data["for_members"]
        asks = reading.for_members and not keep and "confirmed" not in request.POST
        if not asks:
            actions.keep_for_members(reading=reading, keep=keep, by=request.user)
            actions.set_start(reading=reading, starts_on=form.cleaned_data["starts_on"])
            actions.change_state(reading=reading, state=form.cleaned_data["state"] or reading.state, by=request.user)
            messages.success(request, _("That is settled."))
            return redirect("group", group=membership.group.slug)
    context = {
        "membership": membership,
        "group": membership.group,
        "reading": reading,
        "form": form,
        "asks": asks,
    }
    return TemplateResponse(request, "readings/settle_reading.html", context, status=422 if form.errors else 200)
