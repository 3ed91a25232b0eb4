"""Which references are compared with each other, and how much it matters that they differ."""

from judged import of_files, subject_of
from relgraph.judging import judge
from relgraph.model.finding import Severity
from relgraph.model.world import World
from relgraph.rules.reference_mismatch import RULE
from relgraph.rules.rule import Commit

GUIDE = "```shell\ncurl -Lo ./tool https://{}/dl/v{}/tool-linux-amd64\n```\n"


def test_downloads_from_one_address() -> None:
    (found,) = of_files(
        RULE, {"docs/a.md": GUIDE.format("get.example.org", "0.20.0"), "docs/b.md": GUIDE.format("get.example.org", "0.14.0")}
    )
    assert (found.place.path, found.actual, found.expected) == ("docs/b.md", "v0.14.0", "v0.20.0")


def test_a_download_host_that_is_named_for_a_module() -> None:
    go_mod = "module github.com/example/platform\n\ngo 1.22\n\nrequire sigs.k8s.io/lantern v0.20.0\n"
    (found,) = of_files(
        RULE, {"go.mod": go_mod, "hack/up.sh": "#!/bin/sh\ncurl -LO https://lantern.sigs.k8s.io/dl/v0.14.0/lantern-linux\n"}
    )
    assert (found.place.path, found.actual) == ("hack/up.sh", "v0.14.0")


def test_pages_and_names_of_schemas_are_no_downloads() -> None:
    one, two = "See https://schemas.example.org/claim/v0.1/.\n", "See https://schemas.example.org/claim/v0.2/.\n"
    assert of_files(RULE, {"docs/a.md": one, "docs/b.md": two}) == []


def test_fixtures_invent_versions() -> None:
    go_mod = "module github.com/example/platform\n\ngo 1.22\n\nrequire github.com/example/engine v0.6.3\n"
    fixture = {
        "pkg/web/web_test.go": 'package web\n\nconst u = "https://github.com/example/engine/releases/download/v0.1.0/engine.tgz"\n'
    }
    assert all(one.severity is Severity.NOTE for one in of_files(RULE, {"go.mod": go_mod, **fixture}))


GO_MOD = "module github.com/example/platform\n\ngo 1.22\n\nrequire {}\n"


def test_a_program_and_its_library_count_apart() -> None:
    files = {
        "go.mod": GO_MOD.format("k8s.io/kubectl v0.36.2"),
        "Dockerfile": "FROM alpine:3.20\nARG KUBECTL_VERSION=1.36.1\nRUN true\n",
    }
    assert of_files(RULE, files) == []


def test_an_example_is_not_meant() -> None:
    files = {
        "go.mod": GO_MOD.format("example.org/acme/web v1.2.0"),
        "docs/a.md": "Use a full version, e.g. `go install example.org/acme/web@v1.0.0`.\n",
    }
    assert of_files(RULE, files) == []


def test_a_permanent_link_keeps_its_meaning() -> None:
    link = {"docs/a.md": "[why](https://github.com/example/engine/blob/v0.1.0/pkg/x.go)\n"}
    assert of_files(RULE, {"go.mod": GO_MOD.format("github.com/example/engine v0.6.3"), **link}) == []


def test_a_file_that_lists_versions() -> None:
    listed = "".join(f"    - {{name: v{minor}, image: 'ghcr.io/example/engine/web:1.{minor}.0'}}\n" for minor in (31, 32, 33))
    assert of_files(RULE, {"deploy/lines.yaml": "kind: Lines\nspec:\n  all:\n" + listed}) == []


def test_variables_of_one_word_hold_versions_by_their_names() -> None:
    one, two = {"a.sh": "#!/bin/sh\nlast=0.30.0\n"}, {"b.sh": "#!/bin/sh\nlast=0.8.1\n"}
    assert of_files(RULE, {**one, **two}) == []
    lint = {
        ".github/workflows/ci.yml": "on: push\nenv:\n  LINTER_VERSION: v1.52.2\njobs: {}\n",
        "Makefile": "LINTER_VERSION := 1.54.2\n",
    }
    assert [found.actual for found in of_files(RULE, lint)] == ["v1.52.2"]


def test_only_tests_disagree() -> None:
    pod = "kind: Pod\nspec:\n  containers:\n  - image: ghcr.io/example/engine/web:{}\n"
    files = {f"test/e2e/{name}.yaml": pod.format(version) for name, version in (("a", "v0.1.0"), ("b", "v0.2.0"), ("c", "v0.2.0"))}
    assert [found.severity for found in of_files(RULE, files)] == [Severity.NOTE]


def test_one_file_of_another_project_is_fetched_at_two_versions() -> None:
    line = "kubectl apply -f https://github.com/acme/certs/releases/download/v{}/certs.yaml\n"
    files = {"Makefile": "up:\n\t" + line.format("1.1.0"), "docs/a.md": f"```shell\n{line.format('1.5.3')}```\n"}
    (found,) = of_files(RULE, files)
    assert (found.severity, {found.actual, found.expected}) == (Severity.WARNING, {"v1.1.0", "v1.5.3"})


def test_an_argument_of_an_image_that_a_workflow_gives() -> None:
    files = {
        "Dockerfile": "ARG DOCKER_VERSION=25.0.3\nFROM docker:${DOCKER_VERSION}-dind\nRUN true\n",
        ".github/workflows/a.yml": 'on: push\nenv:\n  DOCKER_VERSION: "23.0"\njobs: {}\n',
    }
    assert [(one.actual, one.expected) for one in of_files(RULE, files)] == [("23.0", "25.0.3")]


def test_the_build_number_of_an_image_is_no_pre_release() -> None:
    pod = "kind: Pod\nspec:\n  containers:\n  - image: registry.k8s.io/etcd:{}\n"
    assert of_files(RULE, {"deploy/a.yaml": pod.format("3.6.8-0"), "deploy/b.yaml": pod.format("3.6.8")}) == []


def test_a_file_of_a_tag_counts_like_the_module_of_its_repository() -> None:
    raw = {"hack/up.sh": "#!/bin/sh\nkubectl apply -f https://raw.githubusercontent.com/acme/api/v0.12.0/crd.yaml\n"}
    assert [one.actual for one in of_files(RULE, {"go.mod": GO_MOD.format("github.com/acme/api v1.0.0"), **raw})] == ["v0.12.0"]


def test_a_line_of_another_judged_repository_is_judged_too() -> None:
    engine = subject_of((Commit({"go.mod": "module github.com/example/engine\n"}, tags=("v0.6.3",)),), name="engine")
    files = {
        "go.mod": "module github.com/example/platform\n\ngo 1.22\n\nrequire github.com/example/engine v0.6.1\n",
        "scripts/install.sh": "git clone -b v0.6.3 https://github.com/example/engine.git\n",
    }
    platform = subject_of((Commit(files),))
    told = [finding for finding in judge(World((platform, engine)), (RULE,)) if finding.rule == RULE.code]
    assert {frozenset((finding.actual, finding.expected)) for finding in told} == {frozenset(("v0.6.1", "v0.6.3"))}
