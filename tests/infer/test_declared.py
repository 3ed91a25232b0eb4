"""What a declared graph says of a world: whose an artifact is, which line a node draws from, whom a file belongs to."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from declared import graph_of
from relgraph.git.memory import MemoryRepository
from relgraph.infer.declared import Declared, address_of, matches, patterns_of
from relgraph.model.example import Commit
from relgraph.model.world import Subject

GRAPH = """
repos: {web: {url: 'https://github.com/acme/Web.git', skip: ['*-trial']}, lib: {url: 'git@github.com:acme/lib.git'}}
images:
  web: {from: web, ref: ghcr.io/acme/web}
  debug: {from: images.web, ref: ghcr.io/acme/web-debug}
  pinned: {from: web, ref: nginx, version: 1.2.3}
  mapped: {from: lib, ref: ghcr.io/acme/mapped, map: 'v1.{minor}.{patch}'}
charts: {web: {from: web, ref: 'oci://ghcr.io/acme/Web-Chart', source: charts/web, uses: [images.web]}}
hooks: {start: {from: web, source: charts/web/templates/start.yaml}}
files: {docs: {from: web, paths: ['docs/**', '*.md']}, all: {from: web, paths: ['**']}}
derived: {crds: {from: web, inputs: api, outputs: [config/crd], run: make}}
"""


@pytest.fixture
def declared() -> Declared:
    subjects = {}
    for name in ("web", "lib"):
        repository = MemoryRepository([Commit({"a": ""})], name=name)
        tree = repository.tree("HEAD")
        assert tree is not None
        subjects[f"repos.{name}"] = Subject(repository, tree)
    return Declared(graph_of(GRAPH), {}, subjects)


@pytest.mark.parametrize(
    ("url", "address"),
    [
        ("https://github.com/acme/Web.git", "github.com/acme/web"),
        ("https://user:secret@github.com/acme/web/", "github.com/acme/web"),
        ("ssh://git@github.com:22/acme/web", "github.com/acme/web"),
        ("git@github.com:acme/web.git", "github.com/acme/web"),
        ("https://gitlab.com/group/sub/web", "gitlab.com/group/sub/web"),
        ("github.com/acme/web", "github.com/acme/web"),
    ],
)
def test_addresses_are_read_however_they_are_written(url: str, address: str) -> None:
    assert address_of(url) == address


@pytest.mark.parametrize(
    ("pattern", "path", "fits"),
    [
        ("docs/**", "docs/a/b.md", True),
        ("docs", "docs/a/b.md", True),
        ("docs/", "docs/a", True),
        ("docs", "docs", True),
        ("docs", "docsets/a", False),
        ("*.md", "README.md", True),
        ("*.md", "docs/a.md", False),
        ("**/*.md", "docs/a.md", True),
        ("**/*.md", "a.md", True),
        ("a/**/b", "a/b", True),
        ("a/**/b", "a/x/y/b", True),
        ("a?c", "abc", True),
        ("a?c", "a/c", False),
        ("a.c", "abc", False),
        ("**", "anything/at/all", True),
        ("[a]", "a", False),
        ("[a]", "[a]", True),
    ],
)
def test_patterns_of_paths(pattern: str, path: str, fits: bool) -> None:
    assert matches(pattern, path) is fits


@given(st.text(st.sampled_from("ab/.*?[]+\\"), max_size=12), st.text(st.sampled_from("ab/.\n"), max_size=20))
def test_any_pattern_can_be_asked(pattern: str, path: str) -> None:
    assert matches(pattern, path) in (True, False)


def test_artifacts_are_known_by_what_sites_call_them(declared: Declared) -> None:
    assert {name: node.id for name, node in declared.artifacts.items()} == {
        "ghcr.io/acme/web": "images.web",
        "ghcr.io/acme/web-debug": "images.debug",
        "docker.io/library/nginx": "images.pinned",
        "ghcr.io/acme/mapped": "images.mapped",
        "oci://ghcr.io/acme/web-chart": "charts.web",
    }


@pytest.mark.parametrize(
    ("node", "line"),
    [
        ("repos.web", "github.com/acme/web"),
        ("images.web", "github.com/acme/web"),
        ("images.debug", "github.com/acme/web"),
        ("charts.web", "github.com/acme/web"),
        ("images.pinned", "node:images.pinned"),
        ("images.mapped", "node:images.mapped"),
    ],
)
def test_a_node_draws_from_its_repository_unless_it_counts_for_itself(node: str, line: str, declared: Declared) -> None:
    assert declared.line(declared.graph.nodes[node]) == line


@pytest.mark.parametrize(
    ("path", "owners"),
    [
        ("charts/web/templates/start.yaml", ["hooks.start", "charts.web", "files.all"]),
        ("charts/web/Chart.yaml", ["charts.web", "files.all"]),
        ("docs/a/b.md", ["files.docs", "files.all"]),
        ("README.md", ["files.docs", "files.all"]),
        ("config/crd/x.yaml", ["derived.crds", "files.all"]),
        ("main.go", ["files.all"]),
    ],
)
def test_a_file_belongs_to_the_nodes_whose_patterns_it_fits_the_most_telling_first(
    path: str, owners: list[str], declared: Declared
) -> None:
    assert [node.id for node in declared.owners(declared.subjects["repos.web"], path)] == owners
    assert declared.owners(declared.subjects["repos.lib"], path) == ()


def test_a_repository_of_no_graph_owns_nothing(declared: Declared) -> None:
    repository = MemoryRepository([Commit({"a": ""})], name="other")
    tree = repository.tree("HEAD")
    assert tree is not None
    stranger = Subject(repository, tree)
    assert declared.repo_of(stranger) is None
    assert declared.owners(stranger, "docs/a") == ()
    assert not declared.skips(stranger, "v1-trial")


def test_tags_can_be_declared_to_be_no_releases(declared: Declared) -> None:
    web, lib = declared.subjects["repos.web"], declared.subjects["repos.lib"]
    assert declared.skips(web, "v1.0.0-trial")
    assert not declared.skips(web, "v1.0.0")
    assert not declared.skips(lib, "v1.0.0-trial")


def test_what_identity_need_not_conclude(declared: Declared) -> None:
    stated = declared.stated
    assert stated.addresses == {"web": ("github.com/acme/web",), "lib": ("github.com/acme/lib",)}
    assert {name: line.name for name, line in stated.artifacts.items()}["ghcr.io/acme/web-debug"] == "github.com/acme/web"


def test_the_files_of_each_kind(declared: Declared) -> None:
    nodes = declared.graph.nodes
    assert patterns_of(nodes["derived.crds"]) == ("config/crd",)
    assert patterns_of(nodes["charts.web"]) == ("charts/web",)
    assert patterns_of(nodes["files.docs"]) == ("docs/**", "*.md")
    assert patterns_of(nodes["images.web"]) == ()
