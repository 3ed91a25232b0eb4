"""What a builder is: what decides its result, and how it is made."""

import threading
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from types import MappingProxyType
from typing import NamedTuple, Protocol

from relgraph.model.graph import Node
from relgraph.model.repository import Tree
from relgraph.oci.codecs.artifact import Artifact
from relgraph.oci.storage import ReadOnlyRepository

__all__ = ["Builder", "Part", "Program", "Recipe", "Release", "Target", "Work"]


class Part(NamedTuple):
    """A node as others see it: its version (plain), how its own tag format writes it, and where it is published.

    ``reference`` has neither tag nor digest. Of what nothing tells a version, ``version`` and ``tag`` are empty. ``repo`` is the
    node of the repository that it is built from, empty where none is known.
    """

    node: str
    version: str
    tag: str
    reference: str
    repo: str = ""


class Release(NamedTuple):
    """The commit that is built: the repository's node, full commit id, committer's time (seconds since the epoch), and its tag or empty."""

    repo: str
    commit: str
    time: int
    tag: str = ""


class Target(NamedTuple):
    """One node that is to be built.

    ``own`` is the node itself, ``uses`` what it refers to or contains, by node id. ``options`` are the values of its ``build``
    field (plain values; the builder's own word is among them), ``stamp`` those of its ``stamp`` field. ``tree`` are the
    files of its repository at the commit; reading them is all that planning may do. ``templates`` are the workspace's
    own template files for this node, by path below its template folder. ``contains`` are the nodes that it holds as
    parts, by id.
    """

    node: Node
    own: Part
    uses: Mapping[str, Part]
    release: Release
    options: Mapping[str, object]
    stamp: Mapping[str, object]
    tree: Tree
    templates: Mapping[str, bytes]
    contains: Mapping[str, Node] = MappingProxyType({})


class Recipe(NamedTuple):
    """What decides the result of a build: all of it, or a changed input goes unnoticed.

    ``facts`` are plain JSON values (options, versions, platforms, the builder's own format number); ``paths`` patterns of the tree's
    files that are read (their content enters the key); ``needs`` nodes whose *digest* is built in; ``tools`` programs whose
    ``--version`` enters the key; ``environment`` names variables that are passed on; ``pool`` names what only one build at
    a time may use (an engine, a cache folder), or is empty.
    """

    facts: Mapping[str, object]
    paths: tuple[str, ...] = ("**",)
    needs: tuple[str, ...] = ()
    tools: tuple[str, ...] = ()
    environment: tuple[str, ...] = ()
    pool: str = ""
    bases: tuple[str, ...] = ()


class Program(Protocol):
    """Runs a program in a process group of its own, its output in the step's log; it ends when the run is cancelled."""

    def __call__(
        self, argv: Sequence[str], *, cwd: Path | None = None, env: Mapping[str, str] | None = None, data: bytes = b""
    ) -> bytes:
        """Run to the end and return standard output. ``env`` is added to the step's environment.

        Raises :class:`~relgraph.errors.EnvironmentFailure` where the program is missing or ends with another status than 0.
        """


class Work(NamedTuple):
    """What a builder has at hand while it builds.

    ``checkout()`` is a folder of this build's own with the files of the commit that match the recipe's paths, as
    git has them (modes, links); ``scratch`` an empty folder. ``digests`` are those of the nodes in :attr:`Recipe.needs`, ``built``
    repositories to read them from; under their references those of :attr:`Recipe.bases`, too. ``say`` adds a line to the step's log. ``stop`` is set when the run is
    cancelled. ``environment`` is all that programs are given.
    """

    target: Target
    checkout: Callable[[], Path]
    scratch: Path
    digests: Mapping[str, str]
    built: Mapping[str, ReadOnlyRepository]
    run: Program
    say: Callable[[str], None]
    stop: threading.Event
    environment: Mapping[str, str]


class Builder(NamedTuple):
    """One way to build. ``name`` is its word under ``build:``; ``kinds`` the kinds of nodes that it makes.

    ``plan`` is pure: it reads the tree and says what decides the result; it raises
    :class:`~relgraph.errors.DeclarationError` for what cannot be built, with everything that is wrong in ``details``. ``build`` makes
    the artifact: its sources may lie in ``scratch``, which lives until the artifact is stored.
    """

    name: str
    kinds: tuple[str, ...]
    about: str
    plan: Callable[[Target], Recipe]
    build: Callable[[Work], Artifact]
