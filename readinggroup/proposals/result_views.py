"""What came of a ballot: the page, and what it takes to count it again."""

import json

from django.db.models import Prefetch
from django.http import HttpResponse
from django.shortcuts import get_object_or_404
from django.template.response import TemplateResponse
from django.views.decorators.http import require_safe

from readinggroup.groups.permissions import Can, may, requires

from .actions.bringing import to_be_brought
from .models import Ballot, BallotState, Option
from .published import published, script
from .shown_result import ShownResult


def counted_or_404(membership, public_id) -> Ballot:
    """The group's ballot of that name, if it is closed and counted: of any other nothing is told."""
    options = Option.objects.select_related("proposal__reading__edition", "proposal__text_import")
    ballots = Ballot.objects.filter(group=membership.group, state=BallotState.CLOSED, result__isnull=False)
    found = ballots.select_related("box").prefetch_related(Prefetch("options", options))
    return get_object_or_404(found, public_id=public_id)


def names_of(membership, ballot) -> dict:
    """Who voted how, by the keys on the papers: of an open ballot, and for who may see who belongs."""
    if ballot.is_secret or not may(membership, Can.SEE_MEMBERS):
        return {}
    people = ballot.electors.select_related("user")
    return {str(elector.user_id): membership.group.name_of(elector.user) for elector in people}


@require_safe
@requires(Can.READ)
def result(request, membership, ballot):
    """Who was chosen and what comes of it, the count step by step, and every paper under its receipt."""
    found = counted_or_404(membership, ballot)
    context = {
        "membership": membership,
        "group": membership.group,
        "ballot": found,
        "shown": ShownResult(found, names=names_of(membership, found)),
        "to_bring": set(to_be_brought(membership.group).filter(options__ballot=found).values_list("pk", flat=True)),
        "may_keep_texts": may(membership, Can.KEEP_TEXTS),
        "may_schedule": may(membership, Can.SCHEDULE),
        "may_read_all": may(membership, Can.READ_ALL),
    }
    return TemplateResponse(request, "proposals/result.html", context)


@require_safe
@requires(Can.READ)
def papers(request, membership, ballot):
    """The ballot with its papers and its result, as a JSON file."""
    found = counted_or_404(membership, ballot)
    document = published(found, names=names_of(membership, found))
    headers = {"Content-Disposition": f'attachment; filename="ballot-{found.public_id}.json"'}
    content = json.dumps(document, ensure_ascii=False, indent=1) + "\n"
    return HttpResponse(content, content_type="application/json", headers=headers)


@require_safe
@requires(Can.READ)
def recount_script(request, membership, ballot):
    """The count itself, as one Python file."""
    counted_or_404(membership, ballot)
    headers = {"Content-Disposition": 'attachment; filename="recount.py"'}
    return HttpResponse(script(), content_type="text/x-python; charset=utf-8", headers=headers)
