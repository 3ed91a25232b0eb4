"""Blobs, manifests, uploads and lists against a registry that misbehaves in every way."""

import hashlib
import json
import subprocess
import sys
import time
from pathlib import Path

import oras.provider
import pytest

from artifacts import FAST, Open, Recorder, blob, publish, store
from hostile_registry import (
    MANIFEST,
    Exchange,
    HostileRegistry,
    answered,
    dripping,
    dripping_head,
    extra_bytes,
    gzip_bomb,
    redirected,
    reset_after,
    stalled,
    truncated,
    wrong_bytes,
)
from relgraph.effects.connection import NetworkFailure
from relgraph.errors import EnvironmentFailure, RelgraphError
from relgraph.oci.content import BytesSource, FileSource, VerifiedReader
from relgraph.oci.descriptor import EMPTY, EMPTY_BODY, Descriptor
from relgraph.oci.digest import digest_of
from relgraph.oci.errors import ContentMismatch, InvalidContent, NotFound, RegistryFailure, Unauthorized
from relgraph.oci.manifest import Manifest
from relgraph.oci.reference import RegistryReference
from relgraph.oci.registries import Registries
from relgraph.oci.remote import RemoteRepository
from relgraph.oci.transport import Address

DATA = blob(5000)
IT = Descriptor.of("a/b", DATA)


def fetch(repository: RemoteRepository, descriptor: Descriptor = IT) -> bytes:
    with repository.fetch(descriptor) as reader:
        return reader.read()


@pytest.fixture
def stocked(hostile: HostileRegistry, remote: RemoteRepository) -> RemoteRepository:
    """A repository that has the blob."""
    hostile.add_blob("acme/web", DATA)
    return remote


# Blobs that are fetched.


def test_a_blob_comes_whole_and_verified(stocked: RemoteRepository, hostile: HostileRegistry, reporter: Recorder) -> None:
    reader = stocked.fetch(IT)
    assert isinstance(reader, VerifiedReader)
    with reader:
        assert reader.read() == DATA
    assert (reporter.outcomes, reporter.bytes) == (["done"], 5000)
    assert hostile.seen[0].headers["accept-encoding"] == "identity"


@pytest.mark.parametrize(
    "behaviour",
    [
        wrong_bytes,
        answered(200, DATA[:-1]),
        answered(200, DATA + b"!"),
        answered(200, b""),
        extra_bytes,
        gzip_bomb(1 << 20),
    ],
    ids=["bytes", "short", "long", "nothing", "more", "bomb"],
)
def test_wrong_content_is_not_taken(stocked: RemoteRepository, hostile: HostileRegistry, behaviour: "object") -> None:
    hostile.fault("GET", "/blobs/", behaviour)  # type: ignore[arg-type]  # all of them are behaviours
    with pytest.raises((ContentMismatch, RegistryFailure)):
        fetch(stocked)
    assert hostile.counted("GET") == 1


@pytest.mark.parametrize("ranges", [True, False])
@pytest.mark.parametrize("break_off", [truncated(3000), reset_after(3000)], ids=["truncated", "reset"])
def test_a_transfer_that_breaks_off_goes_on_where_it_ended(
    stocked: RemoteRepository, hostile: HostileRegistry, reporter: Recorder, ranges: bool, break_off: "object"
) -> None:
    hostile.ranges = ranges
    hostile.fault("GET", "/blobs/", break_off, times=1)  # type: ignore[arg-type]
    assert fetch(stocked) == DATA
    assert hostile.counted("GET") == 2
    asked = hostile.seen[1].headers.get("range", "")
    assert asked.startswith("bytes=") or isinstance(break_off, type(reset_after(0)))
    assert len(reporter.retries) == 1
    assert reporter.outcomes == ["done"]


def test_what_breaks_off_again_and_again_is_given_up(
    stocked: RemoteRepository, hostile: HostileRegistry, reporter: Recorder
) -> None:
    hostile.fault("GET", "/blobs/", truncated(1))
    with pytest.raises(NetworkFailure):
        fetch(stocked)
    assert hostile.counted("GET") == FAST.patience.attempts
    assert reporter.outcomes == ["failed"]


@pytest.mark.parametrize("content_range", ["bytes 0-4999/5000", "bytes 2999-4999/5000", "", "nonsense"])
def test_another_range_than_was_asked_for_is_refused(
    stocked: RemoteRepository, hostile: HostileRegistry, content_range: str
) -> None:
    hostile.fault("GET", "/blobs/", truncated(3000), times=1)
    hostile.fault("GET", "/blobs/", answered(206, DATA[3000:], {"Content-Range": content_range}))
    with pytest.raises(RegistryFailure, match="another range"):
        fetch(stocked)


