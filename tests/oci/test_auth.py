"""Who gets credentials, and who does not."""

import base64
import json
import socket
from collections.abc import Iterator

import pytest

from artifacts import FAST, Open, Recorder, publish
from hostile_registry import Exchange, HostileRegistry, answered, challenged, dripping, redirected
from relgraph.effects import addresses, clock
from relgraph.effects.addresses import Reach
from relgraph.effects.connection import NetworkFailure
from relgraph.oci.content import BytesSource
from relgraph.oci.credentials import Credential, FixedCredentials
from relgraph.oci.descriptor import Descriptor
from relgraph.oci.errors import RegistryFailure, Unauthorized
from relgraph.oci.remote import RemoteRepository

SECRET = "s3cr3t"
BASIC = "Basic " + base64.b64encode(f"me:{SECRET}".encode()).decode()
BLOB = b"content"
ME = Credential("me", SECRET)


def credentials(registry: HostileRegistry, credential: Credential = ME) -> FixedCredentials:
    return FixedCredentials({registry.address: credential})


@pytest.fixture
def other() -> Iterator[HostileRegistry]:
    """Another host."""
    with HostileRegistry() as registry:
        yield registry


@pytest.fixture
def mine(hostile: HostileRegistry, connect: Open) -> RemoteRepository:
    """A repository of a registry for which there are credentials."""
    return connect(hostile.address, credentials=credentials(hostile))


def fetch(repository: RemoteRepository, data: bytes = BLOB) -> bytes:
    with repository.fetch(Descriptor.of("a/b", data)) as reader:
        return reader.read()


def told(registry: HostileRegistry) -> str:
    """All that a registry was sent."""
    return json.dumps([(seen.target, seen.headers) for seen in registry.seen])


def test_a_token_is_fetched_with_the_password_and_used_without(hostile: HostileRegistry, mine: RemoteRepository) -> None:
    hostile.token = "t0ken"
    hostile.add_blob("acme/web", BLOB)
    assert fetch(mine) == BLOB
    assert fetch(mine) == BLOB
    assert len(hostile.issued) == 1
    assert hostile.issued[0].headers["authorization"] == BASIC
    assert hostile.issued[0].query == {"service": ["test"], "scope": ["repository:acme/web:pull", "repository:x:pull"]}
    sent = [seen.headers.get("authorization") for seen in hostile.seen if seen.path != "/token"]
    assert sent == [None, "Bearer t0ken", "Bearer t0ken"]


def test_pushing_asks_for_the_right_to_push(hostile: HostileRegistry, mine: RemoteRepository) -> None:
    hostile.token = "t0ken"
    publish(mine, "v1")
    assert hostile.issued[0].query["scope"][0] == "repository:acme/web:pull,push"


def test_a_registry_without_tokens_gets_the_password(hostile: HostileRegistry, mine: RemoteRepository) -> None:
    hostile.basic = f"me:{SECRET}"
    hostile.add_blob("acme/web", BLOB)
    assert fetch(mine) == BLOB
    assert fetch(mine) == BLOB
    assert [seen.headers.get("authorization") for seen in hostile.seen] == [None, BASIC, BASIC]


def test_a_registry_that_asks_for_nothing_gets_nothing(hostile: HostileRegistry, mine: RemoteRepository) -> None:
    hostile.add_blob("acme/web", BLOB)
    assert fetch(mine) == BLOB
    assert "authorization" not in told(hostile)


def test_without_credentials_a_token_is_asked_for_all_the_same(hostile: HostileRegistry, remote: RemoteRepository) -> None:
    hostile.token = "t0ken"
    hostile.add_blob("acme/web", BLOB)
    assert fetch(remote) == BLOB
    assert "authorization" not in hostile.issued[0].headers


def test_an_identity_token_is_exchanged_in_a_form(hostile: HostileRegistry, connect: Open) -> None:
    bodies: list[bytes] = []

    def issue(exchange: Exchange) -> None:
        bodies.append(exchange.body())
        exchange.send(200, b'{"access_token": "t0ken"}')

    hostile.token = "t0ken"
    hostile.fault("POST", "/token", issue)
    hostile.add_blob("acme/web", BLOB)
    assert fetch(connect(hostile.address, credentials=credentials(hostile, Credential(identity=SECRET)))) == BLOB
    assert b"grant_type=refresh_token" in bodies[0]
    assert f"refresh_token={SECRET}".encode() in bodies[0]
    assert SECRET not in told(hostile)


