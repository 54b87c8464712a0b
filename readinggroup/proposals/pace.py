"""How long a text takes, for one reader and at the pace of the group."""

from datetime import timedelta
from typing import NamedTuple

from readinggroup.readings.lengths import minutes_for
from readinggroup.readings.models import ReadingState

A_WEEK = timedelta(days=7)


class Length(NamedTuple):
    """How long a text is: in words, in minutes of reading, and in weeks as this group reads (None: nobody knows)."""

    words: int
    minutes: int
    weeks: int | None

    @property
    def hours(self):
        """The same in hours, from two on."""
        return round(self.minutes / 60) if self.minutes >= 120 else 0


def length_of(words, pace) -> Length | None:
    """The length in words and in time; None where nobody has said how long it is."""
    if not words:
        return None
    return Length(words, minutes_for(words), max(1, round(words / pace)) if pace else None)


def words_a_week(group) -> float | None:
    """How many words the group reads in a week, by the texts that it has finished; None if there are none yet."""
    finished = group.readings.filter(state=ReadingState.FINISHED, begun_at__isnull=False, finished_at__isnull=False)
    words, weeks = 0, 0.0
    for read, begun, ended in finished.values_list("edition__current__words", "begun_at", "finished_at"):
        if read and ended - begun >= timedelta(days=1):  # who says so afterwards has read at no pace
            words, weeks = words + read, weeks + (ended - begun) / A_WEEK
    return words / weeks if weeks else None
