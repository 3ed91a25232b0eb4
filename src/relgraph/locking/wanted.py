"""What is to be locked: references on a command line, a file of requirements, a chart's dependencies, the lock itself.

A file of requirements::

    apiVersion: relgraph.dev/v1
    kind: Requirements
    requirements:
      web: ghcr.io/acme/charts/web:^1.2
      agent: {from: layout:out//agent, versions: ">=1 <2", tags: "agent-{version}", order: natural}

``tags`` is how versions are written in tags (a ``v`` in front is understood anyway), ``order`` how pre-releases are compared.
"""

import re
from collections.abc import Callable, Iterable, Mapping
from typing import Any, NamedTuple, NoReturn

from relgraph.errors import DeclarationError, RelgraphError, UsageError
from relgraph.model.yamltext import YamlProblem, load_yaml
from relgraph.oci.codecs.chartfile import read_metadata
from relgraph.oci.reference import Reference, RegistryReference, parse_reference
from relgraph.resolve.lock import Lock, Locked
from relgraph.resolve.order import Order, read_version
from relgraph.resolve.range import ANY, parse_range
from relgraph.resolve.resolver import Requirement

__all__ = ["Chart", "from_file", "from_lock", "from_text", "merged", "source_of"]

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._/-]{0,127}", re.ASCII)
_NAMED = re.compile(r"(?P<name>[A-Za-z0-9][A-Za-z0-9._-]{0,127})=(?P<reference>.+)", re.ASCII | re.DOTALL)
_LIMIT = 4 << 20
_HINT = "write NAME: HOST/NAME:RANGE, or NAME: {from: HOST/NAME, versions: RANGE}"


class Chart(NamedTuple):
    """The dependencies of a chart as Helm reads them, and the names of the requirements that answer them, in the same order."""

    dependencies: tuple[Mapping[str, Any], ...]
    names: tuple[str, ...]


def source_of(reference: Reference) -> str:
    """The repository of a reference as locks name it: ``oci://HOST/NAME`` or ``layout:FOLDER//NAME``."""
    if isinstance(reference, RegistryReference):
        return f"oci://{reference.registry}/{reference.repository}"
    return reference.name


def from_text(text: str) -> Requirement:
    """``[NAME=]REFERENCE``: its range, its tag as the only version allowed, or any version. The name is by default the last
    part of the repository's. Raises UsageError and InvalidReference."""
    match = _NAMED.fullmatch(text)
    reference = parse_reference(match["reference"] if match else text)
    name = match["name"] if match else reference.repository.rpartition("/")[2]
    if not name:
        raise UsageError(f"{text}: under which name?", hint=f"write NAME={text}")
    return _requirement(name, reference, text)


def from_lock(lock: Lock) -> list[Requirement]:
    """The requirements that a lock answers. How versions are written in tags is seen from those that are locked."""
    return [Requirement(entry.name, entry.source, parse_range(entry.range), _form(entry)) for entry in lock.entries]


def from_file(data: bytes, path: str, read: Callable[[str], bytes | None]) -> tuple[list[Requirement], Chart | None]:
    """The requirements of a file, and the chart where it is a Chart.yaml; ``read`` gives the files beside it.

    Raises :class:`~relgraph.errors.DeclarationError`, with ``path`` in its message.
    """
    try:
        document = load_yaml(data, limit=_LIMIT)
    except YamlProblem as problem:
        raise DeclarationError(f"{path}: {problem}") from None
    if not isinstance(document, dict):
        raise DeclarationError(f"{path}: not a mapping")
    if "kind" not in document and "name" in document:
        return _chart(data, path, read)
    if document.get("kind") != "Requirements" or document.get("apiVersion") != "relgraph.dev/v1":
        raise DeclarationError(
            f"{path}: neither requirements nor a Chart.yaml",
            hint="a file of requirements begins with apiVersion: relgraph.dev/v1 and kind: Requirements",
        )
    _only(document, ("apiVersion", "kind", "requirements"), path)
    items = document.get("requirements") or {}
    if not isinstance(items, dict):
        raise DeclarationError(f"{path}: requirements: not a mapping", hint=_HINT)
    return [_item(name, value, f"{path}: requirements.{name}") for name, value in items.items()], None


