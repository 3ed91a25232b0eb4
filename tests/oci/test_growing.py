"""Lists that several writers add to at once: nobody's addition is lost."""

import subprocess
import sys
import threading
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path

import pytest

from artifacts import Open, attach, publish
from docker_registry import DockerRegistry
from hostile_registry import INDEX, Exchange, HostileRegistry, answered
from relgraph.oci.descriptor import EMPTY
from relgraph.oci.errors import RegistryFailure, TagMoved
from relgraph.oci.growing import grow
from relgraph.oci.manifest import Document, Index, Manifest
from relgraph.oci.memory import MemoryRepository
from relgraph.oci.remote import RemoteRepository, fallback_tag


def _adding(entry: Manifest) -> Callable[[Document | None], Index | None]:
    def add(before: Document | None) -> Index | None:
        entries = before.manifests if isinstance(before, Index) else ()
        if any(known.digest == entry.digest for known in entries):
            return None
        return Index.make((*entries, entry.descriptor))

    return add


def test_a_list_grows_from_nothing_and_stays_where_nothing_is_missing() -> None:
    repository = MemoryRepository("acme/web")
    one, two = publish(repository, "one"), publish(repository, "two", seed=1)
    first = grow(repository, "list", _adding(one))
    assert grow(repository, "list", _adding(one)) == first
    second = grow(repository, "list", _adding(two))
    assert isinstance(second, Index)
    assert [entry.digest for entry in second.manifests] == [one.digest, two.digest]
    assert repository.load("list") == second
    with pytest.raises(ValueError, match="nothing is there"):
        grow(repository, "other", lambda _: None)


def test_what_is_overwritten_after_it_was_seen_in_its_place_is_added_again(
    hostile: HostileRegistry, remote: RemoteRepository
) -> None:
    """The one who read before we wrote writes after we looked."""
    hostile.referrers = False
    manifest = publish(remote, "v1")
    tag = fallback_tag(manifest.digest)
    other = Manifest.make(EMPTY, [], artifact_type="o/p", subject=manifest.descriptor)
    late: list[threading.Timer] = []

    def overtaken(exchange: Exchange) -> None:
        raw = exchange.body()
        hostile.add_manifest("acme/web", raw, tag, INDEX)
        exchange.send(201)
        hostile.add_manifest("acme/web", other.raw)
        stale = Index.make([other.descriptor]).raw
        late.append(threading.Timer(0.04, hostile.add_manifest, ("acme/web", stale, tag, INDEX)))
        late[0].start()

    hostile.fault("PUT", f"/manifests/{tag}", overtaken, times=1)
    note = attach(remote, manifest.descriptor)
    late[0].join()
    found = {entry.digest for entry in remote.referrers(manifest.descriptor)}
    assert found == {note.digest, other.digest}


def test_a_registry_that_compares_is_asked_to(hostile: HostileRegistry, remote: RemoteRepository) -> None:
    before, after = publish(remote, "list"), publish(remote, "other", seed=1)
    etag = f'"{before.digest}"'

    def head(exchange: Exchange) -> None:
        digest = hostile.tags["acme/web", "list"]
        headers = {"Docker-Content-Digest": digest, "Content-Type": before.media_type, "ETag": f'"{digest}"'}
        exchange.send(200, hostile.data[digest], headers)

    def put(exchange: Exchange) -> None:
        exchange.body()
        assert exchange.headers["If-Match"] == etag
        hostile.tags["acme/web", "list"] = other.digest
        exchange.fail(412, "MANIFEST_INVALID")

    other = publish(remote, "third", seed=2)
    hostile.fault("HEAD", "/manifests/list", head)
    hostile.fault("PUT", "/manifests/list", put, times=1)
    with pytest.raises(TagMoved) as caught:
        remote.publish(after, "list", replacing=before.descriptor)
    assert (caught.value.before, caught.value.after) == (before.digest, other.digest)
    assert hostile.tags["acme/web", "list"] == other.digest


