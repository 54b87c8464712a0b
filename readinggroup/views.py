"""Pages that belong to no single app: home, a group's front page, health, errors, and what helps while developing."""

from email import message_from_bytes, policy

from django.conf import settings
from django.db.models import Max, Q
from django.http import Http404, HttpResponse, JsonResponse
from django.template.response import TemplateResponse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from readinggroup import front_page, health
from readinggroup.accounts.access import public
from readinggroup.groups.models import Group, Membership, Visibility
from readinggroup.groups.permissions import Can, may, requires
from readinggroup.groups.views import barred_sentence
from readinggroup.lib.htmx import page_or_part
from readinggroup.lib.kept_words import is_from_here, kept_form, written_on
from readinggroup.lib.languages import name_of
from readinggroup.lib.unavailable import plain_page
from readinggroup.proposals.ballot_views import ballots_to_vote_in
from readinggroup.readings.models import ReadingState
from readinggroup.schedule.ahead import ahead_for


@require_safe
@public(because="visitors see the public groups, members also their own")
def home(request):
    """My groups and those that everyone may know of, each with what it reads now."""
    groups = Group.objects.exclude(visibility=Visibility.MEMBERS)
    mine = Group.objects.none()
    if request.user.is_authenticated:
        mine = Group.objects.filter(memberships__in=Membership.objects.active().filter(user=request.user))
        groups = groups.exclude(pk__in=mine)
    context = {
        "mine": with_current(mine, inside=True),
        "groups": with_current(groups, inside=False)[:50],
        "may_found": request.user.is_staff or not settings.ONLY_STAFF_FOUND_GROUPS,
    }
    return TemplateResponse(request, "site/home.html", context)


def with_current(groups, *, inside):
    """The groups by name, each with the title of what it reads now; from outside, only where everyone may know that."""
    current = Q(readings__state=ReadingState.CURRENT)
    if not inside:
        current &= Q(visibility=Visibility.PUBLIC)
    return groups.annotate(reads=Max("readings__edition__title", filter=current)).order_by("name")


@require_safe
@requires(Can.KNOW)
def group(request, membership):
    """A group's front page: what it is about; for who may read, what it reads, and its shelf."""
    may_read, may_keep_texts = may(membership, Can.READ), may(membership, Can.KEEP_TEXTS)
    now = front_page.now_in(membership)
    readings = front_page.shelf_for(membership) if may_read else []
    by_state = {state: [reading for reading in readings if reading.state == state] for state in ReadingState}
    ahead = {"any_session": now.any_session, "any_poll": now.any_poll}
    context = {
        "membership": membership,
        "group": membership.group,
        "current": by_state[ReadingState.CURRENT],
        "planned": by_state[ReadingState.PLANNED],
        "finished": by_state[ReadingState.FINISHED],
        "members": now.members,
        "may_keep_texts": may_keep_texts,
        "may_moderate": may(membership, Can.MODERATE),
        "waiting": now.waiting,
        "asking": now.asking,
        "to_bring": front_page.to_bring(membership) if now.any_to_bring else [],
        "may_read": may_read,
        "may_read_all": may(membership, Can.READ_ALL),
        "may_write_to_all": may(membership, Can.WRITE_TO_ALL),
        "may_end": may(membership, Can.END),
        "language": name_of(membership.group.language),
        **(ahead_for(membership, **ahead) if may_read else {}),
        "ballots": ballots_to_vote_in(membership) if now.any_ballot else [],
        **from_outside(request.user, membership),
    }
    return TemplateResponse(request, "groups/group.html", context)


def from_outside(user, membership) -> dict:
    """What somebody sees who is signed in and does not belong: how they stand to the group, and may come in."""
    may_ask = may(membership, Can.ASK_TO_JOIN)
    if not user.is_authenticated or membership.is_member:
        return {"may_ask": may_ask}
    group = membership.group
    former = group.memberships.filter(user=user).exclude(left_at=None).first()
    barred = barred_sentence(former) if former and former.is_suspended else ""
    asked = group.join_requests.filter(user=user).order_by("-created_at").first()
    return {"may_ask": may_ask and not barred, "former": former, "barred": barred, "asked": asked}


@require_safe
@never_cache
@public(because="a supervisor asks whether the process is alive")
def healthz(request):
    """Alive: the process answers. It asks nothing of the database: to be started anew would not bring that back."""
    return HttpResponse("ok", content_type="text/plain")


@require_safe
@never_cache
@public(because="a supervisor asks whether the site can be opened to people")
def readyz(request):
    """Ready: database, migrations, worker, mail and disk are well, each by its name."""
    answers = health.answers()
    if health.is_well(answers):
        return JsonResponse(answers)
    return JsonResponse(answers, status=503, headers={"Retry-After": "10"})


@require_safe
@public(because="only with DEBUG: a newcomer follows a sign-up without a mail server")
def outbox(request):
    """The mail that was written to files, newest first."""
    files = sorted(settings.MAIL_DIR.glob("*.eml"), reverse=True)[:100]
    mails = [{"name": file.name, "message": read_mail(file)} for file in files]
    return TemplateResponse(request, "site/outbox.html", {"mails": mails})


@require_safe
@public(because="only with DEBUG: as the outbox")
def outbox_message(request, name):
    """One mail of the outbox."""
    files = {file.name: file for file in settings.MAIL_DIR.glob("*.eml")}
    if name not in files:
        raise Http404
    message = read_mail(files[name])
    body = message.get_body(("plain", "html"))
    context = {"message": message, "text": body.get_content() if body else ""}
    return TemplateResponse(request, "site/outbox_message.html", context)


def read_mail(file):
    """A mail file as a message with its headers decoded."""
    return message_from_bytes(file.read_bytes(), policy=policy.default)


@require_safe
@public(because="only with DEBUG: all parts of the design on one page")
def gallery(request):
    """Every part of the pages, to be looked at."""
    return TemplateResponse(request, "site/gallery.html")


def error_page(request, status, exception=None):
    """A page that says what is wrong; for htmx one line of it, which discussion.js puts where the act was done."""
    message = getattr(exception, "args", None)
    context = {"status": status, "message": message[0] if status == 400 and message else ""}
    response = page_or_part(request, f"{status}.html", "_error.html", context, status=status)
    return response.render()


def bad_request(request, exception):
    """400: the request holds what cannot be read."""
    return error_page(request, 400, exception)


def permission_denied(request, exception):
    """403: signed in, but not allowed."""
    return error_page(request, 403)


def csrf_failure(request, reason=""):
    """403: the form's token does not hold (any more), as after a login in another tab.

    What was typed comes back in a form with a token of now, to be sent by a click of the person. Only what a page of
    ours has sent: a stranger's form gets the page alone.
    """
    form = kept_form(request) if is_from_here(request) else None
    context = {"form": form, "status": 403, "came_from": written_on(request)}
    return page_or_part(request, "403_csrf.html", "_send_again.html", context, status=403).render()


def page_not_found(request, exception):
    """404: not there, or not for this person; nothing tells which."""
    return error_page(request, 404)


def server_error(request):
    """500: our fault. The page asks nothing of the database, which may be at fault itself; what was typed stays."""
    return plain_page(request, "500.html", status=500)
