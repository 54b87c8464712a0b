"""All settings, from the environment first; the defaults are those of a newcomer's machine.

With nothing set, the site runs in DEBUG on the embedded Postgres under `.data/`. With DATABASE_URL it uses that server,
and with DEBUG=off it refuses to start without SECRET_KEY and ALLOWED_HOSTS.
"""

import re
from pathlib import Path
from urllib.parse import urljoin

from csp.constants import NONE, SELF
from django.core.exceptions import ImproperlyConfigured

from readinggroup.environment import check_safe, read, read_cache, read_database, read_email, tell_sentry
from readinggroup.lib.logs import with_task
from readinggroup.lib.static_files import in_policy, minified_sheet

BASE_DIR = Path(__file__).resolve().parent.parent

# What the site keeps on this machine: the embedded database, mail as files, collected static files.
DATA_DIR = read("DATA_DIR", BASE_DIR / ".data")

DEBUG = read("DEBUG")
SECRET_KEY = read("SECRET_KEY")
if not SECRET_KEY and (DATA_DIR / "secret_key").is_file():
    SECRET_KEY = (DATA_DIR / "secret_key").read_text().strip()  # drawn by `up` for this installation
if not SECRET_KEY and DEBUG:
    SECRET_KEY = "insecure: for development on one's own machine only"  # noqa: S105 - refused when DEBUG is off
ALLOWED_HOSTS = read("ALLOWED_HOSTS", ["localhost", "127.0.0.1", "[::1]"] if DEBUG else [])
CSRF_TRUSTED_ORIGINS = read("CSRF_TRUSTED_ORIGINS")
SITE_URL = read("SITE_URL")  # how mails and one-time links name the site
if not SITE_URL and (DATA_DIR / "site_url").is_file():
    SITE_URL = (DATA_DIR / "site_url").read_text().strip()  # where `up` serves it
SITE_URL = SITE_URL or "http://127.0.0.1:8000"
HTTPS = read("HTTPS", not DEBUG)
check_safe(globals())

INSTALLED_APPS = [
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.messages",
    "whitenoise.runserver_nostatic",
    "django.contrib.staticfiles",
    "django.contrib.humanize",
    "django.contrib.postgres",
    "django_htmx",
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "allauth.usersessions",
    "allauth.socialaccount",
    "allauth.socialaccount.providers.openid_connect",
    "pgtrigger",
    "pghistory",
    "procrastinate.contrib.django",
    "csp",
    "texts",
    "readinggroup",
    "readinggroup.accounts",
    "readinggroup.notifications",
    "readinggroup.groups",
    "readinggroup.readings",
    "readinggroup.discussion",
    "readinggroup.moderation",
    "readinggroup.schedule",
    "readinggroup.proposals",
]

MIDDLEWARE = [
    "readinggroup.lib.logs.RequestIdMiddleware",
    "readinggroup.metrics.MetricsMiddleware",
    "django.middleware.security.SecurityMiddleware",
    "csp.middleware.CSPMiddleware",
    "readinggroup.lib.static_middleware.StaticFilesMiddleware",
    "readinggroup.lib.headers.HeadersMiddleware",
    "readinggroup.lib.bad_input.BadInputMiddleware",
    "readinggroup.lib.unavailable.UnavailableMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "readinggroup.accounts.logins.AuthenticationMiddleware",
    "readinggroup.accounts.preferences.PreferencesMiddleware",  # language and time zone
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "readinggroup.replica.ReplicaMiddleware",  # the innermost
]

ROOT_URLCONF = "readinggroup.urls"
WSGI_APPLICATION = "readinggroup.wsgi.application"

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "OPTIONS": {
            # Django's own loaders; what is constant in a template is rendered once for each language.
            "loaders": [
                (
                    "readinggroup.lib.constant_parts.Loader",
                    ["django.template.loaders.filesystem.Loader", "django.template.loaders.app_directories.Loader"],
                )
            ],
            "context_processors": [
                "django.template.context_processors.debug",
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "readinggroup.lib.page_parts.page_parts",
            ],
            "builtins": ["readinggroup.lib.template_filters"],
        },
    },
]

# --- Database -------------------------------------------------------------------------------------------------------

EMBEDDED = {"ENGINE": "readinggroup.lib.embedded_postgres", "NAME": "readinggroup", "DATA_DIR": DATA_DIR / "postgres"}
DATABASES = {"default": read_database() or EMBEDDED}
# A streaming replica from which visitors read (replica.py). `migrate` and all that writes knows the default only.
REPLICA_MAX_LAG = read("REPLICA_MAX_LAG")
if replica := read_database("REPLICA_URL"):
    DATABASES["replica"] = replica | {"TEST": {"MIRROR": "default"}}
    DATABASE_ROUTERS = ["readinggroup.replica.Router"]
