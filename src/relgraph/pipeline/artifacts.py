"""What a release would publish, as frozen values: the outcome of evaluating a pipeline for one git tag."""

from enum import StrEnum
from typing import NamedTuple

from relgraph.model.site import Span
from relgraph.pipeline.value import Value

__all__ = [
    "Artifact",
    "ArtifactKind",
    "ChartImage",
    "Derived",
    "Leak",
    "Packaging",
    "Plan",
    "Problem",
    "Push",
    "Spot",
    "Stamp",
    "Trigger",
]


class Spot(NamedTuple):
    """A stretch of one file of the evaluated tree."""

    path: str
    span: Span


class ArtifactKind(StrEnum):
    """What sort of thing is published."""

    IMAGE = "image"
    CHART = "chart"
    ASSET = "asset"
    RELEASE = "release"


class ChartImage(NamedTuple):
    """An image reference within a published chart, as it is after stamping and with the chart's own default values.

    ``repository`` and ``tag`` are evaluated (``tag`` is empty where the reference has none). ``written`` is where the
    reference stands in the tree; ``stamps`` are the places whose execution wrote it, innermost last.
    """

    repository: Value
    tag: Value
    written: Spot | None
    stamps: tuple[Spot, ...] = ()


class Artifact(NamedTuple):
    """One thing that would be published.

    ``name`` is ``registry/repository`` of an image, ``oci://registry/path/name`` of a chart in a registry,
    ``https://repo.example#name`` of one in a chart repository, or a file's name; ``tags`` are all names it gets there.
    ``source`` is the chart's folder, the ``main`` of a Go program or the folder of a Dockerfile. ``places`` lead from the
    workflow to the line that publishes it. ``conditional``: only on a branch whose condition is not known. ``by_tag``: a
    pushed git tag (or a release) starts the pipeline.
    """

    kind: ArtifactKind
    name: Value
    tags: tuple[Value, ...]
    source: str = ""
    places: tuple[Spot, ...] = ()
    version: Value | None = None
    app_version: Value | None = None
    images: tuple[ChartImage, ...] = ()
    version_spot: Spot | None = None
    conditional: bool = False
    by_tag: bool = True


class Stamp(NamedTuple):
    """One edit of a tracked file while the pipeline runs.

    ``tool`` is ``sed``, ``yq`` or ``kustomize``; ``pattern`` what it looks for, as evaluated; ``matched`` whether it found
    that in the tree at that moment (None: cannot be told); ``exists`` whether the file was there. ``written`` are the lines
    that it changed, as they are afterwards.
    """

    tool: str
    path: str
    pattern: Value
    matched: bool | None
    exists: bool
    written: tuple[Value, ...]
    places: tuple[Spot, ...]
    conditional: bool = False
    by_tag: bool = True


class Derived(NamedTuple):
    """A tracked file that the pipeline writes anew, with the image references that it gets: repository, tag, source."""

    path: str
    images: tuple[tuple[str, str, Spot], ...]
    places: tuple[Spot, ...]


class Push(NamedTuple):
    """One ``helm push``: the package that goes out, and where to."""

    chart: Value
    remote: Value
    places: tuple[Spot, ...]
    spot: Spot | None = None
    by_tag: bool = True


class Packaging(NamedTuple):
    """One ``helm package``: the chart's folder and name, what it says in the end, and where that was given (None: it was not)."""

    folder: str
    name: Value
    version: Value
    app_version: Value | None
    version_spot: Spot | None
    app_version_spot: Spot | None
    spot: Spot | None
    places: tuple[Spot, ...]
    by_tag: bool = True


class Leak(NamedTuple):
    """A variable of the environment that fills a Makefile's ``?=`` variable of the same name where a recipe uses it.

    ``given`` is the environment's value, ``default`` the Makefile's own, ``target`` what was being made.
    """

    name: str
    given: Value
    default: Value
    target: str
    default_spot: Spot
    places: tuple[Spot, ...]


class Problem(NamedTuple):
    """Something that could not be evaluated, or that would fail: a short sentence and where."""

    message: str
    places: tuple[Spot, ...] = ()


class Trigger(NamedTuple):
    """What starts a pipeline: its file, and the events (``push-tag``, ``release``, ``create``, ``dispatch``, ``call``,
    ``pull-request``, ``other``)."""

    path: str
    events: tuple[str, ...]


class Plan(NamedTuple):
    """All that the pipelines of one tree would do for one git tag.

    ``rewritten`` are the tracked files that they change, ``opaque`` files and folders that commands which are not understood
    may have changed (the empty string: all).
    """

    tag: str
    artifacts: tuple[Artifact, ...] = ()
    stamps: tuple[Stamp, ...] = ()
    pushes: tuple[Push, ...] = ()
    packagings: tuple[Packaging, ...] = ()
    derived: tuple[Derived, ...] = ()
    leaks: tuple[Leak, ...] = ()
    rewritten: frozenset[str] = frozenset()
    opaque: frozenset[str] = frozenset()
    problems: tuple[Problem, ...] = ()
    triggers: tuple[Trigger, ...] = ()

    def may_rewrite(self, path: str) -> bool:
        """Whether the file is, or may be, changed by the pipelines."""
        return path in self.rewritten or any(prefix in ("", path) or path.startswith(f"{prefix}/") for prefix in self.opaque)

    def published(self, kind: ArtifactKind, name: str) -> tuple[Artifact, ...]:
        """The artifacts of that kind and (fully known) name which a pushed tag publishes."""
        return tuple(a for a in self.artifacts if a.kind is kind and a.by_tag and a.name.text == name)
