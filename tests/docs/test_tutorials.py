"""The tutorials say what the program says: their commands are run on small worlds that hold the same mistakes.

Numbers differ between such a world and the real repositories (lines, commits, files, seconds), words do not.
"""

import re
import shlex
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

import pytest

from gitworld import write_world
from relgraph.cli.main import main
from relgraph.model.example import Commit

ROOT = Path(__file__).parents[2]
TUTORIALS = ROOT / "docs/tutorial"
PAGES = [*sorted(TUTORIALS.glob("*.md")), ROOT / "README.md"]


class Shown(NamedTuple):
    """A command line of a page and the output below it."""

    words: tuple[str, ...]
    keep: str
    output: str


def shown(page: str) -> list[Shown]:
    found = []
    for block in blocks(page, ""):
        for piece in re.split(r"^\$ ", block, flags=re.MULTILINE)[1:]:
            line, _, output = piece.partition("\n")
            command, _, rest = line.partition(" | grep ")
            found.append(Shown(tuple(shlex.split(command)[1:]), "".join(shlex.split(rest)), output))
    return found


def blocks(page: str, language: str) -> list[str]:
    found = re.findall(r"^```(\w*)\n(.*?)^```$", page, re.MULTILINE | re.DOTALL)
    return [text for written, text in found if written == language]


_DIFFERENT = (
    (re.compile(r"dev\.\d+\+g[0-9a-f]+"), "dev.N+gID"),
    (re.compile(r"\b[0-9a-f]{10,40}\b"), "ID"),
    (re.compile(r"(\.\w+|Dockerfile|Makefile):\d+(?::\d+)?"), r"\1:L"),
    (re.compile(r"\bline \d+"), "line L"),
    (re.compile(r"\d+ commits? after"), "N commits after"),
    (re.compile(r"\(\d+ files, \d+ references, [\d.]+ s(?:; [^)]*)?\)"), "(N)"),
    (re.compile(r"^\d+ (?:errors?|warnings?)(?:, \d+ warnings?)?(?= \(N\))", re.MULTILINE), "SUM"),
)


def plain(text: str) -> str:
    for pattern, placeholder in _DIFFERENT:
        text = pattern.sub(placeholder, text)
    return " ".join(text.split())


def missing(example: Shown, out: str, err: str) -> Iterator[str]:
    """The paragraphs of what the page shows that the program did not say."""
    if example.keep:
        out = "\n".join(line for line in out.splitlines() if re.search(example.keep, line))
    said = plain(err + out)
    for paragraph in example.output.split("\n\n"):
        wanted = paragraph.partition("\n  ...")[0]
        if plain(wanted) not in said:
            yield wanted


Run = Callable[[Shown], None]


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str]) -> Run:
    def call(example: Shown) -> None:
        main(list(example.words))
        out, err = capsys.readouterr()
        assert [*missing(example, out, err)] == [], out + err

    return call


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_links_lead_somewhere(page: Path) -> None:
    for target in re.findall(r"\]\(([^)#:\s]+)[^)\s]*\)", page.read_text("utf-8")):
        assert target in ("http", "https") or (page.parent / target).exists(), target


