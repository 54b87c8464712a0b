"""Voting: the paper, and the receipt.

The key of a paper never stands in an address, in a message or in the login's data: only in the form, in a cookie of the
voter's browser that no script reads and that serves nobody else, and on the page of the receipt.
"""

import secrets
from datetime import timedelta

from django.conf import settings
from django.core.signing import BadSignature, Signer
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.crypto import salted_hmac
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_safe

from readinggroup.groups.permissions import Can, requires

from . import actions
from .ballot_forms import PaperForm, key_in
from .ballot_views import ballot_or_404, in_group, to_ballot
from .models import Ballot, BallotBox, BallotState, receipt_of

# So long after its end a browser keeps the key of a paper, to find it in the list.
KEPT_AFTER = timedelta(days=90)
# Said when the ballot closes while somebody fills their paper in.
OVER = 409


def about(ballot, user) -> str:
    return f"{ballot.public_id}/{user.public_id}"


def cookie_name(ballot, user) -> str:
    """Of the cookie with this person's key. Each has their own on one device, and its name tells nobody whose it is."""
    return f"paper-{salted_hmac('paper/name', about(ballot, user), algorithm='sha256').hexdigest()[:16]}"


def sealed(key, ballot, user) -> str:
    """The key, hidden from whoever else looks at this browser's cookies; sealed once more, it is the key again."""
    pad = salted_hmac("paper/pad", about(ballot, user), algorithm="sha256").digest()
    return bytes(one ^ other for one, other in zip(bytes.fromhex(key), pad, strict=False)).hex()


def signer_of(ballot, user) -> Signer:
    """Signs the cookie for one person in one ballot."""
    return Signer(salt=f"paper/{about(ballot, user)}")


def key_from(request, ballot) -> str | None:
    """The key of this person's paper that their browser keeps, if it does."""
    kept = request.COOKIES.get(cookie_name(ballot, request.user), "")
    try:
        hidden = key_in(signer_of(ballot, request.user).unsign(kept))
    except BadSignature:
        return None
    return hidden and sealed(hidden, ballot, request.user)


def keep_key(response, request, ballot, key):
    """Let the browser keep the key: it is sent to the pages of this ballot alone, and read by no script."""
    response.set_cookie(
        cookie_name(ballot, request.user),
        signer_of(ballot, request.user).sign(sealed(key, ballot, request.user)),
        max_age=ballot.closes_at - timezone.now() + KEPT_AFTER,
        path=reverse("proposals:ballot", args=[ballot.group.slug, ballot.public_id]),
        secure=settings.SESSION_COOKIE_SECURE,
        httponly=True,
        samesite="Lax",
    )
    return response


@require_http_methods(["GET", "POST"])
@never_cache
@sensitive_post_parameters()
@requires(Can.VOTE)
def vote(request, membership, ballot):
    """Fill in a paper and put it into the box; or change it, with its key."""
    asked = ballot_or_404(membership, ballot)
    if asked.opened_at is None or (request.method == "GET" and not (asked.takes_votes and asked.is_elector)):
        return to_ballot(membership, asked)
    if request.method == "POST":
        return put_in(request, membership, asked)
    key = key_from(request, asked)
    if asked.is_secret:
        receipt = receipt_of(key) if key else None
        paper = actions.paper_under(asked, receipt) if asked.has_voted and receipt else None
        asks_key = asked.has_voted and paper is None
    else:
        _receipt, paper = actions.paper_of_open_ballot(asked, request.user)
        asks_key = False
    key = key or secrets.token_hex(BallotBox.KEY_BYTES)
    initial = {} if asks_key else {"secret_key": key}
    form = PaperForm(ballot=asked, options=options_of(asked), paper=paper, asks_key=asks_key, initial=initial)
    response = show_paper(request, membership, asked, form, paper=paper)
    # Kept already now: if the answer to the form is lost on its way, the paper can still be changed.
    return response if asks_key else keep_key(response, request, asked, key)


def options_of(ballot) -> list:
    return list(ballot.options.select_related("proposal"))


def show_paper(request, membership, ballot, form, *, paper=None, status=200):
    context = in_group(membership, ballot=ballot, form=form, paper=paper, asks_key=not form["secret_key"].is_hidden)
    return TemplateResponse(request, "proposals/vote.html", context, status=status)


def put_in(request, membership, ballot):
    """Put what was sent into the box; what is refused is shown again, to nobody but who sent it."""
    options = options_of(ballot)
    form, status = PaperForm(request.POST, ballot=ballot, options=options, asks_key="asks" in request.POST), 422
    if form.is_valid():
        key = form.cleaned_data["secret_key"] or secrets.token_hex(BallotBox.KEY_BYTES)
        try:
            actions.vote(ballot=ballot, key=key, paper=form.paper, by=request.user)
        except (actions.NoVotesNow, actions.NoElector, actions.NotYourPaper) as refusal:
            return refused(request, membership, ballot, form, options, refusal)
        response = redirect("proposals:voted", group=membership.group.slug, ballot=ballot.public_id)
        return keep_key(response, request, ballot, key)
    return show_paper(request, membership, ballot, form, status=status)


def refused(request, membership, ballot, form, options, refusal):
    """409, with what was filled in."""
    standing = Ballot.objects.with_standing_of(request.user.pk).get(pk=ballot.pk)
    standing.group = membership.group
    if isinstance(refusal, actions.NotYourPaper):
        form = PaperForm(request.POST, ballot=ballot, options=options, asks_key=True)
        form.is_valid()
        form.add_error("secret_key", _("You have voted already, and this is not the key of your paper."))
    elif isinstance(refusal, actions.NoElector):
        form.add_error(None, _("You cannot vote in this ballot: who may was fixed when it opened."))
    elif standing.state == BallotState.VOID:
        form.add_error(None, _("This ballot was declared void meanwhile. Your vote was not taken."))
    else:
        form.add_error(None, _("This ballot is closed. Your vote came too late, and does not count."))
    return show_paper(request, membership, standing, form, status=OVER)


@require_safe
@never_cache
@requires(Can.VOTE)
def voted(request, membership, ballot):
    """What lies in the box under one's key: the receipt, the key itself, and what one has said."""
    asked = ballot_or_404(membership, ballot)
    if asked.opened_at is None or not asked.has_voted:
        return to_ballot(membership, asked)
    key = key_from(request, asked)
    receipt = receipt_of(key) if key else None
    paper = actions.paper_under(asked, receipt) if receipt else None
    if not asked.is_secret:
        receipt, paper = actions.paper_of_open_ballot(asked, request.user)
    context = in_group(membership, ballot=asked, key=key if paper and asked.is_secret else None, receipt=receipt)
    context |= {"paper": paper, "said": said_on(paper, options_of(asked)) if paper else []}
    return TemplateResponse(request, "proposals/voted.html", context)


def said_on(paper, options) -> list:
    """What a paper says: (rank or None, option), the best first."""
    if "ranks" in paper:
        ranks = paper["ranks"]
        ranked = [(ranks[str(option.number)], option) for option in options if str(option.number) in ranks]
        return sorted(ranked, key=lambda row: (row[0], row[1].number))
    return [(None, option) for option in options if option.number in paper.get("named", [])]
