"""Who may open a page that belongs to no group. Every view carries one of these marks; a test walks the URLconf."""

from functools import wraps

from django.contrib.auth.decorators import login_required
from django.contrib.auth.views import redirect_to_login
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
