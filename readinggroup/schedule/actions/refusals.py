"""Why something cannot be done with a session, or not now."""


class StaleSession(Exception):  # noqa: N818 - said to the person, not an error of the program
    """Somebody else has changed the session since this person opened it; `session` is as it stands now."""

    def __init__(self, session):
        super().__init__(session)
        self.session = session


class NotPossible(Exception):  # noqa: N818 - as above
    """This cannot be done with a session in its state: answer to a cancelled one, schedule one without a time."""


class NoPlaceForGuests(Exception):  # noqa: N818 - as above
    """There are only so many places left for guests of somebody who has one themselves."""

    def __init__(self, free):
        super().__init__(free)
        self.free = free


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
