"""The longest common subsequence of two rows of signs, in bounded memory.

Bit-parallel (Hyyrö 2004) where a matrix of old times new bits is small; longer rows are cut first at signs that stand
once in either, in the order that both have (patience diff).
"""

from collections import Counter

from rapidfuzz.distance import LCSseq

from .rising import rising_chain

_MOST = 200_000_000  # bits of the matrix


def operations(old: str, new: str) -> list[tuple[int, int, int, int, bool]]:
    """Runs that are equal and runs that are not, in order: from, to, from, to, whether equal."""
    if len(old) * len(new) <= _MOST:
        return _small(old, new, 0, 0)
    alone = {sign for sign, count in Counter(old).items() if count == 1}
    places = {sign: at for at, sign in enumerate(new) if sign in alone}
    alone = {sign for sign, count in Counter(new).items() if count == 1} & places.keys()
    pairs = [(at, places[sign]) for at, sign in enumerate(old) if sign in alone]
    found, i, j = [], 0, 0
    for here, there in [*rising_chain(pairs, [1] * len(pairs)), (len(old), len(new))]:
        if (here - i) * (there - j) <= _MOST:
            found += _small(old[i:here], new[j:there], i, j)
        else:
            found.append((i, here, j, there, False))
        if here < len(old):
            found.append((here, here + 1, there, there + 1, True))
        i, j = here + 1, there + 1
    return _joined(found)


def _small(old, new, i, j):
    return [
        (i + one.src_start, i + one.src_end, j + one.dest_start, j + one.dest_end, one.tag == "equal")
        for one in LCSseq.opcodes(old, new)
    ]


def _joined(found):
    """Neighbouring runs of one kind as one."""
    joined = []
    for run in found:
        if joined and joined[-1][4] == run[4]:
            joined[-1] = (joined[-1][0], run[1], joined[-1][2], run[3], run[4])
        else:
            joined.append(run)
    return joined
