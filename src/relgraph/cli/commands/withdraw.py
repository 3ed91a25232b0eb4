"""``withdraw``: mark a release as broken."""

import json

from relgraph.cli.command import Values
from relgraph.cli.commands.release import signer_of
from relgraph.cli.registries import Stores
from relgraph.cli.terminal import Terminal
from relgraph.cli.workspace import workspace_of
from relgraph.errors import UsageError
from relgraph.model.record import Withdrawal

__all__ = ["run"]


def run(values: Values, terminal: Terminal) -> int:
    """Mark it in the workspace and beside what was published."""
    from relgraph.release.destinations import destination
    from relgraph.release.executors import opener
    from relgraph.release.prepare import choose_repo
    from relgraph.release.recording import record_home
    from relgraph.release.run import known_record
    from relgraph.release.withdraw import publish_withdrawal, withdraw

    workspace = workspace_of(values)
    repo = choose_repo(workspace, values.get("repo") or "")
    signer = signer_of(values)
    version = (values.get("version") or "").removeprefix(repo.tag.partition("{")[0])
    home = record_home(workspace.graph, repo.id)
    with Stores(values, terminal) as stores:
        to, open_store = values.get("to") or "", opener(stores)
        place = str(destination(home, to)) if home else ""
        record = known_record(workspace.root, repo.name, version, home, open_store, to=to)
        if record is None:
            raise UsageError(
                f"{repo.name} {version}: no record of such a release", hint="`ls releases/` lists those that there are"
            )
        marked = withdraw(workspace.root, record, Withdrawal(values.get("reason") or "", values.get("replacement") or ""))
        told = publish_withdrawal(marked, place, home, open_store, signer) if place and not values.flag("local") else ""
    if values.get("format") == "json":
        facts = {"schema": "relgraph.dev/withdrawal/v1", "repo": repo.name, "version": version, "published": told}
        terminal.write(json.dumps(facts, indent=1) + "\n")
        return 0
    instead = f"; {marked.withdrawn.replacement} takes its place" if marked.withdrawn and marked.withdrawn.replacement else ""
    terminal.write(f"{repo.name} {version} is withdrawn{instead}\n")
    terminal.write(f"  releases/{repo.name}/{version}.yaml\n" + (f"  {told}\n" if told else ""))
    return 0
