"""The order that two sides share: the heaviest rising chain of pairs (Hunt and Szymanski 1977; Fredman 1975)."""

from bisect import bisect_right


def rising_chain(pairs, weights) -> list[tuple[int, int]]:
    """The heaviest of the subsequences that rise on both sides; `pairs` are sorted and differ on the first side."""
    ends, best, came_from, chain_end = [], [], {}, None
    # `ends[k]` rises with `best[k]`: the chain that ends at this second number, and its weight and last pair.
    for (i, j), weight in zip(pairs, weights, strict=True):
        at = bisect_right(ends, j - 1)
        total, before = (best[at - 1][0] + weight, best[at - 1][1]) if at else (weight, None)
        came_from[i, j] = before
        while at < len(ends) and best[at][0] <= total:
            del ends[at], best[at]
        if at == 0 or best[at - 1][0] < total:
            ends.insert(at, j)
            best.insert(at, (total, (i, j)))
    chain_end = best[-1][1] if best else None
    chain = []
    while chain_end is not None:
        chain.append(chain_end)
        chain_end = came_from[chain_end]
    return chain[::-1]
