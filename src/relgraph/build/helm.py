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

from relgraph.build.builder import Builder, Part, Recipe, Target, Work
from relgraph.build.gather import FILES, below, clean, contents, read_all, with_files
from relgraph.build.stamping import NOBODY, stamped, stamping_of
from relgraph.build.subcharts import embedded, package_of
from relgraph.build.words import Words
from relgraph.errors import DeclarationError, EnvironmentFailure
from relgraph.oci.codecs.artifact import Artifact
from relgraph.oci.codecs.chartfile import Metadata, read_metadata
from relgraph.oci.codecs.codec import Options
from relgraph.oci.codecs.helm import artifact_of, pack_chart, read_package
from relgraph.oci.codecs.tree import Tree, read_folder
from relgraph.stamp.stamp import SUFFIX, Spec

__all__ = ["BUILDER"]

#: Changes with what is made of the same input.
_FORMAT = 1
_CHART = "Chart.yaml"
_LEADING_V = re.compile(r"^appVersion:[ \t]*[\"']?v\d", re.MULTILINE)
_APP = re.compile(r"^appVersion:", re.MULTILINE)


class _Part(NamedTuple):
    """Something that the chart contains: a target of its own, and its files (paths of the repository) by place in the chart."""

    target: Target
    places: Mapping[str, str]


def plan(target: Target) -> Recipe:
    """What decides the package."""
    Words(target, "helm", ("charts",))
    folder = _folder(target)
    prefix = f"{folder}/" if folder else ""
    paths = [path for path in target.tree.entries if path.startswith(prefix)]
    files = {path[len(prefix) :]: data for path, data in read_all(target.tree, paths).items()}
    if _CHART not in {*files, *target.templates, *(path.removesuffix(SUFFIX) for path in target.templates)}:
        raise _no_chart(target, folder)
    parts, needs, read = [], set(), set()
    for part in _parts(target, folder):
        own = read_all(target.tree, part.places.values())
        stamping = stamping_of(part.target, own, Spec.of(part.target.stamp, {}))
        files |= _laid(part, own, {})
        parts.append([part.places, stamping.facts])
        needs |= {*stamping.needs}
        read |= {*part.places.values()}
    spec = _spec(target, files)
    stamping = stamping_of(target, files, spec)
    metadata = _metadata(target, stamping.files.get)
    charts = embedded(target, folder, metadata, stamping.files)
    facts: dict[str, object] = {
        "format": _FORMAT,
        "chart": folder,
        "name": metadata.name,
        "version": metadata.version,
        "time": target.release.time,
        "stamp": stamping.facts,
        "charts": [list(one) for one in charts],
        "parts": parts,
    }
    needs |= {*stamping.needs, *(one.node for one in charts if one.node)}
    folders = [below(one.folder) for one in charts if one.folder]
    bases = tuple(one.reference for one in charts if one.reference)
    return Recipe(facts, tuple(dict.fromkeys((below(folder), *folders, *sorted(read)))), tuple(sorted(needs)), bases=bases)


def build(work: Work) -> Artifact:
    """The artifact of the package."""
    target = work.target
    folder = _folder(target)
    checkout = work.checkout()
    tree = _read(work, folder)
    before = contents(tree)
    files = dict(before)
    for part in _parts(target, folder):
        files |= _laid(part, {path: (checkout / path).read_bytes() for path in part.places.values()}, work.digests)
    after = stamped(target, files, _spec(target, files), work.digests)
    metadata = _metadata(target, after.get)
    for one in embedded(target, folder, metadata, after):
        if one.folder:
            package = pack_chart(_read(work, one.folder), mtime=target.release.time)[1]
        else:
            digest = work.digests[one.node] if one.node else one.reference.rpartition("@")[2]
            package = package_of(work.built[one.node or one.reference], digest)
        held = read_package(package)
        if (held.name, held.version) != (one.name, one.version):
            raise DeclarationError(
                f"{target.node.origin}: {target.node.id}: {one.node or one.reference} is {held.name} {held.version}, not {one.name} {one.version}"
            )
        version = held.version
        work.say(f"holds {one.name} {version}, {one.node or one.reference or one.folder}")
        after[f"charts/{one.name}-{version}.tgz"] = package
    chart = with_files(tree, {path: data for path, data in after.items() if data is not before.get(path)})
    packed, package = pack_chart(chart, mtime=target.release.time)
    if (packed.name, packed.version) != (metadata.name, metadata.version):
        raise DeclarationError(
            f"{target.node.origin}: {target.node.id}: the package is {packed.name} {packed.version}, not what Chart.yaml says"
        )
    work.say(f"packaged {packed.name} {packed.version}: {len(package)} bytes")
    return artifact_of(packed, package, options=Options(created=datetime.fromtimestamp(target.release.time, UTC)))


