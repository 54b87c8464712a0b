"""Why something cannot be done with a proposal, or not now."""


class NotPossible(Exception):  # noqa: N818 - said to the person, not an error of the program
    """This cannot be done with a proposal in its state, or not by this person any more."""


class StaleProposal(Exception):  # noqa: N818 - as above
    """Somebody else has changed the proposal since this person opened it; `proposal` is as it stands now."""

    def __init__(self, proposal):
        super().__init__(proposal)
        self.proposal = proposal


class StandsAlready(Exception):  # noqa: N818 - as above
    """The same text stands on the list: `proposal`."""

    def __init__(self, proposal):
        super().__init__(proposal)
        self.proposal = proposal


class TooManyProposals(Exception):  # noqa: N818 - as above
    """This person has as many proposals as one may have at a time: `most`."""

    def __init__(self, most):
        super().__init__(most)
        self.most = most
