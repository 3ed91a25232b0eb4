"""A layout that relgraph serves, read by programs that read from registries only; and copies that other tools read."""

import json
import shutil
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from peers import GetPeer, Peer, Relgraph

CHART = "apiVersion: v2\nname: web\nversion: 1.2.0\n"


@pytest.fixture
def served(relgraph: Relgraph, here: Path) -> Iterator[str]:
    """The address of a served layout that holds a chart and files."""
    (here / "web").mkdir()
    (here / "web" / "Chart.yaml").write_text(CHART)
    (here / "file").write_text("content")
    relgraph("store.push", "layout:out//charts/web", "web", "--type", "helm")
    relgraph("store.push", "layout:out//acme/tools:1.0.0", "file")
    code = "from relgraph.cli.main import main; raise SystemExit(main())"
    words = [sys.executable, "-c", code, "store.serve", "layout:out", "--port", "0"]
    server = subprocess.Popen(words, cwd=here, stdout=subprocess.PIPE, text=True)
    watchdog = threading.Timer(120, server.kill)
    watchdog.start()
    assert server.stdout is not None
    yield server.stdout.readline().rpartition("http://")[2].strip()
    watchdog.cancel()
    server.kill()
    server.communicate()


def test_helm_pulls_a_chart(served: str, peer: GetPeer, here: Path) -> None:
    helm = peer("helm")
    helm.run("pull", f"oci://{served}/charts/web", "--version", "1.2.0", "--plain-http", cwd=here)
    assert (here / "web-1.2.0.tgz").is_file()
    shown = helm.run("show", "chart", f"oci://{served}/charts/web", "--version", ">=1.0 <2", "--plain-http")
    assert "version: 1.2.0" in shown


def test_oras_and_crane_pull(served: str, peer: GetPeer, here: Path) -> None:
    peer("oras").run("pull", "--plain-http", f"{served}/acme/tools:1.0.0", "--output", here / "got")
    assert (here / "got" / "file").read_text() == "content"
    crane = peer("crane")
    assert crane.run("ls", "--insecure", f"{served}/acme/tools").split() == ["1.0.0"]
    crane.run("validate", "--insecure", "--remote", f"{served}/acme/tools:1.0.0", "--fast")
    assert "charts/web" in crane.run("catalog", "--insecure", served)


@pytest.fixture
def skopeo(tmp_path: Path) -> Peer:
    """skopeo."""
    program = shutil.which("skopeo")
    if program is None:
        pytest.skip("skopeo is not installed")
    home = tmp_path / "home-skopeo"
    home.mkdir()
    return Peer(Path(program), home)


def test_skopeo_copies_what_is_served(served: str, skopeo: Peer, relgraph: Relgraph, here: Path) -> None:
    source = f"docker://{served}/acme/tools:1.0.0"
    skopeo.run("--insecure-policy", "copy", "--src-tls-verify=false", source, f"oci:{here / 'copied'}:acme/tools:1.0.0")
    ours = relgraph("store.inspect", "layout:out//acme/tools:1.0.0")
    assert relgraph("store.inspect", "layout:copied//acme/tools:1.0.0")["digest"] == ours["digest"]
    assert json.loads(skopeo.run("list-tags", "--tls-verify=false", f"docker://{served}/charts/web"))["Tags"] == ["1.2.0"]


def test_what_relgraph_copies_skopeo_copies_back(served: str, docker: str, skopeo: Peer, relgraph: Relgraph, here: Path) -> None:
    digest = relgraph("store.copy", "layout:out//acme/tools:1.0.0", f"{docker}/acme/tools")["copied"][0]["digest"]
    there, back = f"docker://{docker}/acme/tools:1.0.0", f"docker://{docker}/acme/again:1.0.0"
    skopeo.run("--insecure-policy", "copy", "--src-tls-verify=false", "--dest-tls-verify=false", there, back)
    relgraph("store.copy", f"{docker}/acme/again:1.0.0", "layout:back")
    assert relgraph("store.inspect", "layout:back:1.0.0")["digest"] == digest
    relgraph("store.pull", "layout:back:1.0.0", "--output", "got")
    assert (here / "got" / "file").read_text() == "content"


def test_an_exported_layout_is_read_by_skopeo(served: str, skopeo: Peer, relgraph: Relgraph, here: Path) -> None:
    relgraph("store.push", "layout:single:1.0.0", "file")
    relgraph("store.export", "carry.tar", "layout:single")
    raw = skopeo.run("inspect", "--raw", f"oci-archive:{here / 'carry.tar'}:1.0.0")
    assert json.loads(raw)["artifactType"] == "application/vnd.unknown.artifact.v1"