def _folder(target: Target) -> str:
    return clean(str(target.options.get("helm") or target.node.source or ""))


def _no_chart(target: Target, folder: str) -> DeclarationError:
    charts = [path.rpartition("/")[0] for path in target.tree.entries if path.rpartition("/")[2] == _CHART]
    close = get_close_matches(folder, charts, n=1, cutoff=0.4) or charts[:1]
    return DeclarationError(
        f"{target.node.origin}: {target.node.id}: {folder or '.'} has no {_CHART}",
        hint=f"did you mean {close[0] or '.'}?" if close else "give the chart's folder as its 'source'",
    )


def _spec(target: Target, files: Mapping[str, bytes]) -> Spec:
    """What is stamped: what is declared, and Chart.yaml's version and appVersion where the declaration leaves them alone."""
    spec = Spec.of(target.stamp, target.templates)
    if target.options.get("versioned", True) is False or _CHART + SUFFIX in target.templates:
        return spec
    text = {**files, **target.templates}[_CHART].decode("utf-8", "surrogateescape")
    own = {"version": "{{ tag }}"}
    if _APP.search(text) is not None:
        own["appVersion"] = "v{{ version }}" if _LEADING_V.search(text) is not None else "{{ version }}"
    return spec._replace(set={**spec.set, _CHART: {**own, **spec.set.get(_CHART, {})}})


def _metadata(target: Target, files: Callable[[str], bytes | None]) -> Metadata:
    try:
        metadata = read_metadata(files)
    except DeclarationError as problem:
        raise DeclarationError(f"{target.node.origin}: {target.node.id}: {problem}", hint=problem.hint) from None
    tag = target.own.tag.replace("_", "+")
    reference = target.own.reference.removeprefix("oci://")
    if tag and metadata.version != tag and target.options.get("versioned", True) is not False:
        raise DeclarationError(
            f"{target.node.origin}: {target.node.id}: the chart's version is {metadata.version}, and its tag would be {target.own.tag}",
            hint="Helm finds a chart under its version: remove the stamp of Chart.yaml's version, or change the node's 'tag'",
        )
    if reference and reference.rpartition("/")[2] != metadata.name:
        raise DeclarationError(
            f"{target.node.origin}: {target.node.id}: the chart is called {metadata.name!r}, and is published as {reference}",
            hint="Helm takes the last part of a reference for the chart's name: change 'ref', or the name in Chart.yaml",
        )
    return metadata


def _parts(target: Target, folder: str) -> list[_Part]:
    """What the chart contains, but for charts: single files of the same repository."""
    found = []
    for node in target.contains.values():
        if node.kind == "chart" or not node.source:
            continue
        own = target.uses.get(node.id, Part(node.id, "", "", ""))
        stamp: Mapping[str, object] = node.get("stamp") or {}
        if stamp.get("templates"):
            raise DeclarationError(
                f"{node.origin}: {node.id} is stamped by template files and contained in {target.node.id}",
                hint="put the template into the chart's own folder of templates",
            )
        declared = (node.get("build") or {}).get("bundle") or {f"templates/{node.source.rpartition('/')[2]}": node.source}
        places: dict[str, str] = {}
        for place, source in declared.items():
            path = clean(str(source))
            if path not in target.tree.entries or target.tree.entries[path].mode not in FILES:
                raise DeclarationError(
                    f"{node.origin}: {node.id}: there is no file {path}", hint="a chart holds single files of its own repository"
                )
            if ".." in place.split("/"):
                raise DeclarationError(f"{node.origin}: {node.id}: {place} leads out of the chart")
            # What lies in the chart's folder stays where it is.
            inside = path.removeprefix(f"{folder}/") if folder else path
            places[inside if inside != path or not folder else clean(place)] = path
        found.append(_Part(target._replace(node=node, own=own, stamp=stamp, templates={}), places))
    return found


def _laid(part: _Part, files: Mapping[str, bytes], digests: Mapping[str, str]) -> dict[str, bytes]:
    """The files of a part by their places in the chart, stamped as the part declares."""
    known = digests or dict.fromkeys(part.target.uses, NOBODY)
    done = stamped(part.target, files, Spec.of(part.target.stamp, {}), known)
    return {place: done[path] for place, path in part.places.items()}


def _read(work: Work, folder: str) -> Tree:
    root = work.checkout() / folder
    if not root.is_dir():
        raise EnvironmentFailure(f"{folder or '.'} is not among the files that were checked out")
    return read_folder(root)


BUILDER = Builder("helm", ("chart",), "a Helm chart from its folder", plan, build)