def test_a_blob_that_changed_in_the_middle_is_refused(stocked: RemoteRepository, hostile: HostileRegistry) -> None:
    hostile.fault("GET", "/blobs/", truncated(3000), times=1)
    hostile.fault("GET", "/blobs/", answered(206, bytes(2000), {"Content-Range": "bytes 3000-4999/5000"}))
    with pytest.raises(ContentMismatch):
        fetch(stocked)


@pytest.mark.parametrize("behaviour", [stalled, dripping(0.01), dripping_head(0.02)], ids=["stalled", "dripping", "head"])
def test_a_registry_that_only_pretends_to_send_is_given_up(
    stocked: RemoteRepository, hostile: HostileRegistry, behaviour: "object"
) -> None:
    hostile.fault("GET", "/blobs/", behaviour)  # type: ignore[arg-type]
    began = time.monotonic()
    with pytest.raises(NetworkFailure):
        fetch(stocked)
    assert time.monotonic() - began < 10


@pytest.mark.parametrize("status", [408, 429, 500, 502, 503, 504])
def test_what_may_pass_is_asked_again(stocked: RemoteRepository, hostile: HostileRegistry, reporter: Recorder, status: int) -> None:
    hostile.fault("GET", "/blobs/", answered(status), times=2)
    assert fetch(stocked) == DATA
    assert len(reporter.retries) == 2


@pytest.mark.parametrize(("status", "error"), [(401, Unauthorized), (403, Unauthorized), (404, NotFound), (400, RegistryFailure)])
def test_what_is_final_is_not_asked_again(
    stocked: RemoteRepository, hostile: HostileRegistry, status: int, error: type[RelgraphError]
) -> None:
    body = json.dumps({"errors": [{"code": "DENIED", "message": "\x1b[31mno\nway" + "!" * 1000}]}).encode()
    hostile.fault("GET", "/blobs/", answered(status, body))
    with pytest.raises(error) as caught:
        fetch(stocked)
    assert hostile.counted("GET") == 1
    assert hostile.address in str(caught.value)
    assert "\x1b" not in str(caught.value)
    assert len(str(caught.value)) < 800


def test_retry_after_is_honoured(stocked: RemoteRepository, hostile: HostileRegistry, reporter: Recorder) -> None:
    hostile.fault("GET", "/blobs/", answered(429, b"", {"Retry-After": "1"}), times=1)
    began = time.monotonic()
    assert fetch(stocked) == DATA
    assert time.monotonic() - began >= 1
    assert reporter.retries[0][1] >= 1


def test_redirects_end(stocked: RemoteRepository, hostile: HostileRegistry) -> None:
    hostile.fault("GET", "/blobs/", redirected(f"/v2/acme/web/blobs/{IT.digest}"))
    with pytest.raises(RegistryFailure, match="redirected more than"):
        fetch(stocked)


@pytest.mark.parametrize("location", ["http://storage.example/x", "ftp://x/y", "file:///etc/passwd", ""])
def test_an_unsafe_redirect_is_not_followed(stocked: RemoteRepository, hostile: HostileRegistry, location: str) -> None:
    hostile.fault("GET", "/blobs/", redirected(location))
    with pytest.raises(RegistryFailure):
        fetch(stocked)


def test_a_refused_connection_fails_at_once(connect: Open, reporter: Recorder) -> None:
    with HostileRegistry() as registry:
        address = registry.address
    with pytest.raises(NetworkFailure, match="refused"):
        fetch(connect(address))
    assert reporter.retries == []


def test_warnings_of_the_registry_are_passed_on_once(
    stocked: RemoteRepository, hostile: HostileRegistry, reporter: Recorder
) -> None:
    hostile.fault("GET", "/blobs/", answered(200, DATA, {"Warning": '299 - "end of life\x1b[2J"'}))
    for _ in range(2):
        fetch(stocked)
    assert reporter.warnings == [f"{hostile.address}: end of life [2J"]


# Manifests.


def test_a_manifest_keeps_its_bytes(remote: RemoteRepository, hostile: HostileRegistry) -> None:
    raw = json.dumps({"schemaVersion": 2, "config": EMPTY.to_json(), "layers": []}, indent=4).encode()
    digest = hostile.add_manifest("acme/web", raw, "v1")
    document = remote.load("v1")
    assert (document.raw, document.digest) == (raw, digest)
    assert remote.load(digest).raw == raw
    assert hostile.counted("GET") == 1
    assert MANIFEST in hostile.seen[0].headers["accept"]


