"""A corrected file is brought, rehearsed, linked otherwise, published or discarded."""

from hashlib import sha256

from django.contrib import messages
from django.http import Http404
from django.shortcuts import get_object_or_404, redirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from readinggroup.groups.permissions import Can
from readinggroup.lib.kept import Kept
from readinggroup.lib.paging import number_asked_for, number_in
from readinggroup.readings.access import of_reading
from readinggroup.readings.forms import ENCODINGS
from readinggroup.readings.models import Correction
from texts.importing.bounded import read_bounded
from texts.importing.document import Unreadable
from texts.importing.saving import keep_source, sha256_of
from texts.revising.publishing import Outdated, bodies_to_fill
from texts.revising.rehearsal import BadChange, Plan

from . import actions
from .forms import CorrectedFileForm, LinkForm, WhyForm
from .shown_plan import ALL, FILTERS, choices_of, shown_plan

MOST_UNFINISHED = 20
_plans = Kept(30_000_000, passing=True)


@require_http_methods(["GET", "POST"])
@of_reading(Can.KEEP_TEXTS)
def bring_correction(request, membership, reading):
    """Choose a corrected file. What cannot be read is said at once; what can is rehearsed before anything changes."""
    form = CorrectedFileForm(request.POST or None, request.FILES or None)
    if request.method == "POST" and form.is_valid():
        correction = kept_or_refused(request, reading, form)
        if correction:
            return to_rehearsal(membership, correction)
        if not form.errors:
            messages.info(request, _("This very file is what the text was made from: nothing is to be corrected."))
            return redirect("revisions:bring_correction", group=membership.group.slug, reading=reading.slug)
    context = frame_of(membership, reading) | {"form": form, "unfinished": unfinished_of(reading)}
    status = 422 if form.errors else 200
    return TemplateResponse(request, "revisions/bring_correction.html", context, status=status)


def kept_or_refused(request, reading, form) -> Correction | None:
    """The file of the form, kept for its rehearsal; None if it cannot be read, or is what the text came from."""
    file = form.cleaned_data["file"]
    content = file.read()
    source = reading.edition.current.source
    if source is not None and source.sha256 == sha256_of(content):
        return None
    try:
        document = read_bounded(content, filename=file.name)
    except Unreadable as problem:
        form.add_error("file", str(problem))
        return None
    return actions.open_correction(
        reading=reading,
        by=request.user,
        source=keep_source(content, file.name),
        # What was guessed is confirmed by a person.
        encoding=document.encoding if document.encoding_doubtful else "",
        why=form.cleaned_data["why"],
    )


def unfinished_of(reading):
    """What somebody brought or changed, and has neither published nor discarded."""
    found = reading.corrections.filter(revision=None).select_related("source", "by").defer("source__content")
    return found.order_by("-created_at", "-pk")[:MOST_UNFINISHED]


def frame_of(membership, reading) -> dict:
    """What all of these pages show of where they are."""
    return {"membership": membership, "group": membership.group, "reading": reading, "edition": reading.edition}


def to_rehearsal(membership, correction, *, at=""):
    """The way to the rehearsal."""
    names = [membership.group.slug, correction.reading.slug, correction.pk]
    return redirect(reverse("revisions:rehearsal", args=names, fragment=at or None))


def correction_or_404(reading, pk) -> Correction:
    """One of the reading's corrections that is not published."""
    return get_object_or_404(reading.corrections.select_related("source", "by", "base"), pk=pk, revision=None)


@require_http_methods(["GET", "POST"])
@of_reading(Can.KEEP_TEXTS)
def rehearsal(request, membership, reading, correction):
    """What the correction would change, before anything does. What is sent here says how the file is written."""
    published = reading.corrections.filter(pk=correction, revision__isnull=False).select_related("revision").first()
    if published:
        return redirect(
            "revisions:changes", group=membership.group.slug, reading=reading.slug, number=published.revision.number
        )
    found = correction_or_404(reading, correction)
    if request.method == "POST":
        if request.POST.get("encoding") in ENCODINGS and found.encoding:
            found.encoding = request.POST["encoding"]
            found.save(update_fields=["encoding"])
        return to_rehearsal(membership, found)
    return show_rehearsal(request, membership, reading, found)


def show_rehearsal(request, membership, reading, correction, *, form=None, opened=None, told="", status=200):
    """The rehearsal, with all that was typed. `opened` is a LinkForm that was refused, by the key of its pair."""
    try:
        plan = kept_plan(correction)
    except (Unreadable, BadChange) as problem:
        context = frame_of(membership, reading) | {"correction": correction, "problem": str(problem)}
        return TemplateResponse(request, "revisions/not_rehearsed.html", context, status=409)
    show = request.GET.get("show", ALL)
    if show not in FILTERS:
        raise Http404
    shown = shown_plan(plan, reading, show=show, number=number_asked_for(request), opened=opened)
    context = frame_of(membership, reading) | {
        "correction": correction,
        "plan": plan,
        "shown": shown,
        "page": shown.page,
        "query": f"show={show}&" if show != ALL else "",
        "show": show,
        "choices": choices_of(correction),
        "notes_filled": len(bodies_to_fill(plan)),
        "encodings": ENCODINGS,
        "form": form or WhyForm(initial={"why": correction.why, "seen": seen_of(correction)}),
        "told": told,
        "refused": next(iter(opened), None) if opened else None,
    }
    return TemplateResponse(request, "revisions/rehearsal.html", context, status=status)


