"""Pins of a toolchain that stayed behind when the source began to need a newer one."""

from pathlib import Path

import pytest

from relgraph.model.example import Commit
from relgraph.model.finding import Severity
from repairs import ERROR, NOTE, WARNING, Repair, Told, check, reported, text, workflow

GO_MOD = "module github.com/acme/lantern\n\ngo {}\n\nrequire github.com/spf13/pflag v1.0.6\n"
DOCKERFILE = text("""
    FROM golang:{} AS compile
    WORKDIR /src
    COPY . .
    RUN CGO_ENABLED=0 go build -o /lantern ./cmd/lantern

    FROM gcr.io/distroless/static:nonroot
    COPY --from=compile /lantern /
    ENTRYPOINT ["/lantern"]
""")
SET_UP = text("""
    - uses: actions/checkout@v4
    - uses: actions/setup-go@v5
      with:
        go-version: {}
        cache: true
""")


def prow(*versions: str) -> str:
    job = (
        "- name: pull-lantern-{number}\n  always_run: true\n  spec:\n    containers:\n"
        "    - image: ghcr.io/acme-ci/infra/build:{version}\n      command: [make, check]\n"
    )
    return "presubmits:\n" + "".join(job.format(number=number, version=version) for number, version in enumerate(versions))


def lantern(minimum: str, **files: str) -> dict[str, str]:
    return {"go.mod": GO_MOD.format(minimum), **files}


# A base image was left at an old minor version, in one case for two years; go.mod named a patch release.
@pytest.mark.parametrize(
    ("path", "minimum", "image", "repaired", "expected"),
    [
        ("Dockerfile", "1.24.5", "1.23", "1.24", "1.24"),
        ("core.Dockerfile", "1.24.1", "1.19", "1.24", "1.24"),
        ("build/package/Containerfile", "1.24.5", "1.24.1-alpine3.20", "1.24.5-alpine3.20", "1.24.5"),
        ("images/web/Dockerfile", "1.25.0", "1.22.9-bookworm", "1.26-bookworm", "1.25.0"),
    ],
)
def test_a_base_image_older_than_the_module_needs(
    tmp_path: Path, path: str, minimum: str, image: str, repaired: str, expected: str
) -> None:
    before, after = ({**lantern(minimum), path: DOCKERFILE.format(tag)} for tag in (image, repaired))
    actual = image.partition("-")[0]
    check(tmp_path, Repair(Commit(before), Commit(after)), Told("RG107", path, actual, expected))


def test_a_base_image_whose_version_is_an_argument(tmp_path: Path) -> None:
    dockerfile = "ARG GO_VERSION={}\nFROM docker.io/library/golang:${{GO_VERSION}} AS compile\nRUN go build ./...\n"
    before, after = ({**lantern("1.24.1"), "Dockerfile": dockerfile.format(version)} for version in ("1.21", "1.25"))
    check(tmp_path, Repair(Commit(before), Commit(after)), Told("RG107", "Dockerfile", "1.21", "1.24"))


# The workflow that makes releases was overlooked: the tag was put on the commit, and its release had to be made again.
def test_the_release_workflow_of_a_tagged_commit(tmp_path: Path) -> None:
    def tree(version: str) -> dict[str, str]:
        release = workflow(SET_UP.format(version), "- run: go build ./...\n", on="{push: {tags: ['v*']}}")
        return {
            **lantern("1.21"),
            ".github/workflows/release.yml": release,
            ".github/workflows/test.yml": workflow(SET_UP.format("v1.21")),
        }

    check(
        tmp_path,
        Repair(
            Commit(tree("v1.19"), tags=("v0.24.0-alpha.1",)),
            Commit(tree("v1.21")),
            earlier=(Commit(tree("v1.19"), tags=("v0.23.1",)),),
        ),
        Told("RG107", ".github/workflows/release.yml", "v1.19", "1.21"),
    )


