"""Pages about oneself, and the one-time link that signs in."""

from django.contrib import messages
from django.contrib.auth import login
from django.shortcuts import redirect
from django.template.response import TemplateResponse
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
    messages.success(request, _("You are signed in as %(name)s.") % {"name": user.display_name})
    return redirect("home")


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
