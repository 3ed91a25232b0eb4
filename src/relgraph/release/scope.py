"""What a release of a repository publishes: its nodes, how each is built, under which names."""

from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

from relgraph.build.builder import Part, Release, Target
from relgraph.build.registry import names
from relgraph.errors import DeclarationError
from relgraph.graph.propagate import read_tag, write_version
from relgraph.infer.declared import Declared
from relgraph.infer.standing import releases
from relgraph.model.graph import Edge, EdgeKind, Follow, Node
from relgraph.model.record import Record
from relgraph.model.version import Version, parse_version
from relgraph.release.channels import channel_names
from relgraph.resolve.range import Range, parse_range

__all__ = ["Scope", "Unit", "oci_tag", "part_of", "scope_of"]

#: How a node is built that says nothing of it, by kind and whether it has a source.
_DEFAULTS = {"chart": "helm", "hook": "bundle", "files": "bundle"}


class Unit(NamedTuple):
    """One node that is built and published: its builder's word, what it is built from, the tags that move with it."""

    builder: str
    target: Target
    channels: tuple[str, ...] = ()

    @property
    def id(self) -> str:
        """The node's id."""
        return self.target.node.id

    @property
    def part(self) -> Part:
        """The node as others see it."""
        return self.target.own


class Scope(NamedTuple):
    """All units of a repository, in order of their ids, and the published nodes of it that nothing here builds."""

    release: Release
    units: tuple[Unit, ...]
    unbuilt: tuple[str, ...]


def scope_of(
    declared: Declared, repo: str, release: Release, templates: Mapping[str, bytes], recorded: Record | None = None
) -> Scope:
    """What a release of the repository ``repo`` (a node id) publishes.

    ``templates`` are the workspace's template files by path below ``templates/``. What is ``recorded`` already refers to what it referred to
    then, whatever others have released since. Raises DeclarationError, with all problems.
    """
    referred = {item.node: dict(item.uses) for item in recorded.items} if recorded is not None else {}
    units: list[Unit] = []
    unbuilt: list[str] = []
    problems: list[str] = []
    unversioned = False
    tree = declared.subjects[repo].tree
    words = set(names())
    for node in sorted(declared.graph.nodes.values(), key=lambda node: node.id):
        if node.kind in ("repo", "derived") or declared.homes.get(node.id) != repo:
            continue
        build: Mapping[str, Any] = node.get("build") or {}
        chosen = [word for word in build if word in words]
        if len(chosen) > 1:
            problems.append(f"{node.origin}: {node.id} has several builders: {', '.join(sorted(chosen))} (leave one)")
            continue
        builder = chosen[0] if chosen else _default(node)
        if not node.ref:
            if chosen and node.kind != "tool":
                problems.append(f"{node.origin}: {node.id} is built and published nowhere; give it a 'ref'")
            continue
        if not builder:
            unbuilt.append(node.id)
            continue
        own = part_of(declared, node)
        if not own.tag:
            unversioned = True
            problems.append(f"{node.origin}: {node.id} has no version: {declared.versions[node.id].reasons[-1]}")
            continue
        target = Target(
            node,
            own,
            {
                edge.head: _referred(
                    part_of(declared, declared.graph.nodes[edge.head], edge, repo),
                    declared.graph.nodes[edge.head],
                    referred.get(node.id, {}).get(edge.head, ""),
                )
                for edge in _references(declared, node)
            },
            _moment(node, release),
            dict(build),
            dict(node.get("stamp") or {}),
            tree,
            _templates_of(node, templates),
            {edge.head: declared.graph.nodes[edge.head] for edge in _references(declared, node) if edge.kind is EdgeKind.CONTAINS},
        )
        units.append(Unit(builder, target, tuple(node.get("channels") or ())))
    problems += _clashes(units)
    if problems:
        raise DeclarationError(
            problems[0] if len(problems) == 1 else f"{len(problems)} nodes cannot be released",
            details=tuple(problems) if len(problems) > 1 else (),
            hint=_hint(declared, repo) if unversioned else "",
        )
    return Scope(release, tuple(units), tuple(unbuilt))


def _moment(node: Node, release: Release) -> Release:
    """The release as a node sees it: what holds no version, or one of its own, comes to the same in every release, and holds no time."""
    timeless = node.get("version") or (node.get("build") or {}).get("versioned") is False
    return release._replace(time=0) if timeless else release


