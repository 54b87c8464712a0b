"""The site as a WSGI application, for granian."""

import os
import shutil
import sys
from contextlib import suppress

from django.core.exceptions import ImproperlyConfigured
from django.core.wsgi import get_wsgi_application


def share_figures() -> None:
    """Name the folder in which the processes of one web server count together: one for each start of it.

    Before prometheus_client is imported, which looks for it then. Without a place to write, each counts for itself.
    """
    from django.conf import settings

    ours = settings.DATA_DIR / "metrics" / str(os.getppid())
    with suppress(OSError):
        ours.mkdir(mode=0o700, parents=True, exist_ok=True)
        for other in ours.parent.iterdir():
            if other.name.isdigit() and not is_alive(int(other.name)):
                shutil.rmtree(other, ignore_errors=True)
        os.environ.setdefault("PROMETHEUS_MULTIPROC_DIR", str(ours))


def is_alive(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


os.environ.setdefault("DJANGO_SETTINGS_MODULE", "readinggroup.settings")
try:
    share_figures()
    application = get_wsgi_application()
    from django.conf import settings

    from .environment import check_served

    check_served(settings)
    if settings.METRICS_PORT:
        from . import metrics

        metrics.serve()
except ImproperlyConfigured as problem:
    sys.exit(f"The site cannot start: {problem}")  # one line in the log instead of a traceback
