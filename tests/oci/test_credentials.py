import base64
import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from relgraph.effects import process
from relgraph.oci.credentials import NO_CREDENTIALS, Credential, DockerCredentials, FixedCredentials

Find = Callable[..., Credential | None]


@pytest.fixture
def warnings() -> list[str]:
    """What was warned of."""
    return []


@pytest.fixture
def find(tmp_path: Path, warnings: list[str]) -> Find:
    """Looks for a credential in a home with this docker configuration."""

    def find(registry: str, config: Any = None, *, repository: str = "acme/web", **variables: str) -> Credential | None:
        if config is not None:
            (tmp_path / ".docker").mkdir(exist_ok=True)
            text = config if isinstance(config, str) else json.dumps(config)
            (tmp_path / ".docker" / "config.json").write_text(text)
        environment = {"HOME": str(tmp_path), "PATH": f"{tmp_path / 'bin'}{os.pathsep}{os.defpath}", **variables}
        return DockerCredentials(environment, warn=warnings.append).find(registry, repository)

    return find


def auth(user: str, password: str) -> dict[str, str]:
    return {"auth": base64.b64encode(f"{user}:{password}".encode()).decode()}


def helper(folder: Path, name: str, body: str) -> None:
    """A credential helper: a shell script that gets the server on its input."""
    (folder / "bin").mkdir(exist_ok=True)
    path = folder / "bin" / f"docker-credential-{name}"
    path.write_text(f"#!/bin/sh\nread -r server\n{body}\n")
    path.chmod(0o755)


def test_a_login_of_docker_is_found(find: Find) -> None:
    assert find("ghcr.io", {"auths": {"ghcr.io": auth("me", "a:b")}}) == Credential("me", "a:b")


@pytest.mark.parametrize("key", ["https://ghcr.io", "https://ghcr.io/", "http://ghcr.io/v2/", "ghcr.io/v1/", "ghcr.io"])
def test_keys_may_be_addresses(find: Find, key: str) -> None:
    assert find("ghcr.io", {"auths": {key: auth("me", "x")}}) == Credential("me", "x")


@pytest.mark.parametrize("key", ["https://index.docker.io/v1/", "docker.io", "index.docker.io", "registry-1.docker.io"])
def test_docker_hub_has_many_names(find: Find, key: str) -> None:
    assert find("docker.io", {"auths": {key: auth("me", "x")}}) == Credential("me", "x")


def test_the_entry_for_a_repository_wins(find: Find) -> None:
    config = {"auths": {"ghcr.io": auth("all", "x"), "ghcr.io/acme": auth("acme", "x"), "ghcr.io/acme/web": auth("web", "x")}}
    assert find("ghcr.io", config) == Credential("web", "x")
    assert find("ghcr.io", config, repository="acme/api") == Credential("acme", "x")
    assert find("ghcr.io", config, repository="other") == Credential("all", "x")


def test_a_credential_is_for_its_host_only(find: Find) -> None:
    config = {"auths": {"ghcr.io": auth("me", "x")}}
    for other in ("ghcr.io:443", "evil.example", "xghcr.io", "ghcr.io.evil.example"):
        assert find(other, config) is None


@pytest.mark.parametrize(
    ("entry", "credential"),
    [
        ({"identitytoken": "refresh"}, Credential(identity="refresh")),
        ({"registrytoken": "bearer"}, Credential(bearer="bearer")),
        ({"username": "me", "password": "x"}, Credential("me", "x")),
        (auth("00000000", "") | {"identitytoken": "refresh"}, Credential("00000000", "", "refresh")),
        ({}, None),
        ({"auth": ""}, None),
        ([], None),
    ],
)
def test_all_forms_of_entries_are_read(find: Find, entry: Any, credential: Credential | None) -> None:
    assert find("ghcr.io", {"auths": {"ghcr.io": entry}}) == credential


@pytest.mark.parametrize("broken", ["!!!", base64.b64encode(b"nocolon").decode(), base64.b64encode(b"\xff:\xff").decode(), 7])
def test_a_broken_entry_is_a_warning(find: Find, warnings: list[str], broken: Any) -> None:
    assert find("ghcr.io", {"auths": {"ghcr.io": {"auth": broken}}}) is None
    assert len(warnings) == (0 if broken == 7 else 1)


@pytest.mark.parametrize(
    "text", ["{", "[]", "\x00", '{"auths":{},"auths":{}}', " " * (5 << 20)], ids=["cut", "list", "nul", "twice", "large"]
)
def test_a_broken_file_does_not_end_the_search(find: Find, warnings: list[str], tmp_path: Path, text: str) -> None:
    other = tmp_path / ".config" / "containers" / "auth.json"
    other.parent.mkdir(parents=True)
    other.write_text(json.dumps({"auths": {"ghcr.io": auth("podman", "x")}}))
    assert find("ghcr.io", text) == Credential("podman", "x")
    assert len(warnings) == 1
    assert "config.json" in warnings[0]


def test_a_file_that_cannot_be_read_is_a_warning(find: Find, warnings: list[str], tmp_path: Path) -> None:
    assert find("ghcr.io", REGISTRY_AUTH_FILE=str(tmp_path)) is None
    assert "cannot be read" in warnings[0]


