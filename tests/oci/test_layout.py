"""The layout on disk: its files, its names, what strangers put there, and several at work on it."""

import json
import os
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

import pytest

from artifacts import attach, blob, publish, store
from relgraph.errors import EnvironmentFailure
from relgraph.oci.content import BytesSource
from relgraph.oci.descriptor import EMPTY, REF_NAME, Descriptor
from relgraph.oci.digest import Digest, digest_of
from relgraph.oci.errors import ContentMismatch, InvalidContent, NotFound, TagExists
from relgraph.oci.layout import Entry, Layout, entry_name
from relgraph.oci.local import LocalRepository
from relgraph.oci.manifest import MANIFEST, Manifest
from relgraph.oci.storage import push_bytes

DATA = blob(300)
IT = Descriptor.of("a/b", DATA)


def index_of(layout: Layout) -> dict[str, Any]:
    value: dict[str, Any] = json.loads((layout.path / "index.json").read_text())
    return value


def test_a_new_layout_is_one_of_the_specification(tmp_path: Path) -> None:
    layout = Layout(tmp_path / "a" / "b", create=True)
    assert json.loads((layout.path / "oci-layout").read_text()) == {"imageLayoutVersion": "1.0.0"}
    assert index_of(layout) == {"schemaVersion": 2, "mediaType": "application/vnd.oci.image.index.v1+json", "manifests": []}
    assert Layout(layout.path).entries() == Layout(layout.path, create=True).entries() == []


