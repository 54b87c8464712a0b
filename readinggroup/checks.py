"""What `manage.py check --deploy` asks besides Django's own questions: settings that are possible, and seldom meant."""

from django.conf import settings
from django.core import checks

MAIL_TO_FILES = "readinggroup.lib.mail_files.EmailBackend"


@checks.register(checks.Tags.security, deploy=True)
def check_deployment(app_configs, **options):
    """Each a sentence with the variable that it is about."""
    if settings.DEBUG:
        return []  # Django complains of that, and nothing else matters then
    found = []
    if settings.OUTGOING_MAIL_BACKEND == MAIL_TO_FILES:
        found.append(checks.Warning("EMAIL_URL is not set: mail is written to files.", id="site.W001"))
    if settings.SITE_URL.startswith("http://"):
        found.append(
            checks.Warning("SITE_URL is not set to an https address: links in mails lead there.", id="site.W002")
        )
    if settings.SECURE_PROXY_SSL_HEADER and not settings.ALLAUTH_TRUSTED_PROXY_COUNT:
        words = "BEHIND_PROXY is on and ALLAUTH_TRUSTED_PROXY_COUNT is 0: all visitors share the limits of one address."
        found.append(checks.Warning(words, id="site.W003"))
    if not settings.BACKUP_DIR:
        found.append(
            checks.Warning("BACKUP_DIR is not set: nobody makes backups, or something else does.", id="site.W004")
        )
    return found
