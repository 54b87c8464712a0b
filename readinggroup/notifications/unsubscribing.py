"""No such mail any more, by one click and without signing in (RFC 2369, RFC 8058)."""

from django.conf import settings
from django.core import signing
from django.db import transaction
from django.http import Http404
from django.template.response import TemplateResponse
from django.urls import reverse
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods

from readinggroup.accounts.access import public
from readinggroup.accounts.models import User

from .actions import wish, wishes_of
from .models import DEFAULTS, Category, When

_SALT = "readinggroup.notifications.unsubscribe"
ALL_DIGESTS = "digests"  # instead of a category: whatever comes in the daily or the weekly digest


def unsubscribe_address(person, category, group_key=None) -> str:
    """Where this person says that they want no such mail. It works for ever: an old mail may be answered late."""
    token = signing.dumps([person.public_id, category, group_key], salt=_SALT)
    return f"{settings.SITE_URL}{reverse('notifications:unsubscribe', args=[token])}"


def unsubscribe_headers(person, category, group_key=None) -> dict:
    address = unsubscribe_address(person, category, group_key)
    return {"List-Unsubscribe": f"<{address}>", "List-Unsubscribe-Post": "List-Unsubscribe=One-Click"}


@csrf_exempt  # mail programs send it; all that it can do is end mail, for whoever holds the signed address
@require_http_methods(["GET", "POST"])
@public(because="the signed address says who it is, and one asks for less mail without signing in")
def unsubscribe(request, token):
    """Ask whether this mail is unwanted; after a post it is."""
    try:
        public_id, category, group_key = signing.loads(token, salt=_SALT)
    except (signing.BadSignature, ValueError):
        raise Http404 from None
    person = User.objects.filter(public_id=public_id, is_active=True).first()
    if request.method == "POST" and person:
        stop(person, category, group_key)
    label = "" if category == ALL_DIGESTS else Category(category).label
    return TemplateResponse(request, "notifications/unsubscribe.html", {"label": label, "token": token})


@transaction.atomic
def stop(person, category, group_key) -> None:
    """From now on no mail of this category, or none that comes in a digest."""
    if category != ALL_DIGESTS:
        wish(by=person, category=category, when=When.NEVER, group=group_key)
        return
    said = wishes_of([person.pk], Category.values, None)
    for each, usual in DEFAULTS.items():
        if said.get((person.pk, each), usual) in {When.DAILY, When.WEEKLY}:
            wish(by=person, category=each, when=When.NEVER)
    for theirs in person.mail_wishes.filter(when__in=[When.DAILY, When.WEEKLY]):
        wish(by=person, category=theirs.category, when=When.NEVER, group=theirs.group_key)
