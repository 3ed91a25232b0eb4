"""What registries and layouts answer for what was released: everything that rules ask, read once."""

import re
from collections.abc import Callable, Collection, Iterable
from contextlib import ExitStack
from datetime import UTC, datetime
from typing import NamedTuple

from relgraph.effects import clock
from relgraph.errors import RelgraphError
from relgraph.graph.propagate import read_tag, write_version
from relgraph.infer.declared import Declared
from relgraph.infer.standing import is_skipped, releases
from relgraph.model.graph import Node
from relgraph.model.published import Extra, Published, Seen
from relgraph.model.record import Item, Record
from relgraph.model.version import Version, parse_version, semver_key
from relgraph.oci.codecs.helm import CONFIG
from relgraph.oci.crew import Crew
from relgraph.oci.errors import InvalidContent, NotFound
from relgraph.oci.json import decode
from relgraph.oci.manifest import Document, Index, Manifest
from relgraph.oci.storage import ReadOnlyRepository, read_blob
from relgraph.release.destinations import destination
from relgraph.release.executors import Opener
from relgraph.release.recording import fetch_record, published_nodes, record_home
from relgraph.release.scope import oci_tag
from relgraph.trust.collect import collect
from relgraph.trust.judge import Question, judge
from relgraph.trust.keys import PublicKey
from relgraph.trust.policy import policy_of_keys
from relgraph.verify import Request, Workspace, open_facts
from relgraph.workspace.record import records_of, withdrawn_records

__all__ = ["Rebuild", "observe"]

#: Says how what is published differs from a build of its commit now; empty where it does not.
Rebuild = Callable[[str, str, Record | None, Item, Document, ReadOnlyRepository], str]
_LARGEST = 4 << 20
_WORKERS = 8
# As versions between two releases are written: 0.30.1-dev.7, 0.30.0-rc.1.dev.7.
_DEVELOPMENT = re.compile(r"(?:^|\.)dev\.\d+$")


class _Asked(NamedTuple):
    """One name; ``whole`` tells that what it leads to is read as well: of older releases the digest says that nothing has changed."""

    repo: str
    tag: str
    record: Record | None
    item: Item
    place: str
    whole: bool
    tagged: str = ""


def observe(
    workspace: Workspace,
    request: Request,
    open_store: Opener,
    *,
    to: str = "",
    keys: Collection[PublicKey] = (),
    rebuild: Rebuild | None = None,
) -> Published:
    """Look at everything that records name, at what the newest release tag of each repository promises, and at tags that nobody recorded.

    Of every name it is asked where it leads (one request); what is there is read and built again for the newest releases.
    Where a workspace has no record of a repository, the one beside what was published is read. Raises what the repositories of git raise;
    what cannot be looked at in a registry is part of the answer.
    """
    graph = workspace.graph
    with ExitStack() as stack:
        declared = open_facts(workspace, request, stack, sites=False).declared
        assert declared is not None  # noqa: S101 - facts of a graph are declared
        asked: list[_Asked] = []
        known: dict[str, set[str]] = {}
        since: dict[str, Version | None] = {}
        for node in graph.nodes.values():
            if node.kind != "repo" or node.get("external", False) or not published_nodes(graph, node.id):
                continue
            records = _records(workspace, node, declared, open_store, to)
            last, tags = _last(records), _tags(declared, node)
            asked += [
                _Asked(
                    node.name,
                    record.tag,
                    record,
                    item,
                    str(destination(item.reference, to)),
                    record in last,
                    tags.get(record.tag, ""),
                )
                for record in records
                for item in record.items
            ]
            asked += _promised(declared, node, {record.tag for record in records}, to)
            if records:
                for published in published_nodes(graph, node.id):
                    known.setdefault(published.id, set())
            since |= dict.fromkeys((one.id for one in published_nodes(graph, node.id)), _first(records, declared, node))
        for one in asked:
            known.setdefault(one.item.node, set()).add(one.item.tag)
    for place in sorted({one.place for one in asked}):
        try:
            open_store(place)  # stores are opened by one thread, and used by several
        except RelgraphError:
            pass  # told below, for each of its names
    with Crew(_WORKERS) as crew:
        looked = crew.each(lambda one: _look(one, open_store, keys), asked)
        nodes = [graph.nodes[node] for node in sorted(known) if node in graph.nodes]
        extra = crew.each(lambda node: _extra(node, known[node.id], since.get(node.id), open_store, to), nodes)
    seen = [_rebuilt(one, found, open_store, rebuild) for one, found in zip(asked, looked, strict=True)]
    return Published(withdrawn_records(workspace.root), tuple(seen), tuple(one for found in extra for one in found))