for database in DATABASES.values():
    options = database.setdefault("OPTIONS", {})
    # Statements are planned once per connection and then reused. Switch it off behind a pooler that shares connections
    # between transactions (PgBouncer before 1.21).
    if read("DATABASE_PREPARE"):
        options |= {"server_side_binding": True, "prepare_threshold": 5}
    # A cursor on the server is of one connection, and the next part of it may be asked of another.
    database["DISABLE_SERVER_SIDE_CURSORS"] = read("DATABASE_POOLED")
    # pgtrigger asks in each trigger whether it is to be ignored; unset, the answer costs a caught error for every row.
    options.setdefault("options", "-c pgtrigger.ignore={}")
    # A machine that vanished says nothing: without these, who waits for it waits for a quarter of an hour and more.
    for name, value in {
        "connect_timeout": 3,
        "keepalives_idle": 4,
        "keepalives_interval": 2,
        "keepalives_count": 2,
        "tcp_user_timeout": 8_000,
    }.items():
        options.setdefault(name, value)
    # Seconds that a thread keeps its connection. The web server's few threads keep theirs (`up` sets it); what starts a
    # thread for each request must not.
    database["CONN_MAX_AGE"] = read("CONN_MAX_AGE")
if replica:
    # Also where it was promoted since: what visitors read writes nothing.
    replica_options = DATABASES["replica"]["OPTIONS"]
    replica_options["options"] += " -c default_transaction_read_only=on"
    replica_options["connect_timeout"] = 2
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

# --- Accounts -------------------------------------------------------------------------------------------------------

AUTH_USER_MODEL = "accounts.User"
AUTHENTICATION_BACKENDS = [
    "readinggroup.accounts.logins.QuickModelBackend",
    "allauth.account.auth_backends.AuthenticationBackend",
]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 10}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
    {"NAME": "django.contrib.auth.password_validation.NumericPasswordValidator"},
]
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "home"
ACCOUNT_LOGOUT_REDIRECT_URL = "home"
ACCOUNT_ADAPTER = "readinggroup.accounts.adapter.AccountAdapter"
ACCOUNT_USER_MODEL_USERNAME_FIELD = None
ACCOUNT_LOGIN_METHODS = {"email"}
ACCOUNT_SIGNUP_FIELDS = ["email*", "password1"]  # without a password, one signs in by e-mailed code
ACCOUNT_FORMS = {"signup": "readinggroup.accounts.sign_up.SignUpForm"}
ACCOUNT_EMAIL_VERIFICATION = "mandatory"
ACCOUNT_EMAIL_VERIFICATION_BY_CODE_ENABLED = True
ACCOUNT_EMAIL_VERIFICATION_SUPPORTS_RESEND = True
ACCOUNT_LOGIN_BY_CODE_ENABLED = True
ACCOUNT_EMAIL_NOTIFICATIONS = True
ACCOUNT_PREVENT_ENUMERATION = True
ACCOUNT_SESSION_REMEMBER = True
ACCOUNT_EMAIL_SUBJECT_PREFIX = ""
ACCOUNT_REAUTHENTICATION_REQUIRED = True
ACCOUNT_CHANGE_EMAIL = True
USERSESSIONS_ADAPTER = "readinggroup.accounts.adapter.DevicesAdapter"
MFA_SUPPORTED_TYPES = ["totp", "webauthn", "recovery_codes"]
MFA_PASSKEY_LOGIN_ENABLED = True
MFA_TOTP_ISSUER = read("SITE_NAME")
# Browsers give passkeys to pages without TLS on localhost only.
MFA_WEBAUTHN_ALLOW_INSECURE_ORIGIN = DEBUG
SOCIALACCOUNT_ADAPTER = "readinggroup.accounts.single_sign_on.SocialAccountAdapter"
SOCIALACCOUNT_FORMS = {"signup": "readinggroup.accounts.sign_up.ProviderSignUpForm"}
SOCIALACCOUNT_REQUESTS_TIMEOUT = 5  # seconds that a provider may keep us waiting for each of its answers
SOCIALACCOUNT_EMAIL_AUTHENTICATION = False  # another site's word about an address does not open an account here
SOCIALACCOUNT_PROVIDERS = {"openid_connect": {"OAUTH_PKCE_ENABLED": True, "APPS": []}}
if read("OIDC_SERVER_URL"):
    SOCIALACCOUNT_PROVIDERS["openid_connect"]["APPS"].append(
        {
            "provider_id": "oidc",
            "name": read("OIDC_NAME"),
            "client_id": read("OIDC_CLIENT_ID"),
            "secret": read("OIDC_CLIENT_SECRET"),
            "settings": {"server_url": read("OIDC_SERVER_URL")},
        }
    )