GO_MOD = "module github.com/kubestellar/{}\n\ngo {}\n"
HOOK = (
    "kind: PostCreateHook\nspec:\n  templates:\n  - kind: Job\n    spec: {{template: {{spec: {{containers: [{{image: {}}}]}}}}}}\n"
)
BUILD = (
    "#!/bin/sh\ngit clone -b v$1 https://github.com/open-cluster-management-io/clusteradm.git\nko build ./cmd/clusteradm -t $1\n"
)
CHART = "apiVersion: v2\nname: {}\ndescription: a chart\ntype: application\nversion: {}\nappVersion: {}\n"
RUNNER = """\
on: workflow_dispatch
jobs:
  test:
    runs-on: self-hosted
    steps:
      - run: |
          curl -sfL https://github.com/kubestellar/kubestellar/archive/refs/tags/v0.22.0.tar.gz | tar xz
      - run: |
          export KUBESTELLAR_VERSION=0.22.0
          bash <(curl -sf https://raw.githubusercontent.com/kubestellar/kubestellar/release-$KUBESTELLAR_VERSION/test/e2e/multi-cluster-deployment/run-test.sh)
"""
CONTROLLER = """\
#!/bin/sh
kubectl apply -f - <<EOF
kind: Deployment
spec:
  template:
    spec:
      initContainers:
      - name: one
        image: quay.io/kubestellar/kubectl:1.27.8
      - name: two
        image: quay.io/kubestellar/kubectl:1.27.8
EOF
"""
TEMPLATE = "kind: Job\nspec:\n  template:\n    spec:\n      containers:\n      - image: quay.io/kubestellar/kubectl:{{.Values.KUBECTL_VERSION}}\n"


def kubestellar() -> tuple[Commit, ...]:
    """A chart that stayed at its first version, a hook that names an image of its own; years later a workflow that was forgotten."""
    early = {
        "go.mod": GO_MOD.format("kubestellar", "1.20"),
        "core-helm-chart/Chart.yaml": CHART.format("kcm", "0.1.0", "0.1.0"),
        "config/postcreate-hooks/ocm.yaml": HOOK.format("quay.io/kubestellar/clusteradm:0.7.2"),
        "config/postcreate-hooks/kubestellar.yaml": HOOK.format("quay.io/kubestellar/helm:v3.14.0"),
        "hack/build-clusteradm-image.sh": BUILD,
    }
    late = {
        "go.mod": GO_MOD.format("kubestellar", "1.25"),
        "core-chart/Chart.yaml": CHART.format("core-chart", "0.30.0", "0.30.0"),
        "docs/install.md": "    helm install ks oci://ghcr.io/kubestellar/kubestellar/core-chart --version 0.30.0\n",
        "oldocs/examples.md": "# Examples\n",
        ".github/workflows/ocp-self-runner.yml": RUNNER,
        "core-chart/values.yaml": "KUBECTL_VERSION: 1.32.13\n",
        "core-chart/templates/job.yaml": TEMPLATE,
        "scripts/deploy-transport-controller.sh": CONTROLLER,
        "test/e2e/run-test.sh": "#!/bin/sh\n",
    }
    old = {**early, "test/e2e/multi-cluster-deployment/run-test.sh": "#!/bin/sh\n"}
    return (
        Commit(early, tags=("v0.20.0-alpha.1",), date="2024-01-18"),
        Commit({**early, "NOTES": "more\n"}, date="2024-02-14"),
        Commit(old, tags=("v0.22.0",), branches=("release-0.22.0",), date="2024-06-01"),
        Commit(late, tags=("v0.30.0",), branches=("release-0.30.0",), date="2026-05-13"),
    )


OPERATOR = "kind: Deployment\nspec:\n  template:\n    spec:\n      containers:\n      - env: [{{name: IMAGE, value: {0}}}]\n        image: {0}\n"
RELEASE = """\
on: {push: {tags: ['v*']}}
jobs:
  release:
    runs-on: ubuntu-latest
    steps:
    - uses: actions/checkout@v4
    - uses: goreleaser/goreleaser-action@v6
      with: {version: v2.4.0, args: release}
    - run: |
        make chart IMG=ghcr.io/kubestellar/ocm-status-addon:${{ github.ref_name }}
        helm package chart --version ${{ github.ref_name }} --app-version ${{ github.ref_name }}
        helm push ./*.tgz oci://ghcr.io/kubestellar
"""
MAKEFILE = """\
IMG ?= ko.local/ocm-status-addon:dev
chart:
\tcd config/manager && kustomize edit set image controller=$(shell echo ${IMG} | sed 's/:v/:/')
\tkustomize build config/default > chart/templates/operator.yaml
"""


