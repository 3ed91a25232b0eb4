"""Charts, against the real helm."""

import io
import json
import tarfile
from datetime import UTC, datetime
from pathlib import Path

import pytest
import yaml

from peers import GetPeer, Peer, Relgraph
from relgraph.cli.command import Values
from relgraph.cli.registries import Stores
from relgraph.cli.terminal import Terminal
from relgraph.locking.facts import RepositoryFacts
from relgraph.oci.codecs.helm import pack_chart
from relgraph.oci.codecs.tree import read_folder
from relgraph.oci.reference import parse_reference
from relgraph.resolve.export import chart_lock
from relgraph.resolve.lock import Lock, read_lock, write_lock
from relgraph.resolve.range import parse_range
from relgraph.resolve.resolver import Mode, Requirement, resolve

_CHART = """\
apiVersion: v2
name: web
version: 1.4.2+build.7
appVersion: "1.10"
type: application
kubeVersion: ">=1.24-0 <2"
description: |
  A web service, with <angles> & "quotes",
  and a\ttab
home: https://example.test/web
sources: [https://git.example.test/web, https://mirror.example.test/web]
keywords: [http, 7]
icon: https://example.test/icon.svg
maintainers:
  - {url: https://example.test/anne, name: Anne, email: anne@example.test}
  - {name: Bob}
annotations:
  zeta: "1"
  org.opencontainers.image.title: other
  org.opencontainers.image.licenses: Apache-2.0
"""


@pytest.fixture
def helm(peer: GetPeer) -> Peer:
    return peer("helm")


def _chart(folder: Path, text: str = _CHART, **more: str) -> Path:
    files = {
        "Chart.yaml": text,
        "values.yaml": "replicas: 1\nname: web\n",
        "templates/config.yaml": "kind: ConfigMap\napiVersion: v1\nmetadata: {name: {{ .Values.name }}}\n",
        "templates/.hidden": "never packed",
        "README.md": "a note\n",
        "docs/page.md": "ignored\n",
        "docs/deep/page.md": "kept?\n",
        ".helmignore": "# notes\n/docs/*.md\n*.tmp\nbuild/\n",
        "x.tmp": "ignored",
        "build/x": "ignored",
        "files/data.bin": "data",
        **more,
    }
    for path, content in files.items():
        target = folder / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(content)
    return folder


def _members(package: bytes) -> dict[str, bytes]:
    with tarfile.open(fileobj=io.BytesIO(package)) as archive:
        return {m.name: (archive.extractfile(m) or io.BytesIO()).read() for m in archive}


def test_helm_reads_the_package_that_relgraph_made(relgraph: Relgraph, here: Path, helm: Peer) -> None:
    metadata, package = pack_chart(read_folder(_chart(here / "web")))
    (here / "web.tgz").write_bytes(package)
    assert yaml.safe_load(helm.run("show", "chart", here / "web.tgz"))["version"] == metadata.version
    rendered = helm.run("template", "r", here / "web.tgz")
    assert yaml.safe_load(rendered)["metadata"] == {"name": "web"}
    assert "0 chart(s) failed" in helm.run("lint", here / "web.tgz")


def test_a_package_has_the_files_that_helm_packs(relgraph: Relgraph, here: Path, helm: Peer) -> None:
    chart = _chart(here / "web")
    helm.run("package", chart, "-d", here)
    (theirs,) = here.glob("web-*.tgz")
    _, ours = pack_chart(read_folder(chart))
    helms, relgraphs = _members(theirs.read_bytes()), _members(ours)
    assert sorted(relgraphs) == sorted(helms)
    # Helm writes Chart.yaml anew; everything else is what it was.
    assert {name: data for name, data in relgraphs.items() if name != "web/Chart.yaml"} == {
        name: data for name, data in helms.items() if name != "web/Chart.yaml"
    }


def test_helm_pulls_and_shows_what_relgraph_pushed(relgraph: Relgraph, here: Path, registry: str, helm: Peer) -> None:
    pushed = relgraph("store.push", f"oci://{registry}/charts/web", _chart(here / "web"), "--type", "helm")
    assert pushed["tag"] == "1.4.2_build.7"
    helm.run("pull", f"oci://{registry}/charts/web", "--version", "1.4.2+build.7", "--plain-http", "-d", here)
    shown = helm.run("show", "chart", f"oci://{registry}/charts/web", "--version", "1.4.2+build.7", "--plain-http")
    assert yaml.safe_load(shown)["name"] == "web"
    relgraph("store.pull", f"{registry}/charts/web:1.4.2_build.7", "--output", "mine")
    name = "web-1.4.2+build.7.tgz"
    assert (here / name).read_bytes() == (here / "mine" / name).read_bytes()


