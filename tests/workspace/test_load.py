"""Loading graphs: what documents declare, and every problem with its place and what to do."""

import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from relgraph.errors import DeclarationError
from relgraph.model.graph import DeclaredSite, EdgeKind, Follow, Graph
from relgraph.workspace import load
from relgraph.workspace.kept import dump_graphs, load_kept
from relgraph.workspace.load import load_graphs

HEAD = "apiVersion: relgraph.dev/v1\nkind: Graph\nmetadata: {name: g}\n"
REPOS = HEAD + "repos:\n  platform: {url: https://github.com/example/platform}\n"
WEB = REPOS + "images:\n  web: {from: platform, ref: ghcr.io/example/web}\n"


def graph(text: str) -> Graph:
    return load_graphs([("graph/a.yaml", text.encode())])["g"]


def told(*texts: str) -> list[str]:
    """The problems of documents, without the path of the first."""
    documents = [(f"graph/{'abcdef'[number]}.yaml", text.encode()) for number, text in enumerate(texts)]
    try:
        load_graphs(documents)
    except DeclarationError as problem:
        return [one.removeprefix("graph/a.yaml:") for one in problem.details or (str(problem),)]
    return []


def test_a_graph_is_nodes_and_edges_with_their_places() -> None:
    found = graph(WEB + "charts:\n  web:\n    from: platform\n    ref: oci://ghcr.io/example/web-chart\n    uses: [images.web]\n")
    assert list(found.nodes) == ["repos.platform", "images.web", "charts.web"]
    chart = found.nodes["charts.web"]
    assert (chart.kind, chart.name, str(chart.origin)) == ("chart", "web", "graph/a.yaml:9:3")
    assert [(edge.tail, edge.head, edge.kind, edge.origin.line) for edge in found.edges] == [
        ("images.web", "repos.platform", EdgeKind.BUILDS_FROM, 7),
        ("charts.web", "repos.platform", EdgeKind.BUILDS_FROM, 10),
        ("charts.web", "images.web", EdgeKind.REFERS_TO, 12),
    ]


def test_what_is_left_out_has_its_default() -> None:
    found = graph(WEB)
    assert found.nodes["repos.platform"].tag == "v{version}"
    assert found.nodes["images.web"].tag == "{version}"
    assert (found.edges[0].follow, found.edges[0].constraint, found.edges[0].path) == (None, "", "")


def test_an_edge_says_how_it_follows() -> None:
    more = "hooks:\n  h: {from: [{node: platform, path: b.sh}], source: h.yaml, uses: {node: web, follow: last-release, version: '>=1'}}\n"
    builds, refers = [edge for edge in graph(WEB + more).edges if edge.tail == "hooks.h"]
    assert builds.path == "b.sh"
    assert (refers.follow, refers.constraint) == (Follow.LAST_RELEASE, ">=1")


def test_documents_of_one_name_make_one_graph() -> None:
    more = HEAD + "images:\n  web: {from: platform, ref: ghcr.io/example/web}\n"
    found = load_graphs([("graph/a.yaml", REPOS.encode()), ("graph/b.yaml", more.encode())])
    assert list(found) == ["g"]
    assert found["g"].edges[0].head == "repos.platform"


def test_graphs_of_other_names_stay_apart() -> None:
    found = load_graphs([("graph/a.yaml", REPOS.encode()), ("graph/b.yaml", REPOS.replace("name: g", "name: h").encode())])
    assert list(found) == ["g", "h"]
    assert found["h"].nodes.keys() == found["g"].nodes.keys()


def test_a_source_is_a_repository_first_and_a_reference_an_artifact() -> None:
    text = (
        REPOS
        + "images:\n  platform: {from: platform, ref: x/y}\nfiles:\n  docs: {from: platform, paths: docs/**, uses: platform}\n"
    )
    assert [(edge.tail, edge.head) for edge in graph(text).edges] == [
        ("images.platform", "repos.platform"),
        ("files.docs", "repos.platform"),
        ("files.docs", "images.platform"),
    ]