def _records(workspace: Workspace, repo: Node, declared: Declared, open_store: Opener, to: str) -> tuple[Record, ...]:
    found = records_of(workspace.root, repo.name)
    newest = _newest(declared, repo)
    home = record_home(workspace.graph, repo.id)
    if found or newest is None or not home:
        return found
    try:
        record = fetch_record(open_store(str(destination(home, to))), repo.name, newest[1])
    except RelgraphError:
        return ()  # what cannot be read is told when its names are looked at
    if record is None:
        return ()
    # What strangers may have written sends nobody to other places than those that are declared.
    places = {node.id: node.ref.removeprefix("oci://") for node in published_nodes(workspace.graph, repo.id)}
    return (record._replace(items=tuple(item for item in record.items if places.get(item.node) == item.reference)),)


def _tags(declared: Declared, repo: Node) -> dict[str, str]:
    """The commits of a repository's release tags."""
    subject = declared.subjects.get(repo.id)
    return {one.tag.name: one.tag.commit for one in releases(repo, subject)} if subject is not None else {}


def _last(records: Iterable[Record]) -> tuple[Record, ...]:
    """The newest release and the newest that is no pre-release."""
    found: dict[bool, tuple[Version, Record]] = {}
    for record in records:
        version = parse_version(record.version)
        if version is None:
            continue
        for final in (False, True) if not version.pre else (False,):
            if final not in found or semver_key(found[final][0]) <= semver_key(version):
                found[final] = version, record
    return tuple(record for _, record in found.values())


def _newest(declared: Declared, repo: Node) -> tuple[str, str] | None:
    """Tag and plain version of the newest release of a repository."""
    subject = declared.subjects.get(repo.id)
    known = releases(repo, subject) if subject is not None else ()
    finals = [one for one in known if not one.version.pre] or [*known]
    return (finals[-1].tag.name, finals[-1].version.bare) if finals else None


def _promised(declared: Declared, repo: Node, recorded: Collection[str], to: str) -> Iterable[_Asked]:
    """What the newest release tag says should be there, where no record says what is."""
    newest = _newest(declared, repo)
    if newest is None or newest[0] in recorded or is_skipped(repo, newest[0]):
        return
    version = read_tag(repo.tag, newest[0])
    for node in published_nodes(declared.graph, repo.id):
        builder = declared.builders.get(node.id)
        if builder is None or builder.head != repo.id or node.get("version"):
            continue  # its version follows something else
        tag = oci_tag(write_version(str(node.get("map") or node.tag), version))
        reference = node.ref.removeprefix("oci://")
        yield _Asked(
            repo.name, newest[0], None, Item(node.id, "", reference, tag, "", ""), str(destination(reference, to)), whole=True
        )