def kept_plan(correction) -> Plan:
    """The plan, made once as long as all stands that it is made of: one leafs through a long one."""
    current = actions.current_of(correction)
    if correction.base_id != current.pk:
        return actions.plan_of(correction)
    return _plans.get_or_make(
        (correction.pk, seen_of(correction), current.edition.note_changes, get_language()),
        lambda: actions.plan_of(correction),
        size_of=lambda plan: 3 * sum(len(block.text) for block in plan.blocks),
    )


def seen_of(correction) -> str:
    """What the rehearsal was made of: against which revision, with which choices, read in which encoding."""
    made_of = f"{correction.base_id} {correction.choices} {correction.encoding}"
    return sha256(made_of.encode()).hexdigest()[:32]


@require_POST
@of_reading(Can.KEEP_TEXTS)
def link(request, membership, reading, correction):
    """Link paragraphs otherwise than was found, or take such a choice back."""
    found = correction_or_404(reading, correction)
    back = number_in(request.POST.get("take_back", ""))
    if back:
        return take_back(request, membership, found, back - 1)
    try:
        plan = actions.plan_of(found)
    except (Unreadable, BadChange):
        return to_rehearsal(membership, found)
    pair = number_in(request.POST.get("pair", "")) or 0
    key = min(pair, len(plan.matches)) - 1
    form = LinkForm(request.POST, plan=plan, pair=key)
    if request.POST.get("seen", "") != seen_of(found):
        told = _("The rehearsal has changed meanwhile, and the numbers may be others. This is how it stands now.")
        return show_rehearsal(request, membership, reading, found, opened={key: form}, told=told, status=409)
    if not form.is_valid():
        return show_rehearsal(request, membership, reading, found, opened={key: form}, status=422)
    try:
        actions.link_otherwise(correction=found, by=request.user, **form.cleaned_data)
    except actions.AlreadyPublished:
        return told_that_it_is_published(request, membership, reading)
    messages.success(request, _("That is linked as you say, in this correction and in later ones."))
    return to_rehearsal(membership, found, at="choices")


def take_back(request, membership, correction, number):
    """Take one of the choices back."""
    try:
        actions.unlink_choice(correction=correction, number=number, by=request.user)
    except actions.AlreadyPublished:
        return told_that_it_is_published(request, membership, correction.reading)
    messages.success(request, _("The choice is taken back."))
    return to_rehearsal(membership, correction, at="choices")


def told_that_it_is_published(request, membership, reading):
    """Somebody else was quicker: the way to the history."""
    messages.info(request, _("Somebody has published this correction a moment earlier."))
    return redirect("revisions:history", group=membership.group.slug, reading=reading.slug)


@require_POST
@of_reading(Can.KEEP_TEXTS)
def publish(request, membership, reading, correction):
    """Make the correction the text that is read."""
    found = correction_or_404(reading, correction)
    form = WhyForm(request.POST)
    if not form.is_valid():
        return show_rehearsal(request, membership, reading, found, form=form, status=422)
    try:
        if form.cleaned_data["seen"] != seen_of(found):
            raise Outdated
        why = form.cleaned_data["why"]
        revision = actions.publish_correction(correction=found, by=request.user, why=why, base=found.base_id)
    except Outdated:
        return show_outdated(request, membership, reading, found, form)
    except (actions.NothingChanged, Unreadable, BadChange):
        return show_rehearsal(request, membership, reading, found, form=form, status=409)
    except actions.AlreadyPublished:
        return told_that_it_is_published(request, membership, reading)
    if revision is None:
        messages.success(request, _("The notes have their texts. The text itself stays as it is."))
        return redirect("revisions:notes", group=membership.group.slug, reading=reading.slug)
    messages.success(request, _("Published. This is what was changed; it can be undone."))
    return redirect("revisions:changes", group=membership.group.slug, reading=reading.slug, number=revision.number)


def show_outdated(request, membership, reading, correction, form):
    """409: what was rehearsed is not what would be published. The new rehearsal, with what was typed."""
    told = _("The text or this correction was changed meanwhile, so nothing is published. This is what it does now.")
    correction.refresh_from_db()
    reading.edition.refresh_from_db(fields=["current"])
    response = show_rehearsal(request, membership, reading, correction, form=form, told=told, status=409)
    form.data = form.data.copy()
    form.data["seen"] = seen_of(correction)
    return response


@require_POST
@of_reading(Can.KEEP_TEXTS)
def discard(request, membership, reading, correction):
    """Put the correction away. The text stays as it is."""
    actions.discard_correction(correction=correction_or_404(reading, correction), by=request.user)
    messages.success(request, _("The correction is discarded; the text stays as it is."))
    return redirect("revisions:bring_correction", group=membership.group.slug, reading=reading.slug)