def _clashes(units: Iterable[Unit]) -> list[str]:
    """Names that two nodes would publish, or that would move and be a version at once."""
    problems: list[str] = []
    owners: dict[tuple[str, str], tuple[Unit, bool]] = {}
    for unit in units:
        version = parse_version(unit.part.version)
        channels = channel_names(unit.channels, version) if version is not None else ()
        for tag, fixed in ((unit.part.tag, True), *((channel, False) for channel in channels)):
            other, other_fixed = owners.setdefault((unit.part.reference, tag), (unit, fixed))
            if other is not unit:
                problems.append(
                    f"{unit.target.node.origin}: {other.id} and {unit.id} are both published as {unit.part.reference}:{tag}"
                )
            elif fixed is not other_fixed:
                problems.append(f"{unit.target.node.origin}: {unit.id}: the channel {tag} is its version, which never moves")
    return problems


def _hint(declared: Declared, repo: str) -> str:
    node = declared.graph.nodes[repo]
    if releases(node, declared.subjects[repo]):
        return "`relgraph versions` shows where versions come from"
    first = write_version(node.tag, Version("", (0, 1, 0)))
    return f"versions come from tags, and there is none yet: `git tag {first}` makes the first"


def part_of(declared: Declared, node: Node, edge: Edge | None = None, repo: str = "") -> Part:
    """A node as others see it; along an edge from ``repo``, at the version that the edge follows.

    What another repository publishes has the version of its newest release (that the edge's range allows), unless that repository
    stands at a tag itself.
    """
    found = declared.versions[node.id]
    version, written = found.version, found.written
    reference = node.ref.removeprefix("oci://")
    home = declared.homes.get(node.id, "")
    if edge is not None and declared.homes.get(node.id, repo) != repo:
        if edge.follow is Follow.PINNED and not edge.constraint:
            return Part(node.id, "", "", reference, home)
        released = _released(declared, node, edge)
        if released is not None:
            version, written = released, write_version(node.tag, released)
    return Part(node.id, version.bare if version is not None else "", oci_tag(written), reference, home)


def _referred(part: Part, node: Node, tag: str) -> Part:
    """What a node refers to, at the tag that a record says; as it is where that is none."""
    version = read_tag(node.tag, tag.replace("_", "+", 1)) or parse_version(tag.replace("_", "+", 1)) if tag else None
    return part if version is None else part._replace(version=version.bare, tag=tag)


def oci_tag(written: str) -> str:
    """A version as a tag of a registry, which cannot hold ``+``."""
    return written.replace("+", "_")


def _released(declared: Declared, node: Node, edge: Edge) -> Version | None:
    version = declared.versions[node.id].version
    wanted = parse_range(edge.constraint) if edge.constraint else None
    builder = declared.builders.get(node.id)
    subject = declared.subjects.get(builder.head) if builder is not None else None
    if node.get("version") or node.get("map") or builder is None or subject is None:
        return None
    if version is not None and "dev." not in version.pre and wanted is None:
        return None
    known = [one.version for one in releases(declared.graph.nodes[builder.head], subject)]
    if wanted is not None:
        known = [one for one in known if _admits(wanted, one)]
    finals = [one for one in known if not one.pre] or known
    return finals[-1] if finals else None


def _admits(wanted: Range, version: Version) -> bool:
    import semver  # noqa: PLC0415 - ranges are rare

    try:
        return wanted.admits(semver.Version.parse(version.bare), prereleases=True)
    except ValueError:  # three numbers are what a range compares
        return False


def _references(declared: Declared, node: Node) -> tuple[Edge, ...]:
    return tuple(edge for edge in declared.outgoing.get(node.id, ()) if edge.kind is not EdgeKind.BUILDS_FROM)


def _default(node: Node) -> str:
    return _DEFAULTS.get(node.kind, "") if node.source or node.paths else ""


def _templates_of(node: Node, templates: Mapping[str, bytes]) -> dict[str, bytes]:
    folder = str((node.get("stamp") or {}).get("templates") or node.name).strip("/") + "/"
    return {path.removeprefix(folder): data for path, data in templates.items() if path.startswith(folder)}
