"""Who may do what in a reading group. The whole policy is the tables GRANTS and VISITORS; nothing else decides."""

from enum import StrEnum, auto
from functools import wraps
from urllib.parse import urlsplit

from django.contrib.auth.views import redirect_to_login
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404
from django.utils.cache import patch_cache_control
from django.utils.translation import gettext_lazy as _

from readinggroup.lib.htmx import page_or_part, wants_part

from .models import Membership, Role, Visibility


class Can(StrEnum):
    """The verbs of a group."""

    KNOW = auto()
    READ = auto()
    DISCUSS = auto()
    SEE_MEMBERS = auto()
    KEEP_TEXTS = auto()
    INVITE = auto()
    MODERATE = auto()
    SETTLE = auto()
    HAND_OUT_ROLES = auto()


# What each verb means, as the page "Who may do what here" says it.
MEANING = {
    Can.KNOW: _("see that the group exists and what it is about; ask to join"),
    Can.READ: _("see the texts and the discussion"),
    Can.DISCUSS: _("write comments and answers, edit and withdraw one's own, report others'"),
    Can.SEE_MEMBERS: _("see who belongs, and leave"),
    Can.KEEP_TEXTS: _("bring texts and put them on the shelf"),
    Can.INVITE: _("invite people, and take invitations back"),
    Can.MODERATE: _("see what is held and what was reported, suspend members and lift that"),
    Can.SETTLE: _("change the group's name, description and who sees it"),
    Can.HAND_OUT_ROLES: _("give and take roles, and remove members"),
}

MEMBER = "member"

_MEMBER = {Can.KNOW, Can.READ, Can.DISCUSS, Can.SEE_MEMBERS}
GRANTS = {
    MEMBER: _MEMBER,
    Role.ORGANIZER: _MEMBER | {Can.KEEP_TEXTS, Can.INVITE},
    Role.MODERATOR: _MEMBER | {Can.MODERATE},
    Role.OWNER: set(Can),
}
# Of who does not belong, by who is to see the group.
VISITORS = {
    Visibility.PUBLIC: {Can.KNOW, Can.READ},
    Visibility.LISTED: {Can.KNOW},
    Visibility.MEMBERS: set(),  # they do not learn that it exists
}


# Whoever is suspended, in whatever role: they read, and see their fate.
SUSPENDED = {Can.KNOW, Can.READ, Can.SEE_MEMBERS}


def may(membership, verb) -> bool:
    """Whether this membership, or visit, allows the verb."""
    if not membership.is_member:
        return verb in VISITORS[membership.group.visibility]
    if membership.is_suspended:
        return verb in SUSPENDED
    return any(verb in GRANTS[role] for role in (MEMBER, *membership.roles))


def membership_in(user, slug) -> Membership:
    """How this person stands to the group of that name: a member, or a visitor where there may be some. One query.

    Http404 for outsiders of a group that is for its members only: they do not learn that it exists.
    """
    membership = Membership.objects.standing(user.pk, slug)
    if membership is None or not may(membership, Can.KNOW):
        raise Http404
    return membership


def check(request, membership, verb):
    """None when the verb is allowed; else the way to the login page, or PermissionDenied for who is signed in."""
    if may(membership, verb):
        return None
    if not request.user.is_authenticated:
        return to_login(request)
    if membership.is_suspended:
        return suspended_page(request, membership)
    raise PermissionDenied


def suspended_page(request, membership):
    """403 in plain words, with what was typed: a suspension may begin while somebody writes."""
    typed = [request.POST.get(field, "") for field in ("body", "words")]
    context = {"membership": membership, "group": membership.group, "typed": "\n\n".join(filter(None, typed))}
    return page_or_part(request, "groups/suspended.html", "groups/_suspended.html", context, status=403)


def to_login(request):
    """The way to the login and back: after a post, to the page on which it was written."""
    written_on = urlsplit(request.headers.get("Referer", "")).path or "/"
    answer = redirect_to_login(request.get_full_path() if request.method in {"GET", "HEAD"} else written_on)
    if wants_part(request):
        return HttpResponse(status=401, headers={"HX-Redirect": answer.url})
    return answer


def requires(verb):
    """Let in whom the table grants `verb` in the group of the address; give the view their `membership`."""

    def decorator(view):
        @wraps(view)
        def wrapper(request, group, **kwargs):
            return answer(request, membership_in(request.user, group), verb, view, **kwargs)

        wrapper.access = verb
        return wrapper

    return decorator


def has_left(view):
    """Let in who has belonged to the group of the address and does no more; nobody else learns of the page."""

    @wraps(view)
    def wrapper(request, group, **kwargs):
        if not request.user.is_authenticated:
            return to_login(request)
        ended = request.user.memberships.exclude(left_at=None).select_related("group", "user")
        response = view(request, get_object_or_404(ended, group__slug=group), **kwargs)
        patch_cache_control(response, no_store=True, private=True)
        return response

    wrapper.access = "has left the group"
    return wrapper


def answer(request, membership, verb, view, **kwargs):
    """The view's answer if the verb is allowed. What a private group shows is kept in no cache."""
    response = check(request, membership, verb) or view(request, membership, **kwargs)
    if not membership.group.is_public:
        patch_cache_control(response, no_store=True, private=True)
    return response
