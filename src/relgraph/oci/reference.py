"""References: where an artifact is, as people write it.

Two kinds. A registry's::

    [oci://]HOST[:PORT]/REPOSITORY[:TAG|:RANGE][@DIGEST]        acme/web and web mean docker.io/acme/web, docker.io/library/web

after the grammar of the distribution project (https://github.com/distribution/reference, ``regexp.go``) and the names of the
OCI distribution specification 1.1, and a layout's on disk::

    layout:PATH[//REPOSITORY][:TAG|:RANGE][@DIGEST]

A range of versions (``>=1.2 <2``, ``^1``, ``~1.4``, ``1.2.*``) is recognised before a tag by characters that no tag can have;
what it means is the business of whoever resolves it.
"""

import re
from ipaddress import IPv6Address
from typing import NamedTuple, NoReturn, TypeAlias

from relgraph.oci.digest import Digest
from relgraph.oci.errors import InvalidDigest, InvalidReference

__all__ = [
    "LayoutReference",
    "Reference",
    "RegistryReference",
    "check_repository",
    "check_tag",
    "is_tag",
    "parse_reference",
]

_LABEL = r"(?:[a-zA-Z0-9]|[a-zA-Z0-9][a-zA-Z0-9-]*[a-zA-Z0-9])"
_HOST = re.compile(rf"(?P<name>{_LABEL}(?:\.{_LABEL})*\.?|\[(?P<six>[0-9a-fA-F:.]+)\])(?::(?P<port>[0-9]{{1,5}}))?", re.ASCII)
_COMPONENT = re.compile(r"[a-z0-9]+(?:(?:[._]|__|-+)[a-z0-9]+)*", re.ASCII)
_TAG = re.compile(r"[a-zA-Z0-9_][a-zA-Z0-9._-]{0,127}", re.ASCII)
_AT_DIGEST = re.compile(r"@[^/@]*:[^@]*\Z|@\Z")
_CREDENTIALS = re.compile(r"(?:(?<=//)[^/@]+|^[^/@:]+:[^/@]+)@(?!sha\d)")
_SCHEME = re.compile(r"([a-zA-Z][a-zA-Z0-9+.-]*)://", re.ASCII)

_PARTIAL = r"[vV]?(?:[0-9]+|[xX*])(?:\.(?:[0-9]+|[xX*])){0,2}(?:-[0-9A-Za-z.*-]+)?(?:\+[0-9A-Za-z.-]+)?"
_COMPARATOR = rf"(?:[<>]=?|=|!=|~>?|\^)?[ ]?{_PARTIAL}"
_CLAUSE = rf"{_COMPARATOR}(?:(?:[ ]?,[ ]?|[ ]|[ ]-[ ]){_COMPARATOR})*"
# Compiled when the first range comes by, which most runs never see.
_RANGE = rf"(?:\*|{_CLAUSE})(?:[ ]?\|\|[ ]?(?:\*|{_CLAUSE}))*"
#: Characters that no tag can have and a range of versions does.
_ONLY_IN_RANGES = frozenset("<>=^~*|, !+")

_LONGEST_NAME = 255
_DOCKER = "docker.io"
_DOCKER_ALIASES = ("index.docker.io", "registry-1.docker.io")


class RegistryReference(NamedTuple):
    """A repository in a registry and, where given, what in it.

    ``registry`` is a lower-case host with its port where one was written. At most one of ``tag`` and ``range`` is not empty;
    with ``digest`` a tag only informs.
    """

    registry: str
    repository: str
    tag: str = ""
    digest: Digest | None = None
    range: str = ""

    def __str__(self) -> str:
        return self.name + _end(self)

    @property
    def name(self) -> str:
        """The repository, without tag or digest: ``ghcr.io/acme/charts/web``; ``oci://`` in front where it would be misread."""
        scheme = "" if _looks_like_host(self.registry, "/") else "oci://"
        return f"{scheme}{self.registry}/{self.repository}"

    @property
    def target(self) -> str:
        """What identifies content in the repository: the digest where there is one, else the tag, else ``latest``."""
        return _target(self)

    @property
    def bare(self) -> "RegistryReference":
        """The repository alone."""
        return RegistryReference(self.registry, self.repository)


