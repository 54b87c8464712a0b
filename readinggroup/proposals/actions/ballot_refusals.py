"""Why something cannot be done with a ballot, or not now. None of them holds anything of a paper: they are logged."""


class StaleBallot(Exception):  # noqa: N818 - said to the person, not an error of the program
    """Somebody else has changed the ballot since this person opened it; `ballot` is as it stands now."""

    def __init__(self, ballot):
        super().__init__(ballot)
        self.ballot = ballot


class BallotNotPossible(Exception):  # noqa: N818 - as above
    """This cannot be done with a ballot in its state, or not by this person any more."""


class TooFewOptions(Exception):  # noqa: N818 - as above
    """A ballot with less than two options asks nothing."""


class NoVotesNow(Exception):  # noqa: N818 - as above
    """The ballot is not open, or not any more."""


class NoElector(Exception):  # noqa: N818 - as above
    """Who may vote was fixed at the opening, and this person did not belong then, or may not vote now."""


class NotYourPaper(Exception):  # noqa: N818 - as above
    """This person has voted, and the key that they gave is that of no paper of theirs."""
