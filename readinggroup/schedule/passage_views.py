"""Choosing a session's passages in the text itself."""

from django.views.decorators.http import require_http_methods

from readinggroup.groups.permissions import Can, requires

from .views import session_or_404, session_page


@require_http_methods(["GET", "POST"])
@requires(Can.SCHEDULE)
def choose_passages(request, membership, session):
    """The text, to choose from which paragraph to which the session goes."""
    return session_page(request, membership, session_or_404(membership, session))
