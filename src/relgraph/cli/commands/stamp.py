"""``stamp``: what would be published, as files."""

from contextlib import ExitStack
from pathlib import Path

from relgraph.cli.command import Values
from relgraph.cli.commands.release import prepared_of
from relgraph.cli.commands.store_report import report
from relgraph.cli.terminal import Terminal
from relgraph.errors import EnvironmentFailure, UsageError
from relgraph.oci.layout import Layout
from relgraph.oci.local import LocalRepository

__all__ = ["run"]


def run(values: Values, terminal: Terminal) -> int:
    """Build the nodes, and lay their files out."""
    from relgraph.oci.codecs.codec import Form
    from relgraph.oci.codecs.helm import CONTENT
    from relgraph.oci.codecs.registry import codec_of
    from relgraph.oci.manifest import Manifest
    from relgraph.oci.stores import Stores
    from relgraph.oci.unpack import write_parts
    from relgraph.release.destinations import layout_name
    from relgraph.release.run import Settings, run

    folder = Path(values.get("output") or "")
    with ExitStack() as stack:
        prepared = prepared_of(values, terminal, stack)
        ran = run(prepared, stack.enter_context(Stores()), Settings(1))
        if ran.status:
            first = ran.outcome.results[ran.outcome.first_failed]
            raise EnvironmentFailure(f"{ran.outcome.first_failed}: {first.why}", hint=ran.hint, details=first.tail)
        store = Layout(prepared.workspace.root / ".relgraph" / "store")
        written: dict[str, list[str]] = {}
        wanted = values.many("node")
        for node, one in prepared.planned.items():
            if wanted and not {node, one.unit.target.node.name} & {*wanted}:
                continue
            repository = LocalRepository(store, layout_name(one.unit.part.reference))
            document = repository.load(ran.outcome.results[f"build {node}"].facts["digest"])
            codec = codec_of(document)
            if codec.decode is None or not isinstance(document, Manifest):
                if wanted:
                    raise UsageError(f"{node} is an image, which is not laid out as files", hint="`relgraph build` makes it")
                continue
            target = folder / one.unit.target.node.name
            # A chart is a package, and what is asked for are its files.
            parts = [
                part._replace(path="", form=Form.TAR_GZIP) if part.descriptor.media_type == CONTENT else part
                for part in codec.decode(repository, document)
            ]
            write_parts(repository, parts, target, workers=1)
            written[node] = sorted(str(path) for path in target.rglob("*") if path.is_file())
    facts = {"schema": "relgraph.dev/stamp/v1", "files": written}
    return report(values, terminal, facts, "\n".join(f"{node}  {path}" for node, paths in written.items() for path in paths))
