"""The workspace's tasks: relgraph's own, and what is not a matter of what is built from what."""

import json
from pathlib import Path
from typing import Any, cast

import yaml
from invoke.context import Context
from invoke.tasks import Task, task

from relgraph.tasks import namespace

ns = namespace()
BIN = Path("bin")


def _versions(context: Context) -> dict[str, str]:
    """Every node's version, as the graph has it."""
    answer = context.run("relgraph versions --format json", hide=True)
    return {row["node"]: row["version"] for row in json.loads(answer.stdout)["versions"]} if answer else {}


@task
def tools(context: Context) -> None:
    """Install the tools at the versions of the graph, those that are not there yet."""
    versions = _versions(context)
    for name, tool in yaml.safe_load(Path("graph/platform.yaml").read_text())["tools"].items():
        module, version = tool["module"], versions[f"tools.{name}"]
        stamp = BIN / f".{name}-{version}"
        if not stamp.exists():
            # The code generator is a module of scripts and no program; hack/update-codegen-clients.sh runs it from Go's module cache.
            words = "mod download" if name == "code-generator" else "install"
            BIN.mkdir(exist_ok=True)
            context.run(f"GOBIN={BIN.resolve()} go {words} {module}@v{version}")
            stamp.touch()


@task
def fmt(context: Context) -> None:
    """Format."""
    context.run("go fmt ./...")


@task
def vet(context: Context) -> None:
    """Look for suspicious constructs."""
    context.run("go vet ./...")


@task
def test(context: Context) -> None:
    """Run the tests, on derived files that are up to date."""
    context.run("relgraph derive crds crd-bundle deepcopy clients")
    context.run("go test ./api/... ./cmd/... ./pkg/...")


@task(help={"check": "change nothing; fail when something is out of order"})
def imports(context: Context, check: bool = False) -> None:
    """Put imports in order."""
    context.run("bin/goimports -l . | tee /dev/stderr | (! grep -q .)" if check else "bin/goimports -w .")


@task(help={"check": "change nothing; fail when something would change"})
def modules(context: Context, check: bool = False) -> None:
    """Tidy go.mod and go.sum."""
    context.run("go mod tidy -diff" if check else "go mod tidy")


@task
def lint(context: Context) -> None:
    """Run the linters, which `invoke tools` installs."""
    context.run("bin/golangci-lint run && bin/staticcheck ./...")


@task
def logging(context: Context) -> None:
    """Report calls that do not log with a context."""
    context.run("hack/update-contextual-logging.sh")


@task
def boilerplate(context: Context) -> None:
    """Check the heads of files."""
    context.run("hack/verify-boilerplate.sh")


@task
def run(context: Context) -> None:
    """Run the controller on this machine."""
    context.run("relgraph derive binaries:controller-manager && bin/controller-manager", pty=True)


@task(help={"cluster": "name of the cluster", "tool": "kind or k3d"})
def load(context: Context, cluster: str = "kind", tool: str = "kind") -> None:
    """Build the images and load them into a cluster on this machine."""
    context.run("relgraph push --to layout:.relgraph/local && relgraph store.export layout:.relgraph/local .relgraph/images.tar")
    words = {
        "kind": f"kind load image-archive .relgraph/images.tar --name {cluster}",
        "k3d": f"k3d image import .relgraph/images.tar -c {cluster}",
    }
    context.run(words[tool])


@task
def install(context: Context) -> None:
    """Install the CRDs."""
    context.run("bin/kustomize build config/crd | kubectl apply -f -")


@task
def uninstall(context: Context) -> None:
    """Remove the CRDs."""
    context.run("bin/kustomize build config/crd | kubectl delete -f -")


@task
def deploy(context: Context) -> None:
    """Install the chart of the work tree; no tracked file changes."""
    context.run("relgraph stamp core-chart --output .relgraph/stamped")
    context.run("helm upgrade --install platform .relgraph/stamped/core-chart/core-chart")


@task
def undeploy(context: Context) -> None:
    """Remove the chart."""
    context.run("helm uninstall platform")


for own in (tools, fmt, vet, test, imports, modules, lint, logging, boilerplate, run, load, install, uninstall, deploy, undeploy):
    ns.add_task(cast("Task[Any]", own))
