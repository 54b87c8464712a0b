"""A closed ballot as it is published: all that its count is made of, so that anybody can redo it."""

from datetime import UTC
from inspect import getsource

from . import counting

FORMAT = "%Y-%m-%dT%H:%M:%S.%fZ"  # the moments of a ballot, in an order that is that of their letters


def moment(at) -> str:
    """A moment as the published ballot holds it; "" for none."""
    return at.astimezone(UTC).strftime(FORMAT) if at else ""


def options_of(ballot) -> list[dict]:
    """The options, with what breaks their ties, as the count takes them."""
    return [
        {
            "number": option.number,
            "title": option.title,
            "supporters": option.supporters,
            "proposed_at": moment(option.proposed_at),
        }
        for option in ballot.options.all()
    ]


def counted(ballot) -> dict:
    """What the papers of the ballot say. Three queries; whoever closes it holds the box."""
    return counting.count(
        method=ballot.method,
        options=options_of(ballot),
        papers=ballot.box.papers,
        electors=ballot.electors.count(),
        quorum=ballot.quorum,
        seats=ballot.seats,
    )


def published(ballot, *, names=None) -> dict:
    """The ballot with its papers and its result, for a JSON file. Of a closed one only.

    In an open ballot each paper has the name of its voter, if `names` are given: by the key that the paper holds.
    """
    return {
        "ballot": {
            "id": ballot.public_id,
            "question": ballot.question,
            "words": ballot.words,
            "method": ballot.method,
            "secret": ballot.is_secret,
            "quorum": ballot.quorum,
            "seats": ballot.seats,
            "tie_rule": [counting.SUPPORTERS, counting.AGE, counting.DRAW],
            "opened_at": moment(ballot.opened_at),
            "closed_at": moment(ballot.closed_at),
        },
        "options": options_of(ballot),
        "electors": ballot.electors.count(),
        "papers": {receipt: told(paper, names) for receipt, paper in sorted(ballot.box.papers.items())},
        "result": ballot.result,
    }


def told(paper, names) -> dict:
    """One paper for everybody: without its voter, or with their name where that may be told."""
    shown = {key: value for key, value in paper.items() if key != "by"}
    if names and "by" in paper:
        shown["name"] = names.get(str(paper["by"]), "")
    return shown


def script() -> str:
    """The count as one Python file, which needs nothing else."""
    return getsource(counting)
