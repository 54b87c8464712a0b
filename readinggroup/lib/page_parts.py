"""Parts of every page that depend on who asks: the way to the login, the languages, what was done just now."""

from urllib.parse import quote

from django.conf import settings
from django.contrib.messages import get_messages
from django.middleware.csrf import get_token
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.html import escape, format_html
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from .stamps import slot

MOST_COUNTED = 100  # of what is unread; nobody needs to know of more


def login_address(request) -> str:
    """The login page, with the way back; from the start page it needs none."""
    login = reverse("account_login")
    return login if request.path == "/" else escape(f"{login}?next={quote(request.get_full_path(), safe='/')}")


def messages_part(request) -> str:
    """What the site has to tell: about the last act, that the account is about to be deleted, that this is a copy.

    The day of the deletion and that of the backup come with the person, without a query.
    """
    messages = list(get_messages(request))
    # A request that was refused before anybody asked whose it is has no person.
    person = getattr(request, "user", None)
    told = {name: getattr(person, name, None) for name in ("deletion_due_at", "copy_of")}
    if not messages and not any(told.values()):
        return ""
    return render_to_string("_messages.html", {"messages": messages, **told})


def inbox_count(request) -> str:
    """How much is unread in the inbox, beside the link to it; it comes with the person, without a query."""
    unread = getattr(request.user, "unread_notices", 0)
    if not unread:
        return ""
    most = unread >= MOST_COUNTED
    words = _("99+ new") if most else ngettext("%(count)d new", "%(count)d new", unread) % {"count": unread}
    return format_html(' <span class="count">({})</span>', words)


def frame(signed_in) -> dict:
    """The context of a page that is kept for all: a slot wherever its frame belongs to the person who asks."""
    person = {"is_authenticated": signed_in}
    if signed_in:
        person |= {
            "display_name": slot("name"),
            "public_id": slot("user"),
            "page_attributes": slot("page_attributes"),
        }
    return {
        "user": person,
        "here": slot("here"),
        "languages": settings.LANGUAGES,
        "csrf_token": slot("token"),
        "login_address": slot("login_address"),
        "messages_part": slot("messages"),
        "inbox_count": slot("inbox"),
    }


def frame_values(request) -> dict:
    """What the slots of the frame are filled with, for the person who asks."""
    values = {"messages": messages_part(request)}
    if not request.user.is_authenticated:
        return values | {"login_address": login_address(request), "here": escape(request.get_full_path())}
    return values | {
        "inbox": inbox_count(request),
        "name": escape(request.user.display_name),
        "page_attributes": request.user.page_attributes(),
        "user": request.user.public_id,
        "token": get_token(request),
    }


def page_parts(request) -> dict:
    """The same for every template: a context processor. Nothing is made that is not asked for."""
    return {
        "inbox_count": lambda: inbox_count(request),
        "login_address": lambda: login_address(request),
        "here": request.get_full_path(),
        "languages": settings.LANGUAGES,
        "messages_part": lambda: messages_part(request),
    }
