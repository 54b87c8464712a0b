"""A group as a file, for its owners: what it is, its rules, who belongs, what it reads, all that was said, its
sessions, and the log.

Of everything it holds what the owner who asked for it may see: no withdrawn or hidden words, no e-mail address, and not
the texts themselves, which are not the group's to hand on. Nothing of what waits under a veil: a file is handed on.
"""

import json
import zipfile
from io import BytesIO
from itertools import islice

from django.core.serializers.json import DjangoJSONEncoder
from django.db.models.functions import Length
from django.http import Http404, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_safe

from readinggroup.discussion.models import Comment
from readinggroup.discussion.quotations import quotes_shown
from readinggroup.groups import settling
from readinggroup.groups.models import GroupExport, Membership
from readinggroup.groups.permissions import Can, may, requires
from readinggroup.moderation.models import LogEntry
from readinggroup.proposals.models import SAYS, Ballot, BallotBox, Proposal

from .exported_sessions import sessions_of


@require_http_methods(["GET", "POST"])
@never_cache
@requires(Can.END)
def group_export(request, membership):
    """Ask for a file, and find those that are there."""
    group = membership.group
    if request.method == "POST":
        from .tasks import make_group_export  # the task makes what is defined here

        export = settling.ask_for_export(group=group, by=request.user)
        make_group_export.defer(export=export.pk)
        return redirect("group_export", group=group.slug)
    made = group.exports.good().annotate(size=Length("content")).defer("content").order_by("-made_at")
    waiting = group.exports.filter(made_at=None).first()
    context = {"membership": membership, "group": group, "made": made, "waiting": waiting}
    return TemplateResponse(request, "groups/group_export.html", context)


@require_safe
@never_cache
@requires(Can.END)
def fetch_group_export(request, membership, export):
    """The file, to be saved."""
    found = membership.group.exports.good().filter(pk=export).first()
    if found is None:
        raise Http404
    day = timezone.localtime(found.made_at, membership.group.zone).date().isoformat()
    name = f"{membership.group.slug}-{day}.zip"
    headers = {"Content-Disposition": f'attachment; filename="{name}"', "X-Content-Type-Options": "nosniff"}
    return HttpResponse(bytes(found.content), content_type="application/zip", headers=headers)


def make(pk) -> bool:
    """Make the file. False if it was made, is gone, or who asked for it may not have it any more."""
    export = GroupExport.objects.filter(pk=pk, made_at=None).select_related("group").first()
    if export is None:
        return False
    asked_by = Membership.objects.standing(export.asked_by_id, export.group.slug)
    if not may(asked_by, Can.END):
        export.delete()
        return False
    content = zipped(asked_by)
    return bool(GroupExport.objects.filter(pk=pk, made_at=None).update(content=content, made_at=timezone.now()))


def zipped(membership) -> bytes:
    """The ZIP: group.json, the log of moderation, the sessions, and one file for the discussion of each text."""
    file = BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        readings = list(membership.group.readings.on_the_shelf().with_text().order_by("created_at", "pk"))
        archive.writestr("group.json", as_json(about(membership, readings)))
        with archive.open("log.json", "w") as out:
            write_list(
                out, map(sealed, LogEntry.objects.filter(group_key=membership.group.pk).order_by("number").iterator())
            )
        with archive.open("sessions.json", "w") as out:
            write_list(out, sessions_of(membership))
        talks = list(membership.group.readings.filter(proposal__isnull=False).order_by("created_at", "pk"))
        for reading in [*readings, *talks]:
            with archive.open(f"discussion/{reading.slug}.json", "w") as out:
                write_discussion(out, membership, reading)
    return file.getvalue()


def as_json(value) -> str:
    return json.dumps(value, cls=DjangoJSONEncoder, ensure_ascii=False, indent=1)


def about(membership, readings) -> dict:
    """The group, its rules in all versions, its members by their shown names, what it reads."""
    group = membership.group
    members = group.memberships.active().select_related("user").order_by("joined_at", "pk")
    return {
        "exported_at": timezone.now(),
        "name": group.name,
        "description": group.description,
        "visibility": group.visibility,
        "language": group.language,
        "time_zone": group.time_zone,
        "founded_at": group.created_at,
        "rules": [
            {
                "version": rule_set.number,
                "since": rule_set.created_at,
                "note": rule_set.note,
                "rules": [{"number": r.number, "title": r.title, "words": r.words} for r in rule_set.rules.all()],
            }
            for rule_set in group.rule_sets.with_rules()
        ],
        "members": [{"name": theirs.name, "roles": theirs.roles, "since": theirs.joined_at} for theirs in members],
        "texts": [text_of(reading) for reading in readings],
        "proposals": [proposal_of(membership, one) for one in proposals_in(membership)],
        "ballots": [ballot_of(ballot) for ballot in Ballot.objects.visible_to(membership).prefetch_related("options")],
    }


def proposals_in(membership):
    """What was proposed to be read; drafts are not the group's."""
    shown = Proposal.objects.visible_to(membership).exclude(talk=None).select_related("proposer", "talk")
    return shown.prefetch_related("events__by", "co_proposers__user").order_by("proposed_at", "pk")


