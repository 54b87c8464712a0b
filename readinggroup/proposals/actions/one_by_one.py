"""What the worker does with many ballots, each for itself."""

import logging

log = logging.getLogger(__name__)


def one_by_one(act, ballots) -> int:
    """Do it with each of these, by their keys, and count; one with which it fails stops no other."""
    done = 0
    for pk in list(ballots):
        try:
            done += act(pk)
        except Exception as error:
            # No more of it: what went wrong could hold a paper. It is tried again in a minute.
            log.error("Ballot %s waits: %s", pk, type(error).__name__)
    return done
