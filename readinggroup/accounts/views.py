"""Pages about oneself, and the one-time link that signs in."""

from urllib.parse import urlencode

from allauth.account.internal.flows.login import record_authentication
from django.conf import settings
from django.contrib import messages
from django.contrib.auth import login, logout
from django.core.exceptions import BadRequest, PermissionDenied
from django.db import IntegrityError
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_GET, require_http_methods, require_POST, require_safe

from readinggroup.lib.kept_words import KEY
from readinggroup.lib.time_zones import zones

from . import address_change
from .access import public, signed_in
from .forms import PreferencesForm, ProfileForm
from .models import SignInLink, User
from .preferences import obey


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
    record_authentication(request, user, method="link")
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
    if request.method == "POST" and form.is_valid() and form.renames():
        messages.success(request, _("Your name is changed."))
        return redirect("accounts:profile")
    if form.errors:
        request.user.refresh_from_db(fields=["display_name"])  # the header shows the name that stands
    status = 422 if form.errors else 200
    return TemplateResponse(request, "accounts/profile.html", {"form": form}, status=status)


@require_http_methods(["GET", "POST"])
@signed_in
def preferences(request):
    """How one likes the site: what is looked at first ("preview") is on this page already, what is saved on all."""
    person, posted = request.user, request.method == "POST"
    form = PreferencesForm(request.POST if posted else None, instance=person)
    if posted and form.is_valid():
        obey(request, person)  # it answers in the language that was just chosen
        if "preview" not in request.POST:
            # Only what stands here: a name changed meanwhile elsewhere stays changed.
            person.save(update_fields=[*PreferencesForm.Meta.fields, "time_zone_chosen"])
            messages.success(request, _("Your preferences are kept."))
            return redirect("accounts:preferences")
    if form.errors:
        person.refresh_from_db(fields=[*PreferencesForm.Meta.fields, "time_zone_chosen"])
    context = {"form": form, "zones": zones().values(), "is_preview": posted and not form.errors}
    return TemplateResponse(request, "accounts/preferences.html", context, status=422 if form.errors else 200)


@require_POST
@csrf_exempt  # keeps nothing but a cookie, and spares every page that visitors read a token and a cookie for it
@public(because="visitors choose the language of the site too")
def choose_language(request):
    """Keep the visitor's language in a cookie and go back. Who has signed in chooses under preferences, which win."""
    if request.headers.get("Sec-Fetch-Site", "same-origin") not in {"same-origin", "none"}:
        raise PermissionDenied  # another site's form
    language, back = request.POST.get("language"), request.POST.get("next", "")
    if language not in dict(settings.LANGUAGES):
        raise BadRequest(_("The site is not written in this language."))
    if not url_has_allowed_host_and_scheme(back, {request.get_host()}, require_https=request.is_secure()):
        back = "/"
    response = redirect(back)
    response.set_cookie(
        settings.LANGUAGE_COOKIE_NAME,
        language,
        max_age=settings.LANGUAGE_COOKIE_AGE,
        secure=settings.LANGUAGE_COOKIE_SECURE,
        httponly=settings.LANGUAGE_COOKIE_HTTPONLY,
        samesite=settings.LANGUAGE_COOKIE_SAMESITE,
    )
    return response


@require_safe
@signed_in
def kept_words(request):
    """What one had written when the login had run out, to be sent now."""
    form = request.session.get(KEY)
    if form is None:
        return redirect("home")
    return TemplateResponse(request, "accounts/kept_words.html", {"form": form})


@require_http_methods(["GET", "POST"])
@never_cache
@signed_in
def sign_in_again(request):
    """Who has no password and no second factor shows by signing in anew that it is they who sit there."""
    back = request.GET.get("next", "")
    if not url_has_allowed_host_and_scheme(back, allowed_hosts={request.get_host()}, require_https=request.is_secure()):
        back = reverse("accounts:profile")
    if request.method == "POST":
        logout(request)
        return redirect(f"{reverse('account_request_login_code')}?{urlencode({'next': back})}")
    return TemplateResponse(request, "accounts/sign_in_again.html", {"back": back})
