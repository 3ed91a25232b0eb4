"""Files that builds, scripts and documents use and that are not there."""

import pytest

from judged import findings, of_files
from relgraph.model.finding import Finding, Severity
from relgraph.rules.missing_file import RULE
from relgraph.rules.rule import Commit


def said(files: dict[str, str]) -> list[Finding]:
    return of_files(RULE, files)


def make(*lines: str, **files: str) -> list[Finding]:
    return said({"Makefile": "\n".join(lines) + "\n", **{name.replace("__", "/"): content for name, content in files.items()}})


def test_a_variable_and_a_recipe_name_what_was_moved() -> None:
    files = {"attic/docs/needs.txt": "", "attic/docs/scripts/serve.sh": ""}
    makefile = "NEEDS=docs/needs.txt\n\nserve:\n\tPORT=1 docs/scripts/serve.sh\n"
    found = said({"Makefile": makefile, **files})
    assert [(one.severity, one.actual, one.expected) for one in found] == [
        (Severity.WARNING, "docs/needs.txt", "attic/docs/needs.txt"),
        (Severity.WARNING, "docs/scripts/serve.sh", "attic/docs/scripts/serve.sh"),
    ]
    assert said({"Makefile": makefile.replace("docs/", "attic/docs/"), **files}) == []


def test_a_script_edits_files_that_are_gone() -> None:
    script = '#!/bin/bash\nsed -i "s/1.0.0/$1/" config/hooks/web.yaml\nsed -i "s/1.0.0/$1/" docs/guide/setup.md\n'
    assert [one.actual for one in said({"scripts/release.sh": script})] == ["config/hooks/web.yaml", "docs/guide/setup.md"]
    assert said({"scripts/release.sh": script, "config/hooks/web.yaml": "", "docs/guide/setup.md": ""}) == []


@pytest.mark.parametrize(
    "line",
    [
        "\tbash /opt/tools/x.sh",
        "\tbash $(TOOLS)/x.sh",
        "\tbash bin/tool.sh",
        "\tbash hack/tools/x.sh > out/y.txt",
        "\tcd hack && bash tools/x.sh",
        "\tcurl -o scripts/get.sh https://example.org/get.sh\n\tbash scripts/get.sh",
        "\tgit clone https://example.org/x work/x && bash work/x/run.sh",
        "# hack/old.sh did this once",
    ],
)
def test_paths_that_need_not_be_there(line: str) -> None:
    assert said({"Makefile": f"all:\n{line}\n", "hack/tools/x.sh": ""}) == []


def test_what_another_script_writes_may_be_read() -> None:
    files = {"Makefile": "all:\n\tbash hack/made.sh\n", "hack/make.sh": "#!/bin/sh\necho true > hack/made.sh\n"}
    assert said(files) == []
    assert len(said({"Makefile": files["Makefile"]})) == 1


def test_targets_are_made() -> None:
    assert make("hack/made.sh: source", "\tcp source hack/made.sh", "all: hack/made.sh", "\tbash hack/made.sh") == []


def test_what_git_ignores_comes_from_elsewhere() -> None:
    assert said({"Makefile": "all:\n\tbash local/x.sh\n", ".gitignore": "/local/\n"}) == []


def test_a_script_may_name_its_neighbours() -> None:
    script = "#!/bin/sh\nsource common/lib.sh\n"
    assert said({"test/e2e/run.sh": script, "test/e2e/common/lib.sh": ""}) == []
    assert said({"test/e2e/run.sh": script, "test/common/lib.sh": ""}) == []


def test_a_broken_link_of_a_document_is_a_warning() -> None:
    (found,) = said({"README.md": "See [the guide](docs/guide.md).\n", "attic/guide.md": ""})
    assert (found.severity, found.expected) == (Severity.WARNING, "attic/guide.md")


def test_a_workflow_that_checks_out_other_repositories_is_not_judged() -> None:
    run = "      - run: bash hack/x.sh\n"
    other = "      - uses: actions/checkout@v4\n        with:\n          repository: acme/other\n"
    workflow = "on: push\njobs:\n  a:\n    runs-on: x\n    steps:\n"
    files = {"hack/y.sh": ""}
    assert len(said({".github/workflows/a.yml": workflow + run, **files})) == 1
    assert said({".github/workflows/a.yml": workflow + other + run, **files}) == []


def test_what_release_please_writes_into_is_not_there() -> None:
    config = '{"packages": {".": {"release-type": "go", "extra-files": ["README.md", "chart/Chart.yaml", {"type": "generic", "path": "deploy/all.yaml"}]}}}\n'
    files = {"release-please-config.json": config, "README.md": "", "charts/web/Chart.yaml": ""}
    assert [one.actual for one in of_files(RULE, files)] == ["chart/Chart.yaml", "deploy/all.yaml"]


def test_a_package_s_files_count_from_its_folder() -> None:
    config = '{"packages": {"web": {"extra-files": ["VERSION", "/deploy/web.yaml", "gone.txt"]}}}\n'
    files = {"release-please-config.json": config, "web/VERSION": "", "deploy/web.yaml": ""}
    assert [one.actual for one in of_files(RULE, files)] == ["gone.txt"]


def test_what_goreleaser_builds_was_renamed() -> None:
    config = "builds:\n- id: web\n  main: ./cmd/{}\nkos:\n- id: web\n  build: web\n  main: ./cmd/{}\n"
    files = {"cmd/server/main.go": "", ".goreleaser.yaml": config.format("web", "web")}
    (found,) = of_files(RULE, files)
    assert found.actual == "./cmd/web"
    assert of_files(RULE, {**files, ".goreleaser.yaml": config.format("server", "server")}) == []


def test_a_step_runs_in_a_folder_that_was_renamed() -> None:
    workflow = "on: push\njobs:\n  a:\n    runs-on: x\n    steps:\n    - uses: acme/build@v1\n      with:\n        workdir: cmd/{0}\n    - run: make\n      working-directory: cmd/{0}\n"
    files = {"cmd/server/main.go": "", ".github/workflows/a.yml": workflow.format("web")}
    assert {one.actual for one in of_files(RULE, files)} == {"cmd/web"}
    assert of_files(RULE, {**files, ".github/workflows/a.yml": workflow.format("server")}) == []


def test_a_script_that_names_what_never_was_here_runs_somewhere_else() -> None:
    script = {"hack/e2e.sh": "#!/bin/sh\n./hack/{}.sh --all\n", "hack/up.sh": ""}

    def said(name: str) -> list[str]:
        files = {**script, "hack/e2e.sh": script["hack/e2e.sh"].format(name)}
        releases = [
            Commit({**files, "n": str(number), **({"hack/gone.sh": ""} if number < 3 else {})}, tags=(f"v0.{number}.0",))
            for number in range(7)
        ]
        return [one.severity.value for one in findings(RULE, (*releases, Commit(files)))]

    assert said("gone") == ["warning"]
    assert said("never") == ["note"]


def test_pages_that_a_generator_makes_have_addresses_of_their_own() -> None:
    link = {"site/content/a.md": "[b](b.md)\n"}
    assert [one.severity for one in of_files(RULE, {**link, "site/hugo.toml": ""})] == [Severity.NOTE]
    assert [one.severity for one in of_files(RULE, link)] == [Severity.WARNING]