MANIFEST_RAW = Manifest.make(EMPTY, [], artifact_type="x/y").raw


@pytest.mark.parametrize(
    ("behaviour", "error"),
    [
        (wrong_bytes, ContentMismatch),
        (answered(200, MANIFEST_RAW, {"Docker-Content-Digest": str(digest_of(b"x"))}), ContentMismatch),
        (answered(200, b"{}", {"Content-Type": MANIFEST}), InvalidContent),
        (answered(200, b"x" * (5 << 20), {"Content-Type": MANIFEST}), InvalidContent),
        (gzip_bomb(8 << 20), RegistryFailure),
        (answered(200, MANIFEST_RAW, {"Content-Type": "application/vnd.oci.image.index.v1+json"}), InvalidContent),
        (answered(200, MANIFEST_RAW, {"Content-Type": "text/html"}), InvalidContent),
        (dripping(0.02), NetworkFailure),
        (truncated(5), NetworkFailure),
        (stalled, NetworkFailure),
    ],
    ids=["bytes", "digest", "empty", "large", "bomb", "type", "page", "dripping", "truncated", "stalled"],
)
def test_a_manifest_that_is_not_what_was_asked_for_is_refused(
    connect: Open, hostile: HostileRegistry, behaviour: "object", error: type[RelgraphError]
) -> None:
    digest = hostile.add_manifest("acme/web", MANIFEST_RAW, "v1")
    hostile.fault("GET", "/manifests/", behaviour)  # type: ignore[arg-type]
    repository = connect(hostile.address, settings=FAST._replace(document=0.3))
    by_digest = error if error is not InvalidContent else RelgraphError
    with pytest.raises(by_digest):
        repository.load(digest)
    if behaviour is not wrong_bytes:
        with pytest.raises(error):
            repository.load("v1")


def test_a_manifest_that_was_cut_off_is_asked_for_again(remote: RemoteRepository, hostile: HostileRegistry) -> None:
    hostile.add_manifest("acme/web", MANIFEST_RAW, "v1")
    hostile.fault("GET", "/manifests/", truncated(10), times=1)
    assert remote.load("v1").raw == MANIFEST_RAW


def test_a_tag_is_resolved_without_its_body(remote: RemoteRepository, hostile: HostileRegistry) -> None:
    digest = hostile.add_manifest("acme/web", MANIFEST_RAW, "v1")
    assert remote.resolve("v1") == Descriptor(MANIFEST, digest_of(MANIFEST_RAW), len(MANIFEST_RAW))
    assert remote.resolve(digest).digest == digest
    assert [seen.method for seen in hostile.seen] == ["HEAD", "HEAD"]
    with pytest.raises(NotFound):
        remote.resolve("v2")


def test_a_registry_that_says_too_little_is_asked_for_all(remote: RemoteRepository, hostile: HostileRegistry) -> None:
    hostile.add_manifest("acme/web", MANIFEST_RAW, "v1")
    hostile.fault("HEAD", "/manifests/", answered(200, b"", {"Content-Type": "text/plain"}))
    assert remote.resolve("v1").digest == digest_of(MANIFEST_RAW)


def test_a_digest_that_resolves_to_another_is_refused(remote: RemoteRepository, hostile: HostileRegistry) -> None:
    hostile.fault("HEAD", "/manifests/", answered(200, b"", {"Docker-Content-Digest": str(digest_of(b"x"))}))
    with pytest.raises(ContentMismatch):
        remote.resolve(digest_of(b"y"))


def test_longer_hashes_are_verified_as_well(remote: RemoteRepository, hostile: HostileRegistry) -> None:
    digest = f"sha512:{hashlib.sha512(DATA).hexdigest()}"
    hostile.data[digest] = DATA
    hostile.blobs["acme/web"] = {digest}
    assert fetch(remote, Descriptor("a/b", digest_of(DATA, "sha512"), len(DATA))) == DATA


# Uploads.


def test_a_new_blob_costs_three_requests(remote: RemoteRepository, hostile: HostileRegistry, reporter: Recorder) -> None:
    remote.push(IT, BytesSource(DATA))
    assert [seen.method for seen in hostile.seen] == ["HEAD", "POST", "PUT"]
    assert hostile.seen[2].headers["content-length"] == "5000"
    assert "transfer-encoding" not in hostile.seen[2].headers
    assert hostile.seen[2].query == {"_state": ["abc"], "digest": [IT.digest]}
    assert hostile.data[IT.digest] == DATA
    assert (reporter.outcomes, reporter.bytes) == (["done"], 5000)


