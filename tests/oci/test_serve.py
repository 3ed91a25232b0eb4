"""A layout served as a registry."""

import http.client
import json
import threading
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from artifacts import Open, attach, publish, publish_index
from relgraph.errors import EnvironmentFailure
from relgraph.oci.copy import copy
from relgraph.oci.errors import InvalidReference, NotFound, RegistryFailure
from relgraph.oci.layout import Layout
from relgraph.oci.local import LocalRepository
from relgraph.oci.serve import LayoutServer
from relgraph.oci.storage import read_blob

Ask = Callable[..., "tuple[int, dict[str, str], bytes]"]


@pytest.fixture
def log() -> list[tuple[str, str, int]]:
    """What was asked."""
    return []


@pytest.fixture
def server(local: LocalRepository, log: list[tuple[str, str, int]]) -> Iterator[LayoutServer]:
    """The layout's server."""
    server = LayoutServer(local.layout, log=lambda *entry: log.append(entry))
    thread = threading.Thread(target=server.serve)
    thread.start()
    yield server
    server.stop()
    thread.join()
    server.close()


@pytest.fixture
def ask(server: LayoutServer) -> Iterator[Ask]:
    """Asks the server over one connection."""
    connection = http.client.HTTPConnection(server.address, timeout=5)

    def ask(path: str, method: str = "GET", **headers: str) -> tuple[int, dict[str, str], bytes]:
        fields = {name.replace("_", "-"): value for name, value in headers.items()}
        connection.request(method, path, headers=fields)
        answer = connection.getresponse()
        return answer.status, {name.lower(): value for name, value in answer.getheaders()}, answer.read()

    yield ask
    connection.close()


def test_what_is_in_the_layout_is_in_the_registry(
    local: LocalRepository, server: LayoutServer, connect: Open, tmp_path: Any
) -> None:
    index, manifests = publish_index(local, "v1")
    note = attach(local, manifests[0].descriptor, seed=7)
    remote = connect(server.address)
    assert remote.load("v1") == index
    assert remote.resolve("v1").digest == index.digest
    assert list(remote.tags()) == ["v1"]
    assert [entry.digest for entry in remote.referrers(manifests[0].descriptor)] == [note.digest]
    assert list(remote.referrers(manifests[0].descriptor, "application/vnd.example.other")) == []
    other = LocalRepository(Layout(tmp_path / "other", create=True), "x")
    assert copy(remote, other, "v1", tag="v1").referrers == 1
    assert other.load("v1") == index
    with pytest.raises(NotFound):
        remote.load("v2")
    with pytest.raises(NotFound):
        list(connect(server.address, "acme/other").tags())


def test_it_can_only_be_read(local: LocalRepository, server: LayoutServer, connect: Open, ask: Ask) -> None:
    manifest = publish(local, "v1")
    for method in ("PUT", "POST", "PATCH", "DELETE"):
        status, _, body = ask("/v2/acme/web/manifests/v1", method)
        assert (status, json.loads(body)["errors"][0]["code"]) == (405, "UNSUPPORTED")
    with pytest.raises(RegistryFailure):
        publish(connect(server.address), "v2", seed=3)
    assert local.load("v1") == manifest


def test_what_is_pushed_meanwhile_is_there(local: LocalRepository, server: LayoutServer, connect: Open) -> None:
    remote = connect(server.address)
    with pytest.raises(NotFound):
        remote.load("v1")
    manifest = publish(local, "v1")
    assert remote.load("v1") == manifest


def test_tags_without_a_repository_have_one(local: LocalRepository, server: LayoutServer, connect: Open) -> None:
    manifest = publish(LocalRepository(local.layout), "v1")
    assert connect(server.address, "layout").load("v1") == manifest


