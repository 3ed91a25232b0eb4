"""``withdraw``: mark a release as broken."""

import json

from relgraph.cli.command import Values
from relgraph.cli.commands.release import signer_of
from relgraph.cli.registries import Stores
from relgraph.cli.terminal import Terminal
from relgraph.cli.workspace import workspace_of
from relgraph.errors import UsageError
from relgraph.graph.propagate import read_tag
from relgraph.model.graph import Node
from relgraph.model.record import Withdrawal
from relgraph.model.version import parse_version

__all__ = ["run"]


def _version(word: str, repo: Node) -> str:
    """The plain version that is meant by a version or a tag."""
    plain = read_tag(repo.tag, word) or parse_version(word)
    if plain is None or plain.prefix:
        raise UsageError(f"{word!r} is no version of {repo.name}", hint=f"its tags are written {repo.tag}")
    return plain.bare


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
    version = _version(values.get("version") or "", repo)
    home = "" if values.flag("local") else record_home(workspace.graph, repo.id)  # without a home nobody is asked or told
    with Stores(values, terminal) as stores:
        to, open_store = values.get("to") or "", opener(stores)
        place = str(destination(home, to)) if home else ""
        record = known_record(workspace.root, repo.name, version, home, open_store, to=to, signer=signer)
        if record is None:
            raise UsageError(
                f"{repo.name} {version}: no record of such a release" + (" that this key signed" if signer is not None else ""),
                hint="`ls releases/` lists those that there are",
            )
        instead = _version(word, repo) if (word := values.get("replacement")) else ""
        if instead and known_record(workspace.root, repo.name, instead, home, open_store, to=to, signer=signer) is None:
            # Whoever names the broken release is told to name this one, and `verify --fix` writes it.
            raise UsageError(
                f"{repo.name} {instead}: no record of such a release, so that it cannot take the place of {version}",
                hint="leave out --replacement now; the same command with it adds it when that is released",
            )
        marked = withdraw(workspace.root, record, Withdrawal(values.get("reason") or "", instead))
        told = publish_withdrawal(marked, place, home, open_store, signer) if place else ""
    if values.get("format") == "json":
        facts = {"schema": "relgraph.dev/withdrawal/v1", "repo": repo.name, "version": version, "published": told}
        terminal.write(json.dumps(facts, indent=1) + "\n")
        return 0
    terminal.write(f"{repo.name} {version} is withdrawn{f'; {instead} takes its place' if instead else ''}\n")
    terminal.write(f"  releases/{repo.name}/{version}.yaml\n" + (f"  {told}\n" if told else ""))
    return 0
