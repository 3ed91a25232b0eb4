"""Places that look like a mismatch and are none: nothing here may be an error."""

from pathlib import Path

import pytest

from relgraph.model.example import Commit
from repairs import ERROR, WARNING, Told, releases, reported, text, workflow

NAME = "acme/orchard"
GO_MOD = "module github.com/acme/orchard\n\ngo 1.22\n\nrequire (\n{})\n"
PLACEHOLDERS = "apiVersion: v2\nname: orchard-core\nversion: 0.1.0\nappVersion: 0.1.0\n"
RELEASE = {
    "cmd/manager/main.go": "package main\n",
    ".goreleaser.yaml": "builds:\n- main: ./cmd/manager\nkos:\n- repository: ghcr.io/acme/orchard/manager\n  bare: true\n  tags: ['{{.Version}}']\n",
    ".github/workflows/release.yml": workflow(
        """
        - run: |
            version="${GITHUB_REF_NAME#v}"
            sed -i "s/^ORCHARD_VERSION:.*$/ORCHARD_VERSION: \\"$version\\"/" core/values.yaml
            helm package core --version "$version" --app-version "$version"
            helm push orchard-core-*.tgz oci://ghcr.io/acme/orchard
        """,
        on="{push: {tags: ['v*']}}",
    ),
}
TEMPLATE = "kind: Pod\nspec:\n  containers:\n  - image: ghcr.io/acme/orchard/manager:{{ .Values.ORCHARD_VERSION }}\n"


def core(version: str, **files: str) -> dict[str, str]:
    return {
        "go.mod": GO_MOD.format(""),
        "core/Chart.yaml": PLACEHOLDERS,
        "core/values.yaml": f'ORCHARD_VERSION: "{version}"\n',
        "core/templates/manager.yaml": TEMPLATE,
        **RELEASE,
        **files,
    }


# Pipelines that install the released chart keep what that was released with, while the branch has gone on.
def test_a_pipeline_that_tests_the_last_release_lags_by_intention(tmp_path: Path) -> None:
    download = "wget https://github.com/acme/trellis/releases/download/v{0}/trellis_{0}_linux_amd64.tar.gz\n"

    def tree(main: str, last: str) -> dict[str, str]:
        return core(
            "0.29.0",
            **{
                "go.mod": GO_MOD.format(f"\tgithub.com/acme/trellis v{main}\n"),
                ".github/workflows/pr-test-e2e.yml": workflow(f"- run: {download.format(main)}"),
                ".github/workflows/test-latest-release.yml": workflow(f"- run: {download.format(last)}"),
            },
        )

    world = (Commit(tree("0.9.1", "0.9.1"), tags=("v0.29.0",)), Commit(tree("0.9.3", "0.9.1")))
    told = reported(tmp_path, world, {"acme/trellis": releases("acme/trellis", "0.9.1", "0.9.3")}, name=NAME)
    assert told == [Told("RG101", ".github/workflows/test-latest-release.yml", "v0.9.1", "v0.9.3", WARNING)]


NOTES = "# {0}\n\nUses `ghcr.io/acme/orchard/manager:{0}` and trellis v0.1.0; see <https://github.com/acme/orchard/tree/v{0}>.\n"


@pytest.mark.parametrize(
    "path",
    [
        "docs/content/release-notes.md",
        "CHANGELOG.md",
        "docs/releases/release-notes/0.20.md",
        "HISTORY.rst",
        "docs/blog/2024-03-one.md",
    ],
)
def test_pages_about_the_past_name_it(tmp_path: Path, path: str) -> None:
    notes = "".join(NOTES.format(version) for version in ("0.22.0", "0.21.0", "0.20.0"))
    history = tuple(Commit(core(version), tags=(f"v{version}",)) for version in ("0.20.0", "0.21.0", "0.22.0"))
    assert reported(tmp_path, (*history, Commit(core("0.22.0", **{path: notes}))), name=NAME) == []


