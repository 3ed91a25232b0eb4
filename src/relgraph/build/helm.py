"""``helm``: a Helm chart from its folder, packaged without helm.

The version in Chart.yaml is the node's tag as its own tag format writes it, which is also the tag of the artifact. appVersion is
the plain version, unless what stands there begins with ``v``; a declared ``stamp.set`` of either has the last word. Charts that
Chart.yaml depends on are packaged with it: those that ``charts/`` holds, those of the same repository (``file://``), and those
that the graph builds.
"""

import re
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from difflib import get_close_matches
from typing import NamedTuple

import semver

from relgraph.build.builder import Builder, Recipe, Target, Work
from relgraph.build.gather import below, clean, contents, read_all, with_files
from relgraph.build.stamping import NOBODY, stamped, stamping_of
from relgraph.errors import DeclarationError, EnvironmentFailure, UsageError
from relgraph.infer.paths import join
from relgraph.oci.codecs.artifact import Artifact
from relgraph.oci.codecs.chartfile import Metadata, read_metadata
from relgraph.oci.codecs.codec import Options
from relgraph.oci.codecs.helm import CONTENT, MAX_CHART, artifact_of, pack_chart, read_package
from relgraph.oci.codecs.tree import Tree, read_folder
from relgraph.oci.manifest import Manifest
from relgraph.oci.storage import ReadOnlyRepository, read_blob
from relgraph.resolve.range import parse_range
from relgraph.stamp.stamp import Spec

__all__ = ["BUILDER"]

#: Changes with what is made of the same input.
_FORMAT = 1
_CHART = "Chart.yaml"
_LEADING_V = re.compile(r"^appVersion:[ \t]*[\"']?v\d", re.MULTILINE)
_APP = re.compile(r"^appVersion:", re.MULTILINE)


class _Embedded(NamedTuple):
    """A chart that is packaged into another: of a node that is built, or of a folder of the same repository."""

    name: str
    wanted: str
    node: str = ""
    folder: str = ""


def plan(target: Target) -> Recipe:
    """What decides the package."""
    folder = _folder(target)
    prefix = f"{folder}/" if folder else ""
    paths = [path for path in target.tree.entries if path.startswith(prefix)]
    files = {path[len(prefix) :]: data for path, data in read_all(target.tree, paths).items()}
    if _CHART not in files:
        raise _no_chart(target, folder)
    parts = _parts(target, folder)
    hooks = {place: read_all(target.tree, (path,)) for place, path in parts.items()}
    files |= {place: next(iter(found.values())) for place, found in hooks.items() if found}
    spec = _spec(target, files[_CHART])
    stamping = stamping_of(target, files, spec)
    after = stamped(target, files, spec, dict.fromkeys(target.uses, NOBODY))
    metadata = _metadata(target, after.get)
    embedded = _embedded(target, folder, metadata, after)
    facts: dict[str, object] = {
        "format": _FORMAT,
        "chart": folder,
        "name": metadata.name,
        "version": metadata.version,
        "time": target.release.time,
        "stamp": stamping.facts,
        "embedded": [list(one) for one in embedded],
        "parts": parts,
    }
    folders = [below(one.folder) for one in embedded if one.folder]
    needs = {*stamping.needs, *(one.node for one in embedded if one.node)}
    return Recipe(facts, (below(folder), *folders, *sorted(set(parts.values()))), tuple(sorted(needs)))


def build(work: Work) -> Artifact:
    """The artifact of the package."""
    target = work.target
    folder = _folder(target)
    checkout = work.checkout()
    tree = _read(work, folder)
    parts = {place: (checkout / path).read_bytes() for place, path in _parts(target, folder).items()}
    files = contents(tree) | parts
    after = stamped(target, files, _spec(target, files[_CHART]), work.digests)
    metadata = _metadata(target, after.get)
    for one in _embedded(target, folder, metadata, after):
        package = (
            _package_of(work.built[one.node], work.digests[one.node]) if one.node else _packed(_read(work, one.folder), target)
        )
        version = read_package(package).version
        work.say(f"embeds {one.name} {version}" + (f" ({work.digests[one.node]})" if one.node else f" from {one.folder}"))
        after[f"charts/{one.name}-{version}.tgz"] = package
    chart = with_files(tree, {path: data for path, data in after.items() if data is not files.get(path) or path in parts})
    packed, package = pack_chart(chart, mtime=target.release.time)
    if packed.name != metadata.name or packed.version != metadata.version:
        raise DeclarationError(f"{target.node.id}: the package is {packed.name} {packed.version}, not what Chart.yaml says")
    work.say(f"packaged {packed.name} {packed.version}: {len(package)} bytes")
    return artifact_of(packed, package, options=Options(created=datetime.fromtimestamp(target.release.time, UTC)))


