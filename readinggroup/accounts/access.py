"""Who may open a page that belongs to no group. Every view carries one of these marks; a test walks the URLconf."""

import time
from functools import wraps
from urllib.parse import urlencode

from allauth.account import app_settings
from allauth.account.decorators import reauthentication_required
from allauth.account.internal.flows.login import get_authentication_records
from allauth.account.internal.flows.reauthentication import get_reauthentication_flows
from django.contrib.auth.decorators import login_required
from django.contrib.auth.views import redirect_to_login
from django.http import Http404
from django.shortcuts import redirect
from django.urls import reverse

from readinggroup.lib.kept_words import keep


def public(*, because):
    """Mark a view as open to everyone; the reason is part of the mark."""

    def decorator(view):
        view.access = f"public: {because}"
        return view

    return decorator


def signed_in(view):
    """Open to whoever has signed in; others go to the login page and come back."""

    @wraps(view)
    def wrapper(request, *args, **kwargs):
        if request.method == "POST" and not request.user.is_authenticated and keep(request):
            return redirect_to_login(reverse("accounts:kept_words"))
        return login_required(view)(request, *args, **kwargs)

    wrapper.access = "signed in"
    return wrapper


def staff_only(view):
    """For the people who run the site (`is_staff`). For everybody else it is not there."""

    @wraps(view)
    def wrapper(request, *args, **kwargs):
        if not request.user.is_staff:
            raise Http404
        return view(request, *args, **kwargs)

    wrapper.access = "staff"
    return wrapper


def confirmed(view):
    """For what is sensitive: open to whoever has shown a few minutes ago that it is they who sit there.

    allauth asks for the password or the second factor. Who has neither, and signs in by a mailed code, is asked to sign
    in once more, unless they just did.
    """
    by_allauth = reauthentication_required(view)

    @wraps(view)
    def wrapper(request, *args, **kwargs):
        if get_reauthentication_flows(request.user):
            return by_allauth(request, *args, **kwargs)
        records = get_authentication_records(request, request.user)
        if records and time.time() - records[-1]["at"] < app_settings.REAUTHENTICATION_TIMEOUT:
            return view(request, *args, **kwargs)
        # The way back leads to the page of the same address, with what was chosen there.
        chosen = {name: value for name, value in request.POST.items() if name != "csrfmiddlewaretoken"}
        back = f"{request.path}?{urlencode(chosen)}" if chosen else request.path
        return redirect(f"{reverse('accounts:sign_in_again')}?{urlencode({'next': back})}")

    return wrapper
