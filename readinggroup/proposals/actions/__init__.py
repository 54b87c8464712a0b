"""What changes several rows of proposals and ballots at once, or tells somebody."""

from .answering import ANSWERS, answer_proposal, fade_proposals
from .ballot_refusals import BallotNotPossible, NoElector, NotYourPaper, NoVotesNow, StaleBallot, TooFewOptions
from .balloting import announce_ballot, change_ballot, create_ballot, discard_ballot, open_ballot, void_ballot
from .closing import close_ballot
from .co_proposing import answer_co_proposing, ask_no_more, ask_to_propose_with
from .proposing import (
    bring_back,
    discard,
    discard_all,
    propose,
    proposed_before,
    publish_draft,
    reword,
    withdraw,
    withdraw_all,
)
from .refusals import NotPossible, StaleProposal, StandsAlready, TooManyProposals
from .supporting import support, support_no_more
from .voting import paper_of_open_ballot, paper_under, vote

__all__ = [
    "ANSWERS",
    "BallotNotPossible",
    "NoElector",
    "NoVotesNow",
    "NotPossible",
    "NotYourPaper",
    "StaleBallot",
    "StaleProposal",
    "StandsAlready",
    "TooFewOptions",
    "TooManyProposals",
    "announce_ballot",
    "answer_co_proposing",
    "answer_proposal",
    "ask_no_more",
    "ask_to_propose_with",
    "bring_back",
    "change_ballot",
    "close_ballot",
    "create_ballot",
    "discard",
    "discard_all",
    "discard_ballot",
    "fade_proposals",
    "open_ballot",
    "paper_of_open_ballot",
    "paper_under",
    "propose",
    "proposed_before",
    "publish_draft",
    "reword",
    "support",
    "support_no_more",
    "void_ballot",
    "vote",
    "withdraw",
    "withdraw_all",
]