def proposal_of(membership, proposal) -> dict:
    """One proposal as the group reads it: by whom, what it says, who wants it, and what was answered."""
    group = membership.group
    agreed = [one.user for one in proposal.co_proposers.all() if one.agreed_at]
    return {name: getattr(proposal, name) for name in SAYS} | {
        "discussion": f"discussion/{proposal.talk.slug}.json",
        "proposed_by": [group.name_of(person) for person in (proposal.proposer, *agreed)],
        "proposed_at": proposal.proposed_at,
        "state": proposal.state,
        "supporters": proposal.supporters,
        "events": [
            {
                "state": event.state,
                "reason": event.reason,
                "by": group.name_of(event.by) if event.by else None,
                "at": event.at,
            }
            for event in proposal.events.all()
        ],
    }


def ballot_of(ballot) -> dict:
    """A ballot; its papers as they are published, once it is counted: in a secret one nobody knows whose they are."""
    names = {}
    if not ballot.is_secret:
        electors = ballot.electors.select_related("user")
        names = {elector.user_id: ballot.group.name_of(elector.user) for elector in electors}
    papers = BallotBox.objects.get(ballot=ballot).papers if ballot.is_counted else {}
    return {
        "question": ballot.question,
        "words": ballot.words,
        "state": ballot.state,
        "method": ballot.method,
        "seats": ballot.seats,
        "is_secret": ballot.is_secret,
        "quorum": ballot.quorum,
        "opens_at": ballot.opens_at,
        "closes_at": ballot.closes_at,
        "electors": ballot.electors.count(),
        "void_reason": ballot.void_reason,
        "options": [
            {"number": o.number, "title": o.title, "author": o.author, "supporters": o.supporters}
            for o in ballot.options.all()
        ],
        "papers": {
            receipt: {key: names.get(said) if key == "by" else said for key, said in paper.items()}
            for receipt, paper in papers.items()
        },
        "result": ballot.result,
    }


def text_of(reading) -> dict:
    """What a text is, without its words."""
    edition, revision = reading.edition, reading.edition.current
    details = ("title", "author", "language", "translator", "source", "rights")
    return {name: getattr(edition, name) for name in details} | {
        "discussion": f"discussion/{reading.slug}.json",
        "state": reading.state,
        "for_members": reading.for_members,
        "on_the_shelf_since": reading.created_at,
        "starts_on": reading.starts_on,
        "begun_at": reading.begun_at,
        "finished_at": reading.finished_at,
        "paragraphs": revision.paragraphs if revision else 0,
        "words": revision.words if revision else 0,
    }


_COLUMNS = (
    "pk", "public_id", "parent__public_id", "version__number", "author_id", "author__display_name", "state",
    "shown_html", "body", "created_at", "edited_at",
)  # fmt: skip

A_CHUNK = 2_000


def sealed(entry) -> dict:
    """One entry of the log with all that its fingerprint is made of: who has the file can compute it."""
    return {
        "number": entry.number,
        "sealed": entry.sealed,
        "hash": entry.hash,
        "facts": json.loads(entry.facts),
    }


def write_list(out, rows) -> None:
    """A list, written one by one."""
    before = "["
    for row in rows:
        out.write(f"{before}\n{as_json(row)}".encode())
        before = ","
    out.write(b"\n]\n" if before == "," else b"[]\n")


def write_discussion(out, membership, reading) -> None:
    """The comments in the order in which they were said, written one by one: there may be a hundred thousand."""
    comments = Comment.objects.visible_to(membership).filter(reading=reading, veil=None).order_by("created_at", "pk")
    write_list(out, told_of(membership, comments.values_list(*_COLUMNS).iterator(chunk_size=A_CHUNK)))


def told_of(membership, rows):
    """What is told of these comments, with what they quote; a chunk at a time."""
    names = membership.group.names_here
    while chunk := list(islice(rows, A_CHUNK)):
        quotes = quotes_shown(membership, [row[0] for row in chunk])
        for pk, *row in chunk:
            yield comment_of(names, *row) | {"quotes": [quote_of(quote) for quote in quotes.get(pk, ())]}


def quote_of(quote) -> dict:
    """One quotation; without its words where what is quoted may not be read."""
    of = {"edition": quote.edition} if quote.edition else {}
    return {"paragraph": quote.number, "comment": quote.source or None, "words": quote.exact or None} | of


def comment_of(
    names, public_id, parent, paragraph, author_id, author, state, html, body, created_at, edited_at
) -> dict:
    """One comment, by the name that its author bears here.

    Where its words may not be read, neither they nor their author are told: only that there is one.
    """
    shown = html != ""
    return {
        "id": public_id,
        "in_answer_to": parent,
        "paragraph": paragraph,
        "state": state,
        "author": names.get(author_id, author) if shown else None,
        "words": body if shown else None,
        "written_at": created_at,
        "edited_at": edited_at,
    }