@pytest.mark.parametrize(
    ("asked", "status", "first", "size"),
    [
        ("bytes=0-9", 206, 0, 10),
        ("bytes=90-", 206, 90, 10),
        ("bytes=-10", 206, 90, 10),
        ("bytes=-1000", 206, 0, 100),
        ("bytes=50-5000", 206, 50, 50),
        ("bytes=100-", 416, 0, 0),
        ("bytes=5-4", 416, 0, 0),
        ("bytes=0-1,3-4", 200, 0, 100),
        ("lines=1-2", 200, 0, 100),
        ("", 200, 0, 100),
    ],
)
def test_ranges(local: LocalRepository, ask: Ask, asked: str, status: int, first: int, size: int) -> None:
    layer = publish(local, "v1").layers[0]
    data = read_blob(local, layer, limit=1000)
    answered, headers, body = ask(f"/v2/acme/web/blobs/{layer.digest}", Range=asked)
    assert (answered, body) == (status, data[first : first + size])
    assert headers["docker-content-digest"] == layer.digest
    if status == 206:
        assert headers["content-range"] == f"bytes {first}-{first + size - 1}/100"
    if status == 416:
        assert headers["content-range"] == "bytes */100"


def test_damaged_content_is_never_sent_whole(local: LocalRepository, ask: Ask) -> None:
    layer = publish(local, "v1").layers[0]
    local.layout.blob_path(layer.digest).write_bytes(bytes(100))
    with pytest.raises(http.client.IncompleteRead):
        ask(f"/v2/acme/web/blobs/{layer.digest}")


def test_a_manifest_that_cannot_be_read_is_an_error(local: LocalRepository, ask: Ask) -> None:
    manifest = publish(local, "v1")
    local.layout.blob_path(manifest.digest).write_bytes(b"{}")
    local.layout._documents.clear()
    assert ask("/v2/acme/web/manifests/v1")[0] == 500


def test_lists_come_page_by_page(local: LocalRepository, ask: Ask) -> None:
    manifest = publish(local, "v0")
    for number in range(1, 5):
        local.tag(manifest.descriptor, f"v{number}")
    publish(LocalRepository(local.layout, "other"), "v1")
    path, seen = "/v2/acme/web/tags/list?n=2", []
    while path:
        _, headers, body = ask(path)
        seen += json.loads(body)["tags"]
        path = headers.get("link", "").partition(">")[0].removeprefix("<")
    assert seen == [f"v{number}" for number in range(5)]
    assert json.loads(ask("/v2/_catalog")[2]) == {"repositories": ["acme/web", "other"]}
    assert json.loads(ask("/v2/_catalog?n=1&last=acme/web")[2]) == {"repositories": ["other"]}
    assert len(json.loads(ask("/v2/acme/web/tags/list?n=nonsense")[2])["tags"]) == 5


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/v2/", 200),
        ("/v2", 200),
        ("/", 404),
        ("/v1/", 404),
        ("/v2/acme/web/manifests/-x", 400),
        ("/v2/acme/web/manifests/v9", 404),
        ("/v2/acme/web/blobs/v1", 400),
        ("/v2/acme/web/blobs/sha256:../../../index.json", 404),
        ("/v2/acme/web/blobs/sha256:" + "a" * 64, 404),
        ("/v2/../../etc/passwd", 404),
        ("/v2/other/tags/list", 404),
        ("/v2/acme/web/referrers/x", 400),
        ("/v2/acme/web/referrers/sha256:" + "a" * 64, 200),
    ],
)
def test_addresses(local: LocalRepository, ask: Ask, path: str, status: int) -> None:
    publish(local, "v1")
    assert ask(path)[0] == status
    got, headers, body = ask(path, "HEAD")
    assert (got, body) == (status, b"")
    assert int(headers["content-length"]) >= 0


@pytest.mark.parametrize(("host", "status"), [("localhost:1", 200), ("[::1]", 200), ("evil.example", 421), ("", 421)])
def test_a_web_page_cannot_read_through_a_name_of_its_own(ask: Ask, host: str, status: int) -> None:
    assert ask("/v2/", Host=host)[0] == status


def test_a_request_with_a_body_ends_the_connection(ask: Ask) -> None:
    assert ask("/v2/", Content_Length="5")[1]["connection"] == "close"


def test_requests_are_told(local: LocalRepository, ask: Ask, log: list[tuple[str, str, int]]) -> None:
    ask("/v2/")
    ask("/nowhere")
    assert log == [("GET", "/v2/", 200), ("GET", "/nowhere", 404)]


def test_an_address_that_is_taken_is_named(local: LocalRepository, server: LayoutServer) -> None:
    port = int(server.address.rpartition(":")[2])
    with pytest.raises(EnvironmentFailure, match="cannot be listened on"):
        LayoutServer(local.layout, port=port)
    with pytest.raises(InvalidReference):
        LayoutServer(local.layout, default="Not A Name")
