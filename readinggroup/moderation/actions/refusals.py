"""Why something cannot be decided so, now, or by this person."""


class NotYours(Exception):  # noqa: N818 - said to the person, not an error of the program
    """Nobody decides on what is their own, and who moderates no more decides nothing."""


class ForOwners(NotYours):
    """Only an owner takes somebody in again who was removed."""


class Impossible(Exception):  # noqa: N818 - as above
    """This cannot be done with that: approve what is not held, suspend an owner, move an answer."""


class Stale(Exception):  # noqa: N818 - as above
    """What was decided upon is no longer as the moderator saw it: reworded, withdrawn, decided by somebody else."""


class Claimed(Exception):  # noqa: N818 - as above
    """Somebody else is looking at it; `case` says who, and until when."""

    def __init__(self, case):
        super().__init__(case)
        self.case = case


class TooLate(Exception):  # noqa: N818 - as above
    """The time for it is over: to appeal, to serve, to vote, to write about a decision."""


class TooMany(Exception):  # noqa: N818 - as above
    """Enough was written for today."""


class Decided(Exception):  # noqa: N818 - as above
    """It has been decided about the appeal, by somebody else or in other words; `appeal` says what."""

    def __init__(self, appeal):
        super().__init__(appeal)
        self.appeal = appeal


class AppealedBefore(Exception):  # noqa: N818 - as above
    """Against one decision one appeals once; `appeal` is the first one."""

    def __init__(self, appeal):
        super().__init__(appeal)
        self.appeal = appeal


class ReversedBefore(Exception):  # noqa: N818 - as above
    """The decision has been reversed, by somebody else or in other words; `reversal` is what stands."""

    def __init__(self, reversal):
        super().__init__(reversal)
        self.reversal = reversal
