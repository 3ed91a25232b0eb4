"""References to tags, branches, commits and releases that are not there."""

from judged import findings, of_files
from relgraph.git.memory import MemoryRepository
from relgraph.model.finding import Finding, Severity
from relgraph.rules.nonexistent_ref import RULE
from relgraph.rules.rule import Commit

OWN = {"go.mod": "module github.com/example/platform\n"}
ENGINE = {"go.mod": "module github.com/example/engine\n"}
HISTORY = (
    Commit(ENGINE, tags=("v0.1.0",)),
    Commit({**ENGINE, "n": "2"}, tags=("v0.2.0-rc.9",), branches=("release-0.2",)),
    Commit({**ENGINE, "n": "3"}, tags=("v0.2.0-rc.10",)),
)


def said(files: dict[str, str]) -> list[Finding]:
    return of_files(RULE, {**OWN, **files}, {"engine": HISTORY})


def script(url: str) -> dict[str, str]:
    return {"setup.sh": f"#!/bin/bash\ncurl -LO {url}\n"}


def test_a_url_at_a_mistyped_tag_is_told_the_newest_tag_that_was_meant() -> None:
    tagged = (
        Commit({**OWN, "scripts/a.sh": ""}, tags=("v0.22.0",)),
        Commit({**OWN, "scripts/a.sh": "", "n": "2"}, tags=("v0.23.0-alpha.2",)),
        Commit({**OWN, "scripts/a.sh": "", "n": "3"}, tags=("v0.23.0-alpha.3",)),
    )
    line = "bash <(curl -s https://raw.githubusercontent.com/example/platform/{}/scripts/a.sh)\n"
    wrong = findings(RULE, (*tagged, Commit({**OWN, "docs/a.md": "```shell\n" + line.format("v23.0") + "```\n"})))
    assert [(one.severity, one.actual, one.expected) for one in wrong] == [(Severity.ERROR, "v23.0", "v0.23.0-alpha.3")]
    assert findings(RULE, (*tagged, Commit({**OWN, "docs/a.md": "```shell\n" + line.format("v0.23.0-alpha.3") + "```\n"}))) == []


def test_a_download_of_a_release_that_was_never_made() -> None:
    (found,) = said(script("https://github.com/example/engine/releases/download/v0.1.5/engine.tar.gz"))
    assert (found.severity, found.actual, found.expected) == (Severity.ERROR, "v0.1.5", "v0.1.0")


def test_a_sibling_release_that_is_yet_to_come() -> None:
    (found,) = said(script("https://github.com/example/engine/archive/refs/tags/v0.3.0.tar.gz"))
    assert "yet" in found.message


def test_the_latest_release_needs_no_tag() -> None:
    assert said(script("https://github.com/example/engine/releases/latest/download/engine.tar.gz")) == []


def test_the_next_release_of_the_repository_itself_is_pending_not_wrong() -> None:
    commits = (
        Commit(OWN, tags=("v0.1.0",)),
        Commit({**OWN, **script("https://github.com/example/platform/archive/v0.2.0.tar.gz")}),
    )
    assert findings(RULE, commits) == []


def test_but_a_forgotten_number_is_no_next_release() -> None:
    commits = (
        Commit(OWN, tags=("v0.1.0",)),
        Commit({**OWN, **script("https://github.com/example/platform/archive/v2.0.0.tar.gz")}),
    )
    assert [one.actual for one in findings(RULE, commits)] == ["v2.0.0"]


def test_a_missing_branch_is_a_warning() -> None:
    (found,) = said(script("https://raw.githubusercontent.com/example/engine/release-0.3/x.sh"))
    assert (found.severity, found.actual) == (Severity.WARNING, "release-0.3")
    assert said(script("https://raw.githubusercontent.com/example/engine/release-0.2/x.sh")) == []


def test_a_clone_of_one_branch_says_nothing_of_others() -> None:
    only = {"engine": (Commit(ENGINE, tags=("v0.1.0",)),)}
    files = {**OWN, **script("https://raw.githubusercontent.com/example/engine/feature/x.sh")}
    assert of_files(RULE, files, only) == []


def test_a_repository_without_tags_says_nothing_of_tags() -> None:
    only = {"engine": (Commit(ENGINE),)}
    assert of_files(RULE, {**OWN, **script("https://github.com/example/engine/archive/v0.1.0.tar.gz")}, only) == []


def test_a_commit_is_looked_up() -> None:
    tree = MemoryRepository(HISTORY).tree("v0.1.0")
    assert tree is not None
    assert said(script(f"https://raw.githubusercontent.com/example/engine/{tree.rev}/go.mod")) == []
    (found,) = said(script(f"https://raw.githubusercontent.com/example/engine/{'f' * 40}/go.mod"))
    assert found.severity is Severity.WARNING