def test_places_are_searched_in_order(find: Find, tmp_path: Path) -> None:
    files = {
        "REGISTRY_AUTH_FILE": tmp_path / "named.json",
        "DOCKER_CONFIG": tmp_path / "docker" / "config.json",
        "XDG_RUNTIME_DIR": tmp_path / "run" / "containers" / "auth.json",
        "XDG_CONFIG_HOME": tmp_path / "conf" / "containers" / "auth.json",
    }
    values = {
        "REGISTRY_AUTH_FILE": str(files["REGISTRY_AUTH_FILE"]),
        "DOCKER_CONFIG": str(tmp_path / "docker"),
        "XDG_RUNTIME_DIR": str(tmp_path / "run"),
        "XDG_CONFIG_HOME": str(tmp_path / "conf"),
    }
    for name, path in files.items():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps({"auths": {"ghcr.io": auth(name, "x")}}))
    for name, path in files.items():
        assert find("ghcr.io", **values) == Credential(name, "x")
        path.unlink()
    assert find("ghcr.io", **values) is None


def test_a_helper_is_asked_with_its_own_protocol(find: Find, tmp_path: Path) -> None:
    helper(tmp_path, "safe", 'printf \'{"Username":"u-%s","Secret":"s"}\' "$server"')
    config = {"credHelpers": {"ghcr.io": "safe"}, "auths": {"ghcr.io": auth("file", "x")}}
    assert find("ghcr.io", config) == Credential("u-ghcr.io", "s")
    assert find("docker.io", {"credsStore": "safe"}) == Credential("u-https://index.docker.io/v1/", "s")
    assert find("quay.io", config) is None


def test_a_helper_may_give_an_identity_token(find: Find, tmp_path: Path) -> None:
    helper(tmp_path, "safe", 'printf \'{"Username":"<token>","Secret":"refresh"}\'')
    assert find("ghcr.io", {"credsStore": "safe"}) == Credential(identity="refresh")


def test_a_helper_without_the_credential_is_silent(find: Find, tmp_path: Path, warnings: list[str]) -> None:
    helper(tmp_path, "empty", "echo credentials not found in native keychain; exit 1")
    assert find("ghcr.io", {"credsStore": "empty", "auths": {"ghcr.io": auth("file", "x")}}) == Credential("file", "x")
    assert warnings == []


@pytest.mark.parametrize(
    "body",
    ["exit 3", "echo nonsense", "echo '[]'", "echo '{}'", "echo '{\"Username\":1}'", "kill $$"],
)
def test_a_broken_helper_is_a_warning_and_the_search_goes_on(find: Find, tmp_path: Path, warnings: list[str], body: str) -> None:
    helper(tmp_path, "broken", body)
    config = {"credHelpers": {"ghcr.io": "broken"}, "auths": {"ghcr.io": auth("file", "x")}}
    assert find("ghcr.io", config) == Credential("file", "x")
    assert len(warnings) == 1


def test_a_helper_that_is_missing_or_slow_is_a_warning(
    find: Find, tmp_path: Path, warnings: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("relgraph.oci.credentials._HELPER_LIMIT", 0.2)
    helper(tmp_path, "slow", "sleep 30")
    for name in ("missing", "slow"):
        assert find("ghcr.io", {"credsStore": name, "auths": {"ghcr.io": auth("file", "x")}}) == Credential("file", "x")
    assert "not found on PATH" in warnings[0]
    assert "no answer within" in warnings[1]


@pytest.mark.parametrize("name", ["../evil", "a b", "a;b", "", 7, "a/b", "a\n"])
def test_a_helpers_name_is_only_a_name(find: Find, warnings: list[str], name: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(process, "run", lambda *_, **__: pytest.fail("a program was started"))
    assert find("ghcr.io", {"credHelpers": {"ghcr.io": name}}) is None
    assert len(warnings) == 1


def test_a_helper_is_asked_once(tmp_path: Path) -> None:
    helper(tmp_path, "count", f'echo >>{tmp_path}/asked; printf \'{{"Username":"u","Secret":"s"}}\'')
    (tmp_path / "config.json").write_text(json.dumps({"credsStore": "count"}))
    source = DockerCredentials(
        {"DOCKER_CONFIG": str(tmp_path), "PATH": f"{tmp_path / 'bin'}{os.pathsep}{os.defpath}"}, warn=pytest.fail
    )
    assert source.find("ghcr.io", "a") == source.find("ghcr.io", "b") == Credential("u", "s")
    assert (tmp_path / "asked").read_text() == "\n"


def test_secrets_are_not_shown() -> None:
    shown = repr(Credential("me", "geheim", "identitaet", "traeger")) + str(Credential("me", "geheim", "identitaet", "traeger"))
    assert "me" in shown
    assert not any(secret in shown for secret in ("geheim", "identitaet", "traeger"))


def test_credentials_may_be_given_by_the_program() -> None:
    assert FixedCredentials({"ghcr.io": Credential("a", "b")}).find("ghcr.io", "x") == Credential("a", "b")
    assert NO_CREDENTIALS.find("ghcr.io", "x") is None
