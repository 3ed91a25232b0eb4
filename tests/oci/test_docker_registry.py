"""Debian's docker-registry with a password, as a user meets it: through docker's configuration."""

import base64
import json
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from docker_registry import DockerRegistry
from relgraph.cli.main import main

# bcrypt of "example-password", as htpasswd -B writes it.
_USERS = "me:$2y$05$abcdefghijklmnopqrstuutctEcn9jLJdOiC0zNE0sKf5GrTF.I0C\n"

Login = Callable[[str], None]


@pytest.fixture
def guarded(tmp_path: Path) -> Iterator[DockerRegistry]:
    """A registry that wants a name and a password."""
    if shutil.which("docker-registry") is None:
        pytest.skip("docker-registry is not installed")
    (tmp_path / "htpasswd").write_text(_USERS)
    with DockerRegistry(
        tmp_path / "registry", more=f"auth: {{htpasswd: {{realm: test, path: {tmp_path / 'htpasswd'}}}}}"
    ) as registry:
        yield registry


@pytest.fixture
def login(guarded: DockerRegistry, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Login:
    """What docker login leaves."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("DOCKER_CONFIG", str(tmp_path / "docker"))
    (tmp_path / "docker").mkdir()

    def login(password: str) -> None:
        auth = base64.b64encode(f"me:{password}".encode()).decode()
        (tmp_path / "docker" / "config.json").write_text(json.dumps({"auths": {guarded.address: {"auth": auth}}}))

    return login


def test_with_the_password_everything_goes(
    guarded: DockerRegistry, login: Login, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    login("example-password")
    (tmp_path / "file").write_text("content")
    reference = f"{guarded.address}/acme/tools:1.0.0"
    assert main(["store.push", reference, "file", "--trace"]) == 0
    said = capfd.readouterr().err
    assert "example-password" not in said
    assert base64.b64encode(b"me:example-password").decode() not in said
    assert main(["store.pull", reference, "--output", "got"]) == 0
    assert (tmp_path / "got" / "file").read_text() == "content"
    # One request learns that a password is wanted; all others bring it along.
    assert sum(request.status == 401 for request in guarded.requests()) == 2


@pytest.mark.parametrize("password", ["wrong", None])
def test_without_it_the_registry_is_named(
    guarded: DockerRegistry, login: Login, tmp_path: Path, capfd: pytest.CaptureFixture[str], password: str | None
) -> None:
    if password is not None:
        login(password)
    (tmp_path / "file").write_text("content")
    assert main(["store.push", f"{guarded.address}/acme/tools:1.0.0", "file"]) == 3
    said = capfd.readouterr().err
    assert f"{guarded.address}: acme/tools:1.0.0: it wants other credentials (401)" in said
    assert f"docker login {guarded.address}" in said
    assert "wrong" not in said.replace("wants other", "")