def test_helm_finds_the_newest_of_the_versions_that_relgraph_pushed(
    relgraph: Relgraph, here: Path, docker: str, helm: Peer
) -> None:
    for version in ("1.9.0", "1.10.0", "2.0.0-rc.1"):
        chart = _chart(here / version, f"apiVersion: v2\nname: web\nversion: {version}\n")
        relgraph("store.push", f"oci://{docker}/charts/web", chart, "--type", "helm")
    for allowed, expected in (("^1", "1.10.0"), (">=1.9.0 <1.10.0", "1.9.0"), (">=2.0.0-0", "2.0.0-rc.1")):
        shown = helm.run("show", "chart", f"oci://{docker}/charts/web", "--version", allowed, "--plain-http")
        assert yaml.safe_load(shown)["version"] == expected
        assert (
            relgraph("store.inspect", f"{docker}/charts/web:{allowed}")["annotations"]["org.opencontainers.image.version"]
            == expected
        )


def test_relgraph_pulls_what_helm_pushed(relgraph: Relgraph, here: Path, registry: str, helm: Peer) -> None:
    helm.run("package", _chart(here / "web"), "-d", here)
    (package,) = here.glob("web-*.tgz")
    helm.run("push", package, f"oci://{registry}/charts", "--plain-http")
    pulled = relgraph("store.pull", f"{registry}/charts/web:1.4.2_build.7", "--output", "got")
    assert pulled["kind"] == "application/vnd.cncf.helm.config.v1+json"
    assert (here / "got" / package.name).read_bytes() == package.read_bytes()
    # Pushed again by relgraph it is the same artifact, to the byte, when it has the package's time.
    moment = int(package.stat().st_mtime)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SOURCE_DATE_EPOCH", str(moment))
        again = relgraph("store.push", f"oci://{registry}/charts/web", package, "--type", "helm")
    assert again["changed"] is False
    assert again["digest"] == pulled["digest"]


def test_the_manifest_is_that_of_helm_with_a_provenance_file_too(relgraph: Relgraph, here: Path, docker: str, helm: Peer) -> None:
    helm.run("package", _chart(here / "web"), "-d", here)
    (package,) = here.glob("web-*.tgz")
    package.with_name(package.name + ".prov").write_text("-----BEGIN PGP SIGNED MESSAGE-----\nnot really\n")
    helm.run("push", package, f"oci://{docker}/charts", "--plain-http")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SOURCE_DATE_EPOCH", str(int(package.stat().st_mtime)))
        again = relgraph("store.push", f"oci://{docker}/charts/web", package, "--type", "helm")
    assert again["changed"] is False
    got = relgraph("store.pull", f"{docker}/charts/web:1.4.2_build.7", "--output", "got")
    assert sorted(Path(path).name for path in got["files"]) == [package.name, package.name + ".prov"]


def test_an_old_chart_has_the_config_of_helm(relgraph: Relgraph, here: Path, docker: str, helm: Peer) -> None:
    text = "name: old\nversion: 0.1.0\ndescription: x\nmaintainers: [{name: A}]\n"
    chart = _chart(here / "old", text, **{"charts/db/Chart.yaml": "apiVersion: v1\nname: db\nversion: 0.1.0\n"})
    (chart / "requirements.yaml").write_text("dependencies: [{name: db, version: '>=0.1.0', repository: '', tags: [a]}]\n")
    _, package = pack_chart(read_folder(chart))
    (here / "old-0.1.0.tgz").write_bytes(package)
    helm.run("push", here / "old-0.1.0.tgz", f"oci://{docker}/charts", "--plain-http")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SOURCE_DATE_EPOCH", str(int((here / "old-0.1.0.tgz").stat().st_mtime)))
        assert relgraph("store.push", f"oci://{docker}/charts/old", here / "old-0.1.0.tgz", "--type", "helm")["changed"] is False


def test_helm_reads_what_relgraph_serves_from_a_folder(relgraph: Relgraph, here: Path, docker: str, helm: Peer) -> None:
    relgraph("store.push", "layout:out//charts/web", _chart(here / "web"), "--type", "helm")
    relgraph("store.copy", "layout:out//charts/web:1.4.2_build.7", f"{docker}/charts/web")
    helm.run("pull", f"oci://{docker}/charts/web", "--version", "1.4.2+build.7", "--plain-http", "-d", here)
    assert (here / "web-1.4.2+build.7.tgz").is_file()


