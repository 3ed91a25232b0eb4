"""The charts that a chart depends on, without a network: what its folder, its repository or the graph has of them."""

from collections.abc import Mapping
from typing import NamedTuple

import semver

from relgraph.build.builder import Target
from relgraph.build.gather import clean
from relgraph.errors import DeclarationError, UsageError
from relgraph.infer.paths import join
from relgraph.oci.codecs.chartfile import Metadata, read_metadata
from relgraph.oci.codecs.helm import CONTENT, MAX_CHART, read_package
from relgraph.oci.manifest import Manifest
from relgraph.oci.reference import parse_reference
from relgraph.oci.storage import ReadOnlyRepository, read_blob
from relgraph.resolve.range import parse_range

__all__ = ["Embedded", "embedded", "package_of"]

_CHART = "Chart.yaml"


class Embedded(NamedTuple):
    """A chart that is packaged into another: of a node that is built, of a folder of the same repository, or of others (a
    reference with tag and digest)."""

    name: str
    version: str
    node: str = ""
    folder: str = ""
    reference: str = ""


def embedded(target: Target, folder: str, metadata: Metadata, files: Mapping[str, bytes]) -> list[Embedded]:
    """The charts that are to be packaged into the one in ``folder``, whose files these are: what ``charts/`` holds needs nothing.

    Raises :class:`~relgraph.errors.DeclarationError` for all that cannot be had, or that Helm would leave out.
    """
    held = _held(files)
    found: list[Embedded] = []
    problems: list[str] = []
    pinned = _pinned(target, problems)
    for name in sorted(pinned.keys() - {str(one.get("name")) for one in metadata.fields.get("dependencies", ())}):
        problems.append(f"'charts' has {name}, and Chart.yaml does not depend on it")
    for dependency in metadata.fields.get("dependencies", ()):
        name, wanted = str(dependency.get("name", "")), str(dependency.get("version", ""))
        repository = str(dependency.get("repository", ""))
        where = "charts/ holds"
        if name in held:
            version = held[name]
        else:
            one = pinned.get(name) or _node_of(target, name, repository, folder) or _inside(target, name, repository, folder)
            if one is None:
                problems.append(
                    f"Chart.yaml depends on {name} {wanted} of {repository or 'nowhere'}, and nothing here has it: commit it into charts/"
                    " (helm dependency update), name it in 'charts' of 'build' with tag and digest, or declare it as a chart of the graph"
                    " and name it in 'uses'"
                )
                continue
            found.append(one)
            version, where = one.version, f"{one.node or one.folder or one.reference} is at"
        if not _admits(wanted, version):
            # Helm leaves a dependency out, without a word, whose package is not within the range.
            problems.append(
                f"Chart.yaml asks for {name} {wanted}, and {where} {version}: Helm would leave it out; change Chart.yaml, or stamp it"
            )
    if problems:
        message = problems[0] if len(problems) == 1 else f"{len(problems)} dependencies cannot be packaged"
        raise DeclarationError(
            f"{target.node.origin}: {target.node.id}: {message}", details=tuple(problems) if len(problems) > 1 else ()
        )
    return found


def package_of(repository: ReadOnlyRepository, digest: str) -> bytes:
    """The package within a chart's artifact."""
    document = repository.load(digest)
    layers = [layer for layer in document.layers if layer.media_type == CONTENT] if isinstance(document, Manifest) else []
    if len(layers) != 1:
        raise DeclarationError(f"{repository.name}@{digest} is no chart", hint="only charts can be packaged into a chart")
    return read_blob(repository, layers[0], limit=MAX_CHART)


def _pinned(target: Target, problems: list[str]) -> dict[str, Embedded]:
    """The charts of others that the declaration pins, by name."""
    declared = target.options.get("charts") or {}
    found = {}
    for name, reference in declared.items() if isinstance(declared, dict) else ():
        try:
            read = parse_reference(reference.removeprefix("oci://"))
        except UsageError as problem:
            problems.append(f"charts: {name}: {problem}")
            continue
        if not read.tag or read.digest is None:
            problems.append(f"charts: {name}: {reference} needs a tag, which tells its version, and a digest")
            continue
        found[name] = Embedded(name, read.tag.replace("_", "+"), reference=str(read))
    return found


def _held(files: Mapping[str, bytes]) -> dict[str, str]:
    """The charts that ``charts/`` holds, unpacked or as packages: their versions by name."""
    found = {}
    for path, data in files.items():
        top, _, rest = path.partition("/")
        if top != "charts":
            continue
        try:
            if rest.endswith(".tgz") and "/" not in rest:
                metadata = read_package(data)
            elif rest.count("/") == 1 and rest.endswith(f"/{_CHART}"):
                metadata = read_metadata({_CHART: data}.get)
            else:
                continue
        except DeclarationError as problem:
            raise DeclarationError(f"{path}: {problem}", hint=problem.hint) from None
        found[metadata.name] = metadata.version
    return found


def _node_of(target: Target, name: str, repository: str, folder: str) -> Embedded | None:
    """The node that a dependency means: by where it is published, or by its folder where the chart contains it."""
    published = f"{repository.removeprefix('oci://').rstrip('/')}/{name}" if repository.startswith("oci://") else None
    path = _path(repository, folder)
    for node, part in target.uses.items():
        contained = target.contains.get(node)
        inside = path is not None and contained is not None and contained.kind == "chart" and clean(contained.source) == path
        if part.tag and (inside or part.reference.removeprefix("oci://") == published):
            return Embedded(name, part.tag.replace("_", "+"), node=node)
    return None


def _inside(target: Target, name: str, repository: str, folder: str) -> Embedded | None:
    """The chart of a folder of the same repository."""
    path = _path(repository, folder)
    if path is None or f"{path}/{_CHART}" not in target.tree.entries:
        return None
    metadata = read_metadata(lambda file: target.tree.read(f"{path}/{file}"))
    return Embedded(name, metadata.version, folder=path) if metadata.name == name else None


def _path(repository: str, folder: str) -> str | None:
    return join(folder, repository.removeprefix("file://")) if repository.startswith("file://") else None


def _admits(wanted: str, version: str) -> bool:
    if not wanted or wanted == version:
        return True
    try:
        return parse_range(wanted).admits(semver.Version.parse(version.removeprefix("v")))
    except (UsageError, ValueError):
        return False
