"""Release records as values: what one release published."""

from typing import NamedTuple

__all__ = ["Item", "Record", "Withdrawal"]


class Item(NamedTuple):
    """One published artifact. ``reference`` has neither tag nor digest, as the graph declares it; ``uses`` are the versions
    (as written) of what it refers to, by node id; ``key`` is that of its build."""

    node: str
    builder: str
    reference: str
    tag: str
    digest: str
    media_type: str
    key: str = ""
    uses: tuple[tuple[str, str], ...] = ()


class Withdrawal(NamedTuple):
    """That a release is broken: why, and what to use in its place (a version, or empty)."""

    reason: str
    replacement: str = ""


class Record(NamedTuple):
    """A release: the repository's name in the graph, its version (plain) and tag, the commit and its time (ISO 8601, UTC), the graph's
    name, what was published (by node id), and the fingerprints of the keys that signed it."""

    repo: str
    version: str
    tag: str
    commit: str
    time: str
    graph: str
    items: tuple[Item, ...]
    signed_by: tuple[str, ...] = ()
    withdrawn: Withdrawal | None = None