def test_a_folder_with_something_else_is_not_made_one(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x")
    with pytest.raises(EnvironmentFailure, match="something else"):
        Layout(tmp_path, create=True)
    with pytest.raises(EnvironmentFailure, match="not an OCI image layout"):
        Layout(tmp_path)
    with pytest.raises(EnvironmentFailure, match="not an OCI image layout"):
        Layout(tmp_path / "missing")
    with pytest.raises(EnvironmentFailure):
        Layout(tmp_path / "file", create=True)
    assert [item.name for item in tmp_path.iterdir()] == ["file"]


def test_a_layout_whose_making_was_ended_is_made_by_the_next_run(tmp_path: Path) -> None:
    (tmp_path / "blobs" / "sha256").mkdir(parents=True)
    (tmp_path / ".relgraph").mkdir()
    publish(LocalRepository(Layout(tmp_path, create=True)), "v1")
    (tmp_path / "oci-layout").unlink()
    assert list(LocalRepository(Layout(tmp_path, create=True)).tags()) == ["v1"]


def test_names_stand_in_the_index_as_other_tools_read_them(local: LocalRepository) -> None:
    manifest = publish(local, "v1")
    publish(LocalRepository(local.layout), "v2")
    entries = index_of(local.layout)["manifests"]
    assert [entry["annotations"][REF_NAME] for entry in entries] == ["acme/web:v1", "v2"]
    assert entries[0]["digest"] == manifest.digest
    assert entries[0]["artifactType"] == manifest.artifact_type
    assert local.layout.repositories() == ["", "acme/web"]
    assert (entry_name("", "v1"), entry_name("a", "v1")) == ("v1", "a:v1")


def test_what_other_tools_wrote_stays(local: LocalRepository) -> None:
    manifest = publish(local, "v1")
    path = local.layout.path / "index.json"
    value = index_of(local.layout)
    foreign = manifest.descriptor.to_json() | {
        "annotations": {"com.example": "x", REF_NAME: "some name"},
        "platform": {"os": "linux"},
    }
    docker = manifest.descriptor.to_json() | {"annotations": {"io.containerd.image.name": "docker.io/acme/api:3", REF_NAME: "3"}}
    value["manifests"] += [foreign, docker]
    value["annotations"] = {"kept": "yes"}
    path.write_text(json.dumps(value))
    publish(local, "v2", seed=1)
    after = index_of(local.layout)
    assert after["annotations"] == {"kept": "yes"}
    assert foreign in after["manifests"]
    assert docker in after["manifests"]
    assert LocalRepository(local.layout, "docker.io/acme/api").load("3") == manifest


def test_repositories_share_content_and_not_names(local: LocalRepository) -> None:
    other = LocalRepository(local.layout, "acme/api")
    manifest = publish(local, "v1")
    assert list(other.tags()) == []
    with pytest.raises(NotFound):
        other.resolve("v1")
    assert other.load(manifest.digest) == manifest
    publish(other, "v1", seed=1)
    assert local.load("v1") == manifest


def test_a_name_that_means_two_things_is_refused(local: LocalRepository) -> None:
    one, two = publish(local, "v1"), publish(local, "v2", seed=1)
    value = index_of(local.layout)
    value["manifests"][1]["annotations"][REF_NAME] = "acme/web:v1"
    (local.layout.path / "index.json").write_text(json.dumps(value))
    with pytest.raises(InvalidContent, match="names 2 things") as caught:
        local.resolve("v1")
    assert one.digest in str(caught.value)
    assert two.digest in str(caught.value)


def test_names_can_be_given_up(local: LocalRepository) -> None:
    manifest = publish(local, "v1")
    local.untag("v1")
    assert list(local.tags()) == []
    assert local.load(manifest.digest) == manifest
    with pytest.raises(NotFound):
        local.untag("v1")


def test_content_is_verified_when_it_is_read(local: LocalRepository) -> None:
    manifest = publish(local, "v1")
    layer = manifest.layers[0]
    path = local.layout.blob_path(layer.digest)
    path.write_bytes(bytes(layer.size))
    with local.fetch(layer) as reader, pytest.raises(ContentMismatch):
        reader.read()
    raw = local.layout.blob_path(manifest.digest)
    raw.write_bytes(raw.read_bytes().replace(b"thing", b"other"))
    with pytest.raises(ContentMismatch):
        LocalRepository(Layout(local.layout.path), "acme/web").load("v1")


def test_content_that_is_cut_off_is_stored_anew(local: LocalRepository) -> None:
    local.push(IT, BytesSource(DATA))
    local.layout.blob_path(IT.digest).write_bytes(DATA[:10])
    local.push(IT, BytesSource(DATA))
    assert local.layout.blob_path(IT.digest).read_bytes() == DATA


def test_links_and_pipes_are_no_content(local: LocalRepository, tmp_path: Path) -> None:
    (tmp_path / "secret").write_bytes(DATA)
    path = local.layout.blob_path(IT.digest)
    path.symlink_to(tmp_path / "secret")
    with pytest.raises(EnvironmentFailure):
        local.fetch(IT)
    path.unlink()
    os.mkfifo(path)
    with pytest.raises(EnvironmentFailure):
        local.fetch(IT)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "{",
        "[]",
        '{"schemaVersion": 1, "manifests": []}',
        '{"schemaVersion": 2, "manifests": {}}',
        '{"schemaVersion": 2, "Manifests": []}',
        '{"schemaVersion": 2, "manifests": [{}]}',
        '{"schemaVersion": 2, "manifests": [{"mediaType": "a/b", "digest": "sha256:../../x", "size": 1}]}',
        '{"schemaVersion": 2, "schemaVersion": 2}',
        "[" * 100_000,
    ],
)
def test_an_index_that_is_malformed_is_refused(local: LocalRepository, text: str) -> None:
    (local.layout.path / "index.json").write_text(text)
    with pytest.raises(InvalidContent):
        list(local.tags())
    with pytest.raises(InvalidContent):
        publish(local, "v1")
    assert (local.layout.path / "index.json").read_text() == text


@pytest.mark.parametrize("text", ["", "[]", '{"imageLayoutVersion": "2.0.0"}', "x" * 5000])
def test_a_layout_of_another_version_is_refused(local: LocalRepository, text: str) -> None:
    (local.layout.path / "oci-layout").write_text(text)
    with pytest.raises(InvalidContent):
        Layout(local.layout.path)


