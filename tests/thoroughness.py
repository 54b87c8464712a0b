"""How much is tried of what is random, long or many: a little in every run, all of it where `THOROUGH=1` asks.

Every run has twenty minutes on two cores, so the long forms are for a change that concerns them, and for releases.
"""

import os

THOROUGH = os.environ.get("THOROUGH") == "1"


def thoroughly(whole, short):
    """`whole` if asked to be thorough, else `short`."""
    return whole if THOROUGH else short
