import pytest
from hypothesis import given

from relgraph.model.site import Kind, Part, Pin, Role, Site
from relgraph.sites.workflow import EXTRACTOR
from relgraph.syntax.text import Text
from yamlsites import BYTES, brief, check_laws, sites_of

SHA = "0123456789abcdef0123456789abcdef01234567"


def steps(source: str) -> list[Site]:
    """The sites of the steps of one job."""
    lines = "".join(f"    {line}\n" for line in source.splitlines())
    return sites_of(EXTRACTOR, ".github/workflows/ci.yml", f"jobs:\n  test:\n    steps:\n{lines}")


@pytest.mark.parametrize(
    "path",
    [
        ".github/workflows/a.yml",
        "x/.github/workflows/a.yaml",
        "action.yml",
        ".github/actions/x/action.yaml",
        ".gitea/workflows/a.yml",
    ],
)
def test_workflows_and_actions(path: str) -> None:
    assert EXTRACTOR.matches(path)


@pytest.mark.parametrize("path", [".github/dependabot.yml", "workflows/a.yml", "reaction.yml", ".github/workflows/a.json"])
def test_other_files(path: str) -> None:
    assert not EXTRACTOR.matches(path)


# Actions


@pytest.mark.parametrize(
    ("written", "comment"),
    [
        ("# v4.3.0", "v4.3.0"), ("# tag=v4", "v4"), ("# pin@v4", "v4"), ("# ratchet:acme/setup@v4.3", "v4.3"), ("# 4.3.0 (2026)", "4.3.0"),
        ("# renovate: tag=v1.2.3-rc.1", "v1.2.3-rc.1"), ("# main", ""), ("", ""), ("# see issue a1", ""),
    ],
)  # fmt: skip
def test_a_pinned_action_tells_the_version_of_its_comment(written: str, comment: str) -> None:
    (site,) = steps(f"- uses: acme/setup@{SHA} {written}")
    assert (site.kind, site.name, site.part, site.raw, site.pin) == (Kind.ACTION, "acme/setup", Part.REF, SHA, Pin.DIGEST)
    assert site.get("comment") == comment


@pytest.mark.parametrize(
    ("uses", "name", "pin"),
    [
        ("acme/setup@v4", "acme/setup", Pin.MUTABLE),
        ("acme/setup@v4.1.0", "acme/setup", Pin.EXACT),
        ("acme/setup/sub/path@main", "acme/setup/sub/path", Pin.BRANCH),
        ('"acme/setup@release/v1"', "acme/setup", Pin.BRANCH),
    ],
)
def test_how_firmly_an_action_is_pinned(uses: str, name: str, pin: Pin) -> None:
    (site,) = steps(f"- uses: {uses}")
    assert (site.kind, site.name, site.pin) == (Kind.ACTION, name, pin)


def test_reusable_workflows_local_actions_and_images() -> None:
    source = """\
        jobs:
          a:
            uses: acme/infra/.github/workflows/scan.yml@main
          b:
            uses: ./.github/workflows/local.yml
          c:
            steps:
            - uses: ./.github/actions/build/
            - uses: docker://ghcr.io/acme/tool:1.2.3
        """
    assert brief(sites_of(EXTRACTOR, ".github/workflows/a.yml", source)) == [
        ("action", "acme/infra/.github/workflows/scan.yml", "main", "jobs.a.uses"),
        ("file", ".github/workflows/local.yml", "./.github/workflows/local.yml", "jobs.b.uses"),
        ("file", ".github/actions/build", "./.github/actions/build/", "jobs.c.steps[0].uses"),
        ("image", "ghcr.io/acme/tool", "1.2.3", "jobs.c.steps[1].uses"),
    ]


def test_actions_made_of_a_container() -> None:
    assert [
        site.value for site in sites_of(EXTRACTOR, "action.yml", "runs:\n  using: docker\n  image: docker://acme/tool:1.2\n")
    ] == ["1.2"]
    (site,) = sites_of(EXTRACTOR, "tools/action.yml", "runs:\n  using: docker\n  image: Dockerfile\n")
    assert (site.kind, site.name) == (Kind.FILE, "tools/Dockerfile")


# Inputs


@pytest.mark.parametrize(
    ("key", "value", "name", "pin"),
    [
        ("go-version", "1.26", "go", Pin.EXACT), ("go-version", "'v1.24.5'", "go", Pin.EXACT), ("go-version", "^1.22", "go", Pin.RANGE),
        ("go-version", "1.x", "go", Pin.RANGE), ("go-version", "stable", "go", Pin.MUTABLE), ("node-version", "20", "node", Pin.EXACT),
        ("node-version", "lts/*", "node", Pin.MUTABLE), ("python-version", '"3.10"', "python", Pin.EXACT), ("java-version", "17", "java", Pin.EXACT),
        ("go-version", "${{ matrix.go }}", "go", Pin.TEMPLATED), ("dotnet-version", "8.0.x", "dotnet", Pin.RANGE),
    ],
)  # fmt: skip
def test_toolchains(key: str, value: str, name: str, pin: Pin) -> None:
    site = steps(f"- uses: acme/setup@v1\n  with:\n    {key}: {value}")[1]
    assert (site.kind, site.name, site.part, site.pin, site.raw) == (Kind.TOOLCHAIN, name, Part.VERSION, pin, value.strip("\"'"))


