"""A project that releases an image and a chart by a pipeline, for worlds in which that goes wrong."""

from collections.abc import Mapping
from types import MappingProxyType

from repairs import text

__all__ = ["GORELEASER", "MAKEFILE", "RELEASE", "beacon", "kustomization", "release"]

GORELEASER = text("""
    version: 2
    builds:
    - id: "{}"
      main: ./cmd/manager
      binary: bin/manager
      goos: [linux]
      goarch: [amd64, arm64]
    kos:
    - repository: ghcr.io/acme/beacon/manager
      main: ./cmd/manager
      build: {}
      tags:
      - '{{{{.Version}}}}'
      - latest
      bare: true
      platforms:
      - linux/amd64
      - linux/arm64
    release:
      draft: false
      prerelease: auto
""")
# The image that the recipe is called with carries the tag's v; the recipe takes it off.
MAKEFILE = text("""
    KO_DOCKER_REPO = ko.local
    CMD_NAME ?= manager
    IMAGE_TAG ?= $(shell git rev-parse --short HEAD)
    IMG ?= ${KO_DOCKER_REPO}/${CMD_NAME}:${IMAGE_TAG}
    KUSTOMIZE ?= kustomize

    .PHONY: chart
    chart:
    \tcd config/manager && $(KUSTOMIZE) edit set image controller=$(shell echo ${IMG} | sed 's/\\(:.*\\)v/\\1/')
    \t$(KUSTOMIZE) build config/default > chart/templates/operator.yaml

    .PHONY: image
    image:
    \tKO_DOCKER_REPO=${KO_DOCKER_REPO} ko build -B ./cmd/${CMD_NAME} -t ${IMAGE_TAG} --platform linux/amd64
""")
RELEASE = text("""
    make chart IMG=${{ env.REGISTRY }}/${{ env.OPERATOR_IMAGE }}:${{ github.ref_name }}
    helm package ${{ env.CHART_PATH }} --destination . --version ${{ github.ref_name }} --app-version ${{ github.ref_name }}
    helm push ./*.tgz oci://${{ env.REGISTRY }}/${{ env.IMAGE_NAME }}
""")
_ENV = MappingProxyType(
    {
        "REGISTRY": "ghcr.io",
        "OPERATOR_IMAGE": "acme/beacon/manager",
        "IMAGE_NAME": "${{ github.repository }}/chart",
        "CHART_PATH": "./chart",
    }
)
_MANAGER = text("""
    apiVersion: apps/v1
    kind: Deployment
    metadata:
      name: beacon-manager
    spec:
      template:
        spec:
          containers:
          - name: manager
            image: {}
            args: [--leader-elect]
""")


def kustomization(name: str, tag: str) -> str:
    """What ``kustomize edit set image`` leaves in a folder whose manifest names the image ``controller``."""
    return (
        "resources:\n- manager.yaml\napiVersion: kustomize.config.k8s.io/v1beta1\nkind: Kustomization\n"
        f"images:\n- name: controller\n  newName: {name}\n  newTag: {tag}\n"
    )


def release(script: str, env: Mapping[str, str] = _ENV, *, on: str = "{push: {tags: ['v*']}}") -> str:
    """A workflow that runs GoReleaser, then a script that packages and pushes charts."""
    variables = "".join(f"  {name}: {value}\n" for name, value in env.items())
    lines = "".join(f"        {line}\n" if line else "\n" for line in script.splitlines())
    return (
        text(f"""
        name: release
        on: {on}
        permissions:
          contents: write
          packages: write
        env:
        VARIABLES
        jobs:
          release:
            runs-on: ubuntu-latest
            steps:
            - uses: actions/checkout@v4
              with:
                fetch-depth: 0
            - uses: actions/setup-go@v5
              with:
                go-version: '1.22'
            - name: Images
              uses: goreleaser/goreleaser-action@v6
              with:
                version: v2.4.0
                args: release --clean
            - name: Charts
              run: |
    """).replace("VARIABLES\n", variables)
        + lines
    )


def beacon(workflow: str | None = None, **files: str) -> dict[str, str]:
    """The project's tree; ``workflow`` replaces the one that releases, ``files`` add to the rest or replace it."""
    return {
        "go.mod": "module github.com/acme/beacon\n\ngo 1.22\n",
        "cmd/manager/main.go": "package main\n\nfunc main() {}\n",
        ".goreleaser.yaml": GORELEASER.format("manager", "manager"),
        ".github/workflows/release.yml": release(RELEASE) if workflow is None else workflow,
        "Makefile": MAKEFILE,
        "config/default/kustomization.yaml": "resources:\n- ../manager\n",
        "config/manager/kustomization.yaml": kustomization("ghcr.io/acme/beacon/manager", "set_by_the_release"),
        "config/manager/manager.yaml": _MANAGER.format("controller:latest"),
        "chart/Chart.yaml": "apiVersion: v2\nname: beacon-operator\ntype: application\nversion: 0.1.0\nappVersion: 0.1.0\n",
        "chart/templates/operator.yaml": _MANAGER.format("ghcr.io/acme/beacon/manager:set_by_the_release"),
        **files,
    }
