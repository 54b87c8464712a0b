"""What is new since a page was made, asked every few seconds by the pages that somebody looks at."""

import hashlib

from django.http import Http404, HttpResponse, JsonResponse
from django.urls import reverse
from django.utils.cache import patch_cache_control
from django.utils.translation import ngettext
from django.views.decorators.http import require_safe

from readinggroup.readings.access import within
from readinggroup.readings.pages import counts_in, outline_of, talk_label
from readinggroup.readings.unread import unread_part
from readinggroup.readings.views import with_the_reading_now

from .models import SHOWN_STATES, Comment, MutedPerson
from .seen import sequence_in

EVERY = 15  # seconds between two of these requests of one page
EVERY_TOGETHER = 5  # while the group meets about the text


@require_safe
@with_the_reading_now
def pulse(request, membership, reading, now):
    """304 while nothing has changed for this person; else what the page shows in numbers, and moves nothing.

    With `at` and `since`, a paragraph and the last sequence that the page knows of, also how much is new there.
    """
    if now is None:
        raise Http404
    return within(
        request, membership, for_members=now.for_members, make=lambda: told(request, membership, reading, now)
    )


def told(request, membership, reading, now):
    """The answer to who may read."""
    state = repr(
        (
            now.reading,
            now.changes,
            now.unread,
            now.together,
            request.user.pk,
            request.GET.get("at"),
            request.GET.get("since"),
        )
    )
    tag = f'"{hashlib.md5(state.encode(), usedforsecurity=False).hexdigest()}"'
    if request.headers.get("If-None-Match") == tag:
        answer = HttpResponse(status=304)
    else:
        answer = JsonResponse(news_of(request, membership, reading, now))
    answer["ETag"] = tag
    patch_cache_control(answer, no_store=True, private=True)
    return answer


def news_of(request, membership, slug, now) -> dict:
    """What has become of the page's numbers, as HTML of ours and counts."""
    outline, counts = outline_of(now.revision), counts_in(now.reading)
    news = {
        "every": EVERY_TOGETHER if now.together else EVERY,
        "said": {
            address.public_id: str(talk_label(counts[address.pk], counts.waiting[address.pk]))
            for address in outline.addresses
            if counts[address.pk] or counts.waiting[address.pk]
        },
    }
    if now.unread is not None:  # without a token: the page has one, and a pulse sets no cookies
        page = reverse("readings:reading_page", args=[membership.group.slug, slug])
        news["unread"] = unread_part(page, "", now.revision, now.unread)
    address = outline.by_name.get(request.GET.get("at", ""))
    if address is not None:
        count = new_there(membership, now.reading, address.pk, sequence_in(request.GET.get("since", "")))
        news["new"] = count
        news["label"] = ngettext("%(count)d new", "%(count)d new", count) % {"count": count}
    return news


def new_there(membership, reading_id, paragraph, since) -> int:
    """How much others have said at the paragraph after that sequence."""
    new = Comment.objects.readable_by(membership).filter(
        reading=reading_id, paragraph=paragraph, sequence__gt=since, state__in=SHOWN_STATES
    )
    muted = MutedPerson.objects.of(membership).values("person")
    return new.exclude(author=membership.user_id).exclude(author__in=muted).count()
