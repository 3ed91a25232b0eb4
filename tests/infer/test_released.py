"""Tables of releases, read from git at each tag."""

from collections.abc import Sequence
from textwrap import dedent

from declared import graph_of
from relgraph.git.memory import MemoryRepository
from relgraph.infer.declaring import declare
from relgraph.infer.released import Table, released
from relgraph.model.example import Commit
from relgraph.model.world import Subject
from relgraph.reading import SiteReader

GRAPH = """
repos: {web: {url: https://github.com/acme/web, skip: ['*-trial']}, away: {url: https://github.com/acme/away, external: true}}
images:
  web: {from: web, ref: ghcr.io/acme/web}
  side: {from: away, ref: ghcr.io/acme/side}
charts:
  chart: {from: web, ref: oci://ghcr.io/acme/web-chart, tag: 'v{version}', source: chart, uses: [images.web, side]}
hooks: {h: {from: web, source: h.yaml}}
tools: {cli: {from: web, tag: 'cli/{version}'}}
"""
POD = (
    "kind: Pod\nspec:\n  containers:\n  - image: ghcr.io/acme/web:{}\n  - image: ghcr.io/acme/side:{{{{ .Values.SIDE_VERSION }}}}\n"
)


def files(version: str, app: str, web: str, side: str, name: str = "web-chart", **more: str) -> dict[str, str]:
    return {
        "chart/Chart.yaml": f"apiVersion: v2\nname: {name}\nversion: {version}\nappVersion: {app}\n",
        "chart/values.yaml": f"SIDE_VERSION: {side}\n",
        "chart/templates/pod.yaml": POD.format(web),
        **{path.replace("__", "/"): text for path, text in more.items()},
    }


def table(commits: Sequence[Commit], node: str, graph: str = GRAPH) -> Table | None:
    repository = MemoryRepository(commits, name="web")
    tree = repository.tree("HEAD")
    assert tree is not None
    reader = SiteReader(repository)
    declared = graph_of(graph)
    facts = declare(declared, {"repos.web": Subject(repository, tree, reader=reader.shipped)}, {})
    return released(facts, declared.nodes[node])


HISTORY = [
    Commit({"README": "nothing yet\n"}, tags=("v0.1.0",)),
    Commit(files("0.2.0", "0.1.0", "0.2.0-rc1", "3.0.0"), tags=("v0.2.0-rc1", "v0.2.0-trial")),
    Commit(files("0.2.0", "0.2.0", "0.2.0", "3.1.0"), tags=("v0.2.0",)),
    Commit(files("0.3.0", "0.3.0", "0.3.0", "3.2.0")),
]


def test_a_chart_is_told_as_it_stood_at_each_tag() -> None:
    assert table(HISTORY, "charts.chart") == Table(
        ("tag = version in chart", "appVersion", "web", "side"),
        (("v0.2.0-rc1", "0.1.0", "0.2.0-rc1", "3.0.0"), ("v0.2.0", "0.2.0", "0.2.0", "3.1.0")),
    )


def test_another_chart_in_its_folder_is_none_of_its_releases() -> None:
    history = [Commit(files("0.1.0", "0.1.0", "0.1.0", "3.0.0", name="old-chart"), tags=("v0.1.0",)), *HISTORY[1:]]
    found = table(history, "charts.chart")
    assert found is not None
    assert [row[0] for row in found.rows] == ["v0.2.0-rc1", "v0.2.0"]


MAKEFILE = dedent(
    """\
    IMAGE_TAG ?= {}
    push:
    \thelm package chart --version $(IMAGE_TAG)
    \thelm push web-chart-*.tgz oci://ghcr.io/acme
    """
)


def test_the_declared_command_tells_what_was_published() -> None:
    graph = GRAPH.replace("source: chart,", "source: chart, build: {command: make push},")
    history = [
        Commit(files("0.0.0", "0.1.0", "0.2.0", "3.0.0", Makefile=MAKEFILE.format("0.2.0")), tags=("v0.2.0",)),
        # Forgotten: the second release is published over the first.
        Commit(files("0.0.0", "0.1.0", "0.2.0", "3.0.0", Makefile=MAKEFILE.format("0.2.0"), more="x"), tags=("v0.3.0",)),
    ]
    found = table(history, "charts.chart", graph)
    assert found is not None
    assert found.rows == (("0.2.0", "0.1.0", "0.2.0", "3.0.0"),)


WORKFLOW = dedent(
    """\
    on: {push: {tags: ['v*']}}
    jobs:
      release:
        runs-on: ubuntu-latest
        steps:
        - uses: actions/checkout@v4
        - run: |
            sed -i "s/placeholder/${GITHUB_REF_NAME#v}/" chart/templates/pod.yaml
            helm package chart --version ${{ github.ref_name }} --app-version ${{ github.ref_name }}
            helm push *.tgz oci://ghcr.io/acme
    """
)


def test_the_pipeline_of_the_day_tells_what_was_published() -> None:
    commit = Commit(
        files("0.0.0", "0.0.0", "placeholder", "3.0.0", **{".github__workflows__release.yml": WORKFLOW}), tags=("v0.2.0",)
    )
    found = table([commit], "charts.chart")
    assert found is not None
    assert found.rows == (("v0.2.0", "v0.2.0", "0.2.0", "3.0.0"),)


def test_images_and_tools_are_told_with_their_commits() -> None:
    found = table(HISTORY, "images.web")
    assert found is not None
    assert found.titles == ("tag", "tag of web", "commit")
    assert [row[:2] for row in found.rows] == [("0.1.0", "v0.1.0"), ("0.2.0-rc1", "v0.2.0-rc1"), ("0.2.0", "v0.2.0")]
    assert all(len(row[2]) == 40 for row in found.rows)
    tool = table(HISTORY, "tools.cli")
    assert tool is not None
    assert tool.rows[0][0] == "cli/0.1.0"


def test_what_cannot_be_told_is_left_empty() -> None:
    commit = Commit({**files("0.2.0", "0.2.0", "0.2.0", "3.0.0"), "chart/values.yaml": "other: 1\n"}, tags=("v0.2.0",))
    found = table([commit], "charts.chart")
    assert found is not None
    assert found.rows == (("v0.2.0", "0.2.0", "0.2.0", ""),)


def test_a_repository_is_told_by_its_tags() -> None:
    found = table(HISTORY, "repos.web")
    assert found is not None
    assert [row[0] for row in found.rows] == ["v0.1.0", "v0.2.0-rc1", "v0.2.0"]


def test_what_has_no_releases_of_its_own_has_no_table() -> None:
    assert table(HISTORY, "hooks.h") is None
    assert table(HISTORY, "images.side") is None
    assert table(HISTORY, "repos.away") is None


def test_a_repository_without_releases_has_an_empty_table() -> None:
    assert table([Commit({"a": "b"})], "images.web") == Table(("tag", "tag of web", "commit"), ())
