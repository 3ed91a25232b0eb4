"""What is run or deployed from something that moves."""

import pytest

from judged import findings, of_files
from relgraph.model.finding import Finding, Severity
from relgraph.rules.floating_reference import RULE
from relgraph.rules.rule import Commit

OWN = {"go.mod": "module github.com/example/platform\n"}
RAW = "https://raw.githubusercontent.com"


def said(path: str, content: str, **more: str) -> list[tuple[str, str | None]]:
    return [(one.severity.value, one.actual) for one in of_files(RULE, {**OWN, path: content, **more})]


def guide(url: str, *, released: bool) -> list[Finding]:
    files = {**OWN, "scripts/demo.sh": "#!/bin/sh\n"}
    first = Commit(files if released else OWN, tags=("v0.1.0", "v0.2.0-rc.1"))
    return findings(RULE, (first, Commit({**files, "docs/start.md": f"```shell\nbash <(curl -s {url})\n```\n"})))


def test_a_document_runs_a_script_from_the_branch_although_a_release_has_it() -> None:
    (found,) = guide(f"{RAW}/example/platform/refs/heads/main/scripts/demo.sh", released=True)
    assert (found.severity, found.actual, found.expected) == (Severity.WARNING, "refs/heads/main", "refs/tags/v0.1.0")
    assert guide(f"{RAW}/example/platform/refs/tags/v0.1.0/scripts/demo.sh", released=True) == []


def test_a_script_that_no_release_has_yet_cannot_be_pinned() -> None:
    assert guide(f"{RAW}/example/platform/main/scripts/demo.sh", released=False) == []


def test_a_script_applies_a_manifest_from_a_branch() -> None:
    script = '#!/bin/bash\nURL="{}/acme/ingress/{}/deploy/kind.yaml"\ncurl $URL | sed s/a/b/ | kubectl apply -f -\n'
    assert said("setup.sh", script.format(RAW, "main")) == [("warning", "main")]
    assert said("setup.sh", script.format(RAW, "refs/tags/controller-v1.12.0")) == []


def test_a_pipeline_installs_a_tool_from_a_branch() -> None:
    workflow = "on: push\njobs:\n  a:\n    runs-on: x\n    steps:\n    - run: |\n        {}\n"
    assert said(".github/workflows/a.yml", workflow.format(f"curl -L {RAW}/acme/tool/main/install.sh | bash")) == [
        ("warning", "main")
    ]
    pinned = f"bash <(curl -L {RAW}/acme/tool/refs/tags/v0.10.1/install.sh) 0.10.1"
    assert said(".github/workflows/a.yml", workflow.format(pinned)) == []


def test_a_release_is_made_by_whatever_version_of_a_tool_is_the_latest() -> None:
    workflow = (
        "on:\n  push:\n    tags: ['v*']\njobs:\n  release:\n    runs-on: x\n    steps:\n    - uses: goreleaser/goreleaser-action@{}\n"
        "      with:\n        version: {}\n"
    )
    sha = "a" * 40
    assert said(".github/workflows/goreleaser.yml", workflow.format(sha, "latest")) == [("warning", "latest")]
    assert said(".github/workflows/goreleaser.yml", workflow.format(sha, "v2.3.0")) == []


@pytest.mark.parametrize(
    "line",
    [
        f"[script]({RAW}/acme/tool/main/install.sh)",
        f"![picture]({RAW}/acme/tool/main/logo.png)",
        "[tree](https://github.com/acme/tool/tree/main/docs)",
        "Run `go install example.com/acme/tool@latest`.",
        "```shell\ndocker run nginx:latest\n```",
    ],
)
def test_documents_may_point_at_branches(line: str) -> None:
    assert said("README.md", f"{line}\n") == []


def test_a_document_that_runs_somebody_elses_script_gets_a_note() -> None:
    assert said("README.md", f"```shell\ncurl {RAW}/acme/tool/main/install.sh | sh\n```\n") == [("note", "main")]


def test_a_document_that_deploys_somebody_elses_branch_is_told() -> None:
    assert said("README.md", f"```shell\nkubectl apply -f {RAW}/acme/ingress/master/deploy.yaml\n```\n") == [("warning", "master")]
    assert said("README.md", f"```shell\nkubectl apply -f {RAW}/acme/ingress/v1.2.0/deploy.yaml\n```\n") == []


def test_references_that_float_alike_are_told_apart() -> None:
    lines = "tools:\n\tgo install example.com/acme/gen/v5@latest\n\tgo install example.com/acme/lint@latest\n"
    assert said("Makefile", lines) == [("warning", "gen/v5@latest"), ("warning", "lint@latest")]


def test_release_branches_are_chosen_on_purpose() -> None:
    assert said("setup.sh", f"#!/bin/sh\ncurl {RAW}/acme/tool/release-1.2/install.sh | sh\n") == []


@pytest.mark.parametrize(
    ("image", "told"),
    [
        ("alpine:latest", [("warning", "alpine:latest")]),
        ("quay.io/acme/base", [("warning", "quay.io/acme/base")]),
        ("alpine:3.20", []),
        ("scratch", []),
        ("BASEIMAGE", []),
        (f"alpine:latest@sha256:{'a' * 64}", []),
        ("localhost/base:latest", []),
    ],
)
def test_base_images(image: str, told: list[tuple[str, str | None]]) -> None:
    assert said("Dockerfile", f"FROM {image}\nRUN true\n") == told


