"""Python reads this when it starts, where `clock.py` has put it on its path: a clock that is as wrong as a file says.

What our code, Django and the queue of tasks ask for the time is shifted; waiting is not, nor what C asks.
"""

import os
import time
from datetime import timedelta
from pathlib import Path

from django.utils import timezone

FILE = Path(os.environ["OTHER_CLOCK"])
of_time, of_now = time.time, timezone.now


def shift() -> int:
    """Seconds."""
    return int(FILE.read_text() or 0)


time.time = lambda: of_time() + shift()
timezone.now = lambda: of_now() + timedelta(seconds=shift())
