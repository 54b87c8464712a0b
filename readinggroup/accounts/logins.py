"""How a request finds out who signed in: Django's login sessions, with the person in the same row of the answer."""

from django.conf import settings
from django.contrib import auth
from django.contrib.auth.backends import ModelBackend
from django.contrib.auth.middleware import AuthenticationMiddleware as DjangosMiddleware
from django.contrib.sessions.backends.db import SessionStore as DatabaseStore
from django.db import IntegrityError, connection
from django.utils import timezone
from django.utils.crypto import constant_time_compare
from django.utils.functional import SimpleLazyObject

from readinggroup.lib.quick_rows import columns_of, quick_row

from .models import Login, User

# What else comes with the person, asked in the same question: attribute -> an SQL expression about the person `p`.
CARRIED: dict[str, str] = {}


class SessionStore(DatabaseStore):
    """Django's login sessions in the database, each with whose it is.

    Loading one brings the person along: two questions of every page are asked as one.
    """

    person = None

    @classmethod
    def get_model_class(cls):
        return Login

    def create_model_instance(self, data):
        login = super().create_model_instance(data)
        login.user_id = data.get(auth.SESSION_KEY)
        return login

    def delete(self, session_key=None):
        """The login ends, and with it what hangs on it: also what was added while we looked for that."""
        try:
            super().delete(session_key)
        except IntegrityError:
            super().delete(session_key)

    def _get_session_from_db(self):
        logins, people = (columns_of(model) for model in (Login, User))
        asked = [*(f"l.{name}" for name in logins), *(f"p.{name}" for name in people), *CARRIED.values()]
        with connection.cursor() as cursor:
            cursor.execute(
                f"SELECT {', '.join(asked)}"  # noqa: S608 - column names of our models, expressions of our own
                " FROM accounts_login l LEFT JOIN accounts_user p ON p.id = l.user_id"
                " WHERE l.session_key = %s AND l.expire_date > %s",
                [self.session_key, timezone.now()],
            )
            row = cursor.fetchone()
        if row is None:
            return super()._get_session_from_db()  # what is not there is left to Django, which also draws a new key
        theirs = row[len(logins) : len(logins) + len(people)]
        if theirs[0] is not None:
            self.person = User.from_db(connection.alias, people, theirs)
            self.person.__dict__.update(zip(CARRIED, row[len(logins) + len(people) :], strict=True))
        return Login.from_db(connection.alias, logins, row[: len(logins)])


class QuickModelBackend(ModelBackend):
    """Passwords and permissions as Django has them; a person by one plain query."""

    def get_user(self, user_id):
        user = quick_row(User, "id = %s", [user_id])
        return user if user is not None and self.user_can_authenticate(user) else None


def person_of(request):
    """Who signed in on this device, or AnonymousUser.

    The person who came with the login is taken if all holds that Django asks for; whatever else may be the case (an old
    secret, a changed password, another backend) is left to Django, which asks anew.
    """
    login = request.session
    proof = login.get(auth.HASH_SESSION_KEY)
    person = login.person
    if (
        person is not None
        and person.is_active
        and proof
        and login.get(auth.SESSION_KEY) == str(person.pk)
        and login.get(auth.BACKEND_SESSION_KEY) in settings.AUTHENTICATION_BACKENDS
        and constant_time_compare(proof, person.get_session_auth_hash())
    ):
        return person
    return auth.get_user(request)


def still_stands(login, person) -> bool:
    """Whether this login would still let the person in: not over, theirs, and no older than their password."""
    if login.user_id != person.pk or login.expire_date <= timezone.now():
        return False
    proof = login.get_decoded().get(auth.HASH_SESSION_KEY, "")
    return constant_time_compare(proof, person.get_session_auth_hash())


class AuthenticationMiddleware(DjangosMiddleware):
    """Django's, with the person from the login's own row."""

    def process_request(self, request):
        super().process_request(request)
        request.user = SimpleLazyObject(lambda: person_of(request))
