"""Pages about oneself, and the one-time link that signs in."""

from django.contrib import messages
from django.contrib.auth import login
from django.db import IntegrityError
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_http_methods, require_safe

from readinggroup.lib.kept_words import KEY

from . import address_change
from .access import public, signed_in
from .forms import ProfileForm
from .models import SignInLink, User


@require_GET
@never_cache
@public(because="the token in the address is the key; it is good once")
def sign_in_by_link(request, token):
    """Sign in whom the link was made for. HEAD does not use it up, so that a link checker cannot."""
    user = SignInLink.redeem(token)
    if user is None:
        messages.error(request, _("This link has been used or is too old. Ask for a new one, or sign in below."))
        return redirect("account_login")
    login(request, user, backend="readinggroup.accounts.logins.QuickModelBackend")
    messages.success(request, _("You are signed in as %(name)s.") % {"name": user.display_name})
    return redirect("home")


@require_http_methods(["GET", "POST"])
@never_cache
@public(because="the signed token in the address is the key; only the old address was sent it")
def take_back_address(request, token):
    """ "That was not me": a change of address is taken back. Opening the link does nothing yet; a button does."""
    told = address_change.read(token)
    if told is None:
        messages.error(request, _("This link is good for seven days, and they are over."))
        return redirect("account_login")
    if request.method == "GET":
        return TemplateResponse(request, "accounts/take_back_address.html", {"told": told})
    try:
        address_change.take_back(**told)
    except (IntegrityError, User.DoesNotExist):
        messages.error(
            request, _("The account is no more, or another one has that address now. Write to whoever runs this site.")
        )
        return redirect("account_login")
    messages.success(
        request,
        _(
            "Your address is %(address)s again. Everybody is signed out of your account and its password is no longer"
            " good. Sign in by a code that we mail you, and choose a new password."
        )
        % {"address": told["old"]},
    )
    return redirect("account_request_login_code")


@require_http_methods(["GET", "POST"])
@signed_in
def profile(request):
    """The shown name, and the ways to the other pages about oneself."""
    form = ProfileForm(request.POST or None, instance=request.user)
    if request.method == "POST" and form.is_valid():
        form.save()
        messages.success(request, _("Your name is changed."))
        return redirect("accounts:profile")
    if form.errors:
        request.user.refresh_from_db(fields=["display_name"])  # the header shows the name that stands
    status = 422 if form.errors else 200
    return TemplateResponse(request, "accounts/profile.html", {"form": form}, status=status)


@require_safe
@signed_in
def kept_words(request):
    """What one had written when the login had run out, to be sent now."""
    form = request.session.get(KEY)
    if form is None:
        return redirect("home")
    return TemplateResponse(request, "accounts/kept_words.html", {"form": form})