# Browsers hold a form to the policy also where it is led on: to the provider's login page.
OIDC_ORIGINS = read("OIDC_ORIGINS", [urljoin(read("OIDC_SERVER_URL"), "/").rstrip("/")])
# Behind a proxy, how many of them to trust for the visitor's address (rate limits by network depend on it).
ALLAUTH_TRUSTED_PROXY_COUNT = read("ALLAUTH_TRUSTED_PROXY_COUNT")

# Limits of attempts (to sign in, to have a code mailed) count here: in a table, or a Valkey, that all processes share.
CACHES = {
    "default": read_cache()
    or {
        "BACKEND": "django.core.cache.backends.db.DatabaseCache",
        "LOCATION": "cache",
        # Attempts to sign in are counted here; with Django's 300 entries, many addresses would push out the counts.
        "OPTIONS": {"MAX_ENTRIES": 20_000},
    },
}

# --- Mail -----------------------------------------------------------------------------------------------------------

MAIL_DIR = DATA_DIR / "mail"
globals().update(read_email() or {"EMAIL_BACKEND": "readinggroup.lib.mail_files.EmailBackend"})
# All mail leaves through one door, which is closed in a copy restored from a backup.
OUTGOING_MAIL_BACKEND, EMAIL_BACKEND = globals()["EMAIL_BACKEND"], "readinggroup.notifications.outgoing.EmailBackend"
EMAIL_TIMEOUT = read("EMAIL_TIMEOUT")  # seconds; a relay that hangs holds up one worker, never a page
DEFAULT_FROM_EMAIL = read("DEFAULT_FROM_EMAIL")
# Where answers by mail and reports of failure come in (docs/operations.md); without it the site takes no mail.
INBOUND_MAIL_DOMAIN = read("INBOUND_MAIL_DOMAIN").strip().lower()

# --- Messages to people's devices (Web Push) ------------------------------------------------------------------------

# The key by which browsers know this site: 32 bytes as base64url. Without one the site tells nobody on their devices.
VAPID_PRIVATE_KEY = read("VAPID_PRIVATE_KEY")
if not VAPID_PRIVATE_KEY and (DATA_DIR / "vapid_private_key").is_file():
    VAPID_PRIVATE_KEY = (DATA_DIR / "vapid_private_key").read_text().strip()  # drawn by `up` for this installation
if VAPID_PRIVATE_KEY and not re.fullmatch(r"[\w-]{43}=?", VAPID_PRIVATE_KEY, re.ASCII):
    raise ImproperlyConfigured("VAPID_PRIVATE_KEY is not 32 bytes as base64url (43 characters).")
# Whom a push service may turn to, as mailto: or https:; empty: the sender of mails.
VAPID_SUBJECT = read("VAPID_SUBJECT")
# The push services that are sent to. What a browser names comes from anybody: no other host is ever asked.
PUSH_HOSTS = read("PUSH_HOSTS")
PUSH_ORIGINS = []  # of the tests: whole origins besides, such as http://127.0.0.1:9000

# --- Background tasks -------------------------------------------------------------------------------------------------

# A job that is done leaves no row: what was done stands where it was done. One that failed stays, to be looked at.
PROCRASTINATE_WORKER_DEFAULTS = {"delete_jobs": "successful", "task_middleware": [with_task]}

# --- Backups ----------------------------------------------------------------------------------------------------------

# Where the worker puts a backup each night; without it, none is made by itself.
BACKUP_DIR = read("BACKUP_DIR")
BACKUP_KEEP = read("BACKUP_KEEP")  # the newest of so many days, weeks and months
BACKUP_RECIPIENTS = read("BACKUP_RECIPIENTS")  # public keys of age; with any, backups are encrypted for them

# --- Languages and time ---------------------------------------------------------------------------------------------

USE_I18N = True
USE_TZ = True
TIME_ZONE = "UTC"
LANGUAGE_CODE = "en"
LANGUAGES = [("en", "English"), ("de", "Deutsch"), ("fr", "Français")]  # each named in itself, never translated
LANGUAGE_COOKIE_AGE = 60 * 60 * 24 * 365
LANGUAGE_COOKIE_HTTPONLY = True
LANGUAGE_COOKIE_SAMESITE = "Lax"
LOCALE_PATHS = [BASE_DIR / "readinggroup" / "locale"]

# --- Static files ---------------------------------------------------------------------------------------------------