def test_stages_are_no_images() -> None:
    assert said("Dockerfile", "FROM alpine:3.20 AS base\nFROM base\nRUN true\n") == []


MANIFEST = "kind: Deployment\nspec:\n  template:\n    spec:\n      containers:\n      - image: {}\n"


def test_manifests_are_shipped_and_tests_are_not() -> None:
    assert said("deploy/web.yaml", MANIFEST.format("quay.io/acme/web:latest")) == [("warning", "web:latest")]
    assert said("test/web.yaml", MANIFEST.format("quay.io/acme/web:latest")) == [("note", "web:latest")]


def test_an_image_that_a_kustomization_replaces_is_never_pulled() -> None:
    kustomization = {"config/kustomization.yaml": "images:\n- name: controller\n  newName: quay.io/acme/web\n  newTag: v1.0.0\n"}
    files = {**OWN, "config/manager.yaml": MANIFEST.format("controller:latest"), **kustomization}
    assert of_files(RULE, files) == []


def test_actions_of_others_at_a_branch() -> None:
    workflow = "on: push\njobs:\n  a:\n    runs-on: x\n    steps:\n    - uses: {}\n"
    assert said(".github/workflows/a.yml", workflow.format("acme/x@main")) == [("warning", "x@main")]
    assert said(".github/workflows/a.yml", workflow.format("example/x@main")) == [("note", "x@main")]
    assert said(".github/workflows/a.yml", workflow.format("acme/x@v4")) == []


def test_actions_of_one_repository_are_told_one_by_one() -> None:
    workflow = "on: push\njobs:\n  a:\n    runs-on: x\n    steps:\n    - uses: acme/kit/one@main\n    - uses: acme/kit/two@main\n"
    assert said(".github/workflows/a.yml", workflow) == [("warning", "one@main"), ("warning", "two@main")]


def test_a_release_follows_a_branch_even_of_its_own_project() -> None:
    workflow = (
        "on: {push: {tags: ['v*']}}\njobs:\n  a:\n    runs-on: x\n    steps:\n    - uses: example/x@main\n    - uses: acme/x@v4\n"
    )
    assert said(".github/workflows/release.yml", workflow) == [("warning", "x@main")]


def test_tools_of_builds() -> None:
    assert said("Makefile", "tools:\n\tgo install example.com/acme/tool@latest\n") == [("warning", "tool@latest")]
    assert said("Makefile", "tools:\n\tgo install github.com/example/platform/cmd/x@latest\n") == []


def test_a_sibling_is_cloned_without_a_ref() -> None:
    engine = {"engine": (Commit({"go.mod": "module github.com/example/engine\n"}, tags=("v0.3.0",)),)}
    dockerfile = "FROM alpine:3.20\nRUN git clone {} https://github.com/example/engine.git\n"
    (found,) = of_files(RULE, {**OWN, "Dockerfile": dockerfile.format("--depth 1")}, engine)
    assert (found.severity, found.expected) == (Severity.WARNING, "v0.3.0")
    assert of_files(RULE, {**OWN, "Dockerfile": dockerfile.format("-b v0.3.0")}, engine) == []
    checkout = dockerfile.format("") + "RUN cd engine && git checkout v0.3.0\n"
    assert of_files(RULE, {**OWN, "Dockerfile": checkout}, engine) == []


def test_a_note_is_told_once_for_the_whole_tree() -> None:
    files = {f"test/{name}.yaml": MANIFEST.format("quay.io/acme/web:latest") for name in "abc"}
    (found,) = of_files(RULE, {**OWN, **files})
    assert [place.path for place in found.related] == ["test/b.yaml", "test/c.yaml"]


def test_what_a_chart_deploys_as_it_is_packaged() -> None:
    chart = {
        **OWN,
        "charts/web/Chart.yaml": "apiVersion: v2\nname: web\nversion: 0.1.0\nappVersion: 0.1.0\n",
        "charts/web/values.yaml": "image:\n  repository: ghcr.io/example/platform\n  tag: latest\n",
        "charts/web/templates/a.yaml": "kind: Pod\nspec:\n  containers:\n  - image: '{{ .Values.image.repository }}:{{ .Values.image.tag }}'\n",
    }
    (found,) = findings(RULE, (Commit(OWN, tags=("v0.1.0",)), Commit(chart)))
    assert (found.severity, found.actual) == (Severity.WARNING, "latest")


def test_the_image_that_a_pipeline_runs_in() -> None:
    circle = "version: 2\njobs:\n  test:\n    docker:\n    - image: acme/golang\n    steps: [checkout]\n"
    assert said(".circleci/config.yml", circle) == [("warning", "acme/golang")]
    circle = "version: 2.1\nbase: &base\n  environment:\n    IMAGE: &image quay.io/acme/golang:latest\n"
    assert said(".circleci/config.yml", circle) == [("warning", "golang:latest")]


def test_a_tool_of_a_pipeline() -> None:
    workflow = (
        "on: push\njobs:\n  lint:\n    runs-on: x\n    steps:\n    - uses: acme/lint-action@v6\n      with:\n        version: {}\n"
    )
    assert said(".github/workflows/lint.yml", workflow.format("latest")) == [("warning", "latest")]
    assert said(".github/workflows/lint.yml", workflow.format("v2.8.0")) == []


def test_what_a_schema_describes_is_not_pulled() -> None:
    crd = "properties:\n  image:\n    description: |-\n      The image of the agent; quay.io/acme/agent:latest will\n      be used where there is none.\n    type: string\n"
    assert said("deploy/crd.yaml", crd) == []