def merged(lists: Iterable[Iterable[Requirement]]) -> list[Requirement]:
    """All requirements. Raises DeclarationError where two that differ have one name."""
    found: dict[str, Requirement] = {}
    for requirement in (requirement for listed in lists for requirement in listed):
        known = found.setdefault(requirement.name, requirement)
        if known != requirement:
            raise DeclarationError(
                f"two requirements are called {requirement.name}: {known.source} and {requirement.source}",
                hint="name them on the command line: NAME=REFERENCE",
            )
    return list(found.values())


def _requirement(
    name: str, reference: Reference, shown: str, *, form: str = "{version}", order: Order = Order.SEMVER
) -> Requirement:
    if reference.digest is not None:
        raise UsageError(f"{shown}: a digest needs no lock", hint="name a range of versions: NAME:^1.2")
    allowed = parse_range(reference.range) if reference.range else ANY
    if reference.tag:
        version = read_version(reference.tag)
        if version is None:
            raise UsageError(
                f"{shown}: {reference.tag} is no version", hint="locks hold versions: name one, or a range such as ^1.2"
            )
        allowed = parse_range(f"={version}")
    return Requirement(name, source_of(reference), allowed, form, order)


def _item(name: Any, value: Any, where: str) -> Requirement:
    if not isinstance(name, str) or _NAME.fullmatch(name) is None:
        raise DeclarationError(f"{where}: cannot be a name", hint="letters, digits and . _ / -")
    fields = {"from": value} if isinstance(value, str) else value
    if not isinstance(fields, dict) or not all(isinstance(text, str) for text in fields.values()) or "from" not in fields:
        raise DeclarationError(f"{where}: a reference is expected", hint=_HINT)
    _only(fields, ("from", "versions", "tags", "order"), where)
    form, order = fields.get("tags", "{version}"), fields.get("order", Order.SEMVER.value)
    if form.count("{version}") != 1:
        raise DeclarationError(f"{where}.tags: {form!r} has no place for the version", hint='such as "web-{version}"')
    if order not in tuple(Order):
        raise DeclarationError(f"{where}.order: {order!r} is none", hint=f"known: {', '.join(Order)}")
    try:
        reference = parse_reference(fields["from"])
        if "versions" in fields:
            if reference.range or reference.tag:
                raise DeclarationError(f"{where}: versions twice", hint="in the reference or beside it, not both")
            reference = reference._replace(range=fields["versions"])
        return _requirement(name, reference, fields["from"], form=form, order=Order(order))
    except DeclarationError:
        raise
    except RelgraphError as problem:
        raise DeclarationError(f"{where}: {problem}", hint=problem.hint) from None


def _chart(data: bytes, path: str, read: Callable[[str], bytes | None]) -> tuple[list[Requirement], Chart]:
    try:
        metadata = read_metadata(lambda name: data if name == "Chart.yaml" else read(name))
    except DeclarationError as problem:
        raise DeclarationError(f"{path}: {problem}", hint=problem.hint) from None
    dependencies = tuple(metadata.fields.get("dependencies", ()))
    requirements = [_dependency(item, path) for item in dependencies]
    return requirements, Chart(dependencies, tuple(requirement.name for requirement in requirements))


def _dependency(item: Mapping[str, Any], path: str) -> Requirement:
    name, repository = item["name"], item.get("repository", "")
    where = f"{path}: dependency {item.get('alias') or name}"
    if not repository.startswith("oci://"):
        raise DeclarationError(
            f"{where}: {repository or 'no repository'} is no registry", hint="only dependencies from oci:// repositories are locked"
        )
    try:
        reference = parse_reference(f"{repository.rstrip('/')}/{name}")
        return _requirement(item.get("alias") or name, reference._replace(range=item.get("version", "") or "*"), str(reference))
    except RelgraphError as problem:
        raise DeclarationError(f"{where}: {problem}", hint=problem.hint) from None


def _form(entry: Locked) -> str:
    for version in (entry.version, entry.version.replace("+", "_")):
        if entry.tag.count(version) == 1:
            return entry.tag.replace(version, "{version}")
    return "{version}"


def _only(fields: Mapping[Any, Any], known: tuple[str, ...], where: str) -> None:
    for key in fields:
        if key not in known:
            _unknown(key, known, where)


def _unknown(key: Any, known: tuple[str, ...], where: str) -> NoReturn:
    raise DeclarationError(f"{where}: {key!r} is not understood", hint=f"known: {', '.join(known)}")