def test_a_ready_token_is_used_as_it_is(hostile: HostileRegistry, connect: Open) -> None:
    hostile.token = "t0ken"
    hostile.add_blob("acme/web", BLOB)
    assert fetch(connect(hostile.address, credentials=credentials(hostile, Credential(bearer="t0ken")))) == BLOB
    assert hostile.issued == []


def test_an_expired_token_is_replaced(hostile: HostileRegistry, mine: RemoteRepository, monkeypatch: pytest.MonkeyPatch) -> None:
    hostile.token = "one"
    hostile.add_blob("acme/web", BLOB)
    assert fetch(mine) == BLOB
    hostile.token = "two"  # the registry says so with a 401
    assert fetch(mine) == BLOB
    later = clock.monotonic() + 1000
    monkeypatch.setattr(clock, "monotonic", lambda: later)  # or the time is over
    assert fetch(mine) == BLOB
    assert len(hostile.issued) == 3


def test_a_token_that_does_not_help_ends_it(hostile: HostileRegistry, mine: RemoteRepository) -> None:
    hostile.token = "right"
    hostile.fault("GET", "/token", answered(200, b'{"token": "wrong"}'))
    hostile.add_blob("acme/web", BLOB)
    with pytest.raises(Unauthorized, match="wants other credentials"):
        fetch(mine)
    assert len(hostile.seen) <= 5


@pytest.mark.parametrize(
    ("status", "body", "error", "words"),
    [
        (401, b"", Unauthorized, "docker login"),
        (403, b"", Unauthorized, "docker login"),
        (404, b"", Unauthorized, "refused"),
        (302, b"", RegistryFailure, "redirect"),
        (200, b"", RegistryFailure, "something else"),
        (200, b"[]", RegistryFailure, "without a token"),
        (200, b'{"token": 1}', RegistryFailure, "without a token"),
        (200, b'{"token": "a\\r\\nX-Evil: b"}', RegistryFailure, "without a token"),
        (200, b'{"token": "' + b"x" * (2 << 20) + b'"}', RegistryFailure, "something else"),
    ],
)
def test_a_token_service_that_gives_no_token_is_named(
    hostile: HostileRegistry, mine: RemoteRepository, status: int, body: bytes, error: type[RegistryFailure], words: str
) -> None:
    hostile.token = "t0ken"
    hostile.fault("GET", "/token", answered(status, body, {"Location": f"{hostile.url}/elsewhere"}))
    with pytest.raises(error) as caught:
        fetch(mine)
    assert words in f"{caught.value} {caught.value.hint}"
    assert hostile.address in str(caught.value)
    assert hostile.counted("GET", "/elsewhere") == 0
    assert SECRET not in f"{caught.value} {caught.value.hint}"


def test_a_busy_token_service_is_asked_again(hostile: HostileRegistry, mine: RemoteRepository, reporter: Recorder) -> None:
    hostile.token = "t0ken"
    hostile.add_blob("acme/web", BLOB)
    hostile.fault("GET", "/token", answered(503), times=1)
    assert fetch(mine) == BLOB
    assert len(reporter.retries) == 1


def test_a_token_service_that_drips_is_given_up(hostile: HostileRegistry, connect: Open) -> None:
    hostile.token = "t0ken"
    hostile.fault("GET", "/token", dripping(0.02))
    settings = FAST._replace(document=0.2, patience=FAST.patience._replace(attempts=1))
    with pytest.raises(NetworkFailure):
        fetch(connect(hostile.address, settings=settings))


def test_a_foreign_realm_does_not_get_the_password(
    hostile: HostileRegistry, other: HostileRegistry, mine: RemoteRepository
) -> None:
    hostile.token = "t0ken"
    hostile.realm = f"{other.url}/token"
    with pytest.raises(Unauthorized) as caught:
        fetch(mine)
    assert other.address in str(caught.value)
    assert f"--trust {hostile.address}={other.address}" in caught.value.hint
    assert other.seen == []