_DEPENDENCIES = """
dependencies:
  - name: db
    version: ">=0.9.0 <0.10.0"
    repository: oci://REGISTRY/charts
    condition: db.enabled
    alias: store
    import-values: [data]
  - {name: cache, version: "^1", repository: "oci://REGISTRY/charts", tags: [fast]}
"""


def test_helm_builds_dependencies_from_the_lock_that_relgraph_wrote(
    relgraph: Relgraph, here: Path, docker: str, helm: Peer
) -> None:
    for name, version in (("db", "0.9.2"), ("db", "0.9.3"), ("db", "0.10.0"), ("cache", "1.2.0"), ("cache", "2.0.0")):
        chart = _chart(here / f"{name}-{version}", f"apiVersion: v2\nname: {name}\nversion: {version}\n")
        relgraph("store.push", f"oci://{docker}/charts/{name}", chart, "--type", "helm")
    text = "apiVersion: v2\nname: web\nversion: 1.0.0\n" + _DEPENDENCIES.replace("REGISTRY", docker)
    chart = _chart(here / "web", text)
    requirements = yaml.safe_load(text)["dependencies"]
    wanted = [
        Requirement(item["name"], f"{item['repository']}/{item['name']}", parse_range(item["version"])) for item in requirements
    ]
    with Stores(Values({"jobs": ("2",)}), Terminal(None, None, {})) as stores:
        sources = RepositoryFacts(lambda source: stores.open(parse_reference(source)))
        lock = resolve(wanted, Lock(), sources).lock
        assert resolve(wanted, read_lock(write_lock(lock)), sources, Mode(locked=True)).changes == ()
    data = chart_lock(requirements, lock, ["db", "cache"], generated=datetime(2026, 1, 2, tzinfo=UTC))
    (chart / "Chart.lock").write_bytes(data)
    helm.run("dependency", "build", chart, "--plain-http")
    assert sorted(path.name for path in (chart / "charts").iterdir()) == ["cache-1.2.0.tgz", "db-0.9.3.tgz"]
    # Helm resolves to the same lock, but for the time.
    helm.run("dependency", "update", chart, "--plain-http")
    theirs, ours = ((yaml.safe_load(text)) for text in ((chart / "Chart.lock").read_text(), data))
    assert {**theirs, "generated": ""} == {**ours, "generated": ""}
    # And it refuses a lock that does not fit.
    (chart / "Chart.lock").write_bytes(data.replace(b"digest: sha256:", b"digest: sha256:0"))
    assert "out of sync" in helm.attempt("dependency", "build", chart, "--plain-http").stderr


def test_configs_are_equal_for_charts_of_all_shapes(relgraph: Relgraph, here: Path, docker: str, helm: Peer) -> None:
    shapes = [
        'apiVersion: v2\nname: n0\nversion: 0.1.0\ndescription: "a\\u200bb\\u00a0c\\u2028d\\u0007e äöü 漢 😀 <>&"\n',
        "apiVersion: v2\nname: n1\nversion: 0.1.0\nappVersion: 1.10\ndeprecated: true\nkeywords: [1, 2.50, true, x]\n",
        "apiVersion: v2\nname: n2\nversion: v1.2.3\nannotations: {b: '2', a: 'x & y', multi: \"l1\\nl2\"}\nhome: ''\n",
        "apiVersion: v2\nname: n3\nversion: 0.1.0\ntype: library\nmaintainers: [{email: only@example.test}, {name: B}]\n",
        "apiVersion: v2\nname: n4\nversion: 0.1.0\ncondition: a.b\ntags: x\nappVersion: 1e6\nicon: 1234567.5\n",
        "apiVersion: v2\nname: n5\nversion: 0.1.0\nappVersion: 12e4567\nhome: 1:30\nicon: 010\nkeywords: [0x1F, 08, 1_000, 0.1, .5, no]\n",
    ]
    for number, text in enumerate(shapes):
        chart = here / f"n{number}"
        chart.mkdir()
        (chart / "Chart.yaml").write_text(text, encoding="utf-8")
        metadata, package = pack_chart(read_folder(chart))
        target = here / f"{metadata.name}.tgz"
        target.write_bytes(package)
        helm.run("push", target, f"oci://{docker}/charts", "--plain-http")
        with pytest.MonkeyPatch.context() as patch:
            patch.setenv("SOURCE_DATE_EPOCH", str(int(target.stat().st_mtime)))
            pushed = relgraph("store.push", f"oci://{docker}/charts/{metadata.name}", target, "--type", "helm")
        assert pushed["changed"] is False, json.dumps(text)
