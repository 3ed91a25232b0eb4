"""Sites: the places where references are written.

A site is the idea that holds the program together: extractors read sites, rules judge them, ``fix`` and ``release`` write
them. A site is a value; it knows the text it stands for and where that text lies, and nothing about being right.
"""

from enum import StrEnum
from typing import NamedTuple

__all__ = ["Kind", "Part", "Pin", "Role", "Site", "Span"]


class Kind(StrEnum):
    """What sort of thing a site refers to; with :attr:`Site.name` it says which one."""

    IMAGE = "image"  #: container image; name = registry/repository, Docker Hub's short names written out
    CHART = "chart"  #: Helm chart; name = "oci://registry/repository" or "https://repo.example#chart" or the bare chart name
    GIT = "git"  #: a git repository by URL; name = "github.com/owner/repo"
    MODULE = "module"  #: Go module; name = module path
    ACTION = "action"  #: GitHub action or reusable workflow; name = "owner/repo" or "owner/repo/path"
    PACKAGE = "package"  #: package of a language registry; name = "npm:react", "pypi:jinja2", "cargo:serde"
    TOOLCHAIN = "toolchain"  #: language toolchain; name = "go", "node", "python", "rust", "java", ...
    VARIABLE = "variable"  #: a value under a name: make, shell, env, values.yaml key, build ARG, Go constant
    FILE = "file"  #: a path of the same repository; name = the path
    GENERATOR = "generator"  #: mark left in generated text; name = the generator ("controller-gen")


class Part(StrEnum):
    """Which part of the reference the span covers."""

    REGISTRY = "registry"
    REPOSITORY = "repository"
    TAG = "tag"
    VERSION = "version"
    DIGEST = "digest"
    REF = "ref"
    PATH = "path"


class Pin(StrEnum):
    """How firmly the written value holds what it refers to."""

    DIGEST = "digest"  #: content hash or full commit id
    EXACT = "exact"  #: one version or one immutable tag
    RANGE = "range"  #: a constraint
    MUTABLE = "mutable"  #: a tag that moves: latest, stable, main, v4 of an action
    BRANCH = "branch"
    PLACEHOLDER = "placeholder"  #: a marker that a later step replaces
    TEMPLATED = "templated"  #: written with a template or variable
    COMPUTED = "computed"  #: the output of a command
    ABSENT = "absent"  #: the reference has no such part (an image without a tag)


class Role(StrEnum):
    """What the sentence around the value says about it."""

    USES = "uses"  #: uses, installs or requires this very version
    MINIMUM = "minimum"  #: needs at least this version
    DECLARES = "declares"  #: states the version of the thing that the file itself belongs to
    DEFAULT = "default"  #: a default that a caller may override (?=, :-, ARG, values)
    MENTION = "mention"  #: sample output, changelog, prose about the past
    RECORD = "record"  #: a record of what was generated or resolved (annotation, lock, SHA map)


class Span(NamedTuple):
    """A stretch of one file: byte offsets from 0 (end exclusive), lines and columns from 1 (columns in code points)."""

    start: int
    end: int
    line: int
    column: int
    end_line: int
    end_column: int


class Site(NamedTuple):
    """One place where a reference is written.

    ``raw`` is the text of the span, exactly; ``value`` is the same with quoting and known mangling undone (``0-30-0``
    becomes ``0.30.0``). ``key`` is the address within the document (``jobs.test.env.KUBEFLEX_VERSION``,
    ``target:chart``), or empty; ``syntax`` names the extractor. ``extra`` holds further facts as sorted pairs, read
    with :meth:`get`.
    """

    path: str
    span: Span
    kind: Kind
    name: str
    part: Part
    raw: str
    value: str
    pin: Pin
    role: Role = Role.USES
    key: str = ""
    syntax: str = ""
    extra: tuple[tuple[str, str], ...] = ()

    def get(self, fact: str, default: str = "") -> str:
        """The extra fact of that name, or ``default``."""
        for name, value in self.extra:
            if name == fact:
                return value
        return default
