"""A scan's work grows as what it reads does: four times the references are four times the work, whatever is written over and over.

What is counted is lines of Python that run, a loop's each turn included; time would tell of the machine.
"""

import sys
from collections.abc import Callable
from types import FrameType
from typing import Any

import pytest

from relgraph.git.memory import MemoryRepository
from relgraph.judging import judge
from relgraph.model.example import Commit
from relgraph.model.world import World
from relgraph.reading import read_subject

Files = dict[str, str | bytes]


def repeated(path: str, line: str, head: str = "") -> Callable[[int], Files]:
    """One file in which a line is repeated with ``@`` as the number of the line and ``%`` as one of ten values."""
    return lambda count: {path: head + "".join(_filled(line, number) for number in range(count))}


def many(path: str, text: str) -> Callable[[int], Files]:
    """One small file for each number."""
    return lambda count: {_filled(path, number): _filled(text, number) for number in range(count)}


def _filled(text: str, number: int) -> str:
    return text.replace("@", str(number)).replace("%", str(number % 10))


JOB = "on: push\njobs:\n  a:\n    steps:\n"
CHART = {"chart/Chart.yaml": "apiVersion: v2\nname: web\nversion: 1.0.0\n", "chart/values.yaml": "tag: 1.2.3\n"}
SHAPES: dict[str, Callable[[int], Files]] = {
    "images": repeated("a.yaml", "- image: ghcr.io/example/platform:1.2.%\n"),
    "images of all names": repeated("a.yaml", "- image: quay.io/acme/app@:1.2.%\n"),
    "images on one line": repeated("a.md", "ghcr.io/example/platform:1.2.% "),
    "a variable that is set again and again": repeated("a.sh", "X_VERSION=1.2.%\ndocker run ghcr.io/example/platform:$X_VERSION\n"),
    "toolchains": repeated("Dockerfile", "FROM golang:1.%\n"),
    "links that lead nowhere": many("d@/f.md", "[a](../nope@.md)\n"),
    "pages that do not exist": many("d@/f.md", "https://github.com/example/platform/blob/main/nope@.md\n"),
    "modules": many("d@/go.mod", "module github.com/example/platform/d@\n\ngo 1.24.0\n\nrequire github.com/acme/x v1.2.%\n"),
    "charts that are installed": repeated("a.sh", "helm install x@ oci://ghcr.io/acme/charts/web --version 1.2.% --set a.b=@\n"),
    "variables of a workflow": repeated(".github/workflows/a.yml", "  V@_VERSION: 1.2.%\n", "on: push\nenv:\n"),
    "variables that are misspelt": repeated("a.sh", "AB@CD_TAG=1\necho $AC@CD_TAG\n"),
    "actions": repeated(".github/workflows/a.yml", "    - uses: acme/do@v1.%.0\n", JOB),
    "charts": many("c@/Chart.yaml", "apiVersion: v2\nname: c@\nversion: 1.%.0\nappVersion: 1.%.1\n"),
    "scripts": many("d@/a.sh", "V=1.%\nbash d%/a.sh\ndocker run ghcr.io/example/platform:$V\n"),
    "downloads": repeated("a.sh", "curl -LO https://github.com/example/platform/releases/download/v1.2.%/web_1.2.%.tgz\n"),
    "settings": lambda count: CHART | repeated("a.sh", "helm install x ./chart --version 1.0.0 --set k@=1\n")(count),
}


@pytest.fixture(autouse=True)
def one_process(monkeypatch: pytest.MonkeyPatch) -> None:
    # What another process does is not counted.
    monkeypatch.setattr("relgraph.effects.parallel.os.cpu_count", lambda: 1)


def work(files: Files) -> int:
    """How many lines run in a scan of the files."""
    repository = MemoryRepository((Commit(files, ("v1.2.3",)), Commit(files | {"zz": "z"})))
    tree = repository.tree("HEAD")
    assert tree is not None
    lines = 0

    def count(_: FrameType, event: str, __: Any) -> Any:
        nonlocal lines
        lines += event == "line"
        return count

    before = sys.gettrace()
    sys.settrace(count)
    try:
        judge(World((read_subject(repository, tree),)))
    finally:
        sys.settrace(before)
    return lines


@pytest.mark.parametrize("shape", SHAPES)
def test_four_times_as_much_is_four_times_the_work(shape: str) -> None:
    work(SHAPES[shape](50))  # what is compiled and imported once
    few, more = work(SHAPES[shape](200)), work(SHAPES[shape](800))
    assert more < 4.6 * few
