"""Sessions for people's calendars: one, a group's, all of mine; and the page where one makes a private address."""

from hashlib import sha256

from django.conf import settings
from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.utils import translation
from django.utils.cache import get_conditional_response, patch_cache_control
from django.utils.http import quote_etag
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from readinggroup.groups.permissions import Can, public, requires, signed_in
from readinggroup.groups.private_addresses import handed_out, member_behind
from readinggroup.lib.languages import spoken_for

from . import actions, calendars
from .calendar_files import feed, single
from .invitations import send_invitation
from .models import CalendarAddress
from .views import session_or_404

CONTENT_TYPE = "text/calendar; charset=utf-8"


@require_safe
@requires(Can.READ)
def session_calendar(request, membership, session):
    """One session, to be put into a calendar by hand, as this reader may see it."""
    entry = calendars.of_session(membership, session_or_404(membership, session))
    if entry is None:
        raise Http404
    response = HttpResponse(single(entry), content_type=CONTENT_TYPE)
    response["Content-Disposition"] = f'attachment; filename="session-{session}.ics"'
    return response


@require_safe
@requires(Can.READ)
def group_calendar(request, membership):
    """The sessions of the group, as this reader may see them: without a login, as everyone may."""
    return of_group(request, membership)


@require_safe
@public(because="the token in the address is the key; whether its person belongs is asked again at each fetch")
def private_group_calendar(request, token):
    """The sessions of the group, as the member may see them whose address this is."""
    address, membership = member_behind(token)
    return handed_out(of_group(request, membership), address)


@require_safe
@public(because="as the private calendar of a group; here every group is asked whether its person belongs")
def private_calendar(request, token):
    """The sessions of all groups of the person whose address this is. 404 if it leads nowhere (any more)."""
    named = CalendarAddress.objects.leading().select_related("user")
    address = named.filter(public_id=CalendarAddress.public_id_in(token) or "").first()
    if address is None:
        raise Http404
    language = spoken_for(address.user.language or settings.LANGUAGE_CODE)
    with translation.override(language):
        content = feed(calendars.of_person(address.user), name=_("My reading groups"))
    return handed_out(fetched(request, content), address)


def of_group(request, membership) -> HttpResponse:
    """The group's calendar in the group's language."""
    group = membership.group
    with translation.override(spoken_for(group.language)):
        content = feed(calendars.of_group(membership), name=_("%(group)s: sessions") % {"group": group.name})
    return fetched(request, content)


def fetched(request, content: bytes) -> HttpResponse:
    """The calendar; 304 to who has it as it is. No program keeps it without asking again."""
    etag = quote_etag(sha256(content).hexdigest()[:32])
    response = get_conditional_response(request, etag=etag) or HttpResponse(content, content_type=CONTENT_TYPE)
    response["ETag"] = etag
    patch_cache_control(response, no_cache=True)
    return response


@require_POST
@requires(Can.ATTEND)
def mail_invitation(request, membership, session):
    """My invitation by mail, as it is now, for whoever keeps their calendar that way."""
    shown = session_or_404(membership, session)
    if calendars.of_session(membership, shown) is None:
        raise Http404
    send_invitation(session=shown, by=request.user)
    messages.success(request, _("The invitation is on its way to %(address)s.") % {"address": request.user.email})
    return redirect("schedule:session", group=membership.group.slug, session=session)


@require_safe
@never_cache
@signed_in
def my_calendar(request):
    """How the sessions of all my groups come into my calendar, and stay up to date there."""
    mine = CalendarAddress.objects.standing().filter(user=request.user).first()
    context = {"mine": mine, "site": settings.SITE_URL, "webcal": settings.SITE_URL.partition("://")[2]}
    return TemplateResponse(request, "schedule/my_calendar.html", context)


@require_POST
@signed_in
def make_calendar_address(request):
    """A private address; if there is one, another in its place."""
    actions.make_calendar_address(by=request.user)
    messages.success(request, _("This is your private address. Whoever knows it sees your sessions."))
    return redirect("schedule:my_calendar")


@require_POST
@signed_in
def revoke_calendar_address(request):
    """The private address leads nowhere any more."""
    actions.revoke_calendar_address(by=request.user)
    messages.success(request, _("Your private address is revoked: nothing is fetched there any more."))
    return redirect("schedule:my_calendar")