def test_several_toolchains_in_lines() -> None:
    found = steps("- uses: acme/setup@v1\n  with:\n    python-version: |\n      3.11\n      3.12")
    assert [site.value for site in found[1:]] == ["3.11", "3.12"]


def test_a_rust_toolchain() -> None:
    assert steps("- uses: acme/rust-toolchain@v1\n  with:\n    toolchain: 1.80.0")[1].name == "rust"


def test_a_file_that_holds_the_version() -> None:
    site = steps("- uses: acme/setup-go@v1\n  with:\n    go-version-file: ./go.mod")[1]
    assert (site.kind, site.name, site.raw, site.get("toolchain")) == (Kind.FILE, "go.mod", "./go.mod", "go")


def test_inputs_that_are_versions_are_named_for_their_action() -> None:
    found = steps(
        "- uses: acme/release/run@v7\n  with:\n    version: v2.14.3\n    k8s_version: 1.30\n    tool: 1.2.3\n    args: release --clean\n"
        "    fetch-depth: 0\n    timeout: 10.5\n    node_image: ghcr.io/acme/node:v1.30.0\n    tags: ghcr.io/acme/web:1.0\n    major-version: 2"
    )
    assert [(site.kind, site.name, site.value) for site in found[1:]] == [
        (Kind.VARIABLE, "acme/release.version", "v2.14.3"),
        (Kind.VARIABLE, "acme/release.k8s_version", "1.30"),
        (Kind.VARIABLE, "acme/release.tool", "1.2.3"),
        (Kind.IMAGE, "ghcr.io/acme/node", "v1.30.0"),
        (Kind.VARIABLE, "acme/release.major-version", "2"),
    ]
    assert (found[1].get("scope"), found[1].get("action")) == ("with", "acme/release")


@pytest.mark.parametrize(
    ("value", "pin"), [("latest", Pin.MUTABLE), ("~> v2.1", Pin.RANGE), ("${{ env.V }}", Pin.TEMPLATED), ("'~> 2'", Pin.RANGE)]
)
def test_inputs_that_float(value: str, pin: Pin) -> None:
    site = steps(f"- uses: acme/release@v7\n  with:\n    version: {value}")[1]
    assert (site.name, site.pin) == ("acme/release.version", pin)


def test_checking_out_another_repository() -> None:
    site = steps("- uses: actions/checkout@v4\n  with:\n    repository: acme/other\n    ref: v1.2.3")[1]
    assert (site.kind, site.name, site.part, site.value, site.get("form")) == (
        Kind.GIT,
        "github.com/acme/other",
        Part.REF,
        "v1.2.3",
        "clone",
    )
    assert len(steps("- uses: actions/checkout@v4\n  with:\n    ref: v1.2.3")) == 1


def test_build_arguments() -> None:
    found = steps("- uses: acme/build@v1\n  with:\n    build-args: |\n      GO_VERSION=1.24\n      NAME=web\n    context: .")
    assert [(site.name, site.value, site.get("scope")) for site in found[1:]] == [("GO_VERSION", "1.24", "build-arg")]


def test_commands_in_inputs() -> None:
    found = steps("- uses: acme/retry@v1\n  with:\n    command: helm pull oci://ghcr.io/acme/web --version 1.2.3")
    assert [(site.kind, site.value) for site in found[1:]] == [(Kind.CHART, "1.2.3")]


# Environment, containers, matrices, commands


def test_the_environment_at_every_level() -> None:
    source = """\
        env:
          REGISTRY: ghcr.io
          WEB_VERSION: 1.2.3
          CHART_PATH: ./chart
          LEVEL: debug
        jobs:
          a:
            env:
              WEB_IMAGE: acme/web
              PROXY: ghcr.io/acme/proxy:v2
            steps:
            - env:
                TAG: ${{ github.ref_name }}
              run: make
        """
    found = sites_of(EXTRACTOR, ".github/workflows/a.yml", source)
    assert [(site.kind, site.name, site.part, site.raw, site.key) for site in found] == [
        (Kind.VARIABLE, "REGISTRY", Part.REGISTRY, "ghcr.io", "env.REGISTRY"),
        (Kind.VARIABLE, "WEB_VERSION", Part.VERSION, "1.2.3", "env.WEB_VERSION"),
        (Kind.VARIABLE, "CHART_PATH", Part.PATH, "./chart", "env.CHART_PATH"),
        (Kind.VARIABLE, "WEB_IMAGE", Part.REPOSITORY, "acme/web", "jobs.a.env.WEB_IMAGE"),
        (Kind.IMAGE, "ghcr.io/acme/proxy", Part.TAG, "v2", "jobs.a.env.PROXY"),
        (Kind.VARIABLE, "TAG", Part.TAG, "${{ github.ref_name }}", "jobs.a.steps[0].env.TAG"),
    ]