# One upstream counts its libraries, its server and its distributions in lines that run in parallel.
def test_versions_of_parallel_lines(tmp_path: Path) -> None:
    required = "".join(
        f"\t{name} {version}\n"
        for name, version in (
            ("go.etcd.io/etcd/client/v3", "v3.5.16"),
            ("github.com/onsi/ginkgo/v2", "v2.22.2"),
            ("k8s.io/api", "v0.32.13"),
            ("k8s.io/apimachinery", "v0.32.13"),
            ("k8s.io/client-go", "v0.32.13"),
            ("k8s.io/kubernetes", "v1.32.13"),
        )
    )
    script = text("""
        #!/usr/bin/env bash
        etcd_version=3.5.16
        curl -L https://github.com/etcd-io/etcd/releases/download/v${etcd_version}/etcd-v${etcd_version}-linux-amd64.tar.gz | tar xz
        k3d cluster create --image rancher/k3s:v1.32.13-k3s1
    """)
    tree = {
        "go.mod": GO_MOD.format(required),
        "core/Chart.yaml": PLACEHOLDERS,
        "core/values.yaml": 'KUBECTL_VERSION: "1.32.13"\nORCHARD_VERSION: "0.30.0"\n',
        "core/templates/manager.yaml": TEMPLATE,
        "core/templates/job.yaml": "image: quay.io/acme/kubectl:{{.Values.KUBECTL_VERSION}}\n",
        "hack/local.sh": script,
        ".github/workflows/e2e.yml": workflow("- run: go install github.com/onsi/ginkgo/v2/ginkgo@v2.22.2\n"),
        **RELEASE,
    }
    assert reported(tmp_path, (Commit(tree),), name=NAME) == []


# Charts and kustomizations hold what the release replaces.
@pytest.mark.parametrize(
    "tag", ['"will be replaced by the publishing workflow"', "<placeholder>", "TAG_PLACEHOLDER", "${IMAGE_TAG}"]
)
def test_placeholders_are_not_versions(tmp_path: Path, tag: str) -> None:
    kustomization = (
        f"resources:\n- manager.yaml\nimages:\n- name: manager\n  newName: ghcr.io/acme/orchard/manager\n  newTag: {tag}\n"
    )
    manager = "kind: Deployment\nspec:\n  template:\n    spec:\n      containers:\n      - image: manager:latest\n"
    files = {"config/manager/kustomization.yaml": kustomization, "config/manager/manager.yaml": manager}
    world = (Commit(core("0.30.0", **files), tags=("v0.30.0",)), Commit(core("0.30.0", **files, x="")))
    assert reported(tmp_path, world, name=NAME) == []


# The commit that prepares a release names a tag that will be put on it, in all places at once.
def test_a_release_in_preparation_is_no_error(tmp_path: Path) -> None:
    def tree(version: str) -> dict[str, str]:
        script = f"#!/bin/sh\norchard_version={version}\nhelm install core oci://ghcr.io/acme/orchard/orchard-core --version $orchard_version\n"
        return core(version, **{"scripts/try-it.sh": script})

    world = (Commit(tree("0.25.0"), tags=("v0.25.0",)), Commit(tree("0.25.1")))
    told = reported(tmp_path, world, name=NAME)
    assert told == [Told("RG203", "core/values.yaml", "0.25.1", "0.25.0", WARNING)]
    tagged = (Commit(tree("0.25.0"), tags=("v0.25.0",)), Commit(tree("0.25.1"), tags=("v0.25.1",)))
    assert reported(tmp_path / "tagged", tagged, name=NAME) == []


# The image's tag is 0.2.0-rc17, the chart's v0.2.0-rc17, the value that a template writes after a v is the image's spelling.
def test_tag_formats_of_an_image_and_its_chart(tmp_path: Path) -> None:
    gauge = {
        "go.mod": "module github.com/acme/gauge\n",
        "cmd/gauge/main.go": "package main\n",
        "chart/Chart.yaml": "apiVersion: v2\nname: gauge-chart\nversion: 0.1.0\nappVersion: 0.1.0\n",
        ".goreleaser.yaml": "builds:\n- main: ./cmd/gauge\nkos:\n- repository: ghcr.io/acme/gauge\n  bare: true\n  tags: ['{{.Version}}']\n",
        ".github/workflows/release.yml": workflow(
            """
            - run: |
                helm package chart --version ${{github.ref_name}} --app-version ${{github.ref_name}}
                helm push gauge-chart-*.tgz oci://ghcr.io/acme
            """,
            on="{push: {tags: ['v*']}}",
        ),
    }
    own = core(
        "0.30.0",
        **{
            "core/values.yaml": 'ORCHARD_VERSION: "0.30.0"\nGAUGE_VERSION: "0.2.0-rc17"\n',
            "core/templates/gauge.yaml": "args:\n- upgrade\n- gauge\n- oci://ghcr.io/acme/gauge-chart\n- --version\n- v{{.Values.GAUGE_VERSION}}\n",
            "docs/gauge.md": "```shell\nhelm install gauge oci://ghcr.io/acme/gauge-chart --version v0.2.0-rc17\ndocker pull ghcr.io/acme/gauge:0.2.0-rc17\n```\n",
        },
    )
    siblings = {"acme/gauge": (Commit(gauge, tags=("v0.2.0-rc16",)), Commit({**gauge, "x": ""}, tags=("v0.2.0-rc17",)))}
    assert reported(tmp_path, (Commit(own, tags=("v0.30.0",)),), siblings, name=NAME) == []