# Several workflows and one of three jobs on another system stayed behind together.
def test_many_pipelines_at_once_each_told_once(tmp_path: Path) -> None:
    def tree(setup: str, image: str) -> dict[str, str]:
        twice = workflow(SET_UP.format(setup), "- run: make e2e\n", SET_UP.format(setup))
        return {
            **lantern("1.21"),
            ".github/workflows/e2e.yml": twice,
            ".github/workflows/latest.yaml": twice,
            ".prow.yaml": prow("1.21.8-1", "1.21.8-1", image),
        }

    check(
        tmp_path,
        Repair(Commit(tree("v1.20", "1.20.13-1")), Commit(tree("v1.21", "1.21.8-1"))),
        Told("RG107", ".github/workflows/e2e.yml", "v1.20", "1.21"),
        Told("RG107", ".github/workflows/latest.yaml", "v1.20", "1.21"),
        Told("RG107", ".prow.yaml", "1.20.13", "1.21"),
        notes=[Told("RG101", ".prow.yaml", "1.20.13", "1.21.8", NOTE)],
    )


# go.mod was raised to a patch release, the build image of the other pipeline was not.
def test_build_images_tagged_like_releases_of_the_toolchain(tmp_path: Path) -> None:
    before, after = ({**lantern("1.23.7"), ".prow.yaml": prow(version, version)} for version in ("1.22.7-1", "1.23.7-1"))
    check(tmp_path, Repair(Commit(before), Commit(after)), Told("RG107", ".prow.yaml", "1.22.7", "1.23.7"))


# An image, three workflows with the version in three spellings, and what documents promise.
def test_images_workflows_and_documents_below_a_raised_minimum(tmp_path: Path) -> None:
    def tree(version: str, promised: str) -> dict[str, str]:
        return {
            **lantern("1.21"),
            "Dockerfile": DOCKERFILE.format(version),
            ".ci-operator.yaml": "build_root_image:\n  namespace: ci\n  name: acme-build-root\n  tag: '1.22.9'\n",
            ".github/workflows/ci.yaml": workflow(SET_UP.format(f"'{version}'")),
            ".github/workflows/release.yml": workflow(SET_UP.format(f"v{version}")),
            "README.md": f"# Lantern\n\n## Prerequisites\n\n- go version {promised} or later\n",
        }

    check(
        tmp_path,
        Repair(Commit(tree("1.20", "1.19")), Commit(tree("1.22", "1.21"))),
        Told("RG107", ".github/workflows/ci.yaml", "1.20", "1.21"),
        Told("RG107", ".github/workflows/release.yml", "v1.20", "1.21"),
        Told("RG107", "Dockerfile", "1.20", "1.21"),
        Told("RG107", "README.md", "1.19", "1.21", WARNING),
    )


PIPELINES = {
    ".gitlab-ci.yml": "check:\n  image: golang:{}\n  script:\n  - go test ./...\n",
    ".circleci/config.yml": "version: 2.1\njobs:\n  check:\n    docker:\n    - image: cimg/go:{}\n    steps:\n    - run: go test ./...\n",
    ".tekton/check.yaml": "kind: Task\nspec:\n  steps:\n  - name: test\n    image: docker.io/library/golang:{}\n    script: go test ./...\n",
    ".github/workflows/container.yml": "on: push\njobs:\n  a:\n    runs-on: ubuntu-latest\n    container: golang:{}\n    steps:\n    - run: go test ./...\n",
}


@pytest.mark.parametrize("path", PIPELINES)
def test_other_pipelines_below_the_minimum(tmp_path: Path, path: str) -> None:
    before, after = ({**lantern("1.22"), path: PIPELINES[path].format(version)} for version in ("1.20", "1.24"))
    check(tmp_path, Repair(Commit(before), Commit(after)), Told("RG107", path, "1.20", "1.22"))


def test_each_module_has_a_minimum_of_its_own(tmp_path: Path) -> None:
    tree = {
        **lantern("1.21"),
        "Dockerfile": DOCKERFILE.format("1.21"),
        "tools/probe/go.mod": "module github.com/acme/lantern/tools/probe\n\ngo 1.24.0\n",
        "tools/probe/Dockerfile": DOCKERFILE.format("1.22"),
    }
    assert reported(tmp_path, (Commit(tree),)) == [Told("RG107", "tools/probe/Dockerfile", "1.22", "1.24")]


