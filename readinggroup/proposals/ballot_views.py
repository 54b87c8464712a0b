"""Ballots: the list, each of them, and, for who may hold them, making, opening and voiding one."""

import re
import uuid

from django.contrib import messages
from django.core.paginator import Paginator
from django.shortcuts import get_object_or_404, redirect
from django.template.response import TemplateResponse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from readinggroup.groups.permissions import Can, may, requires
from readinggroup.lib.paging import page_asked_for
from readinggroup.lib.prepared import Parameter, prepared
from readinggroup.lib.public_ids import public_id_from

from . import actions
from .ballot_forms import BallotForm, VoidForm
from .models import Ballot, BallotBox, BallotState

A_PAGE = 20
_KEY = re.compile(r"[0-9a-f]{32}")


def ballot_or_404(membership, public_id) -> Ballot:
    """The group's ballot of that name, if this member, or visitor, may see it; with their own standing in it."""
    ballots = Ballot.objects.visible_to(membership).with_standing_of(membership.user_id)
    ballot = get_object_or_404(ballots, public_id=public_id)
    ballot.group = membership.group
    return ballot


def to_ballot(membership, ballot):
    return redirect("proposals:ballot", group=membership.group.slug, ballot=ballot.public_id)


def in_group(membership, **more) -> dict:
    """What every page of ballots needs."""
    may_hold = may(membership, Can.HOLD_BALLOTS)
    return {"membership": membership, "group": membership.group, "may_hold_ballots": may_hold, **more}


def ballots_to_vote_in(membership) -> list:
    """The group's ballots that are open, the one that closes first before the others; one query."""
    user = membership.user_id
    return _to_vote_in().objects(group=membership.group.pk, user=user, user_written=str(user))


@prepared
def _to_vote_in():
    ballots = Ballot.objects.taking_votes().filter(group=Parameter("group"))
    return ballots.with_standing_of(Parameter("user"), Parameter("user_written")).order_by("closes_at", "pk")[:5]


@require_safe
@requires(Can.READ)
def ballots(request, membership):
    """What the group was asked, and is asked; what can be voted in comes first."""
    shown = Ballot.objects.visible_to(membership).with_standing_of(membership.user_id)
    going_on = [BallotState.DRAFT, BallotState.ANNOUNCED, BallotState.OPEN]
    over = shown.exclude(state__in=going_on).order_by("-closes_at", "-pk")
    context = in_group(
        membership,
        going_on=shown.filter(state__in=going_on).order_by("closes_at", "pk"),
        page=page_asked_for(request, Paginator(over, A_PAGE)),
    )
    return TemplateResponse(request, "proposals/ballots.html", context)


@require_safe
@requires(Can.READ)
def ballot(request, membership, ballot):
    """What is asked, how it is counted, and when; of an open one how many have voted, and nothing else of the box."""
    shown = ballot_or_404(membership, ballot)
    return TemplateResponse(request, "proposals/ballot.html", in_group(membership, **shown_ballot(membership, shown)))


def shown_ballot(membership, ballot) -> dict:
    """What the page of a ballot shows."""
    options = list(ballot.options.select_related("proposal"))
    named = {option.number: option for option in options}
    was_opened = ballot.opened_at is not None
    return {
        "ballot": ballot,
        "options": options,
        "electors": ballot.electors.count() if was_opened else None,
        "votes": len(BallotBox.objects.only("voted").get(ballot=ballot).voted) if was_opened else None,
        "winners": [named[number] for number in ballot.result["winners"]] if ballot.is_counted else [],
        "may_vote": may(membership, Can.VOTE) and ballot.takes_votes and ballot.is_elector,
        "is_being_counted": ballot.state == BallotState.OPEN and not ballot.takes_votes,
    }


@require_http_methods(["GET", "POST"])
@requires(Can.HOLD_BALLOTS)
def new_ballot(request, membership):
    """Put a question together: it is a draft, which organizers see, until it is announced."""
    chosen = request.GET.getlist("proposal")[: Ballot.MOST_OPTIONS]
    form = BallotForm(request.POST or None, group=membership.group, initial={"proposals": chosen})
    key = request.POST.get("key", "")
    if not _KEY.fullmatch(key):
        key = uuid.uuid4().hex
    if request.method == "POST" and form.is_valid():
        name = public_id_from("ballot", key, request.user)
        try:
            made = actions.create_ballot(group=membership.group, by=request.user, public_id=name, **form.details())
        except actions.BallotNotPossible:
            form.add_error(None, _("You may not hold ballots here any more."))
        else:
            messages.success(request, _("That is kept as a draft. Announce it when it is right."))
            return to_ballot(membership, made)
    return show_form(request, membership, form, key=key)


