"""The inbox: what I was told, what belongs together in one place."""

from django.contrib import messages
from django.core.paginator import Paginator
from django.db.models import Count, Max, Q, Value, Window
from django.db.models.functions import Coalesce, NullIf, RowNumber
from django.http import Http404
from django.shortcuts import get_object_or_404, redirect
from django.template.response import TemplateResponse
from django.utils.translation import ngettext
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from readinggroup.accounts.access import signed_in
from readinggroup.groups.models import Group
from readinggroup.lib.paging import number_asked_for
from readinggroup.lib.prepared import AnyOfTexts, Parameter, prepared
from readinggroup.notifications.actions import mark_read
from readinggroup.notifications.models import Category, Notice

from .notices import stand, worded

A_PAGE = 20  # threads
NEWEST = 5  # of one thread
_OF_A_THREAD = ("key", "last", "count", "unread")


@require_safe
@never_cache
@signed_in
def inbox(request):
    """What I was told, newest first, a thread in one piece; all of it, what is new, of one kind, or of one group."""
    groups = {group.pk: group for group in _groups().objects(user=request.user.pk)}
    chosen = chosen_in(request.GET, groups.values())
    number = number_asked_for(request)
    rows, total = _threads(*shape_of(chosen)).page(
        number, A_PAGE, order="last DESC, key", **values_of(request.user, chosen)
    )
    if number > 1 and not rows:
        raise Http404
    threads = [dict(zip(_OF_A_THREAD, row, strict=True)) for row in rows]
    context = {
        "page": Paginator(range(total), A_PAGE).page(number),
        "threads": threads_with_words(threads, request.user, chosen, groups),
        "chosen": chosen,
        "categories": [(value, label) for value, label in Category.choices],
        "groups": sorted(groups.values(), key=lambda group: group.name.casefold()),
    }
    return TemplateResponse(request, "notifications/inbox.html", context)


def chosen_in(asked, groups) -> dict:
    """What the reader wants to see of the inbox, of what there is; anything else is all of it."""
    group = next((group for group in groups if group.slug == asked.get("group")), None)
    category = asked.get("kind") if asked.get("kind") in Category.values else ""
    return {"unread": asked.get("show") == "unread", "category": category, "group": group}


def shape_of(chosen) -> tuple:
    """Which choices are made: what the SQL depends on."""
    return chosen["unread"], bool(chosen["category"]), chosen["group"] is not None


def values_of(user, chosen) -> dict:
    """What goes into the SQL."""
    return {"user": user.pk, "category": chosen["category"], "group": chosen["group"] and chosen["group"].pk}


def of_choice(unread, of_category, in_group):
    """What somebody was told and may see now, narrowed by the form, each with the `key` of its thread."""
    notices = stand(Notice.objects.of(Parameter("user")))
    if unread:
        notices = notices.unread()
    if of_category:
        notices = notices.filter(category=Parameter("category"))
    if in_group:
        notices = notices.filter(group_key=Parameter("group"))
    return notices.annotate(key=Coalesce(NullIf("thread", Value("")), "public_id"))


@prepared
def _groups():
    return Group.objects.filter(pk__in=of_choice(False, False, False).values("group_key"))


@prepared
def _threads(*shape):
    newest, unread = Max("created_at"), Count("pk", filter=Q(read_at=None))
    threads = of_choice(*shape).values("key").annotate(last=newest, count=Count("pk"), unread=unread)
    return threads.order_by().values_list(*_OF_A_THREAD)


@prepared
def _newest(*shape):
    newest_first = Window(RowNumber(), partition_by="key", order_by=["-created_at", "-pk"])
    here = of_choice(*shape).filter(AnyOfTexts("key", Parameter("keys"))).annotate(place=newest_first)
    return here.filter(place__lte=NEWEST).order_by("-created_at", "-pk")


def threads_with_words(threads, user, chosen, groups) -> list:
    """Each thread with its newest notices and what they say: as many queries for one as for twenty."""
    if not threads:
        return []
    keys = [thread["key"] for thread in threads]
    here = _newest(*shape_of(chosen)).objects(keys=keys, **values_of(user, chosen))
    words = worded(here, for_mail=False)
    for thread in threads:
        said = [(notice, words[notice.pk]) for notice in here if notice.key == thread["key"] and notice.pk in words]
        thread["said"] = said
        thread["more"] = thread["count"] - len(said)
        thread["subject"] = said[0][1].subject if said else ""
        thread["group"] = groups.get(said[0][0].group_key) if said else None
        # Where one goes: to the first that is new.
        thread["opens"] = next((notice for notice, _words in reversed(said) if not notice.read_at), said and said[0][0])
    return [thread for thread in threads if thread["said"]]


@require_POST
@signed_in
def open_notice(request, notice):
    """Go where the notice leads; it is read then, with all that stands there with it."""
    mine = Notice.objects.of(request.user)
    found = get_object_or_404(stand(mine), public_id=notice)
    there = mine.filter(thread=found.thread) if found.thread else mine.filter(pk=found.pk)
    mark_read(notices=there, by=request.user)
    return redirect(found.address or "inbox")


@require_POST
@signed_in
def mark_all_read(request):
    """Nothing in the inbox is new any more."""
    count = mark_read(notices=Notice.objects.all(), by=request.user)
    messages.success(
        request, ngettext("%(count)d notice is read.", "%(count)d notices are read.", count) % {"count": count}
    )
    return redirect("inbox")
