"""The site's own settings as they are for real (DEBUG off), with the yardstick beside the site's addresses."""

import os

os.environ |= {"DEBUG": "off", "HTTPS": "off", "SECRET_KEY": "of the benchmark only" * 3, "ALLOWED_HOSTS": "127.0.0.1"}

from readinggroup.settings import *  # noqa: F403

ROOT_URLCONF = "benchmarks.bare"