def test_containers_and_services() -> None:
    source = "jobs:\n  a:\n    runs-on: ubuntu-22.04\n    container: acme/build:1.2\n    services:\n      db:\n        image: postgres:16.1\n  b:\n    container:\n      image: acme/x:2\n"
    assert [(site.name, site.value) for site in sites_of(EXTRACTOR, ".github/workflows/a.yml", source)] == [
        ("docker.io/acme/build", "1.2"),
        ("docker.io/library/postgres", "16.1"),
        ("docker.io/acme/x", "2"),
    ]


def test_matrices() -> None:
    source = """\
        jobs:
          a:
            strategy:
              matrix:
                go-version: [1.22, '1.23']
                os: [ubuntu-22.04]
                k8s: [v1.30.2, v1.31.0]
                include:
                - node: 20
                  helm_version: v3.16
                  image: kindest/node:v1.30.0
        """
    assert [(site.kind, site.name, site.value) for site in sites_of(EXTRACTOR, ".github/workflows/a.yml", source)] == [
        (Kind.TOOLCHAIN, "go", "1.22"),
        (Kind.TOOLCHAIN, "go", "1.23"),
        (Kind.VARIABLE, "k8s", "v1.30.2"),
        (Kind.VARIABLE, "k8s", "v1.31.0"),
        (Kind.TOOLCHAIN, "node", "20"),
        (Kind.VARIABLE, "helm_version", "v3.16"),
        (Kind.IMAGE, "docker.io/kindest/node", "v1.30.0"),
    ]


def test_defaults_of_inputs() -> None:
    source = "inputs:\n  go-version:\n    default: '1.24'\n  web-version:\n    default: v1.2.3\n    description: a 1.2.3\n  name:\n    default: 1.2.3\n  image:\n    default: acme/web:1\n"
    found = sites_of(EXTRACTOR, "action.yml", source)
    assert [(site.kind, site.name, site.value) for site in found] == [
        (Kind.TOOLCHAIN, "go", "1.24"),
        (Kind.VARIABLE, "web-version", "v1.2.3"),
        (Kind.IMAGE, "docker.io/acme/web", "1"),
    ]
    assert {site.role for site in found} == {Role.DEFAULT}
    nested = "on:\n  workflow_call:\n    inputs:\n      tag:\n        default: v1.2.3\n"
    assert [site.part for site in sites_of(EXTRACTOR, ".github/workflows/a.yml", nested)] == [Part.TAG]


def test_commands_have_the_address_of_their_step() -> None:
    found = steps(
        "- run: |\n    export WEB_VERSION=1.2.3\n    helm pull oci://ghcr.io/acme/web --version 1.2.3\n- run: helm pull oci://ghcr.io/acme/db --version 2"
    )
    assert [(site.kind, site.key) for site in found] == [
        (Kind.VARIABLE, "jobs.test.steps[0].run"),
        (Kind.CHART, "jobs.test.steps[0].run"),
        (Kind.CHART, "jobs.test.steps[1].run"),
    ]


@pytest.mark.parametrize(
    ("source", "cwd"),
    [
        ("jobs:\n  a:\n    steps:\n    - run: bash build.sh\n", ""),
        ("jobs:\n  a:\n    steps:\n    - run: bash build.sh\n      working-directory: web\n", "web"),
        ("jobs:\n  a:\n    defaults: {run: {working-directory: job}}\n    steps:\n    - run: bash build.sh\n", "job"),
        ("defaults: {run: {working-directory: ./all}}\njobs:\n  a:\n    steps:\n    - run: bash build.sh\n", "all"),
    ],
)
def test_files_are_told_with_the_folder_that_the_commands_run_in(source: str, cwd: str) -> None:
    (site,) = (one for one in sites_of(EXTRACTOR, ".github/workflows/a.yml", source) if one.value == "build.sh")
    assert (site.kind, site.raw, site.get("cwd")) == (Kind.FILE, "build.sh", cwd)


def test_an_unknown_folder_yields_no_files() -> None:
    assert steps("- run: bash build.sh\n  working-directory: ${{ matrix.dir }}") == []


@given(BYTES)
def test_no_input_makes_it_raise(data: bytes) -> None:
    for path in (".github/workflows/a.yml", "action.yml"):
        text = Text(path, data)
        check_laws(text, list(EXTRACTOR.extract(text)))