def test_a_blob_that_is_there_costs_one_request(stocked: RemoteRepository, hostile: HostileRegistry, reporter: Recorder) -> None:
    stocked.push(IT, BytesSource(DATA))
    assert [seen.method for seen in hostile.seen] == ["HEAD"]
    assert reporter.outcomes == ["exists"]


def test_a_mount_costs_one_request_and_no_bytes(hostile: HostileRegistry, remote: RemoteRepository, reporter: Recorder) -> None:
    hostile.add_blob("acme/base", DATA)
    remote.mount_from = "acme/base"
    remote.push(IT, BytesSource(b""))
    assert [(seen.method, seen.query) for seen in hostile.seen] == [("POST", {"mount": [IT.digest], "from": ["acme/base"]})]
    assert (reporter.outcomes, reporter.bytes) == (["mounted"], 0)


def test_where_nothing_can_be_mounted_the_upload_goes_on(hostile: HostileRegistry, remote: RemoteRepository) -> None:
    hostile.mounts = False
    remote.mount_from = "acme/base"
    remote.push(IT, BytesSource(DATA))
    assert [seen.method for seen in hostile.seen] == ["POST", "HEAD", "PUT"]


def test_small_blobs_are_not_asked_for_when_nothing_is_there(hostile: HostileRegistry, remote: RemoteRepository) -> None:
    for number in range(20):
        data = blob(100, number)
        remote.push(Descriptor.of("a/b", data), BytesSource(data))
    assert hostile.counted("HEAD") == 4
    assert hostile.counted("PUT") == 20


def fail_after_reading(exchange: Exchange) -> None:
    exchange.body()
    exchange.fail(500, "UNKNOWN")


def drop_in_the_middle(exchange: Exchange) -> None:
    exchange.reset()


@pytest.mark.parametrize("behaviour", [fail_after_reading, drop_in_the_middle, answered(404), answered(429)])
def test_an_upload_that_failed_begins_anew_with_its_first_byte(
    hostile: HostileRegistry, remote: RemoteRepository, reporter: Recorder, behaviour: "object"
) -> None:
    data = blob(3 << 20)
    descriptor = Descriptor.of("a/b", data)
    hostile.fault("PUT", "/uploads/", behaviour, times=1)  # type: ignore[arg-type]
    remote.push(descriptor, BytesSource(data))
    assert hostile.counted("POST") == 2
    assert hostile.data[descriptor.digest] == data
    assert reporter.bytes == len(data)


@pytest.mark.parametrize(("given", "words"), [(DATA[:-1], "4999"), (DATA + b"!", "more")])
def test_a_source_of_another_size_is_noticed(hostile: HostileRegistry, remote: RemoteRepository, given: bytes, words: str) -> None:
    with pytest.raises(EnvironmentFailure, match=words):
        remote.push(IT, BytesSource(given))
    assert hostile.data == {}


def test_a_source_that_cannot_be_read_is_named(remote: RemoteRepository, tmp_path: Path) -> None:
    (tmp_path / "folder").mkdir()
    with pytest.raises((EnvironmentFailure, OSError)):
        remote.push(IT, FileSource(tmp_path / "folder"))


def test_a_registry_that_stores_something_else_is_not_believed(hostile: HostileRegistry, remote: RemoteRepository) -> None:
    hostile.fault("PUT", "/uploads/", answered(201, b"", {"Docker-Content-Digest": str(digest_of(b"x"))}))
    with pytest.raises(ContentMismatch):
        remote.push(IT, BytesSource(DATA))
    push_empty(hostile)
    hostile.fault("PUT", "/manifests/", answered(201, b"", {"Docker-Content-Digest": str(digest_of(b"x"))}))
    with pytest.raises(ContentMismatch):
        remote.publish(Manifest.make(EMPTY, []), "v1")


def push_empty(hostile: HostileRegistry) -> None:
    hostile.add_blob("acme/web", EMPTY_BODY)


def test_an_answer_to_a_mount_that_was_not_asked_for_is_refused(hostile: HostileRegistry, remote: RemoteRepository) -> None:
    hostile.fault("POST", "/uploads/", answered(201))
    with pytest.raises(RegistryFailure):
        remote.push(IT, BytesSource(DATA))


