"""From trees to subjects: with a cache, what is kept is what would be extracted."""

from pathlib import Path

import pytest

from gitworld import write_world
from relgraph.git.target import open_target
from relgraph.model.example import Commit
from relgraph.reading import SiteReader, read_subject

FILES: dict[str, str | bytes] = {
    "Dockerfile": "FROM golang:1.24\n",
    "README.md": "# x\n\n```shell\ndocker pull ghcr.io/example/web:1.2.3\n```\n",
    "deploy/web.yaml": "image: ghcr.io/example/web:1.2.3\n",
    "picture.png": b"\x89PNG\r\n",
}


@pytest.fixture
def clone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    write_world(tmp_path / "clone", (Commit(FILES),))
    return tmp_path / "clone"


def test_a_second_run_extracts_nothing_and_finds_the_same(clone: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    repository, tree = open_target(f"{clone}@HEAD")
    reader = SiteReader.cached(repository)
    first = reader.read(tree)
    reader.close()
    repository.close()

    def fail(*_: object) -> None:
        raise AssertionError("extracted again")

    monkeypatch.setattr("relgraph.sites.registry.extract", fail)
    repository, tree = open_target(f"{clone}@HEAD")
    second = SiteReader.cached(repository).read(tree)
    repository.close()
    assert second.sites == first.sites
    assert first.sites
    assert second.files == first.files == 3


def test_only_what_changed_is_extracted(clone: Path) -> None:
    repository, tree = open_target(f"{clone}@HEAD")
    reader = SiteReader.cached(repository)
    reader.read(tree)
    reader.close()
    repository.close()
    (clone / "deploy/web.yaml").write_text("image: ghcr.io/example/web:2.0.0\n")
    (clone / "Dockerfile").unlink(missing_ok=True)
    (clone / "README.md").write_text(str(FILES["README.md"]))
    repository, tree = open_target(f"{clone}@worktree")
    cached = SiteReader.cached(repository).read(tree)
    plain = read_subject(repository, tree)
    repository.close()
    assert cached.sites == plain.sites
    assert any(site.value == "2.0.0" for site in cached.sites)


def test_what_a_release_ships_leaves_out_documents(clone: Path) -> None:
    repository, tree = open_target(f"{clone}@HEAD")
    shipped = SiteReader(repository).shipped(tree)
    repository.close()
    assert {site.path for site in shipped.sites} == {"Dockerfile", "deploy/web.yaml"}


def test_what_waits_is_done_while_another_process_helps(clone: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("relgraph.reading._WORTH_SHARING", 1)
    monkeypatch.setattr("relgraph.effects.parallel.os.cpu_count", lambda: 2)
    repository, tree = open_target(f"{clone}@HEAD")
    reader = SiteReader.cached(repository)
    assert reader.is_new
    calls: list[int] = []
    shared = reader.read(tree, lambda: calls.append(1))
    assert shared.sites == read_subject(repository, tree).sites
    assert len(calls) == 1
    reader.close()
    again = SiteReader.cached(repository)
    assert not again.is_new
    assert again.read(tree, lambda: calls.append(2)).sites == shared.sites
    assert calls == [1]
    repository.close()