# Host names cannot hold dots.
def test_a_version_written_for_a_host_name(tmp_path: Path) -> None:
    script = text("""
        #!/usr/bin/env bash
        DOC_VERSION="0-30-0"
        echo "See https://release-${DOC_VERSION}--orchard-docs.example.app/direct/pre-reqs"
    """)
    world = (Commit(core("0.29.0"), tags=("v0.29.0",)), Commit(core("0.30.0", **{"scripts/check.sh": script}), tags=("v0.30.0",)))
    assert reported(tmp_path, world, name=NAME) == []


# Strictly by SemVer rc9 is newer than rc17; the project's own history says otherwise.
def test_candidates_are_ordered_as_they_were_made(tmp_path: Path) -> None:
    candidates = releases("acme/gauge", *(f"0.2.0-rc{number}" for number in range(1, 18)))
    page = "```shell\nhelm install gauge oci://ghcr.io/acme/gauge-chart --version v{}\n```\n"
    tree = {"go.mod": GO_MOD.format(""), "docs/gauge.md": page.format("0.2.0-rc17")}
    assert reported(tmp_path, (Commit(tree),), {"acme/gauge": candidates}, name=NAME) == []
    own = {"go.mod": GO_MOD.format(""), "deploy/all.yaml": "image: ghcr.io/acme/orchard/manager:0.2.0-rc17\n"}
    world = tuple(Commit({**own, "n": str(number)}, tags=(f"v0.2.0-rc{number}",)) for number in (9, 10, 16, 17))
    assert reported(tmp_path / "own", (*world, Commit(own)), name=NAME) == []


# What is asked for at least is not what is used.
def test_a_minimum_is_no_pin(tmp_path: Path) -> None:
    files = {
        "go.mod": GO_MOD.format("\tgithub.com/acme/trellis v0.9.3\n"),
        "docs/pre-reqs.md": "- **trellis** version 0.8.0 or higher. See <https://github.com/acme/trellis>.\n- Go version 1.21 up\n",
        "scripts/check.sh": '#!/bin/bash\n# at least this\nmin_trellis_version="0.8.0"\ncheck trellis "$min_trellis_version"\n',
    }
    told = reported(
        tmp_path,
        (Commit(core("0.30.0", **files), tags=("v0.30.0",)),),
        {"acme/trellis": releases("acme/trellis", "0.8.0", "0.9.3")},
        name=NAME,
    )
    assert [one for one in told if one.severity is ERROR] == []


# Output that was pasted into a page shows what somebody saw on a day.
def test_pasted_output_is_a_record(tmp_path: Path) -> None:
    page = text("""
        ```shell
        kubectl get pods -o wide
        ```

        ```
        NAME        IMAGE                                READY
        manager-0   ghcr.io/acme/orchard/manager:0.21.0  1/1
        ```

        ```console
        $ trl version
        Trellis version: v0.6.1.abc1234
        ```
    """)
    history = (Commit(core("0.21.0"), tags=("v0.21.0",)), Commit(core("0.30.0"), tags=("v0.30.0",)))
    world = (*history, Commit(core("0.30.0", **{"docs/look.md": page})))
    assert [one for one in reported(tmp_path, world, name=NAME) if one.severity is ERROR] == []


# A tuple of releases that is declared to belong to the past, in a folder that says so.
def test_pages_that_are_kept_for_the_past(tmp_path: Path) -> None:
    page = "```shell\nexport ORCHARD_VERSION=0.21.0\nhelm install o oci://ghcr.io/acme/orchard/orchard-core --version $ORCHARD_VERSION\n```\n"
    history = (Commit(core("0.21.0"), tags=("v0.21.0",)), Commit(core("0.30.0"), tags=("v0.30.0",)))
    world = (*history, Commit(core("0.30.0", **{"oldocs/start.md": page, "docs/to-be-deleted/start.md": page})))
    assert reported(tmp_path, world, name=NAME) == []