def test_declared_sites_say_where_no_syntax_does() -> None:
    more = "    sites: [{path: a.txt, match: 'v(.*)', count: 2}, {path: b.yaml, yaml: spec.tag, repo: platform}]\n"
    text = REPOS + "images:\n  web:\n    from: platform\n    ref: ghcr.io/example/web\n" + more
    first, second = graph(text).sites
    assert first[:-1] == DeclaredSite("images.web", "", "a.txt", "", "v(.*)", 2, first.origin)[:-1]
    assert (second.repo, second.yaml, second.times) == ("platform", "spec.tag", 1)


CASES = {
    "no mapping": ("- a\n", ["1:1: a graph is a mapping, not a list"]),
    "nothing of a graph": (
        "x: 1\n",
        [
            "1:1: a graph has no 'x' (known are apiVersion, kind, metadata, repos, images, charts, hooks, files, derived, tools, waivers, rules)",
            "1:1: a graph needs 'apiVersion: relgraph.dev/v1'",
            "1:1: a graph needs 'kind: Graph'",
            "1:1: a graph needs 'metadata: {name: ...}'",
        ],
    ),
    "another version": (
        HEAD.replace("/v1", "/v2"),
        ["1:13: apiVersion 'relgraph.dev/v2' (this program reads 'relgraph.dev/v1')"],
    ),
    "another kind": (HEAD.replace("Graph", "Grahp"), ["2:7: kind 'Grahp' (this program reads 'Graph')"]),
    "no name": (HEAD.replace("{name: g}", "{}"), ["3:11: 'metadata' needs 'name' (the graph's name)"]),
    "metadata of another type": (HEAD.replace("{name: g}", "g"), ["3:11: 'metadata' is a mapping, not 'g'"]),
    "a misspelt section": (HEAD + "image: {}\n", ["4:1: a graph has no 'image' (did you mean 'images'?)"]),
    "a misspelt field": (
        REPOS.replace("url", "ulr"),
        ["5:14: repo 'platform' has no 'ulr' (did you mean 'url'?)"],
    ),
    "a field of another kind": (
        WEB.replace("web: {", "web: {paths: [a], "),
        [
            "7:9: image 'web' has no 'paths' (known are build, channels, from, map, ref, sites, stamp, tag, title, uses, version)",
        ],
    ),
    "a place with a tag": (
        HEAD + "images: {a: {from: b, ref: 'ghcr.io:443/a/a:1.0'}}\nrepos: {b: {url: x}}\n",
        ["4:28: 'ghcr.io:443/a/a:1.0' holds a tag or a digest (leave it out: the tag is the node's version, as 'tag' writes it)"],
    ),
    "a place with a space": (
        HEAD + "images: {a: {from: b, ref: ghcr.io/a b}}\nrepos: {b: {url: x}}\n",
        ["4:28: 'ghcr.io/a b' is no place to publish at (HOST/NAME, as ghcr.io/acme/web or oci://ghcr.io/acme/web-chart)"],
    ),
    "a section that is a list": (HEAD + "repos: [a]\n", ["4:8: 'repos' is a mapping of names, not a list"]),
    "a node that is a text": (
        HEAD + "repos: {a: b}\n",
        ["4:12: repo 'a' is a mapping, not 'b'"],
    ),
    "a node of nothing": (HEAD + "repos: {a: }\n", ["4:12: repo 'a' needs 'url' (where it is cloned from)"]),
    "a name with a space": (
        HEAD + "repos: {'a b': {url: x}}\n",
        ["4:9: 'a b' as a name (letters, digits, dot, dash and underscore; no dash first)"],
    ),
    "one name twice": (
        REPOS + "  platform: {url: x}\n",
        ["6:3: 'platform' stands here again (first in line 5)"],
    ),
    "an edge to nothing": (
        WEB.replace("from: platform", "from: platfrom"),
        ["7:15: images.web is built from 'platfrom', which is no node (did you mean 'platform'?)"],
    ),
    "an edge to nothing like it": (
        WEB.replace("from: platform", "from: zzz"),
        ["7:15: images.web is built from 'zzz', which is no node (declare it, or correct the name)"],
    ),
    "a self-edge": (
        WEB.replace("example/web}", "example/web, uses: web}"),
        ["7:57: images.web is said to use itself (an edge leads to another node)"],
    ),
    "a source that is itself": (
        WEB.replace("from: platform", "from: images.web"),
        ["7:15: images.web is built from itself (an edge leads to another node)"],
    ),
    "a name that several nodes have": (
        WEB + "charts:\n  web: {from: platform, ref: x}\nfiles:\n  f: {from: platform, paths: a, uses: web}\n",
        ["11:39: 'web' may be charts.web or images.web (write the section too)"],
    ),
    "built from nothing": (
        WEB.replace("from: platform", "from: []"),
        ["7:9: 'from' of image 'web' is empty (what it is built from; the first gives its version)"],
    ),
    "a list in the place of a text": (REPOS.replace("url: https://github.com/example/platform", "url: [x]"), ["5:19: text is wanted here, not a list"]),
    "nothing in the place of a text": (REPOS.replace("url: https://github.com/example/platform", "url: "), ["5:19: text is wanted here, not nothing"]),
    "a text in the place of a flag": (
        REPOS.replace("platform}", "platform, external: maybe}"),
        ["5:66: true or false is wanted here, not 'maybe'"],
    ),
    "a quoted flag": (REPOS.replace("platform}", "platform, external: 'true'}"), ["5:66: true or false is wanted here, not 'true'"]),
    "an unknown choice": (
        REPOS.replace("platform}", "platform, self: place-holder}"),
        ["5:62: 'place-holder' where one of placeholder, last-release, exact is wanted (did you mean 'placeholder'?)"],
    ),
    "a tag format without a version": (
        REPOS.replace("platform}", "platform, tags: latest}"),
        ["5:62: the tag format 'latest' holds no version (write {version} where the version stands, as in v{version})"],
    ),
    "a tag format with an unknown part": (
        REPOS.replace("platform}", "platform, tags: 'v{vesion}'}"),
        ["5:62: '{vesion}' in a tag format (known are {version}, {major}, {minor}, {patch}, {pre}, {semver})"],
    ),
    "a tag format that releases cannot be read back from": (
        REPOS.replace("platform}", "platform, tags: 'v{major}.{minor}'}"),
        ["5:62: releases cannot be read back from 'v{major}.{minor}' (write {version} once and no other part, as in v{version})"],
    ),
    "a follow that is none": (
        WEB + "hooks:\n  h: {from: platform, source: h, uses: {node: web, follow: newest}}\n",
        ["9:60: 'newest' where one of tag, main, last-release, pinned is wanted"],
    ),
    "a site with two addresses": (
        WEB.replace("example/web}", "example/web, sites: {path: a, yaml: b, match: (c)}}"),
        ["7:58: a site has either 'yaml' or 'match' (an address in a YAML file, or an expression with one group)"],
    ),
    "a site whose expression is none": (
        WEB.replace("example/web}", "example/web, sites: {path: a, match: '('}}"),
        ["7:58: 'match' is no regular expression: missing ), unterminated subpattern at position 0"],
    ),
    "a site without a group": (
        WEB.replace("example/web}", "example/web, sites: {path: a, match: x}}"),
        ["7:58: 'match' has 0 groups (one group, around the version)"],
    ),
    "a site that is expected never": (
        WEB.replace("example/web}", "example/web, sites: {path: a, match: (x), count: 0}}"),
        ["7:87: a count is a whole number from 1, not '0'"],
    ),
    "a waiver of nothing": (
        REPOS + "waivers:\n- {rule: RG101, reason: r, owner: o}\n",
        ["7:3: a waiver that names neither 'site' nor 'node' (say what it is about)"],
    ),
    "a waiver without a reason": (
        REPOS + "waivers:\n- {rule: RG101, site: a, owner: o}\n",
        ["7:3: a waiver needs 'reason' (why it is accepted)"],
    ),
    "a waiver of no node": (
        REPOS + "waivers:\n- {rule: RG101, node: platfrom, reason: r, owner: o}\n",
        ["7:3: a waiver for 'platfrom', which is no node (did you mean 'platform'?)"],
    ),
    "a waiver that expires on no day": (
        REPOS + "waivers:\n- {rule: RG101, site: a, reason: r, owner: o, expires: soon}\n",
        ["7:3: a waiver that expires 'soon' (write a day as 2027-06-30)"],
    ),
    "a severity that is none": (
        REPOS + "rules:\n- {rule: RG101, severity: fatal, reason: r}\n",
        ["7:27: 'fatal' where one of error, warning, note, off is wanted"],
    ),
    "a tool of derived files without a command": (
        REPOS + "derived:\n  d: {from: platform, inputs: a, outputs: b}\n",
        ["7:6: derived 'd' needs 'run' (the command that makes them)"],
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", CASES)
def test_bad_input_is_told_with_its_place_and_what_to_do(name: str) -> None:
    text, expected = CASES[name]
    assert told(text) == expected


def test_two_nodes_of_one_name_in_two_documents() -> None:
    assert told(REPOS, REPOS) == ["graph/b.yaml:5:3: repos.platform is declared again (first at graph/a.yaml:5:3)"]


def test_the_problems_of_all_documents_are_told_at_once_in_order() -> None:
    wrong = told(WEB.replace("from: platform", "from: x, uses: y"), "a: [\n", HEAD + "imagse: {}\n")
    assert [one.partition(": ")[0] for one in wrong] == ["7:15", "7:24", "graph/b.yaml:2:1", "graph/c.yaml:4:1"]


def test_one_problem_is_the_message_itself() -> None:
    with pytest.raises(DeclarationError, match=re.escape("graph/a.yaml:4:1: a graph has no 'image'")) as caught:
        graph(HEAD + "image: {}\n")
    assert caught.value.details == ()
    assert caught.value.status == 2


def test_a_flood_of_problems_is_cut(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(load, "_MOST_TOLD", 3)
    wrong = told(HEAD + "".join(f"x{number}: 1\n" for number in range(10)))
    assert len(wrong) == 4
    assert wrong[-1] == "and 7 more"


@pytest.mark.parametrize("path", sorted((Path(__file__).parents[2] / "graph").glob("*.yaml")), ids=lambda path: path.name)
def test_the_graphs_of_this_repository_load(path: Path) -> None:
    assert load_graphs([(path.name, path.read_bytes())])


words = st.text(st.sampled_from("abz-._ {}[]:,'\"*&#\n"), max_size=8)
texts = st.lists(
    st.sampled_from(["repos", "images", "charts", "from", "uses", "ref", "url", "  ", "- ", ": ", "\n", "{", "}", "[", "]", "web", "platform"])
    | words,
    max_size=30,
).map("".join)  # fmt: skip


@given(texts)
def test_a_document_is_a_graph_or_an_error_that_says_where(text: str) -> None:
    for one in told(HEAD + text):
        assert re.match(r"\d+:\d+: \S|graph/\w+\.yaml|and \d+ more", one)


def test_a_kept_graph_is_the_graph() -> None:
    more = (
        "    uses: [{node: platform, follow: main, version: '>=1'}]\n    build: {ko: ./cmd, platforms: [linux/amd64]}\n"
        "    sites: [{path: a, match: (x)}]\nwaivers:\n- {rule: '*', site: a, reason: r, owner: o, expires: 2027-01-31}\n"
        "rules:\n- {rule: RG101, severity: off, reason: r}\n"
    )
    text = REPOS + "images:\n  web:\n    from: platform\n    ref: x/y\n    map: v1.{minor}\n    channels: [latest]\n" + more
    graphs = load_graphs([("graph/a.yaml", text.encode())])
    assert load_kept(dump_graphs(graphs)) == graphs


@pytest.mark.parametrize("data", [b"", b"\x00", b"nonsense", dump_graphs({})[:-1] or b"x"])
def test_what_was_kept_by_something_else_is_no_graph(data: bytes) -> None:
    assert load_kept(data) in (None, {})
