"""Making a session's agenda."""

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from readinggroup.groups.permissions import Can, requires
from readinggroup.lib.paging import number_in

from . import actions
from .agenda import shown_items
from .agenda_forms import AgendaFormSet, VersionForm
from .models import Agenda, SessionState
from .views import session_or_404


def led_or_403(membership, public_id):
    """The session, for who may lead it."""
    session = session_or_404(membership, public_id)
    if not session.is_run_by(membership):
        raise PermissionDenied
    return session


@require_http_methods(["GET", "POST"])
@requires(Can.ATTEND)
def edit_agenda(request, membership, session):
    """Order the agenda, give minutes to its items, add some, take some off."""
    session = led_or_403(membership, session)
    if request.method == "GET":
        return show_agenda(request, membership, session)
    data = request.POST.copy()
    move_one(data)
    forms, version = formset_of(session, data), VersionForm(data)
    if is_overtaken(session, forms, version):  # before what was typed is looked at: it may be about what is gone
        return overtaken(request, membership, session, data)
    if not (forms.is_valid() and version.is_valid()):
        return show_agenda(request, membership, session, forms=forms, version=version, status=422)
    try:
        actions.change_agenda(session=session, items=forms.in_order(), by=request.user, **version.cleaned_data)
    except actions.StaleAgenda:
        return overtaken(request, membership, session, data)
    except actions.HasMinutes:
        refused = _("Minutes are written about an item that you take off. Take them out first, or leave the item.")
        return show_agenda(request, membership, session, forms=forms, version=version, status=409, refused=refused)
    except actions.NotPossible:
        raise PermissionDenied from None
    messages.success(request, _("The agenda is saved."))
    return redirect("schedule:edit_agenda", group=membership.group.slug, session=session.public_id)


def move_one(data) -> None:
    """A button "up" or "down" puts the number of the form that it names one before, or after, where it stands."""
    for name, step in (("up", 0), ("down", 2)):
        index = number_in(data.get(name, ""))
        if index:
            data[f"form-{index - 1}-ORDER"] = str(max(1, index - 1 + step))


def formset_of(session, data=None):
    """The agenda as a form: what stands, or what was sent."""
    standing = {each.item.public_id: each for each in shown_items(session)}
    kwargs = {"standing": standing, "revision": session.reading.edition.current_id}
    initial = [
        {"item": name, "words": each.item.words, "allotted": each.item.allotted} for name, each in standing.items()
    ]
    return AgendaFormSet(data, initial=initial, form_kwargs=kwargs)


def is_overtaken(session, forms, version) -> bool:
    """Whether the form can be read, and was made from another version than the one that stands."""
    if not (forms.management_form.is_valid() and version.is_valid()):
        return False
    agenda = Agenda.objects.filter(session=session).first()
    return (agenda.version if agenda else 0) != version.cleaned_data["version"]


def overtaken(request, membership, session, data):
    """409: how the agenda stands now, and below it what was typed, to be saved over it.

    What somebody else has added comes along at the end; what they took off is new again when it is saved.
    """
    standing = shown_items(session)
    names = {each.item.public_id for each in standing}
    sent = {name: value for name, value in data.items() if name.endswith("-item") and value}
    for name, value in sent.items():
        if value not in names:
            data[name] = ""
    for each in standing:
        if each.item.public_id not in sent.values():
            add_form(data, each.item)
    agenda = Agenda.objects.filter(session=session).first()
    data["version"] = agenda.version if agenda else 0
    forms, version = formset_of(session, data), VersionForm(data)
    return show_agenda(request, membership, session, forms=forms, version=version, standing=standing, status=409)


def add_form(data, item) -> None:
    """One more item at the end of the form that was sent."""
    index = int(data["form-TOTAL_FORMS"])
    data["form-TOTAL_FORMS"] = str(index + 1)
    fields = {"item": item.public_id, "words": item.words, "allotted": item.allotted, "ORDER": index + 1}
    data.update({f"form-{index}-{name}": str(value) for name, value in fields.items()})


def show_agenda(request, membership, session, *, forms=None, version=None, status=200, **more):
    """The form, with all that was typed."""
    agenda = Agenda.objects.filter(session=session).first()
    context = {
        "membership": membership,
        "group": membership.group,
        "session": session,
        "forms": forms or formset_of(session),
        "version": version or VersionForm(initial={"version": agenda.version if agenda else 0}),
        "is_cancelled": session.state == SessionState.CANCELLED,
        **more,
    }
    return TemplateResponse(request, "schedule/edit_agenda.html", context, status=status)