def test_what_is_too_large_for_a_manifest_is_not_read_as_one(local: LocalRepository) -> None:
    data = bytes(5 << 20)
    push_bytes(local, Descriptor.of("a/b", data), data)
    with pytest.raises(InvalidContent, match="no manifest"):
        local.load(digest_of(data))


def test_names_of_files_that_are_no_digests_are_passed_over(local: LocalRepository) -> None:
    folder = local.layout.path / "blobs" / "sha256"
    (folder / "README").write_text("x")
    (folder / ("A" * 64)).write_text("x")
    push_bytes(local, IT, DATA)
    assert list(local.layout.digests()) == [IT.digest]


def test_an_index_may_list_what_is_not_there(local: LocalRepository) -> None:
    manifest = publish(local, "v1")
    gone = Entry(Descriptor.of(MANIFEST, b"gone"))
    local.layout.update(lambda entries: [*entries, gone])
    note = attach(local, manifest.descriptor)
    assert [entry.digest for entry in local.referrers(manifest.descriptor)] == [note.digest]
    with pytest.raises(NotFound):
        local.load(Digest(gone.descriptor.digest))


def test_a_change_that_changes_nothing_writes_nothing(local: LocalRepository) -> None:
    publish(local, "v1")
    before = (local.layout.path / "index.json").stat()
    local.layout.update(lambda entries: entries)
    local.tag(local.resolve("v1"), "v1")
    after = (local.layout.path / "index.json").stat()
    assert (before.st_ino, before.st_mtime_ns) == (after.st_ino, after.st_mtime_ns)


def test_a_layout_that_can_only_be_read_can_be_read(local: LocalRepository) -> None:
    manifest = publish(local, "v1")
    for folder in (local.layout.path / "blobs" / "sha256", local.layout.path / "blobs", local.layout.path):
        folder.chmod(0o555)
    try:
        reader = LocalRepository(Layout(local.layout.path), "acme/web")
        assert reader.load("v1") == manifest
        assert list(reader.referrers(manifest.descriptor)) == []
    finally:
        local.layout.path.chmod(0o755)


def test_threads_do_not_lose_each_others_names(local: LocalRepository) -> None:
    failures: list[BaseException] = []

    def work(number: int) -> None:
        try:
            for turn in range(4):
                publish(local, f"v{number}.{turn}", seed=number * 10 + turn)
        except BaseException as problem:  # noqa: BLE001 - reported by the assertion
            failures.append(problem)

    threads = [threading.Thread(target=work, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
    assert len(list(local.tags())) == 16


def test_processes_do_not_lose_each_others_names(local: LocalRepository) -> None:
    code = (
        "import sys, pathlib\n"
        "sys.path.insert(0, sys.argv[3])\n"
        "from artifacts import publish\n"
        "from relgraph.oci.layout import Layout\n"
        "from relgraph.oci.local import LocalRepository\n"
        "repository = LocalRepository(Layout(pathlib.Path(sys.argv[1])), 'acme/web')\n"
        "for turn in range(5):\n"
        "    publish(repository, f'v{sys.argv[2]}.{turn}', seed=int(sys.argv[2]) * 10 + turn)\n"
    )
    support = str(Path(__file__).parents[1] / "support")
    words = [[sys.executable, "-c", code, str(local.layout.path), str(number), support] for number in range(3)]
    children = [subprocess.Popen(argv) for argv in words]
    assert [child.wait(60) for child in children] == [0, 0, 0]
    assert len(list(local.tags())) == 15


def test_of_two_processes_that_publish_under_one_name_one_is_refused(local: LocalRepository) -> None:
    other = LocalRepository(Layout(local.layout.path), "acme/web")
    one, two = store(local), store(other, seed=1)
    local.publish(one, "v1")
    with pytest.raises(TagExists):
        other.publish(two, "v1")


def test_a_manifest_without_its_children_is_never_there(local: LocalRepository) -> None:
    manifest = Manifest.make(EMPTY, [IT])
    with pytest.raises(NotFound):
        local.publish(manifest, "v1")
    assert not local.layout.has(manifest.digest)