# The same mistake in projects of other languages; a range's upper bound is no minimum.
OTHERS = {
    "node": ("package.json", '{"name": "lantern", "engines": {"node": ">=20.9.0"}}\n'),
    "python": ("pyproject.toml", '[project]\nname = "lantern"\nversion = "0.1.0"\nrequires-python = "<4,>=3.11"\n'),
    "rust": ("Cargo.toml", '[package]\nname = "lantern"\nversion = "0.1.0"\nrust-version = "1.75"\n'),
}


@pytest.mark.parametrize(
    ("language", "path", "content", "values", "severity"),
    [
        ("node", "Dockerfile", "FROM node:{}-alpine AS b\nCOPY package*.json ./\nRUN npm ci\n", ("18-alpine", "20", "22"), WARNING),
        ("node", ".nvmrc", "v{}\n", ("v18.12.0", "20.9.0", "20.10.0"), WARNING),
        (
            "python",
            "Dockerfile",
            "FROM python:{}-slim\nCOPY . /src\nRUN cd /src && pip install .\n",
            ("3.9", "3.11", "3.12"),
            WARNING,
        ),
        ("rust", "Dockerfile", "FROM rust:{} AS b\nRUN cargo build --release\n", ("1.70", "1.75", "1.80"), ERROR),
        ("rust", "rust-toolchain.toml", '[toolchain]\nchannel = "{}"\n', ("1.70.0", "1.75", "1.75.0"), ERROR),
    ],
)
def test_toolchains_of_other_languages(
    tmp_path: Path, language: str, path: str, content: str, values: tuple[str, str, str], severity: Severity
) -> None:
    actual, expected, repaired = values
    stale = actual.removeprefix("v").removesuffix("-alpine")
    before, after = (dict([OTHERS[language], (path, content.format(version))]) for version in (stale, repaired))
    told = Told("RG107", path, actual, expected, severity)
    check(tmp_path, Repair(Commit(before), Commit(after)), told)


# An interpreter that only runs something else, a default of zeros and a list of variants ask for nothing.
def test_toolchains_that_do_not_build_the_source(tmp_path: Path) -> None:
    tree = {
        **lantern("1.24.0"),
        **dict(OTHERS.values()),
        "site/Dockerfile": "FROM python:3.9-slim\nRUN pip install mkdocs\n",
        "images/cloudbuild.yaml": "substitutions:\n  _GO_VERSION: 0.0.0\n",
        "images/variants.yaml": "variants:\n  new:\n    GO_VERSION: '1.26.5'\n  old:\n    GO_VERSION: '1.22.12'\n",
    }
    assert reported(tmp_path, (Commit(tree),)) == []


# A pipeline of another kind than GitHub's builds in an image with an old toolchain.
@pytest.mark.parametrize(
    ("path", "pipeline"),
    [
        ("Jenkinsfile", "pipeline {{\n  agent {{ docker {{ image 'golang:{}' }} }}\n  stages {{ }}\n}}\n"),
        ("ci/Jenkinsfile.release", "node {{\n  docker.image(\"golang:{}\").inside {{ sh 'go build ./...' }}\n}}\n"),
        ("cloudbuild.yaml", "steps:\n- name: golang:{}\n  args: [go, build, ./...]\n"),
        (".tekton/build.yaml", "kind: Task\nspec:\n  steps:\n  - name: build\n    image: golang:{}\n    script: go build ./...\n"),
    ],
)
def test_a_pipeline_image_older_than_the_module_needs(tmp_path: Path, path: str, pipeline: str) -> None:
    before, after = (lantern("1.24.1", **{path: pipeline.format(tag)}) for tag in ("1.19", "1.24"))
    check(tmp_path, Repair(Commit(before), Commit(after)), Told("RG107", path, "1.19", "1.24"))
