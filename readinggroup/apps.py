"""The site itself as an app: its commands, its templates, its background tasks."""

from django.apps import AppConfig, apps


class ReadingGroupConfig(AppConfig):
    name = "readinggroup"
    label = "site"

    def ready(self):
        if not apps.is_installed("readinggroup.notifications"):
            return  # a site of tests
        from readinggroup.accounts import logins

        from . import checks  # noqa: F401 - registers them
        from .notices import UNREAD

        logins.CARRIED["unread_notices"] = UNREAD
        logins.CARRIED["copy_of"] = "(SELECT backup_made_at FROM notifications_restoredcopy)"
