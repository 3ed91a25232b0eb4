"""Mistakes that nobody has repaired yet where they were found: told as they stand."""

from pathlib import Path

import pytest

from relgraph.model.example import Commit
from repairs import WARNING, Repair, Told, check, reported, text, workflow

NAME = "acme/orchard"
GO_MOD = "module github.com/acme/orchard\n\ngo 1.22\n"


# The icon that a published chart shows was moved away.
def test_the_icon_of_a_chart_is_gone(tmp_path: Path) -> None:
    chart = "apiVersion: v2\nname: orchard\nversion: 0.1.0\nicon: https://raw.githubusercontent.com/acme/orchard/{}\n"

    def tree(icon: str) -> dict[str, str | bytes]:
        return {"go.mod": GO_MOD, "core/Chart.yaml": chart.format(icon), "docs/site/favicons/favicon.ico": b"\0\1"}

    check(
        tmp_path,
        Repair(Commit(tree("main/docs/favicons/favicon.ico")), Commit(tree("main/docs/site/favicons/favicon.ico")), name=NAME),
        Told("RG202", "core/Chart.yaml", "docs/favicons/favicon.ico", "docs/site/favicons/favicon.ico"),
    )


# A script pins an image of the owner's years behind the chart's value.
def test_an_image_of_a_script_behind_the_value_of_the_chart(tmp_path: Path) -> None:
    def tree(version: str) -> dict[str, str]:
        script = text(f"""
            #!/bin/sh
            kubectl apply -f - <<EOF
            kind: Pod
            spec:
              initContainers:
              - name: first
                image: quay.io/acme/kubectl:{version}
              - name: second
                image: quay.io/acme/kubectl:{version}
            EOF
        """)
        return {
            "go.mod": GO_MOD,
            "core/Chart.yaml": "apiVersion: v2\nname: orchard\nversion: 0.1.0\n",
            "core/values.yaml": 'KUBECTL_VERSION: "1.32.13"\n',
            "core/templates/job.yaml": "image: quay.io/acme/kubectl:{{.Values.KUBECTL_VERSION}}\n",
            "scripts/deploy.sh": script,
        }

    check(
        tmp_path,
        Repair(Commit(tree("1.27.8")), Commit(tree("1.32.13")), name=NAME),
        Told("RG101", "scripts/deploy.sh", "1.27.8", "1.32.13"),
    )


# A folder of documents was moved; the recipes that build them were not told.
def test_recipes_read_files_that_were_moved(tmp_path: Path) -> None:
    makefile = text("""
        REQUIREMENTS_TXT={0}/requirements.txt

        serve:
        \tpip install -r $(REQUIREMENTS_TXT)
        \t{0}/scripts/serve-docs.sh
    """)
    moved = {
        "docs/to-be-deleted/requirements.txt": "mkdocs\n",
        "docs/to-be-deleted/scripts/serve-docs.sh": "#!/bin/sh\n",
        "docs/a.md": "",
    }

    def tree(folder: str) -> dict[str, str]:
        return {"go.mod": GO_MOD, "Makefile": makefile.format(folder), **moved}

    check(
        tmp_path,
        Repair(Commit(tree("docs")), Commit(tree("docs/to-be-deleted")), name=NAME),
        Told("RG206", "Makefile", "docs/requirements.txt", "docs/to-be-deleted/requirements.txt", WARNING),
        Told("RG206", "Makefile", "docs/scripts/serve-docs.sh", "docs/to-be-deleted/scripts/serve-docs.sh", WARNING),
    )


# The script that raises self-references edits three files of years ago.
def test_a_script_edits_files_that_are_gone(tmp_path: Path) -> None:
    script = text("""
        #!/usr/bin/env bash
        version="$1"
        sed -i "s/--version [0-9.]*/--version $version/" deploy/hooks/orchard.yaml
        sed -i "s/VERSION=[0-9.]*/VERSION=$version/" docs/content/examples.md
        sed -i "s/VERSION=[0-9.]*/VERSION=$version/" README.md
    """)
    tree = {
        "go.mod": GO_MOD,
        "scripts/update-release.sh": script,
        "README.md": "```shell\nexport VERSION=0.30.0\n```\n",
        "deploy/all.yaml": "",
        "docs/content/start.md": "",
    }
    path = "scripts/update-release.sh"
    assert reported(tmp_path, (Commit(tree),), name=NAME) == [
        Told("RG206", path, "deploy/hooks/orchard.yaml", None, WARNING),
        Told("RG206", path, "docs/content/examples.md", None, WARNING),
    ]


