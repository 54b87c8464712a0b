"""Why something with a group or a membership is not done: said to the person, no error of the program."""


class NameTaken(Exception):  # noqa: N818 - said to the person, not an error of the program
    """Somebody in the group is called that already, or so nearly that one could be taken for the other."""


class Barred(Exception):  # noqa: N818 - as above
    """The person is suspended, or was removed for a time, and does not come back before; `membership` says more."""

    def __init__(self, membership):
        super().__init__(membership)
        self.membership = membership


class LastOwner(Exception):  # noqa: N818 - as above
    """The group would be left without an owner."""


class Suspended(Exception):  # noqa: N818 - as above
    """Who is suspended cannot be made an owner, and an owner cannot be suspended."""


class NotForYou(Exception):  # noqa: N818 - as above
    """An invitation that was mailed to an address which is not this account's."""


class AskedAlready(Exception):  # noqa: N818 - as above
    """What this person has asked before is still open."""
