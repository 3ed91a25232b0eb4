"""The cache of clones: what is fetched and when, what is refused, and that nothing is left half done."""

import os
import subprocess
import threading
from pathlib import Path

import pytest

from gitworld import git, write_world
from relgraph.errors import DeclarationError, EnvironmentFailure
from relgraph.git.clones import Clones, Network, shown_url
from relgraph.git.repository import open_repository
from relgraph.model.example import Commit


@pytest.fixture(autouse=True)
def own_configuration(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", os.devnull)
    monkeypatch.setenv("GIT_CONFIG_NOSYSTEM", "1")


@pytest.fixture
def upstream(tmp_path: Path) -> Path:
    return write_world(tmp_path / "upstream", [Commit({"a": "1"}, tags=("v0.1.0",)), Commit({"a": "2"}, branches=("old",))])


def clones(tmp_path: Path, network: Network = Network.MISSING, told: list[str] | None = None) -> Clones:
    return Clones(network, folder=tmp_path / "cache", tell=(told if told is not None else []).append)


def test_a_clone_has_all_branches_and_tags_and_the_default_branch(tmp_path: Path, upstream: Path) -> None:
    git(upstream, "branch", "-m", "main", "trunk")
    told: list[str] = []
    path = clones(tmp_path, told=told).path(upstream.as_uri())
    assert path is not None
    assert told == [f"cloning {upstream.as_uri()}"]
    with open_repository(str(path)) as repository:
        assert repository.name == "upstream"
        assert not repository.has_worktree
        assert repository.complete
        assert repository.default_branch == "trunk"
        assert repository.branches == {"trunk", "old"}
        assert [tag.name for tag in repository.tags] == ["v0.1.0"]
        tree = repository.tree("HEAD")
        assert tree is not None
        assert tree.read("a") == b"2"


def test_it_is_as_old_as_its_last_fetch(tmp_path: Path, upstream: Path) -> None:
    url = upstream.as_uri()
    path = clones(tmp_path).path(url)
    assert path is not None
    git(upstream, "tag", "v0.2.0")
    git(upstream, "tag", "-d", "v0.1.0")
    git(upstream, "branch", "-D", "old")

    def tags() -> str:
        return git(path, "tag")

    told: list[str] = []
    assert clones(tmp_path, told=told).path(url) == path
    assert clones(tmp_path, Network.NEVER, told).path(url) == path
    assert (tags(), told) == ("v0.1.0", [])
    again = clones(tmp_path, Network.ALWAYS, told)
    assert again.path(url) == again.path(url) == path
    assert told == [f"fetching {url}"]
    assert tags() == "v0.2.0"
    assert git(path, "branch", "--format=%(refname:short)") == "main"


def test_without_the_network_what_is_missing_is_missing(tmp_path: Path, upstream: Path) -> None:
    assert clones(tmp_path, Network.NEVER).path(upstream.as_uri()) is None
    assert not (tmp_path / "cache").exists()


def test_of_others_only_what_they_lend_and_only_when_all_is_fetched(tmp_path: Path, upstream: Path) -> None:
    git(upstream, "config", "uploadpack.allowFilter", "true")
    url = upstream.as_uri()
    assert clones(tmp_path).path(url, lent=True) is None
    path = clones(tmp_path, Network.ALWAYS).path(url, lent=True)
    assert path is not None
    with open_repository(str(path)) as repository:
        assert not repository.complete
        tree = repository.tree("v0.1.0")
        assert tree is not None
        assert list(tree.entries) == ["a"]
        assert tree.read("a") is None
    # What is there is used, but not in the place of a clone that is read to the end; that one lends as well.
    assert clones(tmp_path).path(url, lent=True) == path
    whole = clones(tmp_path).path(url)
    assert whole not in (None, path)
    with open_repository(str(whole)) as repository:
        assert repository.complete
    assert clones(tmp_path).path(url, lent=True) == whole
    assert clones(tmp_path, Network.ALWAYS).path(url, lent=True) == whole
    with open_repository(str(whole)) as repository:
        assert repository.complete


def test_with_the_cache_switched_off_there_is_nowhere(monkeypatch: pytest.MonkeyPatch, upstream: Path) -> None:
    monkeypatch.setenv("RELGRAPH_CACHE", "off")
    assert Clones().path(upstream.as_uri()) is None


def test_the_cache_is_the_user_s(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, upstream: Path) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "mine"))
    monkeypatch.delenv("RELGRAPH_CACHE", raising=False)
    path = Clones().path(upstream.as_uri())
    assert path is not None
    assert path.is_relative_to(tmp_path / "mine/relgraph/clones")
    assert path.parent.stat().st_mode & 0o777 == 0o700


def test_a_clone_that_fails_leaves_nothing_and_says_why(tmp_path: Path) -> None:
    url = (tmp_path / "nowhere").as_uri()
    with pytest.raises(EnvironmentFailure) as caught:
        clones(tmp_path).path(url)
    assert str(caught.value).startswith(f"{url}: ")
    assert [path.name for path in (tmp_path / "cache").rglob("*") if path.name != "lock" and path.is_file()] == []
    assert clones(tmp_path, Network.NEVER).path(url) is None


