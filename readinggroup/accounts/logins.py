"""How a request finds out who signed in: Django's own login sessions in the database, asked for in fewer steps."""

from django.contrib.auth.backends import ModelBackend
from django.contrib.sessions.backends.db import SessionStore as DatabaseStore
from django.utils import timezone

from readinggroup.lib.quick_rows import quick_row

from .models import User


class SessionStore(DatabaseStore):
    """Django's login sessions in the database, found by one plain query."""

    def _get_session_from_db(self):
        found = quick_row(self.model, "session_key = %s AND expire_date > %s", [self.session_key, timezone.now()])
        # What is not there is left to Django, which also draws a new key then.
        return found or super()._get_session_from_db()


class QuickModelBackend(ModelBackend):
    """Passwords and permissions as Django has them; the person of a request by one plain query."""

    def get_user(self, user_id):
        user = quick_row(User, "id = %s", [user_id])
        return user if user is not None and self.user_can_authenticate(user) else None