def test_a_registry_that_compares_with_something_else_is_not_asked_twice(
    hostile: HostileRegistry, remote: RemoteRepository
) -> None:
    before, after = publish(remote, "list"), publish(remote, "other", seed=1)

    def head(exchange: Exchange) -> None:
        digest = hostile.tags["acme/web", "list"]
        headers = {"Docker-Content-Digest": digest, "Content-Type": before.media_type, "ETag": '"of-the-day"'}
        exchange.send(200, hostile.data[digest], headers)

    hostile.fault("HEAD", "/manifests/list", head)
    hostile.fault("PUT", "/manifests/list", answered(412), times=1)
    remote.publish(after, "list", replacing=before.descriptor)
    assert hostile.tags["acme/web", "list"] == after.digest


def test_a_412_that_nobody_asked_for_is_a_failure(hostile: HostileRegistry, remote: RemoteRepository) -> None:
    hostile.fault("PUT", "/manifests/v1", answered(412))
    with pytest.raises(RegistryFailure, match="answered 412"):
        publish(remote, "v1")


def test_a_weak_etag_is_compared_with_nothing(hostile: HostileRegistry, remote: RemoteRepository) -> None:
    before, after = publish(remote, "list"), publish(remote, "other", seed=1)

    def head(exchange: Exchange) -> None:
        digest = hostile.tags["acme/web", "list"]
        exchange.send(
            200, hostile.data[digest], {"Docker-Content-Digest": digest, "Content-Type": before.media_type, "ETag": 'W/"x"'}
        )

    hostile.fault("HEAD", "/manifests/list", head)
    remote.publish(after, "list", replacing=before.descriptor)
    assert all("if-match" not in seen.headers for seen in hostile.seen)


def test_many_threads_lose_nothing(hostile: HostileRegistry, connect: Open) -> None:
    hostile.referrers = False
    manifest = publish(connect(hostile.address), "v1")
    # Repositories of their own, as several processes have.
    threads = [
        threading.Thread(target=attach, args=(connect(hostile.address), manifest.descriptor), kwargs={"seed": seed + 1})
        for seed in range(5)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(list(connect(hostile.address).referrers(manifest.descriptor))) == 5


_WRITER = """
import sys
from pathlib import Path
sys.path.insert(0, sys.argv[1])
from artifacts import attach
from relgraph.oci.reference import parse_reference
from relgraph.oci.stores import Stores
from relgraph.trust.keyfiles import read_private
from relgraph.trust.sign import sign
from relgraph.trust.verdict import Scheme
from datetime import UTC, datetime
reference, seed, key = sys.argv[2], int(sys.argv[3]), read_private(Path(sys.argv[4]).read_bytes(), None, what="key")
with Stores(variables={}) as stores:
    repository = stores.open(parse_reference(reference))
    subject = repository.resolve("v1")
    sys.stdin.readline()
    for number in range(4):
        attach(repository, subject, seed=seed + number)
        sign(repository, subject, key, scheme=Scheme.TAG, name="acme/web", claims={"n": str(seed + number)},
             moment=datetime(2026, 1, 1, tzinfo=UTC))
"""


def test_two_processes_at_a_real_registry_lose_nothing(docker: DockerRegistry, connect: Open, tmp_path: Path) -> None:
    from relgraph.cli.main import main

    repository = connect(docker.address)
    manifest = publish(repository, "v1")
    assert main(["store.keygen", "--output", str(tmp_path / "release"), "--plain"]) == 0
    support = str(Path(__file__).parents[1] / "support")
    words = [sys.executable, "-c", _WRITER, support, f"{docker.address}/acme/web"]
    with ExitStack() as stack:
        writers = [
            stack.enter_context(
                subprocess.Popen(
                    [*words, str(seed), str(tmp_path / "release.key")], stdin=subprocess.PIPE, stderr=subprocess.PIPE, text=True
                )
            )
            for seed in (100, 200)
        ]
        for writer in writers:
            assert writer.stdin is not None
            writer.stdin.write("go\n")
            writer.stdin.flush()
        assert [(writer.communicate(timeout=120)[1], writer.returncode) for writer in writers] == [("", 0), ("", 0)]
    assert len(list(repository.referrers(manifest.descriptor))) == 8
    signatures = repository.load(f"{fallback_tag(manifest.digest)}.sig")
    assert isinstance(signatures, Manifest)
    assert len(signatures.layers) == 8
