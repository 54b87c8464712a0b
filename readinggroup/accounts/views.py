"""Pages about oneself, and the one-time link that signs in."""

from urllib.parse import urlencode

from allauth.account.internal.flows.login import record_authentication
from django.contrib import messages
from django.contrib.auth import login, logout
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_http_methods

from .access import public, signed_in
from .forms import ProfileForm
from .models import SignInLink


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