def show_form(request, membership, form, *, status=None, **more):
    """The form, with all that was typed."""
    status = status or (422 if form.errors or form.opens.errors or form.closes.errors else 200)
    return TemplateResponse(
        request, "proposals/ballot_form.html", in_group(membership, form=form, **more), status=status
    )


@require_http_methods(["GET", "POST"])
@requires(Can.HOLD_BALLOTS)
def change_ballot(request, membership, ballot):
    """Change what is asked, before it is."""
    standing = ballot_or_404(membership, ballot)
    form = BallotForm(request.POST or None, group=membership.group, ballot=standing)
    if request.method == "GET" and not standing.can_change:
        return to_ballot(membership, standing)
    if request.method == "POST" and form.is_valid():
        try:
            version = form.cleaned_data["version"] or 0
            actions.change_ballot(ballot=standing, version=version, by=request.user, **form.details())
        except actions.StaleBallot as stale:
            return show_stale(request, membership, form, stale.ballot)
        except actions.BallotNotPossible:
            form.add_error(None, _("This ballot is open already, or over: it cannot be changed any more."))
            return show_form(request, membership, form, status=409, ballot=standing)
        messages.success(request, _("That is changed."))
        return to_ballot(membership, standing)
    return show_form(request, membership, form, ballot=standing)


def show_stale(request, membership, form, standing):
    """409: what stands now beside what was typed, which is saved over it only by a click of the person."""
    data = request.POST.copy()
    data["version"] = standing.version
    again = BallotForm(data, group=membership.group, ballot=standing)
    again.is_valid()
    more = {"ballot": standing, "stale": True, "differences": form.differences(standing)}
    return show_form(request, membership, again, status=409, **more)


@require_POST
@requires(Can.HOLD_BALLOTS)
def announce_ballot(request, membership, ballot):
    """Tell the members what they will be asked; at once, if its time has come."""
    done = _("The ballot is announced, and the members are told.")
    return hold(request, membership, ballot_or_404(membership, ballot), actions.announce_ballot, done)


@require_POST
@requires(Can.HOLD_BALLOTS)
def open_ballot(request, membership, ballot):
    """Open it before its time."""
    done = _("The ballot is open, and the members are told.")
    return hold(request, membership, ballot_or_404(membership, ballot), actions.open_ballot, done)


def hold(request, membership, ballot, act, done):
    """Do this, and say so if it cannot be done any more."""
    try:
        act(ballot=ballot, by=request.user)
    except actions.BallotNotPossible:
        messages.error(request, _("That cannot be done with this ballot any more. See below how it stands."))
    except actions.TooFewOptions:
        messages.error(request, _("There are less than two options left to choose from. Change the ballot first."))
    else:
        messages.success(request, done)
    return to_ballot(membership, ballot)


@require_POST
@requires(Can.HOLD_BALLOTS)
def discard_ballot(request, membership, ballot):
    """Throw a draft away."""
    standing = ballot_or_404(membership, ballot)
    try:
        actions.discard_ballot(ballot=standing, by=request.user)
    except actions.BallotNotPossible:
        messages.error(request, _("That cannot be done with this ballot any more. See below how it stands."))
        return to_ballot(membership, standing)
    messages.success(request, _("The draft is thrown away."))
    return redirect("proposals:ballots", group=membership.group.slug)


@require_http_methods(["GET", "POST"])
@requires(Can.HOLD_BALLOTS)
def void_ballot(request, membership, ballot):
    """Declare a ballot void, with a reason that all members read."""
    standing, status = ballot_or_404(membership, ballot), 200
    if request.method == "GET" and not standing.can_void:
        return to_ballot(membership, standing)
    form = VoidForm(request.POST or None)
    if request.method == "POST":
        status = 422
        if form.is_valid():
            try:
                actions.void_ballot(ballot=standing, reason=form.cleaned_data["reason"], by=request.user)
            except actions.BallotNotPossible:
                form.add_error(None, _("This ballot is over already: what came of it stays."))
                status = 409
            else:
                messages.success(request, _("The ballot is void, and the members are told."))
                return to_ballot(membership, standing)
    context = in_group(membership, ballot=standing, form=form)
    return TemplateResponse(request, "proposals/void_ballot.html", context, status=status)