def test_an_upload_is_not_redirected_elsewhere(hostile: HostileRegistry, remote: RemoteRepository) -> None:
    with HostileRegistry() as other:
        hostile.fault("PUT", "/uploads/", redirected(f"{other.url}/x"))
        with pytest.raises(RegistryFailure, match="redirected to"):
            remote.push(IT, BytesSource(DATA))
        assert other.seen == []


def test_memory_does_not_depend_on_the_size_of_a_blob(hostile: HostileRegistry, tmp_path: Path) -> None:
    size = 96 << 20
    code = (
        "import sys, resource\n"
        "from relgraph.oci.registries import Registries\n"
        "from relgraph.oci.reference import RegistryReference\n"
        "from relgraph.oci.content import FileSource, drain\n"
        "from relgraph.oci.descriptor import Descriptor\n"
        "from relgraph.oci.digest import Digest\n"
        "from pathlib import Path\n"
        "address, path, digest, size = sys.argv[1:]\n"
        "with Registries() as registries:\n"
        "    repository = registries.open(RegistryReference(address, 'acme/web'))\n"
        "    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss\n"
        "    descriptor = Descriptor('a/b', Digest(digest), int(size))\n"
        "    repository.push(descriptor, FileSource(Path(path)))\n"
        "    with repository.fetch(descriptor) as reader:\n"
        "        drain(reader)\n"
        "print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before)\n"
    )
    chunk = blob(1 << 20)
    hasher = hashlib.sha256()
    with (tmp_path / "blob").open("wb") as file:
        for _ in range(size >> 20):
            file.write(chunk)
            hasher.update(chunk)
    words = [hostile.address, str(tmp_path / "blob"), f"sha256:{hasher.hexdigest()}", str(size)]
    grown = int(subprocess.run([sys.executable, "-c", code, *words], check=True, capture_output=True).stdout)
    assert grown < 16 << 10  # KiB


# Lists.


def test_tags_come_page_by_page(hostile: HostileRegistry, remote: RemoteRepository) -> None:
    for number in range(25):
        hostile.add_manifest("acme/web", MANIFEST_RAW, f"v{number}")
    hostile.page = 10
    assert sorted(remote.tags()) == list(remote.tags()) == sorted(f"v{number}" for number in range(25))
    assert hostile.counted("GET", "/tags/list") == 2 * 3


def test_names_that_are_no_tags_are_left_out(hostile: HostileRegistry, remote: RemoteRepository) -> None:
    body = json.dumps({"tags": ["v1", "\x1b[2J", "../x", 7, None, "v1", "a b"]}).encode()
    hostile.fault("GET", "/tags/list", answered(200, body))
    assert list(remote.tags()) == ["v1"]


@pytest.mark.parametrize("body", [b'{"tags": null}', b"{}", b'{"tags": []}'])
def test_a_repository_without_tags_has_none(hostile: HostileRegistry, remote: RemoteRepository, body: bytes) -> None:
    hostile.fault("GET", "/tags/list", answered(200, body))
    assert list(remote.tags()) == []


def test_pages_without_end_are_left(hostile: HostileRegistry, remote: RemoteRepository, monkeypatch: pytest.MonkeyPatch) -> None:
    link = '</v2/acme/web/tags/list?last=a>; rel="next"'
    hostile.fault("GET", "/tags/list", answered(200, b'{"tags": ["a"]}', {"Link": link}))
    with pytest.raises(RegistryFailure, match="pages without end"):
        list(remote.tags())
    assert hostile.counted("GET") == 2

    def growing(exchange: Exchange) -> None:
        following = f'</v2/acme/web/tags/list?last={len(hostile.seen)}>; rel="next"'
        exchange.send(200, b'{"tags": ["a"]}', {"Link": following})

    monkeypatch.setattr("relgraph.oci.transport._MOST_PAGES", 20)
    hostile.fault("GET", "/v2/acme/api/tags/list", growing)
    hostile.seen.clear()
    hostile._faults.pop(0)
    hostile.fault("GET", "/tags/list", growing)
    with pytest.raises(RegistryFailure, match="pages without end"):
        list(remote.tags())
    assert hostile.counted("GET") == 20


def test_the_next_page_is_on_the_same_host(hostile: HostileRegistry, remote: RemoteRepository) -> None:
    with HostileRegistry() as other:
        hostile.fault("GET", "/tags/list", answered(200, b'{"tags": []}', {"Link": f'<{other.url}/x>; rel="next"'}))
        with pytest.raises(RegistryFailure, match="another host"):
            list(remote.tags())
        assert other.seen == []


