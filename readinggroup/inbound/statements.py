"""An answer by mail to what was told of a decision becomes a statement about it, if its writer may make one."""

from django.urls import reverse

from readinggroup.accounts.models import User
from readinggroup.moderation import actions
from readinggroup.moderation.appeal_forms import StatementForm
from readinggroup.moderation.models import Statement
from readinggroup.moderation.seen_decisions import decision_seen_by

from .replies import NotTaken, Why, is_theirs

_OF_THE_ACTION = {actions.NotYours: Why.GONE, actions.TooLate: Why.OVER, actions.TooMany: Why.TODAY}
_OF_THE_FORM = {"required": Why.EMPTY, "max_length": Why.LONG}


def write(reply, person) -> Statement:
    """The statement that the answer is. NotTaken if it cannot be one."""
    if not is_theirs(reply.senders, person):
        raise NotTaken(Why.SENDER)
    said = Statement.objects.filter(by=person, key=reply.key).first()
    if said is not None:  # delivered twice
        return said
    decision, concerned = reply.about
    seen = decision_seen_by(person, decision)
    if seen is None:
        raise NotTaken(Why.GONE)
    address = reverse("moderation:decision", args=[decision])
    if not reply.whole:
        raise NotTaken(Why.LARGE, address=address)
    form = StatementForm({"words": reply.words, "key": reply.key, "to": concerned})
    if not form.is_valid():
        [first, *_others] = form.errors.as_data().get("words", [None])
        raise NotTaken(_OF_THE_FORM.get(getattr(first, "code", None), Why.UNREADABLE), address=address)
    other = User.objects.filter(public_id=concerned).first()
    if other is None:
        raise NotTaken(Why.GONE)
    words = {"words": form.cleaned_data["words"], "key": form.cleaned_data["key"]}
    try:
        return actions.write_statement(decision=seen.decision, person=other, by=person, **words)
    except actions.Stale:  # a copy that was changed on its way: the first one has been taken
        return Statement.objects.get(by=person, key=reply.key)
    except (actions.NotYours, actions.TooLate, actions.TooMany) as refusal:
        raise NotTaken(_OF_THE_ACTION[type(refusal)], address=address) from None
