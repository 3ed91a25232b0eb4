"""Which references are compared with each other, and how much it matters that they differ."""

from judged import of_files, subject_of
from relgraph.judging import judge
from relgraph.model.finding import Fix, Severity
from relgraph.model.world import Subject, World
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


WORKFLOW = "on: push\njobs:\n  a:\n    runs-on: ubuntu-latest\n    steps:\n"


def test_tools_that_two_workflows_set_up() -> None:
    step = "      - uses: acme/setup-tools@v1\n        with:\n          weave: {}\n"
    files = {
        f".github/workflows/{name}.yml": WORKFLOW + step.format(version) for name, version in (("a", "v0.34.0"), ("b", "v0.35.1"))
    }
    (found,) = of_files(RULE, files)
    assert (found.actual, found.expected, found.severity) == ("v0.34.0", "v0.35.1", Severity.WARNING)


def test_a_tool_is_known_by_the_file_that_is_downloaded() -> None:
    dockerfile = (
        "FROM alpine:3.20\nRUN wget -O /bin/weave"
        " https://github.com/acme/project-weave/releases/download/v0.19.0/weave-linux-amd64\n"
    )
    step = "      - uses: acme/setup-tools@v1\n        with:\n          weave: v0.16.0\n"
    (found,) = of_files(RULE, {"Dockerfile": dockerfile, ".github/workflows/a.yml": WORKFLOW + step})
    assert (found.place.path, found.actual, found.expected) == (".github/workflows/a.yml", "v0.16.0", "v0.19.0")


def test_a_variable_leaves_out_the_end_of_a_name() -> None:
    script = "      - run: curl -sSfL https://raw.githubusercontent.com/weave/weave-lint/v1.0.0/install.sh | sh -s v1.42.1\n"
    files = {"Makefile": "WEAVE_VERSION := 1.33.0\n\nlint:\n\ttrue\n", ".github/workflows/a.yml": WORKFLOW + script}
    assert {one.node for one in of_files(RULE, files)} == {"github.com/weave/weave-lint"}


def test_a_library_and_the_program_that_is_installed_beside_it() -> None:
    files = {
        "go.mod": GO_MOD.format("sigs.k8s.io/lantern v0.10.0"),
        "hack/up.sh": "#!/bin/sh\ngo install sigs.k8s.io/lantern@v0.11.1\n",
    }
    (found,) = of_files(RULE, files)
    assert found.severity is Severity.WARNING
    page = {"pkg/a.go": "package a\n\n// See https://pkg.go.dev/sigs.k8s.io/lantern@v0.9.0/pkg.\nvar A = 1\n"}
    assert all(one.severity is Severity.NOTE for one in of_files(RULE, {"go.mod": files["go.mod"], **page}))


def test_an_image_that_a_program_runs_and_a_manifest_deploys() -> None:
    files = {
        "pkg/deploy.go": 'package deploy\n\nconst Init = "docker.io/alpine:3.21.0"\n',
        "deploy/pod.yaml": "apiVersion: v1\nkind: Pod\nspec:\n  containers:\n    - image: alpine:3.21.3\n",
    }
    (found,) = of_files(RULE, files)
    assert (found.place.path, found.severity) == ("pkg/deploy.go", Severity.WARNING)


def test_variables_of_one_name_but_for_a_leading_underscore() -> None:
    files = {
        "images/a/Makefile": "GO_SERIES_VERSION ?= 1.26\n\nall:\n\ttrue\n",
        "images/b/cloudbuild.yaml": "steps:\n  - name: gcr.io/acme/builder:v1\nsubstitutions:\n  _GO_SERIES_VERSION: '1.22'\n",
    }
    (found,) = of_files(RULE, files)
    assert (found.actual, found.expected, found.severity) == ("1.22", "1.26", Severity.WARNING)


def test_one_tree_is_built_with_two_release_lines_of_its_language() -> None:
    go_mod = {"go.mod": "module github.com/example/platform\n\ngo 1.21\n"}
    env = "on: push\nenv:\n  GO_VERSION: '{}'\njobs:\n  a:\n    runs-on: ubuntu-latest\n    steps:\n      - run: make\n"
    files = {**go_mod, ".github/workflows/a.yml": env.format("1.21"), ".github/workflows/b.yml": env.format("1.22")}
    (found,) = of_files(RULE, files)
    assert (found.place.path, found.actual, found.expected) == (".github/workflows/a.yml", "1.21", "1.22")
    assert of_files(RULE, {**files, ".github/workflows/a.yml": env.format("1.22.3")}) == []
    nested = {**go_mod, "tools/go.mod": "module github.com/example/tools\n\ngo 1.20\n", "tools/Dockerfile": "FROM golang:1.20\n"}
    assert of_files(RULE, {**nested, "Dockerfile": "FROM golang:1.22\n"}) == []
    assert of_files(RULE, {**go_mod, "Dockerfile": "FROM golang:1.20\n", ".github/workflows/b.yml": env.format("1.22")}) == []


def test_an_image_in_the_text_of_a_program_below_a_folder_named_build() -> None:
    source = "package node\n\nconst images = `{0}/masq:v2.4.1`\n\nconst manifest = `\n  image: {0}/masq:v2.4.0\n`\n"
    (found,) = of_files(RULE, {"pkg/build/node/const.go": source.format("registry.k8s.io")})
    assert (found.actual, found.severity) == ("v2.4.0", Severity.WARNING)