def _look(asked: _Asked, open_store: Opener, keys: Collection[PublicKey]) -> Seen:
    seen = Seen(asked.item, asked.place, asked.record, tagged=asked.tagged)
    try:
        repository = open_store(asked.place)
        signed = asked.record is not None and any(key.fingerprint in asked.record.signed_by for key in keys)
        if not asked.whole and not signed and (digest := str(repository.resolve(asked.item.tag).digest)) == asked.item.digest:
            return seen._replace(digest=digest, read=False)
        document = repository.load(asked.item.tag)
        seen = seen._replace(digest=str(document.digest), platforms=_platforms(document), chart=_chart(repository, document))
        if asked.record is not None and seen.digest == asked.item.digest:
            seen = seen._replace(unsigned=_unsigned(repository, document, asked.record, asked.item, keys))
    except NotFound:
        return seen
    except RelgraphError as problem:
        return seen._replace(problem=str(problem))
    return seen


def _rebuilt(asked: _Asked, seen: Seen, open_store: Opener, rebuild: Rebuild | None) -> Seen:
    withdrawn = asked.record is not None and asked.record.withdrawn is not None
    if (
        rebuild is None
        or not asked.whole
        or not seen.digest
        or withdrawn
        or (asked.record is not None and seen.digest != asked.item.digest)
    ):
        return seen
    repository = open_store(asked.place)
    document = repository.load(seen.digest)
    return seen._replace(rebuilt=rebuild(asked.repo, asked.tag, asked.record, asked.item, document, repository))


def _platforms(document: Document) -> tuple[str, ...]:
    if not isinstance(document, Index):
        return ()
    found = (entry.platform or {} for entry in document.manifests)
    return tuple("/".join(filter(None, (one.get("os"), one.get("architecture"), one.get("variant")))) for one in found if one)


def _chart(repository: ReadOnlyRepository, document: Document) -> tuple[str, str, str] | None:
    if not isinstance(document, Manifest) or document.config.media_type != CONFIG:
        return None
    fields = decode(read_blob(repository, document.config, limit=_LARGEST), what="chart")
    if not isinstance(fields, dict):
        raise InvalidContent("the config of the chart is no mapping")
    return tuple(str(fields.get(key, "")) for key in ("name", "version", "appVersion"))  # type: ignore[return-value]  # three keys


def _unsigned(repository: ReadOnlyRepository, document: Document, record: Record, item: Item, keys: Collection[PublicKey]) -> str:
    """What signature is missing; nothing where the release was not signed, or none of the keys at hand signed it."""
    wanted = [key for key in keys if key.fingerprint in record.signed_by]
    if not wanted:
        return ""
    now = datetime.fromtimestamp(clock.now(), UTC)
    question = Question(item.reference, str(document.digest), item.tag)
    verdict = judge(question, collect(repository, document.descriptor), policy_of_keys(wanted, threshold=len(wanted)), now=now)
    return "; ".join(verdict.reasons)


def _first(records: Iterable[Record], declared: Declared, repo: Node) -> Version | None:
    """The first version that a record knows, else the newest release: what came before was published by something else, and rightly."""
    newest = _newest(declared, repo)
    words = [record.version for record in records] or ([newest[1]] if newest is not None else [])
    known = [version for word in words if (version := parse_version(word)) is not None]
    return min(known, key=semver_key, default=None)


def _extra(node: Node, known: Collection[str], since: Version | None, open_store: Opener, to: str) -> list[Extra]:
    place = str(destination(node.ref.removeprefix("oci://"), to))
    try:
        tags = [*open_store(place).tags()]
    except RelgraphError:
        return []  # told where its names are looked at
    return [Extra(node.id, place, tag) for tag in tags if tag not in known and _is_release(node, tag, since)]


def _is_release(node: Node, tag: str, since: Version | None) -> bool:
    """Whether a tag writes the version of a release that is not older than ``since``; one of development is no release."""
    version = read_tag(node.tag, tag.replace("_", "+", 1))
    if version is None or len(version.release) != 3 or _DEVELOPMENT.search(version.pre) is not None:
        return False
    # A version of its own follows nobody's releases.
    return since is None or bool(node.get("version") or node.get("map")) or semver_key(version) >= semver_key(since)
