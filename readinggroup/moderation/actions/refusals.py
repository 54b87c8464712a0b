"""Why something cannot be decided so, now, or by this person."""


class NotYours(Exception):  # noqa: N818 - said to the person, not an error of the program
    """Nobody decides on what is their own, and who moderates no more decides nothing."""


class Impossible(Exception):  # noqa: N818 - as above
    """This cannot be done with that: approve what is not held, suspend an owner, move an answer."""


class Stale(Exception):  # noqa: N818 - as above
    """What was decided upon is no longer as the moderator saw it: reworded, withdrawn, decided by somebody else."""


class Claimed(Exception):  # noqa: N818 - as above
    """Somebody else is looking at it; `case` says who, and until when."""

    def __init__(self, case):
        super().__init__(case)
        self.case = case
