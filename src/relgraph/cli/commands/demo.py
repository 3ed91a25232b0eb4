"""``demo``: the main job, told on a world of its own."""

import os
import tempfile
from contextlib import chdir
from pathlib import Path
from textwrap import wrap

from relgraph.cli.command import Values
from relgraph.cli.terminal import Terminal
from relgraph.errors import EnvironmentFailure, UsageError

__all__ = ["run"]

_TO = "layout:../published"


def run(values: Values, terminal: Terminal) -> int:
    """Make the world, and go through a release, a mistake, its repair and the next release."""
    from relgraph.demo.world import hurried_commit, next_release
    from relgraph.demo.write import commit, make_world

    folder = _folder(values)
    story = _Story(terminal)
    story.tell(
        "Two repositories, as git has them: agent (an image and its chart) at v0.2.0, and platform (an image, a chart with a hook, a "
        "script, a page) at v0.30.0. platform/graph/platform.yaml declares all of it and what refers to what."
    )
    workspace = make_world(folder)
    with chdir(workspace):
        story.tell("Does every reference name the version that it should?")
        story.run("verify")
        story.tell("Release both, into a folder that is an OCI layout: no registry, no Docker, no network.")
        story.run("release", "--repo", "agent", "--tag", "v0.2.0", "--to", _TO)
        story.run("release", "--to", _TO)
        story.tell("What is released is released: the same again does nothing.")
        story.run("release", "--to", _TO)
        page = workspace.parent / "diagram.md"
        page.write_text("# The platform\n\n<!-- relgraph:graph platform versions -->\n<!-- /relgraph -->\n")
        story.tell("A picture of it, between two markers of a page.")
        story.run("graph", "--write", "../diagram.md", "--rev", "v0.30.0")
        story.tell("Somebody edits the install script in a hurry, and commits.")
        commit(workspace, hurried_commit())
        story.run("verify", expected=1)
        story.tell("The finding knows its repair.")
        story.run("verify", "--fix")
        story.run("verify")
        story.tell("The next release: the chart and the texts change, the controller does not, so it is not built again.")
        commit(workspace, next_release())
        story.run("release", "--to", _TO)
        story.run("versions", "--rev", "v0.31.0")
    shown = os.path.relpath(folder) if len(os.path.relpath(folder)) < len(str(folder)) else str(folder)
    story.tell(f"Everything lies in {shown}:")
    story.table(
        ("agent/, platform/", "the repositories; platform/graph/platform.yaml declares them"),
        ("platform/releases/", "the records: what each release published, by digest"),
        ("published/", "the OCI layout with images and charts"),
        ("diagram.md", "the diagram (mermaid)"),
    )
    story.tell(f"Try next, in {os.path.join(shown, 'platform')}:")
    story.table(
        ("relgraph why charts.platform-chart", "why it has its version"),
        ("relgraph impact repos.agent", "what must move when the agent does"),
        ("relgraph plan --release", "what a release would do"),
        ("relgraph store.serve layout:../published", "a registry on loopback, for helm and docker"),
    )
    story.tell("And `relgraph scan` in a repository of your own.")
    return 0 if not story.surprises else 1


class _Story:
    def __init__(self, terminal: Terminal) -> None:
        self._terminal = terminal
        self._begun = False
        self.surprises: list[str] = []

    def tell(self, text: str) -> None:
        """A paragraph, as wide as the screen."""
        lines = wrap(text, self._terminal.width, break_on_hyphens=False, break_long_words=False)
        self._terminal.write(("\n" if self._begun else "") + "".join(f"{line}\n" for line in lines))
        self._begun = True

    def table(self, *rows: tuple[str, str]) -> None:
        """What is there, and what it is: side by side, or one below the other where that is too wide."""
        wide = max(len(name) for name, _ in rows)
        beside = all(2 + wide + 3 + len(text) <= self._terminal.width for _, text in rows)
        for name, text in rows:
            between = " " * (wide - len(name) + 3) if beside else "\n      "
            self._terminal.write(f"  {name}{between}{text}\n")

    def run(self, *words: str, expected: int = 0) -> None:
        """Run a command as it would be typed."""
        from relgraph.cli.main import main
        from relgraph.report.style import paint

        said = " ".join(words)
        self._terminal.write(f"{paint('bold', f'$ relgraph {said}', self._terminal.color)}\n")
        status = main(list(words))
        if status != expected:
            self.surprises.append(said)
            self._terminal.write(f"(exit status {status}, where {expected} was expected)\n")


def _folder(values: Values) -> Path:
    given = values.get("folder")
    try:
        if given is None:
            return Path(tempfile.mkdtemp(prefix="relgraph-demo-"))
        folder = Path(given).absolute()
        if folder.exists() and any(folder.iterdir()):
            raise UsageError(f"{given} is not empty", hint="name a folder that is new, or leave it out")
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as problem:
        raise EnvironmentFailure(f"{problem.filename}: {problem.strerror}") from problem
    return folder
