"""What is in the archive of a person: everything of theirs, part by part, and of others no more than it takes.

A test walks all models that point at a person: each stands in a part here, or in LEFT_OUT with a reason.
"""

from . import account, ballots, belonging, moderation, proposals, sessions, talk
from .part import Part, Words
from .talk import comments

__all__ = ["LEFT_OUT", "PARTS", "Part", "Words", "comments"]

# What points at a person and is in no part. The public log of moderation points at nobody: its entries hold no key and
# no name, so that it stays as it was sealed whoever goes; what concerns somebody stands at the decision.
LEFT_OUT = {
    "groups.EmailInvitation.accepted_by": "that one came in stands at the membership",
    "groups.GroupExport.asked_by": "the file is the group's; it is gone after a week",
    "discussion.MutedPerson.person": "whom somebody does not want to read is theirs alone to know",
    "discussion.Comment.question_by": "what somebody called a question stands at the other person's comment",
    "groups.Membership.removed_by": "what one owner decided stands at the other person's membership, and in the notice",
    "groups.Membership.suspended_by": "as above",
    "groups.JoinRequest.answered_by": "what an organizer answered is the asker's, and in their archive",
    "groups.RulesReview.answered_by": "what the owners answered is theirs, and stands for all to read",
    "groups.Term.by": "whom an owner appointed stands at the other person's membership; that they did, in the log",
    "schedule.DatePoll.opened_by": "that an organizer asked when the group can meet is the group's",
    "discussion.Restriction.created_by": "that a place is locked, and why, is the group's, and stands in its log",
    "moderation.Case.claimed_by": "who looks at a case does so for ten minutes, and nothing is kept of it",
    "moderation.Decision.by": "what a moderator decided is about somebody else, and in their archive",
    "schedule.Minutes.published_by": "that the minutes are published is the group's; what one wrote in them is there",
    "schedule.Minutes.waived_by": "as above",
    "readings.Host.user": "that one is told of what is said about one's proposal follows from the proposal",
    "proposals.ProposalWording.edited_by": "earlier wordings stand at the proposal, whoever changed it",
    "accounts.User_groups.user": "Django's own groups, which the site does not use",
    "accounts.User_user_permissions.user": "Django's own permissions, which the site does not use",
}

_OF = (account, belonging, talk, proposals, sessions, ballots, moderation)
_BY_NAME = {part.name: part for of in _OF for part in of.PARTS}
# As they are listed in the archive: what one has said before what the site noted.
_FIRST = ["account", "email_addresses", "memberships", "comments"]
PARTS = [_BY_NAME[name] for name in [*_FIRST, *(name for name in _BY_NAME if name not in _FIRST)]]
