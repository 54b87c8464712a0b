"""Why something cannot be done with a session, or not now."""


class StaleSession(Exception):  # noqa: N818 - said to the person, not an error of the program
    """Somebody else has changed the session since this person opened it; `session` is as it stands now."""

    def __init__(self, session):
        super().__init__(session)
        self.session = session


class NotPossible(Exception):  # noqa: N818 - as above
    """This cannot be done with a session in its state: answer to a cancelled one, schedule one without a time."""


class NoPlaceForGuests(Exception):  # noqa: N818 - as above
    """There is a place for only so many guests: `free`."""

    def __init__(self, free):
        super().__init__(free)
        self.free = free


class StaleSeries(Exception):  # noqa: N818 - as above
    """Somebody else has changed the series since this person opened it; `series` is as it stands now."""

    def __init__(self, series):
        super().__init__(series)
        self.series = series


class TooMany(Exception):  # noqa: N818 - as above
    """A rule gives more sessions than are made at once; `most` is how many are."""

    def __init__(self, most):
        super().__init__(most)
        self.most = most


class NoneLeft(Exception):  # noqa: N818 - as above
    """Nothing is left to change: a rule without a session, or a series that is over."""


class PlannedAlready(Exception):  # noqa: N818 - as above
    """Some of these paragraphs stand in a session already."""


class TooFewDates(Exception):  # noqa: N818 - as above
    """A series has fewer sessions that nothing is read for yet than there are parts; `dates` is how many."""

    def __init__(self, dates):
        super().__init__(dates)
        self.dates = dates


class PollIsOver(Exception):  # noqa: N818 - as above
    """A date poll takes no answers any more: a time was picked, its last moment has passed, or it was cancelled."""


class ProposedAlready(Exception):  # noqa: N818 - as above
    """That time is proposed already."""


class TooManyTimes(Exception):  # noqa: N818 - as above
    """A poll with so many times that nobody would read them."""


class StaleAgenda(Exception):  # noqa: N818 - as above
    """Somebody has changed the agenda, or gone on to another item, since; `agenda` is as it stands now."""

    def __init__(self, agenda):
        super().__init__(agenda)
        self.agenda = agenda


class HasMinutes(Exception):  # noqa: N818 - as above
    """Something is written about an item that is to be taken off the agenda."""


class StaleMinutes(Exception):  # noqa: N818 - as above
    """Somebody has written there since; `entry` is as it stands now."""

    def __init__(self, entry):
        super().__init__(entry)
        self.entry = entry


class TooManyOutcomes(Exception):  # noqa: N818 - as above
    """One item has as many decisions and answers as it can."""
