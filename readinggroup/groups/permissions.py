"""Who may do what in a reading group. The whole policy is the tables GRANTS and VISITORS; nothing else decides."""

from enum import StrEnum, auto
from functools import wraps

from django.contrib.auth.views import redirect_to_login
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils.cache import patch_cache_control
from django.utils.translation import gettext_lazy as _

from readinggroup.accounts.access import public as public  # where something else than membership is the key
from readinggroup.accounts.access import signed_in as signed_in  # for pages of one person above all their groups
from readinggroup.accounts.limits import limited as limited  # how often one may do what is allowed
from readinggroup.lib.htmx import page_or_part, wants_part
from readinggroup.lib.kept_words import keep, written_on

from .models import Membership, Role, Visibility


class Can(StrEnum):
    """The verbs of a group."""

    KNOW = auto()
    ASK_TO_JOIN = auto()
    READ = auto()
    READ_ALL = auto()
    DISCUSS = auto()
    ATTEND = auto()
    PROPOSE = auto()
    VOTE = auto()
    SEE_MEMBERS = auto()
    SCHEDULE = auto()
    HOLD_BALLOTS = auto()
    KEEP_TEXTS = auto()
    INVITE = auto()
    MODERATE = auto()
    SETTLE_QUESTIONS = auto()
    WRITE_TO_ALL = auto()
    SETTLE = auto()
    HAND_OUT_ROLES = auto()
    END = auto()


# What each verb means, as the page "Who may do what here" says it.
MEANING = {
    Can.KNOW: _("see that the group exists, what it is about, and its rules"),
    Can.ASK_TO_JOIN: _("ask to join"),
    Can.READ: _("see the texts and the discussion"),
    Can.READ_ALL: _(
        "see also the texts that are kept for members, and letters to all; have one's place in a text, and one's"
        " drafts, kept"
    ),
    Can.DISCUSS: _("write comments and answers, edit and withdraw one's own, report others'"),
    Can.ATTEND: _("say whether one comes to a session, and when one can"),
    Can.PROPOSE: _("propose what to read, and support what others propose"),
    Can.VOTE: _("vote in a ballot, if one belonged when it opened"),
    Can.SEE_MEMBERS: _("see who belongs, and leave"),
    Can.SCHEDULE: _("schedule sessions, change and cancel them, and publish their minutes"),
    Can.HOLD_BALLOTS: _("answer proposals, and put questions to a ballot"),
    Can.KEEP_TEXTS: _("bring texts and put them on the shelf"),
    Can.INVITE: _("invite people, and take invitations back"),
    Can.MODERATE: _(
        "decide about what is held or was reported, warn and suspend members, lock places, and answer appeals"
    ),
    Can.SETTLE_QUESTIONS: _("mark anyone’s thread as an open question, or as answered"),
    Can.WRITE_TO_ALL: _("write a letter to all members"),
    Can.SETTLE: _(
        "change the group's name, description, rules, language, time zone, who sees it and how it is moderated, and"
        " answer requests to look at the rules again"
    ),
    Can.HAND_OUT_ROLES: _("give and take roles, and remove members"),
    Can.END: _("archive the group and open it again, export it, hand it over, delete it"),
}

MEMBER = "member"

_MEMBER = {Can.KNOW, Can.READ, Can.READ_ALL, Can.DISCUSS, Can.ATTEND, Can.PROPOSE, Can.VOTE, Can.SEE_MEMBERS}
GRANTS = {
    MEMBER: _MEMBER,
    Role.ORGANIZER: _MEMBER
    | {Can.SCHEDULE, Can.HOLD_BALLOTS, Can.KEEP_TEXTS, Can.INVITE, Can.SETTLE_QUESTIONS, Can.WRITE_TO_ALL},
    Role.MODERATOR: _MEMBER | {Can.MODERATE, Can.SETTLE_QUESTIONS},
    Role.OWNER: set(Can) - {Can.ASK_TO_JOIN},
}
# Of who does not belong, by who is to see the group.
VISITORS = {
    Visibility.PUBLIC: {Can.KNOW, Can.ASK_TO_JOIN, Can.READ},
    Visibility.LISTED: {Can.KNOW, Can.ASK_TO_JOIN},
    Visibility.MEMBERS: set(),  # they do not learn that it exists
}
# What is left of all that in a group that is in the archive or about to be deleted: reading, leaving, opening it again.
WHILE_CLOSED = {Can.KNOW, Can.READ, Can.READ_ALL, Can.SEE_MEMBERS, Can.END}
# Whoever is suspended, in whatever role: they read, and see their fate.
SUSPENDED = {Can.KNOW, Can.READ, Can.READ_ALL, Can.SEE_MEMBERS}


def may(membership, verb) -> bool:
    """Whether this membership, or visit, allows the verb."""
    if membership.group.is_closed and verb not in WHILE_CLOSED:
        return False
    if not membership.is_member:
        return verb in VISITORS[membership.group.visibility]
    if membership.is_suspended:
        return verb in SUSPENDED
    return any(verb in GRANTS[role] for role in (MEMBER, *membership.roles))


def may_still(user, verb, *, group) -> bool:
    """Whether the person may do it in the group of that key now and until this transaction ends.

    Their membership is held, so that a suspension or a removal comes before this or after it, never between. It is
    asked before anything else is held: see `Membership.objects.hold`.
    """
    membership = Membership.objects.hold(group=group, user=user)
    return membership is not None and may(membership, verb)


def grants_in(group, columns) -> list:
    """What visitors may do in this group as it is now, and what each of these columns of the table adds."""
    granted = [VISITORS[group.visibility], *(GRANTS[column] for column in columns)]
    return [verbs & WHILE_CLOSED if group.is_closed else verbs for verbs in granted]


def membership_in(user, slug) -> Membership:
    """How this person stands to the group of that name: a member, or a visitor where there may be some. One query.

    Http404 for outsiders of a group that is for its members only: they do not learn that it exists.
    """
    return known_or_404(Membership.objects.standing(user.pk, slug))


def known_or_404(membership) -> Membership:
    """The membership, or visit, if there is such a group and this person may learn of it."""
    if not may(membership, Can.KNOW):
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
    typed = [request.POST.get(field, "") for field in ("body", "words", "why", "reason")]
    context = {"membership": membership, "group": membership.group, "typed": "\n\n".join(filter(None, typed))}
    return page_or_part(request, "groups/suspended.html", "groups/_suspended.html", context, status=403)


def to_login(request):
    """The way to the login and back: after a post, to what was written.

    With scripts, the words stand in the page that one comes back to (discussion.js). Without, they wait on a page of
    their own.
    """
    if request.method in {"GET", "HEAD"}:
        return to_login_from(request, request.get_full_path())
    if not wants_part(request) and keep(request):
        return to_login_from(request, reverse("accounts:kept_words"))
    return to_login_from(request, written_on(request))


def to_login_from(request, path):
    """The way to the login, which leads to `path` afterwards."""
    answer = redirect_to_login(path)
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
