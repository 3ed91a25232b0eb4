"""KubeStellar's packaging page as it was on 2024-02-15, retold as git repositories: its facts in our words, none of its files.

The world holds what the page marks as doubtful, and nothing else that is wrong; each doubt can be corrected by its one input.
"""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import NamedTuple

from gitworld import write_world
from relgraph.model.example import Commit

__all__ = ["CORRECTIONS", "Inputs", "page_document", "write_page_world"]

_GRAPH = Path(__file__).parents[2] / "graph/kubestellar-page.yaml"
_HELM = "    ref: quay.io/kubestellar/helm\n"


class Inputs(NamedTuple):
    """What the page doubts, as it was.

    ``app_version``: of KubeStellar's chart; ``addon_chart``: version and appVersion in the add-on's Chart.yaml; ``hook_image``: the tag
    of the image that the ocm hook runs; ``helm_build``: how the graph says that the helm image is built; ``image_tag`` and
    ``addon_image_tag``: the Makefiles' default; ``transport_tags``: the releases of the transport plugin.
    """

    app_version: str = "0.1.0"
    addon_chart: str = "0.2.0"
    hook_image: str = "0.7.2"
    helm_build: str = ""
    image_tag: str = "0.20.0-alpha.1"
    addon_image_tag: str = "0.2.0-alpha.1"
    transport_tags: tuple[str, ...] = ()


_FROM_GIT = "$(shell git describe --tags --always | sed 's/^v//')"

#: The correction of each doubt.
CORRECTIONS: Mapping[str, Callable[[Inputs], Inputs]] = {
    "the chart's appVersion": lambda inputs: inputs._replace(app_version="0.20.0-alpha.1"),
    "the add-on's Chart.yaml": lambda inputs: inputs._replace(addon_chart="0.2.0-alpha.1"),
    "the hook's fixed image": lambda inputs: inputs._replace(hook_image="will-be-replaced-at-release"),
    "the helm image's build": lambda inputs: inputs._replace(helm_build="hack/build-helm-image.sh"),
    "the hand-coded tag": lambda inputs: inputs._replace(image_tag=_FROM_GIT),
    "the add-on's hand-coded tag": lambda inputs: inputs._replace(addon_image_tag=_FROM_GIT),
    "the published OTP": lambda inputs: inputs._replace(transport_tags=("v0.1.0",)),
}

_MAKEFILE = """\
REGISTRY ?= {registry}
IMAGE_TAG ?= {tag}
COMMAND ?= {command}

.PHONY: ko-build-push chart-push
ko-build-push:
\tKO_DOCKER_REPO=$(REGISTRY) ko build -B ./cmd/$(COMMAND) -t $(IMAGE_TAG) --platform linux/amd64,linux/arm64

chart-push:
\thelm package {chart} --version $(IMAGE_TAG){more}
\thelm push {name}-*.tgz oci://$(REGISTRY)
"""

_DEPLOYMENT = """\
kind: Deployment
metadata: {{name: {name}}}
spec:
  template:
    spec:
      containers:
      - name: {name}
        image: {image}
"""

_HOOK = """\
kind: PostCreateHook
metadata: {{name: {name}}}
spec:
  templates:
  - kind: Job
    spec:
      template:
        spec:
          containers:
          - name: {name}
            image: {image}
            args: {args}
"""

_SCRIPT = """\
#!/bin/sh
# Builds the image of the latest clusteradm, or of the version that is asked for.
version="$1"
folder=$(mktemp -d)
git clone -b "v$version" https://github.com/open-cluster-management-io/clusteradm.git "$folder"
cd "$folder"
KO_DOCKER_REPO=quay.io/kubestellar ko build -B ./cmd/clusteradm -t "$version"
"""

_RELEASE = """\
on: {push: {tags: ['v*']}}
jobs:
  release:
    runs-on: ubuntu-latest
    steps:
    - uses: actions/checkout@v4
    - uses: goreleaser/goreleaser-action@v5
      with: {version: v1.24.0, args: release}
"""
_GORELEASER = """\
builds:
- id: plugin
  main: ./cmd/ocm-transport-plugin
kos:
- build: plugin
  repository: ghcr.io/kubestellar/ocm-transport-plugin
  main: ./cmd/ocm-transport-plugin
  bare: true
  tags: ['{{.Version}}']
"""

_SET_UP = """\
# Setting up

    kflex init --create-kind
    kubectl apply -f https://raw.githubusercontent.com/kubestellar/kubestellar/v0.20.0-alpha.1/config/postcreate-hooks/kubestellar.yaml
    kubectl apply -f https://raw.githubusercontent.com/kubestellar/kubestellar/v0.20.0-alpha.1/config/postcreate-hooks/ocm.yaml
    helm install status-addon oci://ghcr.io/kubestellar/ocm-status-addon-chart --version 0.2.0-alpha.1
    docker run ghcr.io/kubestellar/ocm-transport-plugin:0.1.0

[KubeFlex](https://github.com/kubestellar/kubeflex/tree/v0.4.2) makes the spaces.
"""


def _chart(name: str, version: str, app_version: str) -> str:
    return f"apiVersion: v2\nname: {name}\nversion: {version}\nappVersion: {app_version}\n"


