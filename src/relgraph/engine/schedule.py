"""Which step comes first, and how long it will still take: arithmetic on how long steps took before."""

from collections.abc import Mapping, Sequence

__all__ = ["durations", "priorities", "time_left"]


def durations(ids: Sequence[str], seconds: Mapping[str, float]) -> list[float]:
    """How long each step will take, from its last run; for one that never ran the median of the others, 1.0 where there is none."""
    known = sorted(seconds[name] for name in ids if name in seconds)
    usual = known[len(known) // 2] if known else 1.0
    return [seconds.get(name, usual) for name in ids]


def priorities(took: Sequence[float], waits: Sequence[Sequence[int]]) -> list[float]:
    """By step, the time from its start to the end of the longest chain of steps that begins with it.

    ``waits`` are, by step, the numbers of the steps before it; every step comes after those. Taking the highest first is the
    critical-path rule.
    """
    chain = [0.0] * len(took)
    for index in range(len(took) - 1, -1, -1):
        chain[index] += took[index]
        for before in waits[index]:
            chain[before] = max(chain[before], chain[index])
    return chain


def time_left(work: float, chain: float, workers: int) -> float:
    """Seconds until the end at the earliest: ``work`` shared by all workers, but no less than the longest chain."""
    return max(chain, work / max(1, workers))
