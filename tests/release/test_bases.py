"""Releases of what stands on images and charts of others: fetched by digest, once."""

import shutil
from pathlib import Path

import pytest

from buildworld import Built, node_of, part, run_builder, target_of
from releases import git, relgraph
from relgraph.build.builder import Part
from relgraph.build.bundle import BUILDER as BUNDLE
from relgraph.build.helm import BUILDER as HELM
from relgraph.oci.layout import Layout
from relgraph.oci.local import LocalRepository
from relgraph.oci.manifest import Index, Manifest
from relgraph.oci.stores import put


def publish(folder: Path, name: str, built: Built, tag: str) -> None:
    put(LocalRepository(Layout(folder, create=True), name), built.artifact, tag)


@pytest.fixture
def root(tmp_path: Path) -> Path:
    base = run_builder(
        BUNDLE,
        target_of(node_of("images.base"), {"etc/os": "base\n"}, part("images.base", "1.0.0"), bundle={"etc/os": "etc/os"}),
        tmp_path / "builds",
    )
    cache = run_builder(
        HELM,
        target_of(
            node_of("charts.cache", source="c"),
            {"c/Chart.yaml": "name: cache\nversion: 0\n"},
            Part("charts.cache", "3.1.0", "3.1.0", "x.example/cache"),
        ),
        tmp_path / "builds",
    )
    publish(tmp_path / "others", "base", base, "1.0.0")
    publish(tmp_path / "others", "cache", cache, "3.1.0")
    root = tmp_path / "site"
    files = {
        "www/index.html": "hello\n",
        "chart/Chart.yaml": (
            "apiVersion: v2\nname: site-chart\nversion: 0.0.0\nappVersion: 0.0.0\n"
            "dependencies: [{name: cache, version: ^3, repository: 'oci://registry.example/others'}]\n"
        ),
        "chart/values.yaml": "image: none\n",
        "graph/acme.yaml": f"""\
apiVersion: relgraph.dev/v1
kind: Graph
metadata: {{name: acme}}
repos:
  site: {{url: https://example.org/acme/site, path: ., tags: "v{{version}}"}}
images:
  site:
    from: site
    ref: registry.example/acme/site
    build: {{bundle: {{srv/www: www}}, base: "layout:../others//base@{base.digest}"}}
charts:
  site:
    from: site
    ref: oci://registry.example/acme/site-chart
    source: chart
    uses: [images.site]
    build: {{helm: chart, charts: {{cache: "layout:../others//cache:3.1.0@{cache.digest}"}}}}
    stamp: {{set: {{values.yaml: {{image: "{{{{ nodes['images.site'].pinned }}}}"}}}}}}
""",
    }
    for path, text in files.items():
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_text(text)
    git(root, "init", "-q", "-b", "main")
    git(root, "add", ".")
    git(root, "commit", "-q", "-m", "all")
    git(root, "tag", "v0.4.0")
    return root


def test_what_others_published_is_fetched_by_digest_and_once(root: Path) -> None:
    ran = relgraph(root, "release", "--to", "layout:../published")
    assert ran.status == 0, ran.err
    published = Layout(root.parent / "published")
    image = LocalRepository(published, "registry.example/acme/site").load("0.4.0")
    chart = LocalRepository(published, "registry.example/acme/site-chart").load("0.4.0")
    assert isinstance(image, Manifest)
    assert not isinstance(chart, Index)
    assert len(image.layers) == 2
    pulled = relgraph(root, "store.pull", "layout:../published//registry.example/acme/site-chart:0.4.0", "--output", "../pulled")
    assert pulled.status == 0, pulled.err
    shutil.unpack_archive(next((root.parent / "pulled").glob("*.tgz")), root.parent / "chart")
    assert (root.parent / "chart/site-chart/charts/cache-3.1.0.tgz").is_file()
    assert (root.parent / "chart/site-chart/values.yaml").read_text() == f"image: registry.example/acme/site@{image.digest}\n"
    # The next release finds them in the store.
    shutil.rmtree(root.parent / "others")
    (root / "www/index.html").write_text("hello again\n")
    git(root, "commit", "-qam", "more")
    git(root, "tag", "v0.4.1")
    ran = relgraph(root, "release", "--to", "layout:../published")
    assert ran.status == 0, ran.err


def test_a_base_that_is_nowhere_fails_the_release_before_anything_is_published(root: Path) -> None:
    shutil.rmtree(root.parent / "others")
    ran = relgraph(root, "release", "--to", "layout:../published")
    assert ran.status == 3
    assert not list(Layout(root.parent / "published", create=True).entries())
