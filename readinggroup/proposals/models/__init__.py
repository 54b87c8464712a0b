"""What members would like to read, and how the group decides: proposals, and ballots.

pghistory puts ProposalWording, the earlier wordings of a proposal, in here too.
"""

from .ballots import Ballot, BallotBox, BallotState, Elector, Method, Option, receipt_of
from .proposals import (
    ANSWERABLE,
    CHANGEABLE,
    LIVING,
    SAYS,
    CoProposer,
    LeavingSupporter,
    Proposal,
    ProposalEvent,
    ProposalState,
    ShelvedImport,
    Support,
)

__all__ = [
    "ANSWERABLE",
    "CHANGEABLE",
    "LIVING",
    "SAYS",
    "Ballot",
    "BallotBox",
    "BallotState",
    "CoProposer",
    "Elector",
    "LeavingSupporter",
    "Method",
    "Option",
    "Proposal",
    "ProposalEvent",
    "ProposalState",
    "ShelvedImport",
    "Support",
    "receipt_of",
]
