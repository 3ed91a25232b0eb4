"""What a workspace derives, as values."""

from typing import NamedTuple

from relgraph.engine.prepare import Prepared

__all__ = ["ACTION", "Derivation", "World"]

#: The name of the executor that makes derived files, and the first word of its steps' ids.
ACTION = "derive"


class Derivation(NamedTuple):
    """The derived files of one repository: its node, its work tree's folder (absolute) and the plan.

    ``each`` are the patterns that its nodes are repeated for, ``found`` the files that each matched when the plan was drawn up.
    ``places`` are the other nodes whose files lie in the repository, with a pattern of their files: derived files may be among them.
    ``repeated`` are the nodes with ``each``: their id, that pattern, and their outputs as declared.
    """

    repo: str
    root: str
    each: tuple[str, ...]
    found: tuple[tuple[str, ...], ...]
    prepared: Prepared
    places: tuple[tuple[str, str], ...]
    repeated: tuple[tuple[str, str, tuple[str, ...]], ...]


class World(NamedTuple):
    """A graph's name, its derivations, and the repositories with derived files that have no work tree here."""

    graph: str
    derivations: tuple[Derivation, ...]
    missing: tuple[str, ...]