def _folder(target: Target) -> str:
    return clean(str(target.options.get("helm") or target.node.source or ""))


def _no_chart(target: Target, folder: str) -> DeclarationError:
    charts = [path.rpartition("/")[0] for path in target.tree.entries if path.rpartition("/")[2] == _CHART]
    close = get_close_matches(folder, charts, n=1, cutoff=0.4) or charts[:1]
    return DeclarationError(
        f"{target.node.id}: {folder or '.'} has no {_CHART}",
        hint=f"did you mean {close[0] or '.'}?" if close else "give the chart's folder as its 'source'",
    )


def _spec(target: Target, chart: bytes) -> Spec:
    """What is stamped: what is declared, and Chart.yaml's version and appVersion where the declaration leaves them alone."""
    spec = Spec.of(target.stamp, target.templates)
    if target.options.get("versioned", True) is False or f"{_CHART}.j2" in target.templates:
        return spec
    text = chart.decode("utf-8", "surrogateescape")
    own = {"version": "{{ tag }}"}
    if _APP.search(text) is not None:
        own["appVersion"] = "v{{ version }}" if _LEADING_V.search(text) is not None else "{{ version }}"
    return spec._replace(set={**spec.set, _CHART: {**own, **spec.set.get(_CHART, {})}})


def _metadata(target: Target, files: Callable[[str], bytes | None]) -> Metadata:
    try:
        metadata = read_metadata(files)
    except DeclarationError as problem:
        raise DeclarationError(f"{target.node.id}: {problem}", hint=problem.hint) from None
    tag = target.own.tag.replace("_", "+")
    reference = target.own.reference.removeprefix("oci://")
    if tag and metadata.version != tag and target.options.get("versioned", True) is not False:
        raise DeclarationError(
            f"{target.node.id}: the chart's version is {metadata.version}, and its tag would be {target.own.tag}",
            hint="Helm finds a chart under its version: remove the stamp of Chart.yaml's version, or change the node's 'tag'",
        )
    if reference and reference.rpartition("/")[2] != metadata.name:
        raise DeclarationError(
            f"{target.node.id}: the chart is called {metadata.name!r}, and is published as {reference}",
            hint="Helm takes the last part of a reference for the chart's name: change 'ref', or the name in Chart.yaml",
        )
    return metadata


def _parts(target: Target, folder: str) -> dict[str, str]:
    """The files of what the chart contains, by their place in it: paths of the repository that the chart's own folder lacks."""
    found: dict[str, str] = {}
    for node in target.contains.values():
        if node.kind == "chart" or not node.source:
            continue
        declared = (node.get("build") or {}).get("bundle") or {f"templates/{node.source.rpartition('/')[2]}": node.source}
        for place, source in declared.items():
            path = clean(str(source))
            if path not in target.tree.entries:
                raise DeclarationError(
                    f"{target.node.id}: {node.id} has no file {path}", hint="a chart holds single files of the same repository"
                )
            if not folder or not path.startswith(f"{folder}/"):
                found[clean(place)] = path
    return found