def test_a_module_and_an_image_that_packs_its_program() -> None:
    chart = {
        "chart/Chart.yaml": "apiVersion: v2\nname: web\nversion: 0.1.0\n",
        "chart/values.yaml": "LANTERN_VERSION: 3.16.4\n",
        "chart/templates/job.yaml": "kind: Pod\nspec:\n  containers:\n  - image: ghcr.io/lantern/lantern:{{ .Values.LANTERN_VERSION }}\n",
    }
    script = {"hack/build.sh": "#!/bin/sh\ngo get github.com/lantern/lantern@v3.15.4\n"}
    assert all(one.severity is Severity.NOTE for one in of_files(RULE, {**chart, **script}))
    older = chart | {"deploy/job.yaml": "kind: Pod\nspec:\n  containers:\n  - image: ghcr.io/lantern/lantern:3.15.4\n"}
    assert [one.severity for one in of_files(RULE, older)] == [Severity.WARNING]


def test_a_script_that_asks_for_one_version_or_another() -> None:
    script = (
        "#!/bin/sh\ncase $1 in\n(0.10.*) go get github.com/lantern/lantern@v3.15.4 ;;\n"
        "(0.11.*) go get github.com/lantern/lantern@v3.16.4 ;;\nesac\n"
    )
    files = {"hack/build.sh": script, "go.mod": GO_MOD.format("github.com/lantern/lantern v3.16.4")}
    assert all(one.severity is Severity.NOTE for one in of_files(RULE, files))


def test_an_image_that_is_fetched_ahead_for_another_repository() -> None:
    script = "#!/bin/sh\ndocker run quay.io/lantern/lantern:v1.32.13\nfor i in 'quay.io/lantern/lantern:v1.27.2'; do docker pull $i; done\n"
    engine = {"pkg/chart.go": 'package chart\n\nconst Image = "quay.io/lantern/lantern:v1.27.2"\n'}
    own = subject_of((Commit({"go.mod": "module github.com/example/platform\n", "scripts/up.sh": script}),))
    other = subject_of((Commit({"go.mod": "module github.com/example/engine\n", **engine}),), name="engine")

    def severities(*targets: Subject) -> list[Severity]:
        return [one.severity for one in judge(World(targets), (RULE,)) if one.place.path == "scripts/up.sh"]

    assert severities(own) == [Severity.WARNING]
    assert severities(own, other) == [Severity.NOTE]


def test_a_base_and_a_variable_of_its_name_in_another_image() -> None:
    base = {"cmd/tool/Dockerfile": "FROM acme/lantern:25.8.0-alpine\n"}
    curl = 'RUN curl -fsSL "https://dl.acme.example/lantern/lantern-cli-${LANTERN_VERSION}.tar.gz"\n'
    other = {f"images/{name}/Dockerfile": "FROM scratch\nARG LANTERN_VERSION=55.3.0\n" + curl for name in "ab"}
    assert [one.severity for one in of_files(RULE, base | other)] == [Severity.NOTE]
    run = {"deploy/pod.yaml": "kind: Pod\nspec:\n  containers:\n  - image: acme/lantern:55.3.0\n"}
    assert [one.severity for one in of_files(RULE, base | run)] == [Severity.WARNING]


def test_a_table_of_what_goes_with_what() -> None:
    table = "| | new |\n| - | - |\n| Kubernetes 1.19 and 1.20 | no |\n| Kubernetes 1.21 | yes |\n"
    assert all(one.severity is Severity.NOTE for one in of_files(RULE, {"README.md": table}))


def test_a_cluster_and_one_that_runs_within() -> None:
    own = "k3d cluster create --image rancher/k3s:v1.32.13-k3s1\n"
    within = "docker pull rancher/k3s:v1.27.2-k3s1\n"
    (found,) = of_files(RULE, {"scripts/up.sh": own + within})
    assert found.severity is Severity.NOTE
    (found,) = of_files(RULE, {"scripts/up.sh": own, "scripts/pull.sh": within})
    assert found.severity is Severity.WARNING


def test_a_link_in_a_comment_that_a_description_is_made_from() -> None:
    link = "https://github.com/lantern/lantern/blob/{}/pkg/schema.go#L40"
    source = {"api/types.go": f"package api\n\n// As in {link.format('v0.29.1')}.\ntype T struct{{}}\n"}
    crd = {"config/crd/t.yaml": f"kind: CustomResourceDefinition\nspec:\n  description: As in {link.format('v0.29.1')}.\n"}
    go_mod = {"go.mod": GO_MOD.format("github.com/lantern/lantern v0.32.1")}
    assert [one.severity for one in of_files(RULE, {**go_mod, **source})] == [Severity.NOTE]
    assert {one.place.path: one.severity for one in of_files(RULE, {**go_mod, **source, **crd})} == {
        "api/types.go": Severity.WARNING,
        "config/crd/t.yaml": Severity.WARNING,
    }


def test_a_fix_writes_what_belongs_to_the_place_and_goes_forward_only() -> None:
    script = "#!/bin/sh\nk3d cluster create --image rancher/k3s:v{}-k3s1\n"
    (found,) = of_files(
        RULE, {"a/up.sh": script.format("1.27.2"), "b/up.sh": script.format("1.32.13"), "c/up.sh": script.format("1.32.13")}
    )
    assert found.fix == Fix("v1.27.2-k3s1", "v1.32.13-k3s1")
    chosen = {"a/up.sh": script.format("1.33.0"), "b/up.sh": script.format("1.32.13"), "c/up.sh": script.format("1.32.13")}
    (found,) = of_files(RULE, chosen)
    assert (found.actual, found.expected, found.fix) == ("v1.33.0", "v1.32.13", None)
