"""The record of a release, kept: as a file of the workspace, and beside what it records."""

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from pathlib import Path

from relgraph.effects.files import write_file
from relgraph.engine.executor import Job
from relgraph.errors import EnvironmentFailure, Refused
from relgraph.graph.build import home
from relgraph.model.graph import Graph, Node
from relgraph.model.plan import Facts, Step
from relgraph.model.record import Item, Record
from relgraph.oci.codecs.artifact import EMPTY_BLOB, Artifact, blob_of
from relgraph.oci.codecs.codec import rfc3339
from relgraph.oci.descriptor import EMPTY, Descriptor
from relgraph.oci.digest import is_digest
from relgraph.oci.errors import InvalidContent, NotFound
from relgraph.oci.manifest import Document, Manifest
from relgraph.oci.reference import is_tag
from relgraph.oci.storage import ReadOnlyRepository, read_blob
from relgraph.oci.stores import put
from relgraph.release.executors import Opener, descriptor_of
from relgraph.release.scope import Scope, Unit, oci_tag
from relgraph.release.signing import Signer
from relgraph.release.steps import Planned, build_step
from relgraph.workspace.record import ARTIFACT_TYPE, read_record, record_path, write_record

__all__ = [
    "Keep",
    "fetch_record",
    "keep_record",
    "published_nodes",
    "record_artifact",
    "record_home",
    "record_of",
    "record_tag",
    "withdrawal_tag",
]

_LARGEST = 4 << 20
_TITLE = "org.opencontainers.image.title"


class Keep:
    """Writes the record, and pushes it to where everything is that it records."""

    def __init__(
        self,
        open_store: Opener,
        scope: Scope,
        planned: Mapping[str, Planned],
        *,
        graph: Graph,
        version: str,
        root: Path,
        home: str,
        home_at: str,
        keys: Mapping[str, str],
        signer: Signer | None = None,
    ) -> None:
        self._open = open_store
        self._scope = scope
        self._planned = planned
        self._graph = graph
        self._version = version
        self._root = root
        self._home = home
        self._home_at = home_at
        self._keys = keys
        self._signer = signer

    def intact(self, step: Step, facts: Facts) -> bool:  # noqa: ARG002 - looked at in every run
        """Records are looked at in every run."""
        return True

    def run(self, job: Job) -> Facts:
        """Write and push."""
        import json  # noqa: PLC0415 - the recipe's form

        facts = {node: {**job.products[build_step(node)], "key": self._keys[node]} for node in self._planned}
        signed_by = (self._signer.key.public.fingerprint,) if self._signer is not None else ()
        record = record_of(self._scope, self._planned, facts, graph=self._graph, version=self._version, signed_by=signed_by)
        path = record_path(self._root, record.repo, record.version)
        tag = record_tag(record.repo, record.version)
        data = _kept(path, record) or self._there(record, tag) or write_record(record).encode()
        destinations: dict[str, str] = json.loads(job.step.recipe)["to"]
        # Its name comes last: who finds that finds all the rest. Several nodes may be published there, and the first lends it the subject.
        at_home = min((node for node, to in destinations.items() if to == self._home_at), default="")
        for node, to in sorted(destinations.items()):
            if node != at_home:
                put(self._open(to), record_artifact(data, record, descriptor_of(facts[node])))
        subject = descriptor_of(facts[at_home]) if at_home else None
        self._sign(job, put(self._open(self._home_at), record_artifact(data, record, subject), tag), tag)
        # The file says that a release is complete, so it is the last thing that is written.
        keep_record(path, data)
        job.say(str(path.relative_to(self._root)))
        return {"path": str(path), "tag": tag}

    def _there(self, record: Record, tag: str) -> bytes | None:
        """The bytes of the record that is there already, where it says the same. Raises Refused where it says something else."""
        repository = self._open(self._home_at)
        try:
            document = repository.load(tag)
        except NotFound:
            return None
        data = _content(repository, document, tag)
        if _same(read_record(data, what=f"{repository.name}:{tag}"), record):
            return data
        raise Refused(
            f"{repository.name}:{tag} is the record of another release of {record.repo} {record.version}",
            hint="what is published stays as it is: release the change under a new version",
        )

    def _sign(self, job: Job, made: Descriptor, tag: str) -> None:
        if self._signer is not None:
            for line in self._signer.sign(self._open(self._home_at), made, self._home, tag):
                job.say(line)


def record_of(
    scope: Scope,
    planned: Mapping[str, Planned],
    facts: Mapping[str, Facts],
    *,
    graph: Graph,
    version: str,
    signed_by: tuple[str, ...],
) -> Record:
    """The record of what was built (``facts`` by node id, with what decided each build under ``key``)."""
    release = scope.release
    return Record(
        graph.nodes[release.repo].name,
        version,
        release.tag,
        release.commit,
        rfc3339(datetime.fromtimestamp(release.time, UTC)),
        graph.name,
        tuple(_item(one.unit, facts[node]) for node, one in sorted(planned.items())),
        signed_by,
    )


