"""The example of docs/from-make.md: its table covers all targets, its graph and tasks are there, and what needs no Go runs."""

import importlib.util
import re
import shutil
from pathlib import Path
from types import ModuleType

import pytest

from releases import git, relgraph
from relgraph.cli.parse import parse
from relgraph.cli.table import COMMANDS, HELP
from relgraph.tasks.collection import words_of
from relgraph.verify import open_workspace

ROOT = Path(__file__).resolve().parents[2]
EXAMPLE = ROOT / "docs/examples/from-make"
ROW = re.compile(r"^\| `(?P<target>[^`]+)` \| (?P<becomes>[^|]+) \|(?P<run>[^|]*)\|$", re.MULTILINE)
ROWS = [match.groupdict() for match in ROW.finditer((ROOT / "docs/from-make.md").read_text())]

# The named targets of KubeStellar's Makefile at its 0.30 releases.
TARGETS = """
    manifests generate $(CODE_GEN_DIR) codegenclients all-generated verify-codegen
    fmt vet test imports verify-imports modules verify-modules lint update-contextual-logging verify-boilerplate verify-go-versions
    build build-all ldflags bin-dir require-% run
    ko-build-controller-manager-local ko-build-transport-local ko-build-get-kubeconfig-local kind-load-image k3d-load-image
    install uninstall deploy undeploy
    kustomize controller-gen envtest $(GOLANGCI_LINT) $(STATICCHECK) $(OPENSHIFT_GOIMPORTS)
""".split()

CRD = (
    '#!/bin/sh\nmkdir -p config/crd/bases\ncase "$1" in crd) cat api/*/types.go | sed "s/^/# /" > config/crd/bases/things.yaml;;\n'
)
CRD += '*) for f in api/*/types.go; do sed "s/type/copy/" "$f" > "$(dirname "$f")/zz_generated.deepcopy.go"; done;; esac\n'
SCRIPTS = {
    "bin/controller-gen": CRD,
    "bin/kustomize": "#!/bin/sh\ncat config/crd/bases/*.yaml\n",
    # The real generator refuses to work in a folder of another name.
    "hack/update-codegen-clients.sh": '#!/bin/sh\ncase "$PWD" in */github.com/example/platform) ;; *) echo "not in $PWD" >&2; exit 1;; esac\n'
    "mkdir -p pkg/generated && cat api/*/types.go > pkg/generated/client.go\n",
    "tools/go": '#!/bin/sh\nmkdir -p bin; shift; while [ "$1" != -o ]; do shift; done; cat "$3/main.go" go.mod > "$2"\n',
}
FILES = {
    "go.mod": "module github.com/example/platform\n\ngo 1.24.5\n",
    "api/v1/types.go": "package v1\n\ntype Thing struct{}\n",
    "config/crd/kustomization.yaml": "resources: [bases/things.yaml]\n",
    "cmd/controller-manager/main.go": "package main\n",
    "cmd/transport-controller/main.go": "package main\n",
    "cmd/get-kubeconfig/main.go": "package main\n",
    "core-chart/Chart.yaml": "apiVersion: v2\nname: core-chart\nversion: 0.0.0\nappVersion: 0.0.0\n",
    "core-chart/values.yaml": "VERSION: unstamped\n",
    ".gitignore": "/bin/\n/tools/\n/.relgraph/\n",
}


@pytest.fixture
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A small platform with the example's graph and programs that stand for the real generators."""
    root = tmp_path / "platform"
    shutil.copytree(EXAMPLE, root)
    for path, text in {**FILES, **SCRIPTS}.items():
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_text(text)
        if path in SCRIPTS:
            (root / path).chmod(0o755)
    git(root, "init", "-q", "-b", "main")
    git(root, "add", ".")
    git(root, "commit", "-qm", "Begin")
    git(root, "tag", "v0.30.0")
    monkeypatch.setenv("PATH", f"{root}/tools", prepend=":")
    return root


def own_tasks() -> ModuleType:
    spec = importlib.util.spec_from_file_location("from_make_tasks", EXAMPLE / "tasks.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_every_target_has_a_row() -> None:
    assert [row["target"] for row in ROWS] == TARGETS
    assert len(TARGETS) == 38


def test_every_node_of_the_table_is_declared(root: Path) -> None:
    declared = open_workspace(root).graph.nodes.keys()
    named = {node for row in ROWS for node in re.findall(r"`((?:derived|images|charts|tools)\.[\w-]+)`", row["becomes"])}
    assert named <= declared
    assert {node for node in declared if node.startswith(("derived.", "images.", "tools."))} <= named


def test_every_command_of_the_table_is_one(root: Path) -> None:
    tasks = own_tasks().ns.task_names
    commands = {command.name: command for command in COMMANDS}
    for row in ROWS:
        match = re.fullmatch(r"`invoke (?P<task>\S+)(?P<rest>.*)`", row["run"].strip())
        if match is None:
            assert row["run"].strip() == "", row
            continue
        assert match["task"] in tasks, row
        if match["task"] in commands:
            nodes = re.findall(r"--node (\S+)", match["rest"])
            flags = {name: True for name in re.findall(r"--(\w+)(?= --|$)", match["rest"]) if name != "node"}
            words = words_of(commands[match["task"]], {"node": nodes, **flags})
            parse(words, COMMANDS, HELP)


def test_derived_files_are_made_checked_and_made_again_only_where_inputs_changed(root: Path) -> None:
    made = relgraph(root, "derive")
    assert made.status == 0, made.err
    assert (root / "pkg/crd/files/crds.yaml").read_text() == "# package v1\n# \n# type Thing struct{}\n"
    assert (root / "pkg/generated/client.go").exists()
    assert sorted(path.name for path in (root / "bin").iterdir() if path.stat().st_size and not path.name.startswith(("kust", "controller-gen"))) == [
        "controller-manager", "get-kubeconfig", "transport-controller",
    ]  # fmt: skip
    git(root, "add", ".")
    git(root, "commit", "-qm", "Derive")
    assert "up to date" in relgraph(root, "derive").out
    checked = relgraph(root, "derive", "--check", "crds", "crd-bundle", "deepcopy", "clients")
    assert checked.status == 0, checked.out + checked.err
    assert git(root, "status", "--porcelain") == ""
    (root / "pkg/crd/files/crds.yaml").write_text("edited by hand\n")
    checked = relgraph(root, "derive", "--check", "crds", "crd-bundle")
    assert checked.status == 1
    assert "pkg/crd/files/crds.yaml" in checked.out
    assert (root / "pkg/crd/files/crds.yaml").read_text() == "edited by hand\n"


def test_the_chart_is_stamped_and_no_tracked_file_is_touched(root: Path) -> None:
    ran = relgraph(root, "stamp", "core-chart", "--output", "../out", "--tag", "v0.30.0")
    assert ran.status == 0, ran.err
    assert (root.parent / "out/core-chart/core-chart/values.yaml").read_text() == "VERSION: 0.30.0\n"
    assert git(root, "status", "--porcelain") == ""
