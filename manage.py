#!/usr/bin/env python
"""The command line of the site: `uv run manage.py up` starts everything."""

import os
import sys

from django.core.exceptions import ImproperlyConfigured
from django.core.management import execute_from_command_line

if __name__ == "__main__":
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "readinggroup.settings")
    try:
        execute_from_command_line(sys.argv)
    except ImproperlyConfigured as problem:
        sys.exit(f"The site cannot start: {problem}")
    except KeyboardInterrupt:
        sys.exit(130)  # Ctrl-C in the first second, while modules are still read