def test_a_foreign_realm_that_is_declared_gets_it(hostile: HostileRegistry, other: HostileRegistry, connect: Open) -> None:
    hostile.token = other.token = "t0ken"
    hostile.realm = f"{other.url}/token"
    hostile.add_blob("acme/web", BLOB)
    settings = FAST._replace(trusted={hostile.address: (other.address,)})
    assert fetch(connect(hostile.address, settings=settings, credentials=credentials(hostile))) == BLOB
    assert other.issued[0].headers["authorization"] == BASIC


def test_a_foreign_realm_may_give_a_token_to_anyone(
    hostile: HostileRegistry, other: HostileRegistry, remote: RemoteRepository
) -> None:
    hostile.token = other.token = "t0ken"
    hostile.realm = f"{other.url}/token"
    hostile.add_blob("acme/web", BLOB)
    assert fetch(remote) == BLOB
    assert "authorization" not in told(other)


@pytest.mark.parametrize(
    ("realm", "words"),
    [
        ("http://auth.example/token", "not encrypted"),
        ("ftp://auth.example/token", "no web address"),
        ("file:///etc/passwd", "no web address"),
        ("//auth.example/token", "no web address"),
        ("", "no web address"),
        ("https://user:pw@auth.example/token", "user's name"),
        ("https://auth.example:99999/token", "no address"),
        ("https://auth.example/a b", "characters"),
    ],
)
def test_a_realm_that_is_no_safe_address_is_refused(
    hostile: HostileRegistry, mine: RemoteRepository, realm: str, words: str
) -> None:
    hostile.fault("GET", "/blobs/", challenged(realm))
    with pytest.raises(Unauthorized, match=words) as caught:
        fetch(mine)
    assert "pw" not in str(caught.value)


def test_a_redirect_to_another_host_loses_the_credentials(
    hostile: HostileRegistry, other: HostileRegistry, mine: RemoteRepository, reporter: Recorder
) -> None:
    hostile.basic = f"me:{SECRET}"
    digest = other.add_blob("storage", BLOB)
    hostile.fault("GET", "/acme/web/blobs/", answered(401, b"", {"WWW-Authenticate": "Basic"}), times=1)
    hostile.fault("GET", "/acme/web/blobs/", redirected(f"{other.url}/v2/storage/blobs/{digest}?signature=hidden"))
    assert fetch(mine) == BLOB
    assert hostile.seen[-1].headers["authorization"] == BASIC
    assert "authorization" not in told(other)
    assert other.seen[0].query == {"signature": ["hidden"]}
    assert "hidden" not in str(reporter.exchanges)


def test_a_redirect_to_a_host_that_is_declared_keeps_them(hostile: HostileRegistry, other: HostileRegistry, connect: Open) -> None:
    digest = other.add_blob("storage", BLOB)
    hostile.fault("GET", "/acme/web/blobs/", answered(401, b"", {"WWW-Authenticate": "Basic"}), times=1)
    hostile.fault("GET", "/acme/web/blobs/", redirected(f"{other.url}/v2/storage/blobs/{digest}"))
    settings = FAST._replace(trusted={hostile.address: (other.address,)})
    assert fetch(connect(hostile.address, settings=settings, credentials=credentials(hostile))) == BLOB
    assert other.seen[0].headers["authorization"] == BASIC


def test_a_redirect_on_the_same_host_keeps_them(hostile: HostileRegistry, mine: RemoteRepository) -> None:
    hostile.basic = f"me:{SECRET}"
    digest = hostile.add_blob("storage", BLOB)
    hostile.fault("GET", "/acme/web/blobs/", answered(401, b"", {"WWW-Authenticate": "Basic"}), times=1)
    hostile.fault("GET", "/acme/web/blobs/", redirected(f"/v2/storage/blobs/{digest}"))
    assert fetch(mine) == BLOB
    assert hostile.seen[-1].headers["authorization"] == BASIC


def test_a_foreign_upload_location_gets_the_bytes_and_no_credentials(
    hostile: HostileRegistry, other: HostileRegistry, mine: RemoteRepository
) -> None:
    hostile.basic = f"me:{SECRET}"
    hostile.upload_location = f"{other.url}/v2/acme/web/blobs/uploads/1?_state=x"
    mine.push(Descriptor.of("a/b", BLOB), BytesSource(BLOB))
    assert BLOB in other.data.values()
    assert hostile.seen[-1].headers["authorization"] == BASIC
    assert "authorization" not in told(other)
    assert other.seen[-1].query["_state"] == ["x"]