class LayoutReference(NamedTuple):
    """A repository in an OCI image layout; ``repository`` is empty for names that stand in the layout by themselves."""

    path: str
    repository: str = ""
    tag: str = ""
    digest: Digest | None = None
    range: str = ""

    def __str__(self) -> str:
        return self.name + _end(self)

    @property
    def name(self) -> str:
        """The repository, without tag or digest: ``layout:out//charts/web``."""
        return f"layout:{self.path}" + (f"//{self.repository}" if self.repository else "")

    @property
    def target(self) -> str:
        """What identifies content in the repository: the digest where there is one, else the tag, else ``latest``."""
        return _target(self)

    @property
    def bare(self) -> "LayoutReference":
        """The repository alone."""
        return LayoutReference(self.path, self.repository)


Reference: TypeAlias = RegistryReference | LayoutReference


def parse_reference(text: str) -> Reference:
    """What a text refers to. Raises :class:`~relgraph.oci.errors.InvalidReference`, which names the part that is wrong."""
    if text.startswith("layout:"):
        return _layout(text)
    scheme = _SCHEME.match(text)
    if scheme is not None and scheme[1] != "oci":
        rest = text[scheme.end() :].rpartition("@")[2]
        _fail(
            text, "scheme", f"{scheme[1]}:// is no scheme of references", f"write oci://{rest}" if rest else "write oci://HOST/NAME"
        )
    return _registry(text, text[scheme.end() :] if scheme else text, explicit=scheme is not None)


def check_repository(repository: str) -> str:
    """The name of a repository, as the distribution specification has it; raises InvalidReference."""
    return _check_repository(repository, repository)


def check_tag(tag: str) -> str:
    """A tag, as the distribution specification has it; raises InvalidReference."""
    return _check_tag(tag, tag)


def is_tag(text: str) -> bool:
    """Whether ``text`` can be a tag."""
    return _TAG.fullmatch(text) is not None


def _registry(text: str, rest: str, *, explicit: bool) -> RegistryReference:
    rest, digest = _split_digest(text, rest)
    host, slash, path = rest.partition("/")
    if not explicit and not _looks_like_host(host, slash):
        host, path = _DOCKER, rest
    elif not slash:
        _fail(text, "repository", "it names a registry and no repository", f"write {host}/NAME")
    name, word = _split_word(path)
    registry = _check_host(text, host)
    if registry == _DOCKER and "/" not in name and name:
        name = f"library/{name}"
    _check_repository(text, name, registry)
    tag, versions = _tag_or_range(text, word, digest)
    return RegistryReference(registry, name, tag, digest, versions)


def _layout(text: str) -> LayoutReference:
    rest, digest = text.removeprefix("layout:"), None
    if _AT_DIGEST.search(rest):  # folders may have an @ in their names
        start, _, end = rest.rpartition("@")
        rest, digest = start, _split_digest(text, f"@{end}")[1]
    path, slashes, inner = rest.partition("//")
    if slashes:
        repository, word = _split_word(inner)
        _check_repository(text, repository)
    else:
        repository = ""
        folder, slash, last = path.rpartition("/")
        last, word = _split_word(last)
        path = folder + slash + last
    if not path or "\0" in path:
        _fail(text, "path", "it names no folder", "write layout:FOLDER, layout:FOLDER:TAG or layout:FOLDER//REPOSITORY:TAG")
    if ":" in path:
        _fail(text, "path", "a layout's path cannot have a colon", "move the layout, or name it by a relative path")
    tag, versions = _tag_or_range(text, word, digest)
    return LayoutReference(path, repository, tag, digest, versions)


def _split_digest(text: str, rest: str) -> tuple[str, Digest | None]:
    rest, at, digest = rest.partition("@")
    if not at:
        return rest, None
    try:
        return rest, Digest(digest)
    except InvalidDigest as problem:
        hint = problem.hint if digest.startswith("sha") or "/" not in digest else "credentials do not belong into a reference"
        raise InvalidReference(f"{_shown(text)}: {problem}", part="digest", hint=hint) from None


def _split_word(path: str) -> tuple[str, str | None]:
    name, colon, word = path.partition(":")
    return name, word if colon else None