STATIC_URL = "static/"
STATIC_ROOT = read("STATIC_ROOT", DATA_DIR / "static")
STATICFILES_DIRS = [BASE_DIR / "static"]
WHITENOISE_USE_FINDERS = WHITENOISE_AUTOREFRESH = DEBUG  # in DEBUG straight from static/, nothing to collect
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {
        "BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"
        if DEBUG
        else "readinggroup.lib.static_files.StaticFilesStorage"
    },
}
# The sheet as it stands in the head of the reading page and of a discussion: nothing is asked for before they are seen.
INLINE_SHEET = minified_sheet((BASE_DIR / "static" / "css" / "site.css").read_text(encoding="utf-8"))

# --- Security -------------------------------------------------------------------------------------------------------

CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [NONE],
        "script-src": [SELF],
        "style-src": [SELF, in_policy(INLINE_SHEET)],
        "img-src": [SELF, "data:"],
        "font-src": [SELF],
        "connect-src": [SELF],
        "manifest-src": [SELF],
        "form-action": [SELF, *filter(None, OIDC_ORIGINS)],
        "frame-ancestors": [NONE],
        "base-uri": [NONE],
        "object-src": [NONE],
    }
}
CSRF_FAILURE_VIEW = "readinggroup.views.csrf_failure"
SECURE_REFERRER_POLICY = "same-origin"
SECURE_CROSS_ORIGIN_OPENER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
SESSION_ENGINE = "readinggroup.accounts.logins"
SESSION_COOKIE_AGE = 60 * 60 * 24 * 60
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = LANGUAGE_COOKIE_SECURE = SECURE_SSL_REDIRECT = HTTPS
SECURE_HSTS_SECONDS = 60 * 60 * 24 * 365 if HTTPS else 0
SECURE_HSTS_INCLUDE_SUBDOMAINS = SECURE_HSTS_PRELOAD = HTTPS
SECURE_REDIRECT_EXEMPT = [r"^healthz$", r"^readyz$"]  # asked by a supervisor on this machine, without TLS
if read("BEHIND_PROXY"):
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
DATA_UPLOAD_MAX_MEMORY_SIZE = 10 * 1024 * 1024  # a text of 8 MB and its form
DATA_UPLOAD_MAX_NUMBER_FIELDS = 5_000  # the import preview sends one field a heading

# --- What the site allows --------------------------------------------------------------------------------------------

# Whether anyone who has signed in may found a group, or only staff.
ONLY_STAFF_FOUND_GROUPS = read("ONLY_STAFF_FOUND_GROUPS")
# How many invitations one person may send by mail in a day.
INVITATIONS_BY_MAIL_A_DAY = read("INVITATIONS_BY_MAIL_A_DAY")
# How many letters a group's organizers may write to all members in seven days.
LETTERS_A_WEEK = read("LETTERS_A_WEEK")
# How often one person may do something: so many in so long, by comma; empty for as often as they like.
LIMITS = {
    "write": read("WRITE_LIMITS"),  # comments, answers, edits; drafts as many as one likes
    "report": read("REPORT_LIMITS"),
}
# How many times as much all may do together who come from one network.
LIMITS_OF_A_NETWORK = read("LIMITS_OF_A_NETWORK")
# A text longer than this many words is read by section, a shorter one whole.
READ_WHOLE_UP_TO_WORDS = read("READ_WHOLE_UP_TO_WORDS")
# How much each web process keeps ready of pages, in millions of characters.
KEPT_MB = read("KEPT_MB")

# --- Watching it ------------------------------------------------------------------------------------------------------

LOG_FORMAT = read("LOG_FORMAT", "line" if DEBUG else "json")
LOG_REQUESTS = LOG_FORMAT == "json"  # a line a request, without its address
LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "filters": {"context": {"()": "readinggroup.lib.logs.WithContext"}},
    "formatters": {
        "line": {"format": "{asctime} {levelname} {name}: {message}", "style": "{"},
        "json": {"()": "readinggroup.lib.logs.JsonFormatter"},
    },
    "handlers": {"console": {"class": "logging.StreamHandler", "formatter": LOG_FORMAT, "filters": ["context"]}},
    "root": {"handlers": ["console"], "level": read("LOG_LEVEL")},
    "loggers": {"procrastinate": {"level": "WARNING"}},
}
METRICS_PORT = read("METRICS_PORT")
WORKER_METRICS_PORT = read("WORKER_METRICS_PORT")
METRICS_HOST = read("METRICS_HOST")
MAIL_QUEUE_LATE = read("MAIL_QUEUE_LATE")
DISK_FREE_MB = read("DISK_FREE_MB")
if read("SENTRY_DSN"):
    tell_sentry(read("SENTRY_DSN"))