def _item(unit: Unit, facts: Facts) -> Item:
    uses = tuple(sorted((node, part.tag) for node, part in unit.target.uses.items() if part.tag))
    return Item(
        unit.id, unit.builder, unit.part.reference, unit.part.tag, facts["digest"], facts["mediaType"], facts.get("key", ""), uses
    )


def record_artifact(data: bytes, record: Record, subject: Descriptor | None) -> Artifact:
    """The record as an artifact that refers to one of those that it records."""
    blob = blob_of(ARTIFACT_TYPE, data, annotations={_TITLE: f"{record.version}.yaml"})
    annotations = {"org.opencontainers.image.version": record.version, "org.opencontainers.image.revision": record.commit}
    manifest = Manifest.make(
        EMPTY,
        [blob.descriptor],
        artifact_type=ARTIFACT_TYPE,
        subject=subject.bare if subject is not None else None,
        annotations=annotations,
    )
    return Artifact((EMPTY_BLOB, blob), (manifest,))


def record_tag(repo: str, version: str) -> str:
    """The tag of a record in a registry: ``relgraph.web.1.2.0``."""
    return oci_tag(f"relgraph.{repo}.{version}")[:128]


def withdrawal_tag(repo: str, version: str) -> str:
    """The tag of the record that says that a release was withdrawn."""
    return f"{record_tag(repo, version)[:118]}.withdrawn"


def published_nodes(graph: Graph, repo: str) -> tuple[Node, ...]:
    """The nodes of a repository (node id) that are published, by id."""
    homes = home(graph)
    found = (
        node for node in graph.nodes.values() if node.kind not in ("repo", "derived") and node.ref and homes.get(node.id) == repo
    )
    return tuple(sorted(found, key=lambda node: node.id))


def record_home(graph: Graph, repo: str) -> str:
    """Where the records of a repository (node id) are: as declared, else with the first node that it publishes; or empty."""
    declared = graph.nodes[repo].get("records")
    nodes = published_nodes(graph, repo)
    return str(declared) if declared else nodes[0].ref.removeprefix("oci://") if nodes else ""


def fetch_record(
    repository: ReadOnlyRepository, repo: str, version: str, trusts: Callable[[Descriptor, str], bool] = lambda _made, _tag: True
) -> Record | None:
    """The record in a registry or layout, the withdrawn one where there is one; None where there is none, or none that is trusted.

    ``trusts`` is asked for a record's descriptor and tag. Raises DeclarationError and InvalidContent for another thing.
    """
    for tag in (withdrawal_tag(repo, version), record_tag(repo, version)):
        try:
            document = repository.load(tag)
        except NotFound:
            continue
        data = _content(repository, document, tag)
        if not trusts(document.descriptor, tag):
            continue
        found = read_record(data, what=f"{repository.name}:{tag}")
        if (found.repo, found.version) != (repo, version):
            raise InvalidContent(
                f"{repository.name}:{tag} is the record of {found.repo} {found.version}, not of {repo} {version}",
                hint="somebody else publishes there, or overwrote it",
            )
        if bad := next((item for item in found.items if not is_tag(item.tag) or not is_digest(item.digest)), None):
            raise InvalidContent(
                f"{repository.name}:{tag} records {bad.node} as {bad.tag!r}, {bad.digest!r}", hint="somebody else publishes there"
            )
        return found
    return None


def _content(repository: ReadOnlyRepository, document: Document, tag: str) -> bytes:
    if not isinstance(document, Manifest) or document.kind != ARTIFACT_TYPE or len(document.layers) != 1:
        raise InvalidContent(f"{repository.name}:{tag} is no record of a release", hint="somebody else uses this tag")
    return read_blob(repository, document.layers[0], limit=_LARGEST)


def keep_record(path: Path, data: bytes) -> None:
    """Write a record where there is none."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        write_file(path, [data], replace=False)
    except FileExistsError:
        pass
    except OSError as problem:
        raise EnvironmentFailure(f"{path}: {problem.strerror or problem}") from problem


def _kept(path: Path, record: Record) -> bytes | None:
    """The bytes of the record that the workspace has, where it says the same. Raises Refused where it says something else."""
    try:
        data = path.read_bytes()
    except FileNotFoundError:
        return None
    if _same(read_record(data, what=str(path)), record):
        return data
    raise Refused(
        f"{path}: it records another release of {record.repo} {record.version}",
        hint="what is published stays as it is: release the change under a new version",
    )


def _same(one: Record, other: Record) -> bool:
    """Whether two records say the same of a release; who signed it, and keys of builds, which newer programs make differently, aside."""
    return _plain(one) == _plain(other)


def _plain(record: Record) -> Record:
    return record._replace(signed_by=(), items=tuple(item._replace(key="") for item in record.items))
