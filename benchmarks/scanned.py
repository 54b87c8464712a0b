"""The site's settings for the scanners: as for real, on a demo's data, with faults planted beside it."""

import os
from pathlib import Path

os.environ.setdefault("BENCHMARK_DATA", str(Path(__file__).parent.parent / ".data" / "scans"))

from benchmarks.settings import *  # noqa: F403

ROOT_URLCONF = "benchmarks.planted"
