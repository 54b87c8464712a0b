#!/usr/bin/env python3
"""The count of a ballot, for the site and for everybody: `python3 recount.py ballot.json` needs nothing but Python.

What is counted

A paper names options ("named": approval, one choice), or puts them in an order ("ranks": 1 is best, equal ranks are
equal, what is not ranked is below all that is), or abstains. A paper that is none of these is spoilt: it is listed, and
counts for nothing. All others count for the quorum, also those that abstain.

- Approval, one choice: the more papers name an option, the higher it stands.
- Ranking (Schulze, https://arxiv.org/abs/1804.02973): of two options A and B, `pairwise` says on how many papers A is
  above B. Where these are more than those with B above A, A is linked to B, as strongly as they are many ("winning
  votes" alone: between links that are equally strong nothing else decides). A path is as strong as its weakest link.
  A beats B if the strongest path from A to B is stronger than that from B to A. Above stand the options that none
  beats; then those that none of the rest beats; and so on.

Options that stand level are in a tie. It is broken by more supporters when the ballot opened, then by the older
proposal (an option that is no proposal is younger than all), then by a draw that everybody can redo: the options in the
order of SHA-256(seed + number), where the seed is the SHA-256 of the votes by their receipts, as canonical JSON.

Chosen are the first ones, as many as there are seats, but none that stands on no paper; nobody, if the papers are fewer
than the quorum asks.

This module knows neither the site nor its database. It is also the file that one can take along.
"""

import hashlib
import json
import sys

APPROVAL, RANKING, CHOICE = "approval", "ranking", "choice"
CHOSEN, NO_QUORUM, NO_VOTE = "chosen", "no_quorum", "no_vote"
SUPPORTERS, AGE, DRAW = "supporters", "age", "draw"  # what breaks a tie, in this order
RECEIPT = 16  # hex digits