def status_addon() -> tuple[Commit, ...]:
    """A developer's build in the chart, a link to a page that moved, an image in somebody's own space, minimums left behind."""
    leak = "ko.local/ocm-status-addon:38156c6"
    files = {
        "go.mod": GO_MOD.format("ocm-status-addon", "1.24.5"),
        "CONTRIBUTING.md": "# How to help\n\nHave [Go](https://golang.org/doc/install) 1.19+ at hand.\n",
        "README.md": "# Status\n\nYou need\n\n- Go 1.23 or newer\n",
        "Makefile": MAKEFILE,
        "config/default/kustomization.yaml": "resources: [../manager]\n",
        "config/manager/kustomization.yaml": "resources: [manager.yaml]\nimages: [{name: controller, newName: controller, newTag: dev}]\n",
        "config/manager/manager.yaml": OPERATOR.format("controller:latest"),
        "chart/Chart.yaml": CHART.format("ocm-status-addon-chart", "0.0.0", "0.0.0"),
        "chart/templates/operator.yaml": OPERATOR.format(leak),
        "docs/contributors.md": "See https://github.com/kubestellar/kubestellar/blob/main/docs/content/v0.20/examples.md#set-up\n",
        "pkg/controller/manager.go": 'package controller\n\nconst DefaultStatusAddOnImage = "quay.io/pdettori/status-addon:0.1.0"\n',
        "cmd/ocm-status-addon/main.go": "package main\n",
        ".goreleaser.yaml": "builds:\n- id: addon\n  main: ./cmd/ocm-status-addon\nkos:\n- build: addon\n"
        "  repository: ghcr.io/kubestellar/ocm-status-addon\n  bare: true\n  tags: ['{{.Version}}']\n",
        ".github/workflows/goreleaser.yml": RELEASE,
    }
    early = {"go.mod": GO_MOD.format("ocm-status-addon", "1.20")}
    return (
        Commit(early, tags=("v0.2.0-rc1",), date="2024-02-15"),
        Commit(files, tags=("v0.2.0-rc17",), date="2025-12-12"),
        Commit({**files, "NOTES": "more\n"}, date="2026-01-12"),
    )


@pytest.fixture
def clones(tmp_path: Path) -> Path:
    folder = tmp_path / "clones"
    for name, history in (("kubestellar", kubestellar()), ("ocm-status-addon", status_addon())):
        write_world(folder / name, history, remotes={"origin": f"https://github.com/kubestellar/{name}"})
    return folder


def test_declare_a_graph(clones: Path, run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    page = (TUTORIALS / "declare-a-graph.md").read_text("utf-8")
    head, nodes, others, waivers = blocks(page, "yaml")
    document = clones.parent / "platform/graph/platform.yaml"
    document.parent.mkdir(parents=True)
    monkeypatch.chdir(document.parents[1])
    examples = [example for example in shown(page) if example.output]
    assert len(examples) == 8
    document.write_text(head)
    for example in examples:
        if example.output.startswith("relgraph: error"):
            text = document.read_text()
            document.write_text(text.replace("url:", "ulr:", 1))
            run(example)
            document.write_text(head + others + nodes)  # the next section declares the rest
        else:
            run(example)
    document.write_text(head + others + nodes + waivers)
    assert main(["verify", "--repos", "../clones", "--as-of", "2024-02-15", "--rule", "RG603"]) == 0
    assert main(["graph"]) == 0


def test_first_scan(clones: Path, run: Run, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.chdir(clones)
    page = (TUTORIALS / "first-scan.md").read_text("utf-8")
    examples = [example for example in shown(page) if example.output]
    assert len(examples) == 3
    for example in examples:
        if example is examples[-1]:
            readme = clones / "ocm-status-addon/README.md"
            readme.write_text(readme.read_text().replace("1.23", "1.24"))
        run(example)
    for example in shown(page):
        if not example.output:
            assert main(list(example.words)) == 0
    assert capsys.readouterr().err == ""
