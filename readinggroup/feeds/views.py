"""Fetching a feed, openly or under a private address, and the page where a member makes and revokes that address."""

from hashlib import sha256

from django.conf import settings
from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils import translation
from django.utils.cache import get_conditional_response, patch_cache_control
from django.utils.http import quote_etag
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_POST, require_safe

from readinggroup.accounts.access import public
from readinggroup.groups import actions
from readinggroup.groups.models import FeedAddress
from readinggroup.groups.permissions import Can, may, requires
from readinggroup.groups.private_addresses import handed_out, member_behind
from readinggroup.lib.languages import spoken_for

from .atom import GroupFeed, as_xml
from .comments import NewComments
from .news import News

# Of each feed: its title, and what it holds for a membership.
FEEDS = {
    "comments": (gettext_lazy("%(group)s: new comments"), NewComments),
    "news": (gettext_lazy("%(group)s: news"), News),
}


@require_safe
@requires(Can.READ)
def comments(request, membership):
    """The newest comments, as this reader may see them: without a login, as everyone may."""
    return fetched(request, membership, "comments", own_address=request.path)


@require_safe
@requires(Can.READ)
def news(request, membership):
    """The news of the group, as this reader may see them."""
    return fetched(request, membership, "news", own_address=request.path)


@require_safe
@public(because="the token in the address is the key; whether its person belongs is asked again at each fetch")
def private_comments(request, token):
    """The newest comments, as the member may see them whose address this is."""
    return fetched_privately(request, token, "comments")


@require_safe
@public(because="as the private feed of comments")
def private_news(request, token):
    """The news of the group, as the member may see them whose address this is."""
    return fetched_privately(request, token, "news")


def fetched(request, membership, feed, *, own_address=None) -> HttpResponse:
    """The feed in the group's language; 304 to who has it as it is. No program keeps it without asking again.

    Only the ETag decides: no date tells what was hidden since.
    """
    group = membership.group
    with translation.override(spoken_for(group.language)):
        title, contents = FEEDS[feed]
        told = contents(membership)
        known_by = repr((settings.SITE_URL, group.pk, group.slug, group.name, group.language, own_address, told.stamp))
        etag = quote_etag(sha256(known_by.encode()).hexdigest()[:32])
        response = get_conditional_response(request, etag=etag)
        if response is None:
            xml = as_xml(
                group=group,
                name=f"group/{group.pk}/{feed}",
                title=str(title) % {"group": group.name},
                address=reverse("group", args=[group.slug]),
                own_address=own_address,
                entries=told.entries(),
            )
            response = HttpResponse(xml, content_type=GroupFeed.content_type)
    response["ETag"], response["Content-Language"] = etag, group.language
    patch_cache_control(response, no_cache=True)
    return response


def fetched_privately(request, token, feed) -> HttpResponse:
    """The same for the member whose address this is. 404 if it leads nowhere (any more), whoever asks."""
    address, membership = member_behind(token)
    return handed_out(fetched(request, membership, feed), address)


@require_safe
@requires(Can.READ)
def addresses(request, membership):
    """Where the group's feeds are fetched: openly by everyone, or privately by a member."""
    group, mine = membership.group, None
    if may(membership, Can.READ_ALL):
        mine = FeedAddress.objects.standing().filter(group=group, user=request.user).first()
    context = {
        "membership": membership,
        "group": group,
        "mine": mine,
        "site": settings.SITE_URL,
        "may_make": may(membership, Can.READ_ALL),
    }
    return TemplateResponse(request, "feeds/addresses.html", context)


@require_POST
@requires(Can.READ_ALL)
def make_address(request, membership):
    """A private address; if there is one, another in its place."""
    actions.make_feed_address(group=membership.group, by=request.user)
    messages.success(request, _("This is your private address. Whoever knows it reads what you may read here."))
    return redirect("feeds:addresses", group=membership.group.slug)


@require_POST
@requires(Can.READ_ALL)
def revoke_address(request, membership):
    """The private address leads nowhere any more."""
    actions.revoke_feed_address(group=membership.group, by=request.user)
    messages.success(request, _("Your private address is revoked: nothing is fetched there any more."))
    return redirect("feeds:addresses", group=membership.group.slug)
