"""Registries that somebody else writes to, and repositories that somebody else wrote."""

import shutil
from contextlib import suppress
from pathlib import Path

import pytest

from releases import git, platform, relgraph
from relgraph.model.record import Record
from relgraph.oci.errors import NotFound
from relgraph.oci.layout import Layout
from relgraph.oci.local import LocalRepository
from relgraph.oci.stores import put
from relgraph.release.recording import record_artifact
from relgraph.workspace.record import find_record, write_record

TO = "layout:../published"
RECORDS = "registry.example/acme/releases"


@pytest.fixture
def root(tmp_path: Path) -> Path:
    root = platform(tmp_path)
    assert relgraph(root, "release", "--to", TO).status == 0
    return root


def plant(root: Path, tag: str, **changed: object) -> Record:
    """Put a changed record under a tag, and forget the workspace's own."""
    record = find_record(root, "platform", "0.30.0")
    assert record is not None
    record = record._replace(**changed)  # type: ignore[arg-type]  # fields of a record
    store = LocalRepository(Layout(root.parent / "published"), RECORDS)
    with suppress(NotFound):
        store.untag(tag)
    put(store, record_artifact(write_record(record).encode(), record, None), tag)
    shutil.rmtree(root / "releases")
    return record


@pytest.mark.parametrize("tag", ["relgraph.platform.0.30.0", "relgraph.platform.0.30.0.withdrawn"])
@pytest.mark.parametrize("changed", [{"repo": "../../evil"}, {"version": "../../evil"}, {"repo": "agent"}])
@pytest.mark.parametrize("words", [("release",), ("withdraw", "0.30.0", "--reason", "x")])
def test_a_record_of_something_else_is_refused_and_nothing_is_written(
    root: Path, tag: str, changed: dict[str, str], words: tuple[str, ...]
) -> None:
    plant(root, tag, **changed)
    ran = relgraph(root, *words, "--to", TO)
    assert ran.status in (1, 2, 3)
    assert "is the record of" in ran.err
    assert not (root / "releases").exists()
    assert not [*root.parent.rglob("evil*")]


@pytest.mark.parametrize(("field", "text"), [("tag", "../x"), ("tag", ""), ("digest", "sha256:../../x"), ("digest", "")])
def test_a_record_of_no_names_and_digests_is_refused(root: Path, field: str, text: str) -> None:
    record = find_record(root, "platform", "0.30.0")
    assert record is not None
    plant(root, "relgraph.platform.0.30.0", items=tuple(item._replace(**{field: text}) for item in record.items))  # type: ignore[arg-type]  # a text of it
    ran = relgraph(root, "release", "--to", TO)
    assert ran.status == 3
    assert "relgraph.platform.0.30.0 records charts.platform-chart as" in ran.err
    assert not (root / "releases").exists()


def test_a_record_sends_nobody_to_places_that_are_not_declared(root: Path) -> None:
    record = find_record(root, "platform", "0.30.0")
    assert record is not None
    items = tuple(item._replace(reference=f"internal.example:80/{item.node}") for item in record.items)
    plant(root, "relgraph.platform.0.30.0", items=items)
    ran = relgraph(root, "verify", "--published", "--to", TO, "--format", "json")
    assert "internal.example" not in ran.out + ran.err


def test_with_a_key_a_record_of_strangers_is_not_withdrawn_in_its_name(root: Path) -> None:
    assert relgraph(root, "store.keygen", "--plain", "--output", "../release").status == 0
    plant(root, "relgraph.platform.0.30.0", time="2020-01-01T00:00:00Z")
    ran = relgraph(root, "withdraw", "0.30.0", "--reason", "x", "--key", "../release.key", "--to", TO)
    assert ran.status == 2
    assert "no record of such a release that this key signed" in ran.err
    assert not (root / "releases").exists()


@pytest.mark.parametrize("word", ["../../../etc/x", "-", "1.0.0/../../x", "a b"])
def test_what_is_no_version_is_not_looked_for(root: Path, word: str) -> None:
    ran = relgraph(root, "withdraw", "--reason", "x", "--to", TO, "--", word)
    assert ran.status == 2
    assert "is no version of platform" in ran.err


@pytest.mark.parametrize("words", [("build",), ("plan",), ("release", "--to", TO, "--offline"), ("stamp", "--output", "../out")])
def test_state_that_came_with_the_repository_is_not_taken_for_our_own(root: Path, words: tuple[str, ...]) -> None:
    shutil.rmtree(root.parent / "published")
    git(root, "add", "--force", ".relgraph")
    git(root, "commit", "-qm", "Poison")
    git(root, "tag", "v0.31.0")
    ran = relgraph(root, *words)
    assert ran.status == 1
    assert ".relgraph/.gitignore is in git, and would be taken for what was built here" in ran.err
    assert not [*Layout(root.parent / "published", create=True).entries()]


def test_state_elsewhere_is_not_written_to(root: Path) -> None:
    shutil.rmtree(root / ".relgraph")
    (root.parent / "victim").mkdir()
    (root / ".relgraph").symlink_to("../victim")
    ran = relgraph(root, "build", "--tag", "v0.30.0")
    assert ran.status == 1
    assert ".relgraph is a link to elsewhere" in ran.err
    assert not [*(root.parent / "victim").iterdir()]


def test_a_token_in_an_address_is_not_told(root: Path) -> None:
    shutil.rmtree(root / "releases")
    shutil.rmtree(root.parent / "published")
    git(root, "remote", "add", "origin", "http://user:s3cret@127.0.0.1:1/acme/platform")
    ran = relgraph(root, "release", "--to", TO)
    assert ran.status == 1
    assert "the remote cannot be asked" in ran.err
    assert "s3cret" not in ran.err