def count(method, options, papers, electors, quorum, seats=1) -> dict:
    """What the papers say, as a dict that JSON can hold.

    `options` are dicts with `number`, `supporters` and `proposed_at` (a moment in one form, or nothing); `papers` are
    by receipt; `electors` is how many may vote; `quorum` a percentage of them.
    """
    options = sorted(options, key=lambda option: option["number"])
    numbers = [option["number"] for option in options]
    votes, abstentions, spoilt = sorted_out(method, numbers, papers)
    tally = tally_of(numbers, votes)
    result = {
        "method": method,
        "electors": electors,
        "papers": len(votes) + abstentions,
        "abstentions": abstentions,
        "spoilt": spoilt,
        "quorum": quorum,
        "needed": -(-quorum * electors // 100),
        "seats": seats,
        "numbers": numbers,
        "tally": {str(number): tally[number] for number in numbers},
        "seed": seed_of(papers),
    }
    if method == RANKING:
        pairwise = pairwise_of(numbers, votes)
        paths = strongest_paths(links_of(pairwise))
        result["pairwise"], result["paths"] = pairwise, paths
        levels = levels_by_paths(numbers, paths)
    else:
        levels = levels_by_tally(numbers, tally)
    result["levels"] = levels
    result["ties"] = [broken(level, options, result["seed"]) for level in levels if len(level) > 1]
    orders = {tuple(tie["options"]): tie["order"] for tie in result["ties"]}
    result["order"] = [number for level in levels for number in orders.get(tuple(level), level)]
    result["outcome"], result["winners"] = outcome_of(result, [one for one in result["order"] if tally[one]])
    return result


def outcome_of(result, standing):
    """What came of it, and who is chosen of those that stand on a paper, who are in their order."""
    if result["papers"] < result["needed"]:
        return NO_QUORUM, []
    return (CHOSEN, standing[: result["seats"]]) if standing else (NO_VOTE, [])


# --- Papers ---------------------------------------------------------------------------------------------------------


def sorted_out(method, numbers, papers):
    """The votes, each a set of numbers or a dict of ranks; how many abstain; the receipts of what is spoilt."""
    votes, abstentions, spoilt = [], 0, []
    for receipt in sorted(papers):
        paper = papers[receipt]
        vote = vote_on(paper, method, numbers)
        if vote is not None:
            votes.append(vote)
        elif isinstance(paper, dict) and paper.get("abstains") is True and not {"named", "ranks"} & set(paper):
            abstentions += 1
        else:
            spoilt.append(receipt)
    return votes, abstentions, spoilt


def vote_on(paper, method, numbers):
    """The numbers that the paper names, or the ranks that it gives; None if it does neither as the method asks."""
    key = "ranks" if method == RANKING else "named"
    if not isinstance(paper, dict) or {"named", "ranks", "abstains"} & set(paper) != {key}:
        return None
    said = paper[key]
    if method == RANKING:
        known = {str(number): number for number in numbers}
        if not isinstance(said, dict) or not all(option in known and is_rank(said[option]) for option in said):
            return None
        return {known[option]: rank for option, rank in said.items()}
    if not isinstance(said, list) or not all(is_rank(number) and number in numbers for number in said):
        return None
    return None if method == CHOICE and len(set(said)) != 1 else set(said)


def is_rank(value) -> bool:
    """Whether it is a whole number from 1 on. `True` is none, though Python takes it for 1."""
    return isinstance(value, int) and not isinstance(value, bool) and value >= 1


def tally_of(numbers, votes) -> dict:
    """On how many papers each option stands."""
    return {number: sum(number in vote for vote in votes) for number in numbers}


def seed_of(papers) -> str:
    """What a draw is made with: the fingerprint of all votes by their receipts, without reasons and names."""
    votes = {
        receipt: {key: paper[key] for key in ("named", "ranks", "abstains") if key in paper}
        for receipt, paper in papers.items()
        if isinstance(paper, dict)
    }
    return sha256(json.dumps(votes, sort_keys=True, separators=(",", ":")))


def sha256(text) -> str:
    return hashlib.sha256(text.encode("ascii")).hexdigest()


# --- Who stands above whom ------------------------------------------------------------------------------------------


def levels_by_tally(numbers, tally) -> list:
    """The options by how many papers name them; those that as many name stand level."""
    return [
        [number for number in numbers if tally[number] == height]
        for height in sorted(set(tally.values()), reverse=True)
    ]


def pairwise_of(numbers, votes) -> list:
    """In the row of each option: on how many papers it is above that of the column."""

    def above(one, other, ranks):
        return one in ranks and (other not in ranks or ranks[one] < ranks[other])

    return [[sum(above(one, other, ranks) for ranks in votes) for other in numbers] for one in numbers]


def links_of(pairwise) -> list:
    """In the row of each option: how strongly it is linked to that of the column; 0 where it is not."""
    size = range(len(pairwise))
    return [[pairwise[i][j] if pairwise[i][j] > pairwise[j][i] else 0 for j in size] for i in size]


def strongest_paths(links) -> list:
    """In the row of each option: the strength of the strongest path to that of the column (Floyd and Warshall)."""
    paths = [list(row) for row in links]
    size = range(len(paths))
    for over in size:
        for start in size:
            if start == over:
                continue
            for end in size:
                if end not in (start, over):
                    paths[start][end] = max(paths[start][end], min(paths[start][over], paths[over][end]))
    return paths


def levels_by_paths(numbers, paths) -> list:
    """First the options that none beats, then those that none of the rest beats, and so on."""
    rest, levels = list(range(len(numbers))), []
    while rest:
        level = [one for one in rest if all(paths[one][other] >= paths[other][one] for other in rest)]
        levels.append([numbers[one] for one in level])
        rest = [one for one in rest if one not in level]
    return levels


# --- Ties -----------------------------------------------------------------------------------------------------------


def broken(level, options, seed) -> dict:
    """The tie between these: their order, and which of the rules it took to find it, with what was drawn."""
    tied = {option["number"]: option for option in options if option["number"] in level}
    draw = {number: sha256(f"{seed}{number}") for number in level}
    moments = sorted({tied[number].get("proposed_at") for number in level if tied[number].get("proposed_at")})
    keys = {
        SUPPORTERS: {number: -tied[number].get("supporters", 0) for number in level},
        AGE: {
            number: moments.index(tied[number]["proposed_at"]) if tied[number].get("proposed_at") else len(moments)
            for number in level
        },
        DRAW: draw,
    }
    groups, steps = [list(level)], []
    for rule, key in keys.items():
        if len(groups) == len(level):
            break
        parted = [part for group in groups for part in parted_by(group, key)]
        if len(parted) > len(groups):
            steps.append({"rule": rule, "groups": parted})
        groups = parted
    drawn = {str(number): draw[number] for number in level} if steps[-1]["rule"] == DRAW else {}
    return {"options": list(level), "order": [number for (number,) in groups], "steps": steps, "draw": drawn}


def parted_by(group, key) -> list:
    """The group, parted into those of equal key, lowest first."""
    return [[number for number in group if key[number] == value] for value in sorted({key[one] for one in group})]


# --- For everybody --------------------------------------------------------------------------------------------------


def recount(document) -> dict:
    """The count of a published ballot: a dict as the site lets one download it, without a look at its result."""
    ballot = document["ballot"]
    return count(
        method=ballot["method"],
        options=document["options"],
        papers=document["papers"],
        electors=document["electors"],
        quorum=ballot["quorum"],
        seats=ballot["seats"],
    )


def in_plain_words(document, result):
    """Line by line, what was counted and what came of it."""
    titles = {option["number"]: f"{option['number']}. {option['title']}" for option in document["options"]}
    yield document["ballot"]["question"]
    yield f"{result['electors']} may vote; {result['papers']} papers, {result['abstentions']} of them abstain."
    for receipt in result["spoilt"]:
        yield f"The paper {receipt} is spoilt and counts for nothing."
    yield f"The quorum of {result['quorum']} percent asks for {result['needed']} papers."
    for number in result["numbers"]:
        yield f"On {result['tally'][str(number)]} papers: {titles[number]}"
    if result["method"] == RANKING:
        yield from table("Papers with the option of the row above that of the column:", result, "pairwise")
        yield from table("Strongest paths from the option of the row to that of the column:", result, "paths")
    for tie in result["ties"]:
        yield "Level: " + "; ".join(titles[number] for number in tie["options"])
        for step in tie["steps"]:
            parted = " | ".join(", ".join(map(str, group)) for group in step["groups"])
            yield f"  by {step['rule']}: {parted}"
        for number, drawn in sorted(tie["draw"].items(), key=lambda one: one[1]):
            yield f"  SHA-256({result['seed']}{number}) = {drawn}"
    yield "Order: " + " > ".join(str(number) for number in result["order"])
    chosen = "; ".join(titles[number] for number in result["winners"])
    yield {CHOSEN: f"Chosen: {chosen}", NO_QUORUM: "Nothing is chosen: too few voted."}.get(
        result["outcome"], "Nothing is chosen: no paper names anything."
    )


def own_paper(document, secret):
    """The paper under this receipt, or of this key, whose receipt are the first digits of its SHA-256."""
    try:
        receipt = secret if len(secret) == RECEIPT else hashlib.sha256(bytes.fromhex(secret)).hexdigest()[:RECEIPT]
    except ValueError:
        return f"{secret} is neither a receipt nor a key."
    paper = document["papers"].get(receipt)
    said = json.dumps(paper, ensure_ascii=False) if paper else "there is none"
    return f"The paper under {receipt}: {said}"


def table(caption, result, name):
    """One of the tables of a ranking."""
    yield caption
    wide = max(len(str(cell)) for row in [result["numbers"], *result[name]] for cell in row) + 1
    for head, row in [("", result["numbers"]), *zip(result["numbers"], result[name])]:  # noqa: B905
        yield "  " + "".join(str(cell).rjust(wide) for cell in [head, *row])


def main(arguments) -> int:
    """Recount the file that is named; 1 if the published result is another, 2 if there is no such file.

    Also look up a receipt, or a key, that is given after it: here nobody learns that it is asked for.
    """
    if len(arguments) not in (1, 2):
        sys.stderr.write("Say which file, and your receipt or key if you like: python3 recount.py ballot.json\n")
        return 2
    try:
        with open(arguments[0], encoding="utf-8") as file:  # noqa: PTH123
            document = json.load(file)
        result = recount(document)
        lines = [*in_plain_words(document, result), *(own_paper(document, secret) for secret in arguments[1:])]
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as problem:
        sys.stderr.write(f"{arguments[0]} is not a published ballot: {problem!r}\n")
        return 2
    is_same = result == document.get("result")
    lines.append("The published result is the same." if is_same else "THE PUBLISHED RESULT IS ANOTHER ONE.")
    sys.stdout.buffer.write("".join(f"{line}\n" for line in lines).encode())
    return 0 if is_same else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