def _embedded(target: Target, folder: str, metadata: Metadata, files: Mapping[str, bytes]) -> list[_Embedded]:
    """The charts that are packaged into this one. Raises DeclarationError for those that cannot be had, all at once."""
    held = _held(files)
    found: list[_Embedded] = []
    problems: list[str] = []
    for dependency in metadata.fields.get("dependencies", ()):
        name, wanted = str(dependency.get("name", "")), str(dependency.get("version", ""))
        repository = str(dependency.get("repository", ""))
        if name in held:
            _check_version(name, wanted, held[name], "charts/ holds", problems)
        elif (part := _node_of(target, name, repository, folder)) is not None:
            _check_version(name, wanted, part[1], f"{part[0]} is at", problems)
            found.append(_Embedded(name, wanted, node=part[0]))
        elif repository.startswith("file://") and (inside := _inside(target, folder, repository)) is not None:
            found.append(_Embedded(name, wanted, folder=inside))
        else:
            problems.append(
                f"Chart.yaml depends on {name} {wanted} of {repository or 'nowhere'}, which nothing here holds: commit it into charts/"
                " (helm dependency update), or declare it as a chart of the graph and add it to 'uses'"
            )
    if problems:
        message = f"{target.node.id}: {problems[0]}" if len(problems) == 1 else f"{target.node.id}: {len(problems)} dependencies"
        raise DeclarationError(message, details=tuple(problems) if len(problems) > 1 else ())
    return found


def _held(files: Mapping[str, bytes]) -> dict[str, str]:
    """The charts that ``charts/`` holds, unpacked or as packages: their versions by name."""
    found = {}
    for path, data in files.items():
        top, _, rest = path.partition("/")
        if top != "charts" or not rest:
            continue
        try:
            if rest.endswith(".tgz") and "/" not in rest:
                metadata = read_package(data)
            elif rest.count("/") == 1 and rest.endswith("/Chart.yaml"):
                metadata = read_metadata({_CHART: data}.get)
            else:
                continue
        except DeclarationError as problem:
            raise DeclarationError(f"{path}: {problem}", hint=problem.hint) from None
        found[metadata.name] = metadata.version
    return found


def _node_of(target: Target, name: str, repository: str, folder: str) -> tuple[str, str] | None:
    """The node that a dependency means, and its version."""
    wanted = f"{repository.removeprefix('oci://').rstrip('/')}/{name}" if repository.startswith("oci://") else ""
    path = join(folder, repository.removeprefix("file://")) if repository.startswith("file://") else None
    for node, part in target.uses.items():
        contained = target.contains.get(node)
        same = wanted and part.reference.removeprefix("oci://") == wanted
        inside = path is not None and contained is not None and contained.kind == "chart" and clean(contained.source) == path
        if (same or inside) and part.tag:
            return node, part.tag.replace("_", "+")
    return None


def _inside(target: Target, folder: str, repository: str) -> str | None:
    path = join(folder, repository.removeprefix("file://"))
    return path if path is not None and f"{path}/{_CHART}" in target.tree.entries else None


def _check_version(name: str, wanted: str, version: str, what: str, problems: list[str]) -> None:
    """Helm leaves a dependency out, without a word, whose package is not within the range."""
    if not wanted or wanted == version:
        return
    try:
        fits = parse_range(wanted).admits(semver.Version.parse(version.removeprefix("v")))
    except (UsageError, ValueError):
        fits = False
    if not fits:
        problems.append(
            f"Chart.yaml asks for {name} {wanted}, and {what} {version}: Helm would leave it out; set the version in Chart.yaml,"
            " or stamp it"
        )


def _read(work: Work, folder: str) -> Tree:
    root = work.checkout() / folder
    if not root.is_dir():
        raise EnvironmentFailure(f"{folder or '.'} is not among the files that were checked out")
    return read_folder(root)


def _packed(tree: Tree, target: Target) -> bytes:
    return pack_chart(tree, mtime=target.release.time)[1]


def _package_of(repository: ReadOnlyRepository, digest: str) -> bytes:
    document = repository.load(digest)
    layers = [layer for layer in document.layers if layer.media_type == CONTENT] if isinstance(document, Manifest) else []
    if len(layers) != 1:
        raise DeclarationError(f"{repository.name}@{digest} is no chart", hint="only charts can be packaged into a chart")
    return read_blob(repository, layers[0], limit=MAX_CHART)


BUILDER = Builder("helm", ("chart",), "a Helm chart from its folder", plan, build)
