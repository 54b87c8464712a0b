"""The site's own settings as they are for real (DEBUG off), on data of its own, with the yardstick beside its pages."""

import os
from pathlib import Path

os.environ |= {
    "DEBUG": "off",
    "HTTPS": "off",
    "SECRET_KEY": "of the benchmark only " * 3,
    "ALLOWED_HOSTS": "127.0.0.1,testserver",
    "LOG_LEVEL": "ERROR",
    "WRITE_LIMITS": "",
    "REPORT_LIMITS": "",
    "DATA_DIR": os.environ.get("BENCHMARK_DATA") or str(Path(__file__).parent.parent / ".data" / "benchmark"),
}

from readinggroup.settings import *  # noqa: F403

ROOT_URLCONF = "benchmarks.bare"
if os.environ.get("BENCHMARK_COMPRESSED"):  # as the proxy in front does
    MIDDLEWARE = ["django.middleware.gzip.GZipMiddleware", *MIDDLEWARE]  # noqa: F405
