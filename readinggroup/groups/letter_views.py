"""Letters to all members: writing one, reading it, and whom they reached."""

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.core.paginator import Paginator
from django.shortcuts import get_object_or_404, redirect
from django.template.response import TemplateResponse
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from readinggroup.lib.markup import render_markdown
from readinggroup.lib.paging import page_asked_for

from .forms import LetterForm
from .letters import NotTheirs, TooManyLetters, full_until, reach_of, send_letter
from .permissions import Can, requires

A_PAGE = 20


@require_http_methods(["GET", "POST"])
@requires(Can.WRITE_TO_ALL)
def write_letter(request, membership):
    """Write a letter, look at it, send it to all members."""
    group, form = membership.group, LetterForm(request.POST or None)
    valid = request.method == "POST" and form.is_valid()
    if valid and "send" in request.POST:
        try:
            letter = send_letter(group=group, by=request.user, **form.cleaned_data)
        except NotTheirs:
            raise PermissionDenied from None
        except TooManyLetters as refused:
            form.add_error(None, too_many_sentence(group, refused.again_at))
        else:
            messages.success(request, _("The letter is sent. Below you see whom it reaches."))
            return redirect("groups:letters", group=letter.group.slug)
    full = full_until(group)
    context = {
        "membership": membership,
        "group": group,
        "form": form,
        "preview": render_markdown(form.cleaned_data["body"]) if valid else "",
        "members": group.memberships.active().exclude(user=request.user).count(),
        "full": too_many_sentence(group, full) if full and not form.errors else "",
    }
    return TemplateResponse(request, "groups/write_letter.html", context, status=422 if form.errors else 200)


def too_many_sentence(group, again_at):
    """Why nothing is sent, and when it can be."""
    if again_at is None:
        return _("Letters to all members are switched off on this site.")
    when = date_format(timezone.localtime(again_at, group.zone), "DATETIME_FORMAT")
    return _(
        "The group has had its letters for these seven days. The next can be sent from %(when)s (%(zone)s) on; your"
        " words stand here until you leave this page."
    ) % {"when": when, "zone": group.zone}


@require_safe
@requires(Can.READ_ALL)
def letter(request, membership, letter):
    """One letter, for whoever belongs."""
    found = get_object_or_404(membership.group.letters.select_related("by"), pk=letter)
    context = {"membership": membership, "group": membership.group, "letter": found}
    return TemplateResponse(request, "groups/letter.html", context)


@require_safe
@requires(Can.WRITE_TO_ALL)
def letters(request, membership):
    """All letters of the group, newest first, with whom each reached."""
    page = page_asked_for(request, Paginator(membership.group.letters.select_related("by"), A_PAGE))
    reached = reach_of(membership.group, page.object_list)
    context = {
        "membership": membership,
        "group": membership.group,
        "page": page,
        "letters": [(letter, reached[letter.event]) for letter in page.object_list],
    }
    return TemplateResponse(request, "groups/letters.html", context)
