"""Ballots at random: with ties, circles, incomplete rankings, one voter, nobody, and what no site would take."""

from random import Random

METHODS = ["approval", "ranking", "choice"]


def profile(number) -> dict:
    """What `count` takes, the same for the same number; the three methods in turn."""
    random = Random(number)
    method = METHODS[number % 3]
    numbers = random.sample(range(1, 12), random.choice([1, 2, 3, 3, 4, 4, 5, 5, 6, 7]))
    voters = random.choice([0, 1, 1, 2, 3, 4, 5, 7, 12])
    maker = random.choice([circle, usual, usual, usual, of_one_mind]) if method == "ranking" else usual
    papers = {f"{random.getrandbits(64):016x}": maker(random, method, numbers, at) for at in range(voters)}
    return {
        "method": method,
        "options": [option(random, one) for one in numbers],
        "papers": papers,
        "electors": voters + random.choice([0, 0, 1, 5]),
        "quorum": random.choice([0, 0, 20, 50, 67, 100]),
        "seats": random.choice([1, 1, 1, 2, 3, 9]),
    }


def option(random, number):
    """Few supporters and few days, so that they are often equal; sometimes no proposal at all."""
    day = random.choice(
        ["", "2026-01-03T10:00:00.000000Z", "2026-01-03T10:00:00.000001Z", "2026-02-01T00:00:00.000000Z"]
    )
    return {"number": number, "supporters": random.choice([0, 0, 1, 2]) if day else 0, "proposed_at": day}


def usual(random, method, numbers, _at):
    paper = {"reason": "Because."} if random.random() < 0.2 else {}
    if random.random() < 0.12:
        return paper | {"abstains": True}
    if random.random() < 0.04:
        return paper | random.choice(SPOILT[method])
    if method == "ranking":
        ranked = random.sample(numbers, random.randint(0, len(numbers)))
        return paper | {"ranks": {str(one): random.randint(1, max(1, len(numbers) - 1)) for one in ranked}}
    if method == "choice":
        return paper | {"named": [random.choice(numbers)]}
    return paper | {"named": random.sample(numbers, random.randint(0, len(numbers)))}


def circle(_random, _method, numbers, at):
    """Everybody's order is the one before it, moved on by one: A > B > C, B > C > A, C > A > B."""
    moved = numbers[at % len(numbers) :] + numbers[: at % len(numbers)]
    return {"ranks": {str(one): place for place, one in enumerate(moved, 1)}}


def of_one_mind(random, _method, numbers, at):
    """Two camps, one the mirror of the other."""
    order = sorted(numbers, reverse=at % 2 == 1)
    return {"ranks": {str(one): place for place, one in enumerate(order[: random.randint(1, len(order))], 1)}}


# What comes from no form: it counts for nothing.
SPOILT = {
    "approval": [{"named": [99]}, {"ranks": {"1": 1}}, {"named": [1], "abstains": True}, {}],
    "ranking": [{"ranks": {"99": 1}}, {"named": [1]}, {"ranks": {}, "abstains": True}, {}],
    "choice": [{"named": []}, {"named": [99]}, {"ranks": {"1": 1}}, {}],
}
