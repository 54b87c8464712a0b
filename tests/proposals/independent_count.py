"""A second count of ballots, written from the definitions and by other means: nothing of the site's is imported.

Strongest paths: B is reached from A over links of at least some strength; the greatest such strength is the path's.
Where few options stand, all paths are walked besides. Levels: how long the longest chain is of options each of which
beats the next. Ties: one sort by everything that breaks them.
"""

import hashlib
from collections import Counter, defaultdict
from fractions import Fraction
from itertools import combinations, pairwise, permutations


def sealed(text):
    return hashlib.sha256(text.encode()).hexdigest()


def is_good(paper, method, numbers):
    """Whether it is a vote as the method asks for it."""
    kinds = [kind for kind in ("named", "ranks", "abstains") if kind in paper]
    if kinds == ["ranks"] and method == "ranking":
        return all(name in map(str, numbers) for name in paper["ranks"])
    if kinds == ["named"] and method != "ranking":
        named = set(paper["named"])
        return named <= set(numbers) and (method == "approval" or len(named) == 1)
    return False


def places(ranks, numbers):
    """All options with a place: who is not ranked comes after all."""
    return {number: ranks.get(str(number), 10**9) for number in numbers}


def preferred(votes, numbers):
    """How many prefer the first of each pair to the second."""
    found = Counter()
    for ranks in votes:
        at = places(ranks, numbers)
        for one, other in combinations(numbers, 2):
            if at[one] != at[other]:
                found[(one, other) if at[one] < at[other] else (other, one)] += 1
    return found


def links(votes, numbers):
    found = preferred(votes, numbers)
    return {pair: many for pair, many in found.items() if many > found[pair[::-1]]}


def reached(start, linked, least):
    """Where one comes from here over links that are at least so strong."""
    there, ahead = set(), [start]
    while ahead:
        here = ahead.pop()
        for (one, other), strength in linked.items():
            if one == here and strength >= least and other not in there:
                there.add(other)
                ahead.append(other)
    return there - {start}


def paths_by_reach(linked, numbers):
    """From the weakest threshold to the strongest: the last one at which the end is still reached."""
    strengths = defaultdict(int)
    for least in sorted(set(linked.values())):
        for start in numbers:
            for end in reached(start, linked, least):
                strengths[start, end] = least
    return strengths


def paths_by_walking(linked, numbers):
    """Every path without a circle, one by one."""
    strengths = defaultdict(int)
    for length in range(2, len(numbers) + 1):
        for path in permutations(numbers, length):
            weakest = min(linked.get(step, 0) for step in pairwise(path))
            strengths[path[0], path[-1]] = max(strengths[path[0], path[-1]], weakest)
    return strengths


def depths(numbers, strengths):
    """For each option the number of options in the longest chain above it."""
    above = {one: [other for other in numbers if strengths[other, one] > strengths[one, other]] for one in numbers}
    known = {}

    def depth(one):
        if one not in known:
            known[one] = 1 + max(map(depth, above[one]), default=-1)
        return known[one]

    return {one: depth(one) for one in numbers}


def seed(papers):
    """The fingerprint of the votes; the JSON is written by hand."""

    def as_json(value):
        if value is True:
            return "true"
        if isinstance(value, dict):
            return "{" + ",".join(f'"{key}":{as_json(value[key])}' for key in sorted(value)) + "}"
        if isinstance(value, list):
            return "[" + ",".join(map(as_json, value)) + "]"
        return str(value)

    kept = {receipt: {k: v for k, v in paper.items() if k not in {"reason", "by"}} for receipt, paper in papers.items()}
    return sealed(as_json(kept))


def independent(*, method, options, papers, electors, quorum, seats):
    """All that can be told of the ballot."""
    numbers = sorted(option["number"] for option in options)
    votes = [paper for _receipt, paper in sorted(papers.items()) if is_good(paper, method, numbers)]
    abstain = [paper for paper in papers.values() if "abstains" in paper and not {"named", "ranks"} & set(paper)]
    found = {"seed": seed(papers), "abstentions": len(abstain), "papers": len(votes) + len(abstain)}
    if method == "ranking":
        rankings = [paper["ranks"] for paper in votes]
        found["tally"] = Counter(int(name) for ranks in rankings for name in ranks)
        found["preferred"] = preferred(rankings, numbers)
        linked = links(rankings, numbers)
        found["paths"] = paths_by_reach(linked, numbers)
        if len(numbers) <= 5:
            walked = paths_by_walking(linked, numbers)
            assert {pair: s for pair, s in walked.items() if s} == {pair: s for pair, s in found["paths"].items() if s}
        depth = depths(numbers, found["paths"])
    else:
        found["tally"] = Counter(number for paper in votes for number in set(paper["named"]))
        depth = {number: -found["tally"][number] for number in numbers}
    found["levels"] = [[one for one in numbers if depth[one] == level] for level in sorted(set(depth.values()))]
    by_number = {option["number"]: option for option in options}

    def standing(number):
        option = by_number[number]
        old = option["proposed_at"] or "9999"
        return depth[number], -option["supporters"], old, sealed(found["seed"] + str(number))

    found["order"] = sorted(numbers, key=standing)
    enough = electors == 0 or Fraction(found["papers"], electors) >= Fraction(quorum, 100)
    named = [number for number in found["order"] if found["tally"][number]]
    found["outcome"] = "no_quorum" if not enough else "chosen" if named else "no_vote"
    found["winners"] = named[:seats] if enough else []
    return found
