"""On which devices I am told: the list, a browser that joins or leaves it, and the worker that shows messages."""

from functools import lru_cache

from django.conf import settings
from django.contrib import messages
from django.http import HttpResponse, JsonResponse
from django.middleware.csrf import get_token
from django.shortcuts import get_object_or_404, redirect
from django.template.response import TemplateResponse
from django.utils.translation import gettext as _
from django.views.decorators.cache import cache_control, never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from readinggroup.accounts.access import public, signed_in

from .device_forms import PushSubscriptionForm
from .devices import add_device, name_of_device, remove_devices
from .models import PushSubscription
from .push import public_key


def devices_of(request) -> dict:
    """What the section of devices shows."""
    mine = list(PushSubscription.objects.of(request.user).order_by("-created_at", "-pk"))
    for device in mine:
        device.is_here = device.login_id == request.session.session_key
    return {"devices": mine, "push_key": public_key(), "most_devices": PushSubscription.A_PERSON}


@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
@signed_in
def subscribe_device(request):
    """A browser asks with which key to subscribe, then sends its subscription; the answer to that is the list."""
    if request.method != "POST":
        return JsonResponse({"key": public_key(), "token": get_token(request)})
    form = PushSubscriptionForm(request.POST)
    if not public_key() or not form.is_valid():
        refusal = form.refusal() if public_key() else _("This site does not tell on devices.")
        return HttpResponse(refusal, status=422, content_type="text/plain; charset=utf-8")
    name = name_of_device(request.headers.get("User-Agent", ""))
    add_device(login_key=request.session.session_key, name=name, by=request.user, **form.cleaned_data)
    return TemplateResponse(request, "notifications/_device_list.html", devices_of(request))


@require_POST
@signed_in
def unsubscribe_device(request):
    """This browser is told no longer; the answer is the list."""
    here = PushSubscription.objects.filter(login=request.session.session_key)
    remove_devices(devices=here, by=request.user)
    return TemplateResponse(request, "notifications/_device_list.html", devices_of(request))


@require_POST
@signed_in
def remove_device(request, device):
    """I am told no longer on one of my devices."""
    found = get_object_or_404(PushSubscription.objects.of(request.user), public_id=device)
    remove_devices(devices=PushSubscription.objects.filter(pk=found.pk), by=request.user)
    messages.success(request, _("You are told no longer on that device."))
    return redirect("mail_choices")


@require_safe
@cache_control(max_age=3600)
@public(because="browsers fetch the script that shows messages by themselves, also when the login is over")
def push_worker(request):
    """The service worker: at the root, since it may open any page of ours, and always at the same address."""
    return HttpResponse(worker_script(), content_type="text/javascript; charset=utf-8")


@lru_cache(maxsize=1)
def worker_script() -> bytes:
    return (settings.BASE_DIR / "static" / "js" / "push-worker.js").read_bytes()