def _kubestellar(inputs: Inputs) -> dict[str, str]:
    chart = "oci://ghcr.io/kubestellar/kubestellar/kubestellar-operator-chart"
    operator = "ghcr.io/kubestellar/kubestellar/kubestellar-operator:0.20.0-alpha.1"
    install = f'[upgrade, --install, operator, {chart}, --version, "0.20.0-alpha.1"]'
    return {
        "go.mod": "module github.com/kubestellar/kubestellar\n\ngo 1.20\n\nrequire github.com/kubestellar/kubeflex v0.4.2\n",
        "Makefile": _MAKEFILE.format(
            registry="ghcr.io/kubestellar/kubestellar", tag=inputs.image_tag, command="kubestellar-operator", chart="./core-helm-chart",
            more="", name="kubestellar-operator-chart",
        ),
        "cmd/kubestellar-operator/main.go": "package main\n\nfunc main() {}\n",
        "core-helm-chart/Chart.yaml": _chart("kubestellar-operator-chart", "0.20.0-alpha.1", inputs.app_version),
        "core-helm-chart/templates/operator.yaml": _DEPLOYMENT.format(name="operator", image=operator),
        "config/postcreate-hooks/kubestellar.yaml": _HOOK.format(
            name="kubestellar", image="quay.io/kubestellar/helm:v3.14.0", args=install
        ),
        "config/postcreate-hooks/ocm.yaml": _HOOK.format(
            name="ocm", image=f"quay.io/kubestellar/clusteradm:{inputs.hook_image}", args="[init]"
        ),
        "hack/build-clusteradm-image.sh": _SCRIPT,
        "docs/content/v0.20/set-up.md": _SET_UP,
    }  # fmt: skip


def _addon(inputs: Inputs) -> dict[str, str]:
    image = "ghcr.io/kubestellar/ocm-status-addon:0.2.0-alpha.1"
    return {
        "go.mod": "module github.com/kubestellar/ocm-status-addon\n\ngo 1.20\n",
        "Makefile": _MAKEFILE.format(
            registry="ghcr.io/kubestellar", tag=inputs.addon_image_tag, command="ocm-status-addon", chart="./chart",
            more=" --app-version $(IMAGE_TAG)", name="ocm-status-addon-chart",
        ),
        "cmd/ocm-status-addon/main.go": "package main\n\nfunc main() {}\n",
        "chart/Chart.yaml": _chart("ocm-status-addon-chart", inputs.addon_chart, inputs.addon_chart),
        "chart/templates/agent.yaml": _DEPLOYMENT.format(name="agent", image=image),
    }  # fmt: skip


def _module(path: str, requires: str = "") -> dict[str, str]:
    return {"go.mod": f"module {path}\n\ngo 1.20\n" + (f"\nrequire {requires}\n" if requires else "")}


def _released(files: dict[str, str], tag: str, date: str, today: str = "2024-02-15") -> tuple[Commit, ...]:
    """A release, and a commit since then."""
    return (Commit(files, tags=(tag,), date=date), Commit({**files, "NOTES": "more to come\n"}, date=today))


def page_document(inputs: Inputs = Inputs()) -> str:  # noqa: B008 - an immutable value
    """The declared graph of the page."""
    text = _GRAPH.read_text("utf-8")
    assert text.count(_HELM) == 1
    return text.replace(_HELM, f"{_HELM}    build: {{command: {inputs.helm_build}}}\n") if inputs.helm_build else text


def write_page_world(folder: Path, inputs: Inputs = Inputs()) -> Path:  # noqa: B008
    """A workspace with the page's graph, and clones of its repositories in ``clones``."""
    transport = {
        **_module("github.com/kubestellar/ocm-transport-plugin", "github.com/kubestellar/kubestellar v0.20.0-alpha.1"),
        ".github/workflows/release.yml": _RELEASE,
        ".goreleaser.yaml": _GORELEASER,
        "cmd/ocm-transport-plugin/main.go": "package main\n\nfunc main() {}\n",
    }
    worlds = {
        "kubestellar/kubestellar": _released(_kubestellar(inputs), "v0.20.0-alpha.1", "2024-01-18"),
        "kubestellar/ocm-status-addon": _released(_addon(inputs), "v0.2.0-alpha.1", "2024-02-12"),
        "kubestellar/ocm-transport-plugin": (Commit(transport, tags=inputs.transport_tags, date="2024-02-14"),),
        "kubestellar/kubeflex": _released(_module("github.com/kubestellar/kubeflex"), "v0.4.2", "2024-02-09"),
        "open-cluster-management-io/clusteradm": _released(
            _module("open-cluster-management.io/clusteradm"), "v0.7.2", "2024-01-10"
        ),
        "helm/helm": _released(_module("helm.sh/helm/v3"), "v3.14.0", "2024-01-17"),
    }
    for name, commits in worlds.items():
        write_world(folder / "clones" / name.partition("/")[2], commits, remotes={"origin": f"https://github.com/{name}.git"})
    (folder / "graph").mkdir()
    (folder / "graph/kubestellar-page.yaml").write_text(page_document(inputs), "utf-8")
    return folder
