"""Spellings of versions that hosts, branches and image tags force on people, and what they stand for.

A host name admits no dots (``0-30-0``), a branch wants a prefix (``release-0.30.0``), a distribution appends its own build
(``v1.32.13-k3s1``), an image its base (``1.22-alpine``). :func:`unmangle` undoes what is known and leaves the rest alone.
"""

import re
from functools import lru_cache

from relgraph.model.version import parse_version

__all__ = ["looks_like_version", "named_for_version", "remangle", "unmangle"]

_REFS = re.compile(r"refs/(?:tags|heads)/")
_DASHED = re.compile(r"([vV]?)(\d{1,3})-(\d{1,4})-(\d{1,4})(?:-(alpha|beta|rc)[-.]?(\d{1,3}))?")
# The start of a version as people write it; anything behind it is judged by itself.
_CORE = re.compile(r"(?P<core>[vV]?\d+(?:\.\d+){1,3}(?:-(?:alpha|beta|rc|pre|dev)[0-9A-Za-z.]*)?)(?P<rest>[-_+].*)?")
_PREFIX = re.compile(r"[A-Za-z][A-Za-z0-9]*(?:[-_/][A-Za-z][A-Za-z0-9]*)*[-_/](?=[vV]?\d+(?:\.\d+|-\d+-\d))|go(?=\d)")
_SUFFIX = re.compile(
    r"[-+]k3s\d+|[-+]rke2r\d+|[-+](?:eks|gke|aks|vmware|okd|ocp|ubi|distroless)(?:[-.\w]*)?|-\d{1,3}"
    r"|[-_](?:alpine|slim|bookworm|bullseye|buster|stretch|trixie|jammy|focal|noble|bionic|fedora|centos|debian|ubuntu|windows"
    r"|linux|darwin|amd64|arm64|x86_64|nonroot|full|minimal|management|fpm|cli|jdk|jre|alpha?ne)[-\w.]*"
)
_NAMED = re.compile(
    r"(?<!con)(?<!in)(?<!sub)(?<!di)versions?(?:$|_|-|\.)|(?<!con)(?<!di)Versions?(?:$|[A-Z])|(?:^|[_.-])(?:ver|tag|rev|ref|branch|release)$"
    r"|[a-z](?:Ver|Tag|Ref|Branch|Release)$|(?:^|[_-])(?:VER|TAG|REV|REF|BRANCH|RELEASE|REVISION|SHA|COMMIT)$|VERSIONS?(?:$|_|\d)",
)

_SWITCH = re.compile(r"(?:IGNORE|SKIP|CHECK|USE|ENABLE|DISABLE|FORCE|NO|HAS|IS|PRINT|SHOW|VERIFY)_", re.IGNORECASE)


@lru_cache(maxsize=32768)
def unmangle(raw: str) -> str:
    """The version that ``raw`` stands for, as written but without quoting and known mangling; ``raw`` itself where none is known.

    >>> [unmangle(raw) for raw in ("0-30-0", "release-0.30.0", "v1.32.13-k3s1", "golang-1.22", "1.25.5-1", "go1.24")]
    ['0.30.0', '0.30.0', 'v1.32.13', '1.22', '1.25.5', '1.24']
    """
    value = raw.strip()
    if len(value) > 1 and value[0] == value[-1] and value[0] in "\"'`":
        value = value[1:-1].strip()
    if len(value) > 128 or "$" in value or "{" in value:
        return value
    if match := _REFS.match(value):
        value = value[match.end() :]
    bare = value
    if (prefix := _PREFIX.match(value)) is not None:
        bare = value[prefix.end() :]
    if (dashed := _DASHED.fullmatch(bare)) is not None:
        v, major, minor, patch, label, number = dashed.groups()
        return f"{v}{major}.{minor}.{patch}" + (f"-{label}{number}" if label else "")
    match = _CORE.fullmatch(bare)
    if match is None:
        return value
    rest = match["rest"]
    if rest is None:
        return bare
    if _SUFFIX.fullmatch(rest) is None:
        return value
    # A number behind a full version is a rebuild of it; behind anything shorter it may be the rest of a date.
    if rest[1:].isdigit() and (match["core"].count(".") < 2 or "-" in match["core"]):
        return value
    return match["core"]


def remangle(raw: str, value: str, other: str) -> str | None:
    """``raw``, which stands for ``value``, so that it stands for another version; None where that cannot be told.

    >>> [remangle(raw, unmangle(raw), "1.33.0") for raw in ("0-30-0", "release-0.30.0", "v1.32.13-k3s1", "'1.2'")]
    ['1-33-0', 'release-1.33.0', '1.33.0-k3s1', "'1.33.0'"]
    """
    for old, new in ((value, other), (value.replace(".", "-"), other.replace(".", "-"))):
        if old and raw.count(old) == 1:
            return raw.replace(old, new)
    return None


@lru_cache(maxsize=32768)
def looks_like_version(value: str, *, named: bool = False) -> bool:
    """Whether ``value`` is a version rather than a date, an address or a plain number.

    ``named``: the name that it stands under says so (``HELM_VERSION``), so that two numbers, or one, suffice.
    """
    version = parse_version(value)
    if version is None:
        return False
    numbers = version.release
    if named:
        return len(numbers) > 1 or bool(version.prefix) or 1 < numbers[0] < 1000
    if len(numbers) == 4 and not version.prefix and not version.pre:
        return False  # far more often an address
    if 1990 <= numbers[0] <= 2100 and not version.prefix:
        return False  # a year
    if len(numbers) == 2:
        return bool(version.prefix) or version.pre.startswith(("alpha", "beta", "rc"))
    return len(numbers) >= 3


@lru_cache(maxsize=8192)
def named_for_version(name: str) -> bool:
    """Whether a variable of that name is meant to hold a version, tag or ref (``HELM_VERSION``, ``imageTag``)."""
    return _NAMED.search(name) is not None and _SWITCH.match(name) is None