def _looks_like_host(first: str, slash: str) -> bool:
    # A name of Docker Hub has neither a dot nor a port in front of its first slash (distribution/reference, normalize.go).
    if not slash:
        return False
    return first == "localhost" or "." in first or ":" in first or first != first.lower()


def _check_host(text: str, host: str) -> str:
    match = _HOST.fullmatch(host)
    if match is None:
        hint = "a host has letters, digits, dots and hyphens, then :PORT where it needs one"
        _fail(text, "registry", f"{host!r} is no host", hint)
    if match["six"] is not None:
        try:
            IPv6Address(match["six"])
        except ValueError:
            _fail(text, "registry", f"{host!r} is no IPv6 address", "write [ADDRESS]:PORT")
    if match["port"] is not None and not 0 < int(match["port"]) < 65536:
        _fail(text, "registry", f"{match['port']} is no port", "ports are 1 to 65535")
    host = host.lower()
    return _DOCKER if host in _DOCKER_ALIASES else host


def _check_repository(text: str, repository: str, registry: str = "") -> str:
    if not repository:
        _fail(text, "repository", "it names no repository", "write HOST/NAME:TAG")
    for component in repository.split("/"):
        if _COMPONENT.fullmatch(component) is None:
            hint = "between slashes: lower-case letters and digits, joined by . _ __ or hyphens"
            if component.lower() != component and _COMPONENT.fullmatch(component.lower()):
                hint = f"repositories are lower case: {repository.lower()}"
            _fail(text, "repository", f"{component!r} cannot be part of a repository's name", hint)
    length = len(registry) + 1 + len(repository) if registry else len(repository)
    if length > _LONGEST_NAME:
        _fail(
            text, "repository", f"its name has {length} characters", f"at most {_LONGEST_NAME} are allowed, the registry included"
        )
    return repository


def _check_tag(text: str, tag: str) -> str:
    if _TAG.fullmatch(tag) is None:
        if not tag:
            _fail(text, "tag", "the tag after the colon is missing", "write NAME:TAG")
        if len(tag) > 128:
            _fail(text, "tag", f"the tag has {len(tag)} characters", "at most 128 are allowed")
        hint = "a tag has letters, digits, _ . and -, and does not begin with . or -"
        if "/" in tag:
            hint = "a tag has no slash; is the colon before a port, and its host is missing?"
        _fail(text, "tag", f"{tag!r} is no tag", hint)
    return tag


def _tag_or_range(text: str, word: str | None, digest: Digest | None) -> tuple[str, str]:
    if word is None:
        return "", ""
    if not _ONLY_IN_RANGES.isdisjoint(word):
        folded = " ".join(word.split())
        if re.fullmatch(_RANGE, folded, re.ASCII) is None:
            if _TAG.fullmatch(word.replace("+", "_")) is not None:
                _fail(
                    text,
                    "tag",
                    f"{word!r} is no tag",
                    f"a tag has no +; where a version has one, write _: {word.replace('+', '_')}",
                )
            _fail(text, "range", f"{word!r} is no range of versions", "write >=1.2 <2, ^1.2, ~1.2, 1.2.* or a tag")
        if folded.count("+") and _ONLY_IN_RANGES.isdisjoint(folded.replace("+", "")):
            _fail(text, "tag", f"{word!r} is no tag", f"a tag has no +; where a version has one, write _: {word.replace('+', '_')}")
        if digest is not None:
            _fail(text, "range", "it has a range of versions and a digest", "a digest names one version; leave the range out")
        return "", folded
    return _check_tag(text, word), ""


def _end(reference: RegistryReference | LayoutReference) -> str:
    word = reference.range or reference.tag
    return (f":{word}" if word else "") + (f"@{reference.digest}" if reference.digest else "")


def _target(reference: RegistryReference | LayoutReference) -> str:
    if reference.range:
        raise InvalidReference(
            f"{reference}: a range of versions stands where one version is needed", part="range", hint="name a tag or a digest"
        )
    return reference.digest or reference.tag or "latest"


def _shown(text: str) -> str:
    text = _CREDENTIALS.sub("***@", text)
    return repr(text) if len(text) <= 300 else f"{text[:150]!r}...({len(text)} characters)"


def _fail(text: str, part: str, problem: str, hint: str) -> NoReturn:
    raise InvalidReference(f"{_shown(text)}: {problem}", part=part, hint=hint)