def test_what_a_killed_process_left_is_no_clone(tmp_path: Path, upstream: Path) -> None:
    path = clones(tmp_path).path(upstream.as_uri())
    assert path is not None
    path.rename(path.with_name("draft"))
    (path.with_name("draft") / "config").write_text("[broken")
    assert clones(tmp_path).path(upstream.as_uri()) == path
    assert git(path, "tag") == "v0.1.0"


def test_several_at_once_make_one_clone(tmp_path: Path, upstream: Path) -> None:
    told: list[str] = []
    found: list[Path | None] = []
    threads = [threading.Thread(target=lambda: found.append(clones(tmp_path, told=told).path(upstream.as_uri()))) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(set(found)) == 1
    assert len(told) == 1


def test_a_repository_without_commits_can_be_cloned(tmp_path: Path) -> None:
    write_world(tmp_path / "empty", [])
    path = clones(tmp_path).path((tmp_path / "empty").as_uri())
    assert path is not None
    assert git(path, "tag") == ""


def test_no_hook_or_template_of_the_user_is_copied_or_run(tmp_path: Path, upstream: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    hooks = tmp_path / "template/hooks"
    hooks.mkdir(parents=True)
    for name in ("post-checkout", "reference-transaction", "post-fetch"):
        (hooks / name).write_text(f"#!/bin/sh\ntouch {tmp_path}/ran\n")
        (hooks / name).chmod(0o755)
    configuration = tmp_path / "gitconfig"
    configuration.write_text(f"[init]\n\ttemplateDir = {tmp_path}/template\n[core]\n\thooksPath = {hooks}\n")
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", str(configuration))
    path = clones(tmp_path).path(upstream.as_uri())
    assert path is not None
    assert not (path / "hooks").exists()
    assert not (tmp_path / "ran").exists()


@pytest.mark.parametrize(
    "url",
    [
        "http://example.com/a/b",
        "git://example.com/a/b",
        "ext::sh -c touch% /tmp/x",
        "fd::17",
        "ftp://example.com/a",
        "/some/path",
        "../sibling",
        "-u",
        "--upload-pack=touch x",
        "ssh://-oProxyCommand=x/a",
        "-oProxyCommand=x:a",
        "https://example.com/a b",
        "https://example.com/a\nb",
        "https://",
        "https://example.com",
        "",
    ],
)
def test_an_address_that_is_not_cloned(url: str, tmp_path: Path) -> None:
    with pytest.raises(DeclarationError) as caught:
        clones(tmp_path).path(url)
    assert "--repos" in caught.value.hint
    assert not list(tmp_path.rglob("*.git"))


@pytest.mark.parametrize(
    "url",
    ["https://me:hunter2@example.com/a/b", "https://hunter2@example.com/a/b", "ssh://me:hunter2@example.com/a/b"],
)
def test_a_credential_is_refused_and_not_repeated(url: str, tmp_path: Path) -> None:
    with pytest.raises(DeclarationError) as caught:
        clones(tmp_path).path(url)
    assert "hunter2" not in f"{caught.value} {caught.value.hint}"
    assert "credential" in str(caught.value)


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("https://me:hunter2@example.com/a/b?token=x#y", "https://example.com/a/b"),
        ("ssh://git@example.com:22/a/b.git", "ssh://example.com:22/a/b.git"),
        ("git@example.com:a/b.git", "example.com:a/b.git"),
        ("file:///srv/git/a@b", "file:///srv/git/a@b"),
    ],
)
def test_how_an_address_is_shown(url: str, shown: str) -> None:
    assert shown_url(url) == shown


def test_a_rewritten_address_stays_within_the_schemes(tmp_path: Path, upstream: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    configuration = tmp_path / "gitconfig"
    configuration.write_text(f'[url "{upstream.as_uri()}"]\n\tinsteadOf = https://example.invalid/a/b\n')
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", str(configuration))
    with pytest.raises(EnvironmentFailure, match="not allowed"):
        clones(tmp_path).path("https://example.invalid/a/b")


def test_git_is_given_ssh_addresses(tmp_path: Path, upstream: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    # What ssh would do with the command: run it, here.
    program = tmp_path / "ssh"
    program.write_text(f'#!/bin/sh\necho "$@" >> {tmp_path}/asked\nshift $(($# - 1))\ncd {tmp_path} && eval "$1"\n')
    program.chmod(0o755)
    monkeypatch.setenv("GIT_SSH_COMMAND", str(program))
    monkeypatch.setenv("GIT_SSH_VARIANT", "simple")
    for number, url in enumerate((f"git@example.com:{upstream}", f"ssh://git@example.com{upstream}")):
        path = clones(tmp_path / str(number)).path(url)
        assert path is not None
        assert subprocess.run(["git", "-C", str(path), "tag"], capture_output=True, check=True).stdout == b"v0.1.0\n"
    assert "git@example.com" in (tmp_path / "asked").read_text()


def test_a_server_that_does_not_answer_is_not_waited_for_without_end(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    program = tmp_path / "ssh"
    program.write_text("#!/bin/sh\ncat > /dev/null\n")
    program.chmod(0o755)
    monkeypatch.setenv("GIT_SSH_COMMAND", str(program))
    monkeypatch.setenv("GIT_SSH_VARIANT", "simple")
    monkeypatch.setattr("relgraph.git.clones._QUICK", 2.0)
    with pytest.raises(EnvironmentFailure, match="no answer within 2 seconds"):
        clones(tmp_path).path("git@example.com:a/b.git")
    assert not list(tmp_path.rglob("draft"))
