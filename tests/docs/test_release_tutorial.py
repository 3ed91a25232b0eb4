"""The tutorial on releases, followed word by word: what it shows is what the program says."""

import re
import shlex
from pathlib import Path

from releases import git, relgraph

PAGE = (Path(__file__).parents[2] / "docs/tutorial/release.md").read_text("utf-8")
BLOCKS = re.findall(r"^```(\w*)\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)

_DIFFERENT = (
    (re.compile(r"sha256:[0-9a-f]{64}"), "sha256:D"),
    (re.compile(r"\(\d+ files, \d+ references, [\d.]+ s\)"), "(N)"),
    (re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ"), "TIME"),
    (re.compile(r"\(and \d+ more\)"), "(and more)"),
)


def plain(text: str) -> str:
    for pattern, placeholder in _DIFFERENT:
        text = pattern.sub(placeholder, text)
    return text


def test_the_page_is_followed_word_by_word(tmp_path: Path) -> None:
    root = tmp_path / "try" / "platform"
    done = 0
    for language, block in BLOCKS:
        if language == "yaml":
            declared = (root / "graph/platform.yaml").read_text()
            assert block.split("\n")[1] in declared
            continue
        if block.startswith("relgraph demo"):
            assert relgraph(tmp_path, *shlex.split(block)[1:]).status == 0
            continue
        if block.startswith("git "):
            for command in block.strip().split(" && "):
                git(root, *shlex.split(command)[1:])
            continue
        line, _, shown = block.removeprefix("$ ").partition("\n")
        if "--why" in line:
            (root / "config/defaults.yaml").write_text("interval: 60s\n")
        ran = relgraph(root, *shlex.split(line)[1:])
        said = plain(ran.err + ran.out)
        for expected in plain(shown).splitlines():
            assert expected in said.splitlines(), (line, expected, said)
        if "--why" in line:
            assert relgraph(root, "build").status == 0  # which the text says in passing
        done += 1
    assert done == 10


def test_the_graph_of_the_page_is_that_of_the_demo() -> None:
    from relgraph.demo.world import PLATFORM

    graph = PLATFORM[0].files["graph/platform.yaml"] or ""
    shown = next(block for language, block in BLOCKS if language == "yaml")
    kept = [line for line in graph.splitlines() if line.strip()]
    for line in shown.splitlines():
        assert line in kept or line.strip() == "uses: [controller]", line