def test_a_module_is_asked_of_its_tags() -> None:
    require = OWN["go.mod"] + "\ngo 1.22\n\nrequire github.com/example/engine {}\n"
    (found,) = said({"go.mod": require.format("v0.2.0")})
    assert (found.actual, found.expected) == ("v0.2.0", "v0.2.0-rc.10")
    assert said({"go.mod": require.format("v0.2.0-rc.10")}) == []


def test_a_pseudo_version_is_asked_of_its_commit() -> None:
    require = OWN["go.mod"] + "\ngo 1.22\n\nrequire github.com/example/engine v0.0.0-20260101120000-{}\n"
    tree = MemoryRepository(HISTORY).tree("HEAD")
    assert tree is not None
    assert said({"go.mod": require.format(tree.rev[:12])}) == []
    assert [one.actual for one in said({"go.mod": require.format("abcdefabcdef")})] == ["v0.0.0-20260101120000-abcdefabcdef"]


def test_an_action_of_the_world_is_asked_of_its_tags() -> None:
    workflow = "on: push\njobs:\n  a:\n    runs-on: x\n    steps:\n    - uses: example/engine@{}\n"
    assert [one.actual for one in said({".github/workflows/a.yml": workflow.format("v0.9.0")})] == ["v0.9.0"]
    assert said({".github/workflows/a.yml": workflow.format("v0.1.0")}) == []


def test_an_image_named_like_a_repository_is_asked_of_its_releases() -> None:
    manifest = "kind: Pod\nspec:\n  containers:\n  - image: ghcr.io/example/engine/server:{}\n"
    (found,) = said({"deploy/a.yaml": manifest.format("0.1.9")})
    assert (found.actual, found.expected) == ("0.1.9", "0.1.0")
    assert said({"deploy/a.yaml": manifest.format("0.1.0")}) == []
    assert said({"deploy/a.yaml": manifest.format("0.1.0").replace("example/engine", "example/motor")}) == []


def test_variants_of_an_image_are_no_prereleases() -> None:
    manifest = "kind: Pod\nspec:\n  containers:\n  - image: ghcr.io/example/engine/server:{}\n"
    assert said({"deploy/a.yaml": manifest.format("0.1.0-debug")}) == []
    assert len(said({"deploy/a.yaml": manifest.format("0.1.0-rc.7")})) == 1


def test_a_chart_may_count_for_itself() -> None:
    install = "#!/bin/sh\nhelm install x oci://ghcr.io/example/engine/engine-chart --version 0.7.1\n"

    def judged(stated: str) -> list[Finding]:
        chart = {"chart/Chart.yaml": f"name: engine-chart\nversion: {stated}\n"}
        history = (*HISTORY, Commit({**ENGINE, **chart}, tags=("v0.2.0",)))
        return of_files(RULE, {**OWN, "setup.sh": install}, {"engine": history})

    assert judged("0.7.1") == []
    assert len(judged("0.1.0")) == 1


def test_what_surrounds_a_right_variable_may_be_wrong() -> None:
    files = {
        "chart/Chart.yaml": "apiVersion: v2\nname: web\nversion: 0.1.0\n",
        "chart/values.yaml": 'ENGINE_VERSION: "0.1.0"\n',
        "chart/templates/NOTES.txt": "see https://github.com/example/engine/blob/{{ .Values.ENGINE_VERSION }}/go.mod\n",
    }
    (found,) = said(files)
    assert (found.place.path, found.expected) == ("chart/templates/NOTES.txt", "v{{ .Values.ENGINE_VERSION }}")


def test_a_wrong_variable_is_told_where_it_is_set() -> None:
    source = "#!/bin/bash\nENGINE_VERSION=0.1.7\ncurl -LO https://github.com/example/engine/archive/v${ENGINE_VERSION}.tar.gz\n"
    (found,) = said({"setup.sh": source})
    assert (found.place.span.line, found.actual) == (2, "0.1.7")


def test_placeholders_and_the_past_are_left_alone() -> None:
    url = "https://github.com/example/engine/archive/{}.tar.gz"
    assert said({"docs/a.md": f"run `curl -L {url.format('<version>')}`\n"}) == []
    assert said({"CHANGELOG.md": f"get it from {url.format('v0.0.3')}\n", "legacy/a.md": url.format("v0.0.3")}) == []


def test_an_image_that_was_built_just_before_need_not_be_a_release() -> None:
    ref = "ghcr.io/example/platform/web:9.9.9"

    def of_script(script: str) -> list[Finding]:
        return findings(RULE, (Commit(OWN, tags=("v1.0.0",)), Commit(OWN | {"up.sh": script})))

    load = f"kind load docker-image {ref} --name dev\n"
    assert of_script(f"docker build -t {ref} . && {load}") == []
    assert [one.actual for one in of_script(f"docker pull {ref} && {load}")] == ["9.9.9"]