# Comments of an API, their generated copies and a test hold addresses of the library at a version that was left long ago.
def test_addresses_at_a_version_of_a_library_that_was_left(tmp_path: Path) -> None:
    link = "https://github.com/kubernetes/apiserver/blob/{}/pkg/cel/schemas.go#L40"

    def tree(version: str) -> dict[str, str]:
        crd = f"kind: CustomResourceDefinition\nspec:\n  description: |-\n    Types as in the library\n    (e.g., {link.format(version)}).\n"
        return {
            "go.mod": f"{GO_MOD}\nrequire k8s.io/apiserver v0.32.13\n",
            "api/types.go": f"package api\n\n// Types as in the library\n// (e.g., {link.format(version)}).\ntype Thing struct{{}}\n",
            "config/crd/bases/things.yaml": crd,
        }

    check(
        tmp_path,
        Repair(Commit(tree("v0.29.10")), Commit(tree("v0.32.13")), name=NAME),
        Told("RG101", "api/types.go", "v0.29.10", "v0.32.13", WARNING),
        Told("RG101", "config/crd/bases/things.yaml", "v0.29.10", "v0.32.13", WARNING),
    )


# The default of a program is an image in somebody's own space, from before the project's first release.
def test_a_constant_names_an_image_in_somebodys_own_space(tmp_path: Path) -> None:
    def tree(image: str) -> dict[str, str]:
        return {
            "go.mod": "module github.com/acme/status-gauge\n",
            "cmd/gauge/main.go": "package main\n",
            ".goreleaser.yaml": "builds:\n- main: ./cmd/gauge\nkos:\n- repository: ghcr.io/acme/status-gauge\n  bare: true\n  tags: ['{{.Version}}']\n",
            ".github/workflows/release.yml": workflow(
                "- uses: goreleaser/goreleaser-action@v6\n  with: {version: v2.4.0, args: release}\n", on="{push: {tags: ['v*']}}"
            ),
            "README.md": "```shell\nhelm install gauge oci://ghcr.io/acme/status-gauge-chart --version 0.2.0\n```\n",
            "pkg/controller/manager.go": f'package controller\n\nconst (\n\tDefaultGaugeImage = "{image}"\n)\n',
        }

    history = (Commit(tree("quay.io/somebody/status-gauge:0.1.0"), tags=("v0.2.0",)),)
    check(
        tmp_path,
        Repair(
            Commit(tree("quay.io/somebody/status-gauge:0.1.0")),
            Commit(tree("ghcr.io/acme/status-gauge:0.2.0")),
            history,
            name="acme/status-gauge",
        ),
        Told("RG113", "pkg/controller/manager.go", "quay.io/somebody/status-gauge", "ghcr.io/acme/status-gauge", WARNING),
    )


# Releases are made by whatever version of the tool is the latest.
@pytest.mark.parametrize("action", ["goreleaser/goreleaser-action@v6", "acme-tools/release-action@" + "a" * 40])
def test_a_release_is_made_by_the_latest_version_of_a_tool(tmp_path: Path, action: str) -> None:
    def tree(version: str) -> dict[str, str]:
        step = f"- name: Release\n  uses: {action}\n  with:\n    version: {version}\n    args: release --clean\n"
        return {"go.mod": GO_MOD, ".github/workflows/goreleaser.yml": workflow(step, on="{push: {tags: ['v*']}}")}

    check(
        tmp_path,
        Repair(Commit(tree("latest")), Commit(tree("v2.14.3")), name=NAME),
        Told("RG301", ".github/workflows/goreleaser.yml", "latest", None, WARNING),
    )