@pytest.mark.parametrize("location", ["http://storage.example/x", "ftp://h/x", "https://u:p@h/x", ""])
def test_an_unsafe_upload_location_is_refused(hostile: HostileRegistry, mine: RemoteRepository, location: str) -> None:
    hostile.fault("POST", "/uploads/", answered(202, b"", {"Location": location}))
    with pytest.raises(RegistryFailure, match=r"it sends to|where to go on"):
        mine.push(Descriptor.of("a/b", BLOB), BytesSource(BLOB))


@pytest.fixture
def far(hostile: HostileRegistry, monkeypatch: pytest.MonkeyPatch) -> str:
    """The registry under a name that resolves into the open internet, as far as judging goes; 127.0.0.2 stays this machine."""
    real = addresses.reach_of
    monkeypatch.setattr(addresses, "reach_of", lambda address: Reach.PUBLIC if address == "127.0.0.1" else real(address))
    monkeypatch.setattr(addresses, "resolve", lambda host, port: [(socket.AF_INET, (_ADDRESSES.get(host, host.strip("[]")), port))])
    return f"registry.example:{hostile.port}"


_ADDRESSES = {"registry.example": "127.0.0.1", "rebound.example": "127.0.0.2", "metadata.example": "169.254.169.254"}


@pytest.mark.parametrize(
    "host", ["http://127.0.0.2", "https://rebound.example", "https://metadata.example", "https://169.254.169.254", "https://[::1]"]
)
@pytest.mark.parametrize("way", ["redirect", "realm", "upload"])
def test_a_far_registry_cannot_send_us_near(hostile: HostileRegistry, connect: Open, far: str, host: str, way: str) -> None:
    with HostileRegistry(host="127.0.0.2") as near:
        url = f"{host}:{near.port}/v2/acme/web/blobs/uploads/1"
        if way == "redirect":
            hostile.fault("GET", "/blobs/", redirected(url))
        elif way == "realm":
            hostile.fault("*", "/blobs/", challenged(url))
        else:
            hostile.upload_location = url
        repository = connect(far, settings=FAST._replace(insecure=frozenset({far})))
        action = (
            (lambda: repository.push(Descriptor.of("a/b", BLOB), BytesSource(BLOB)))
            if way == "upload"
            else lambda: fetch(repository)
        )
        with pytest.raises(NetworkFailure, match="not connected to"):
            action()
        assert near.seen == []


def test_a_mount_asks_for_the_right_to_read_there(hostile: HostileRegistry, connect: Open) -> None:
    hostile.token = "t0ken"
    hostile.add_blob("acme/base", BLOB)
    repository = connect(hostile.address, credentials=credentials(hostile))
    repository.mount_from = "acme/base"
    repository.push(Descriptor.of("a/b", BLOB), BytesSource(BLOB))
    assert "repository:acme/base:pull" in hostile.issued[0].query["scope"]
    assert hostile.counted("PUT") == 0


def test_a_service_that_refuses_a_scope_as_a_whole_is_asked_for_less(hostile: HostileRegistry, mine: RemoteRepository) -> None:
    hostile.token = "t0ken"
    hostile.add_blob("acme/web", BLOB)
    hostile.fault("GET", "/token", answered(403), times=1)
    assert fetch(mine) == BLOB
    assert [seen.query["scope"] for seen in hostile.issued] == [
        ["repository:acme/web:pull", "repository:x:pull"],
        ["repository:x:pull"],
    ]


def test_nothing_secret_is_reported(
    hostile: HostileRegistry, other: HostileRegistry, mine: RemoteRepository, reporter: Recorder
) -> None:
    hostile.token = "t0ken"
    digest = other.add_blob("storage", BLOB)
    hostile.fault("GET", "/v2/acme/web/blobs/", challenged(f"{hostile.url}/token"), times=1)
    hostile.fault("GET", "/v2/acme/web/blobs/", redirected(f"{other.url}/v2/storage/blobs/{digest}?X-Amz-Signature=sig"))
    assert fetch(mine) == BLOB
    said = str((reporter.exchanges, reporter.retries, reporter.warnings))
    assert not any(secret in said for secret in (SECRET, "t0ken", BASIC, "sig", "Authorization"))
