"""What one reader may do at each comment of a page, as HTML."""

from readinggroup.groups.permissions import Can, may
from readinggroup.lib.stamps import Stamp, slot, stamp

from .models import State
from .questions import question_act
from .reactions import reaction_bar


class Acts:
    """Made for one request: what the reader may do in the group is asked once, and comments alike share a stamp.

    A page holds hundreds of comments of some ten kinds. To fill one slot takes a tenth of choosing stamp and marks.
    """

    def __init__(self, membership, me, names):
        self.me, self.names = me, names  # the reader's key, or None; what `naming.names_for` answers
        self.may_discuss, self.may_settle, self.may_moderate = (
            may(membership, verb) for verb in (Can.DISCUSS, Can.SETTLE_QUESTIONS, Can.MODERATE)
        )
        self.unmarked = {}

    def at(self, row, marks=None, *, muted=False) -> str:
        """The acts at the comment of this row (`KeptTalk.rows`); `marks` is kind -> people's keys, if it has any."""
        _pk, public_id, author, _sequence, state, shown, asks, locked = row
        mine = author == self.me
        question = question_act(asks, self.me, may_settle=self.may_settle)
        kind = (state, mine, shown, asks.is_thread, question, locked, muted)
        if marks:
            return self.stamp(*kind, self.bar(public_id, state, mine, marks)).fill({"id": public_id})
        if kind not in self.unmarked:
            self.unmarked[kind] = self.stamp(*kind, self.bar(slot("id"), state, mine, {}))
        return self.unmarked[kind].fill({"id": public_id})

    def bar(self, public_id, state, mine, marks) -> str:
        may_react = self.may_discuss and not mine and state == State.VISIBLE
        return reaction_bar(public_id, marks, self.me, self.names, may_react=may_react)

    def stamp(self, state, mine, shown, is_thread, question, locked, muted, bar) -> Stamp:
        acts = stamp(
            "discussion/_acts.html",
            ("id", "bar"),
            state=state,
            mine=mine,
            shown=shown,
            has_bar=bar != "",
            is_thread=is_thread,
            question=question,
            may_discuss=self.may_discuss,
            may_answer=self.may_discuss and not locked,
            muted=muted,
            may_moderate=self.may_moderate,
        )
        return Stamp(acts.fill({"id": slot("id"), "bar": bar}))