@pytest.mark.parametrize(
    ("body", "error"),
    [(b"[" * 100_000, InvalidContent), (b"x" * (17 << 20), InvalidContent), (b'{"tags":[],"tags":[]}', InvalidContent)],
)
def test_a_page_that_is_no_page_is_refused(
    hostile: HostileRegistry, remote: RemoteRepository, body: bytes, error: type[RelgraphError]
) -> None:
    hostile.fault("GET", "/tags/list", answered(200, body))
    with pytest.raises(error):
        list(remote.tags())


def test_tags_of_nothing_are_not_found(remote: RemoteRepository) -> None:
    with pytest.raises(NotFound):
        list(remote.tags())


# The library whose provider this is.


def test_it_is_the_librarys_provider(hostile: HostileRegistry, remote: RemoteRepository) -> None:
    manifest = publish(remote, "v1")
    transport = remote.transport
    assert isinstance(transport, oras.provider.Registry)
    container = transport.get_container(f"{hostile.address}/acme/web:v1")
    assert isinstance(container, Address)
    assert transport.get_manifest(container)["layers"][0]["digest"] == manifest.layers[0].digest
    assert transport.get_tags(container) == ["v1"]
    assert transport.blob_exists({"digest": EMPTY.digest}, container)
    with transport.get_blob(container, manifest.layers[0].digest, stream=True) as response:
        assert digest_of(b"".join(response.iter_content(10))) == manifest.layers[0].digest


def test_what_the_library_asks_is_authorized_and_attempted_again(hostile: HostileRegistry, remote: RemoteRepository) -> None:
    hostile.token = "t0ken"
    hostile.add_manifest("acme/web", MANIFEST_RAW, "v1")
    hostile.fault("GET", "/manifests/", answered(503), times=1)
    assert remote.transport.get_manifest(remote.transport.get_container(f"{hostile.address}/acme/web:v1"))["schemaVersion"] == 2
    assert len(hostile.issued) == 1


def test_the_library_can_upload(hostile: HostileRegistry, remote: RemoteRepository, tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(DATA)
    transport = remote.transport
    transport.upload_blob(str(tmp_path / "file"), transport.container, {"digest": str(IT.digest), "size": len(DATA)})
    assert hostile.data[IT.digest] == DATA
    push_empty(hostile)
    container = transport.get_container(f"{hostile.address}/acme/web:v1")
    transport.upload_manifest({"schemaVersion": 2, "config": EMPTY.to_json(), "layers": [IT.to_json()]}, container)
    assert ("acme/web", "v1") in hostile.tags
    with (tmp_path / "file").open("rb") as file:
        url = f"{hostile.url}/v2/acme/web/blobs/uploads/9?digest={IT.digest}"
        assert transport.do_request(url, "PUT", data=file, headers={"Content-Length": str(len(DATA))}).status_code == 201


def test_what_the_library_does_without_verification_is_refused(remote: RemoteRepository) -> None:
    for name in ("pull", "delete_tag", "delete_tags", "login", "logout", "chunked_upload"):
        with pytest.raises(EnvironmentFailure, match="not used"):
            getattr(remote.transport, name)("x", "y")


def test_addresses_are_read_by_our_grammar() -> None:
    assert Address("localhost/x").api_prefix == "x"
    assert Address("localhost/x").registry == "localhost"
    assert Address("web").get_blob_url("sha256:1") == "registry-1.docker.io/v2/library/web/blobs/sha256:1"
    assert Address("ghcr.io/a/b/c:1").manifest_url() == "ghcr.io/v2/a/b/c/manifests/1"
    with pytest.raises(EnvironmentFailure):
        Address("layout:x")


def test_registries_share_their_sessions(hostile: HostileRegistry) -> None:
    with Registries(FAST) as registries:
        one = registries.open(RegistryReference(hostile.address, "a"))
        other = registries.open(RegistryReference(hostile.address, "b"))
        assert one.transport.link is other.transport.link


def test_several_threads_may_use_one_repository(hostile: HostileRegistry, remote: RemoteRepository) -> None:
    from concurrent.futures import ThreadPoolExecutor

    manifest = store(remote, layers=30)
    with ThreadPoolExecutor(8) as pool:
        contents = list(pool.map(lambda layer: digest_of(fetch(remote, layer)), manifest.layers))
    assert contents == [layer.digest for layer in manifest.layers]
