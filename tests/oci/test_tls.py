"""Registries that speak TLS."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from artifacts import FAST, Open, publish
from certificates import server_context
from hostile_registry import HostileRegistry, answered, redirected
from relgraph.effects.connection import NetworkFailure, Trouble
from relgraph.errors import EnvironmentFailure
from relgraph.oci.credentials import Credential, FixedCredentials
from relgraph.oci.errors import RegistryFailure
from relgraph.oci.settings import Settings


@pytest.fixture
def certified(tmp_path: Path) -> Iterator[tuple[HostileRegistry, Settings]]:
    """A registry whose certificate is for its address, and settings that trust its authority."""
    context, ca_file = server_context(tmp_path, "127.0.0.1")
    with HostileRegistry(tls=context) as registry:
        yield registry, FAST._replace(secure=frozenset({registry.address}), ca_file=str(ca_file))


def test_a_registry_with_a_trusted_certificate(certified: tuple[HostileRegistry, Settings], connect: Open) -> None:
    registry, settings = certified
    registry.token = "t0ken"
    repository = connect(
        registry.address, settings=settings, credentials=FixedCredentials({registry.address: Credential("me", "x")})
    )
    manifest = publish(repository, "v1", layers=8, size=100_000)
    reader = connect(registry.address, settings=settings)
    assert reader.load("v1") == manifest
    for layer in manifest.layers:
        with reader.fetch(layer) as content:
            assert len(content.read() or b"") == layer.size
    assert registry.url.startswith("https:")


def test_a_certificate_nobody_vouches_for_is_refused_at_once(certified: tuple[HostileRegistry, Settings], connect: Open) -> None:
    registry, settings = certified
    with pytest.raises(NetworkFailure, match="not trusted") as caught:
        connect(registry.address, settings=settings._replace(ca_file=None)).resolve("v1")
    assert caught.value.trouble is Trouble.TLS
    assert "--ca-file" in caught.value.hint
    assert registry.seen == []


def test_a_certificate_for_another_name_is_refused(tmp_path: Path, connect: Open) -> None:
    context, ca_file = server_context(tmp_path, "registry.example")
    with HostileRegistry(tls=context) as registry:
        settings = FAST._replace(secure=frozenset({registry.address}), ca_file=str(ca_file))
        with pytest.raises(NetworkFailure, match="not trusted"):
            connect(registry.address, settings=settings).resolve("v1")


def test_a_file_without_certificates_is_named(hostile: HostileRegistry, connect: Open, tmp_path: Path) -> None:
    (tmp_path / "ca.pem").write_text("nothing")
    settings = FAST._replace(secure=frozenset({hostile.address}), ca_file=str(tmp_path / "ca.pem"))
    with pytest.raises(EnvironmentFailure, match="no certificates"):
        connect(hostile.address, settings=settings).resolve("v1")


def test_what_is_encrypted_is_not_redirected_to_what_is_not(certified: tuple[HostileRegistry, Settings], connect: Open) -> None:
    registry, settings = certified
    registry.fault("GET", "/tags/list", redirected("http://storage.example/tags"))
    with pytest.raises(RegistryFailure, match="not encrypted"):
        list(connect(registry.address, settings=settings).tags())


def test_a_registry_that_forgets_that_it_is_encrypted_is_understood(
    certified: tuple[HostileRegistry, Settings], connect: Open
) -> None:
    """One behind a proxy that ends TLS gives out locations with http."""
    registry, settings = certified
    registry.upload_location = f"http://{registry.address}/v2/acme/web/blobs/uploads/7?_state=x"
    manifest = publish(connect(registry.address, settings=settings), "v1")
    assert manifest.layers[0].digest in registry.data


def test_plain_http_is_for_what_is_declared_and_for_this_machine() -> None:
    settings = Settings(insecure=frozenset({"registry.example:5000"}), secure=frozenset({"localhost:5001"}))
    plain = {host: settings.is_plain(host) for host in ("registry.example:5000", "registry.example", "localhost", "localhost:5001")}
    assert plain == {"registry.example:5000": True, "registry.example": False, "localhost": True, "localhost:5001": False}
    assert settings.is_plain("[::1]:5000")
    assert settings.is_plain("[::1]")
    assert not settings.is_plain("[2001:db8::1]:5000")
    assert settings.base("docker.io") == "https://registry-1.docker.io"
    assert settings.base("registry.example:5000") == "http://registry.example:5000"


def test_an_answer_from_a_plain_server_names_the_mistake(hostile: HostileRegistry, connect: Open) -> None:
    hostile.fault("*", "/", answered(400))
    with pytest.raises(NetworkFailure) as caught:
        connect(hostile.address, settings=FAST._replace(secure=frozenset({hostile.address}))).resolve("v1")
    assert "--insecure" in caught.value.hint
