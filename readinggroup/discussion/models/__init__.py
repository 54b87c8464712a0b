"""What is said about paragraphs, and what each person does with it.

pghistory puts CommentWording, the earlier wordings of a comment, in here too.
"""

from .comments import (
    DEEPEST,
    OPEN_STATES,
    SHOWN_STATES,
    STUB_STATES,
    Comment,
    HeldFor,
    QuestionState,
    State,
    Viewer,
    words_are_for,
)
from .drafts import Draft
from .following import Follow, Level
from .mentions import Mention
from .muting import MutedPerson
from .quotes import LONGEST_PASSAGE, Quote
from .reactions import Reaction, ReactionKind
from .restrictions import Restriction, RestrictionKind
from .revised import QuoteAnchor, ThreadMove
from .veils import OpenedComment

__all__ = [
    "DEEPEST",
    "LONGEST_PASSAGE",
    "OPEN_STATES",
    "SHOWN_STATES",
    "STUB_STATES",
    "Comment",
    "Draft",
    "Follow",
    "HeldFor",
    "Level",
    "Mention",
    "MutedPerson",
    "OpenedComment",
    "QuestionState",
    "Quote",
    "QuoteAnchor",
    "Reaction",
    "ReactionKind",
    "Restriction",
    "RestrictionKind",
    "State",
    "ThreadMove",
    "Viewer",
    "words_are_for",
]
