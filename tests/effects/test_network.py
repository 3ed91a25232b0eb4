"""The client against a server that is written byte by byte."""

import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest

from relgraph.effects import addresses
from relgraph.effects.addresses import Reach
from relgraph.effects.connection import Limits, NetworkFailure, Trouble
from relgraph.effects.network import Network

LIMITS = Limits(connect=2.0, stall=0.2, answer=0.4)
OK = b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\nX-Name: value\r\n\r\nhello"

Script = Callable[[socket.socket], None]


class Wire:
    """A server that gives every connection to the next script and remembers what came."""

    def __init__(self, scripts: list[Script]) -> None:
        self.heads: list[bytes] = []
        self.connections = 0
        self._scripts = scripts
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = self._listener.getsockname()[1]
        self.url = f"http://127.0.0.1:{self.port}/path?a=b"
        self.ended = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def _run(self) -> None:
        for script in self._scripts:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            self.connections += 1
            with connection:
                connection.settimeout(5)
                try:
                    script(connection)
                except OSError:
                    pass

    def head(self, connection: socket.socket) -> bytes:
        data = b""
        while b"\r\n\r\n" not in data:
            part = connection.recv(65536)
            if not part:
                break
            data += part
        self.heads.append(data)
        return data

    def close(self) -> None:
        self.ended.set()
        self._listener.close()
        self._thread.join(5)


@contextmanager
def wired(*replies: bytes | Script) -> Iterator[Wire]:
    """A server whose connections answer with these bytes, one request each, or follow a script."""
    holder: list[Wire] = []

    def replying(reply: bytes) -> Script:
        def script(connection: socket.socket) -> None:
            holder[0].head(connection)
            connection.sendall(reply)

        return script

    wire = Wire([replying(reply) if isinstance(reply, bytes) else reply for reply in replies])
    holder.append(wire)
    try:
        yield wire
    finally:
        wire.close()


Networks = Callable[..., Network]


@pytest.fixture
def networks() -> Iterator[Networks]:
    """Makes networks, which are closed at the end."""
    made: list[Network] = []

    def make(**variables: str) -> Network:
        made.append(Network(LIMITS, variables=variables))
        return made[-1]

    yield make
    for network in made:
        network.close()


def trouble_of(network: Network, url: str, **options: float) -> Trouble:
    with pytest.raises(NetworkFailure) as caught:
        network.send("GET", url, {}, **options).read()  # type: ignore[arg-type]  # only total is given
    return caught.value.trouble


def test_a_request_is_what_was_asked_for(networks: Networks) -> None:
    with wired(OK) as wire:
        answer = networks().send("GET", wire.url, {"X-A": "b"})
        assert (answer.status, answer.headers["x-name"], answer.read()) == (200, "value", b"hello")
    head = wire.heads[0]
    assert head.startswith(b"GET /path?a=b HTTP/1.1\r\n")
    assert f"Host: 127.0.0.1:{wire.port}\r\n".encode() in head
    assert b"X-A: b\r\n" in head
    assert b"Accept-Encoding" not in head


def test_connections_are_used_again(networks: Networks) -> None:
    def twice(connection: socket.socket) -> None:
        for _ in range(2):
            wire.head(connection)
            connection.sendall(OK)
        wire.head(connection)
        connection.sendall(b"HTTP/1.1 204 No Content\r\n\r\n")
        wire.ended.wait(2)

    with wired(twice) as wire:
        network = networks()
        assert network.send("GET", wire.url, {}).read() == b"hello"
        with network.send("HEAD", wire.url, {}) as answer:
            assert answer.read(10) == b""
        with network.send("HEAD", wire.url, {}) as answer:
            assert answer.status == 204
    assert wire.connections == 1


def test_a_connection_whose_body_was_not_read_is_not_used_again(networks: Networks) -> None:
    with wired(OK, OK) as wire:
        network = networks()
        network.send("GET", wire.url, {}).close()
        assert network.send("GET", wire.url, {}).read() == b"hello"
    assert wire.connections == 2


def test_an_idle_connection_that_the_server_closed_costs_nothing(networks: Networks) -> None:
    with wired(OK, OK) as wire:
        network = networks()
        for _ in range(2):
            assert network.send("GET", wire.url, {}).read() == b"hello"
    assert wire.connections == 2


def test_bodies_stream_with_their_length_announced(networks: Networks) -> None:
    received: list[bytes] = []

    def script(connection: socket.socket) -> None:
        data = wire.head(connection)
        body = data.partition(b"\r\n\r\n")[2]
        while len(body) < 6:
            body += connection.recv(100)
        received.append(body)
        connection.sendall(OK)

    with wired(script) as wire:
        answer = networks().send("PUT", wire.url, {"Content-Length": "6"}, iter([b"abc", b"def"]))
        assert answer.read() == b"hello"
    assert received == [b"abcdef"]
    assert b"Transfer-Encoding" not in wire.heads[0]


def test_an_answer_before_the_end_of_the_body_is_an_answer(networks: Networks) -> None:
    def script(connection: socket.socket) -> None:
        wire.head(connection)
        connection.sendall(b"HTTP/1.1 413 Too Large\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
        connection.shutdown(socket.SHUT_WR)
        while connection.recv(1 << 16):
            pass

    with wired(script) as wire:
        body = (bytes(1 << 16) for _ in range(64))
        assert networks().send("PUT", wire.url, {"Content-Length": str(64 << 16)}, body).status == 413


@pytest.mark.parametrize(
    ("reply", "trouble"),
    [
        (b"", Trouble.DROPPED),
        (b"nonsense\r\n\r\n", Trouble.PROTOCOL),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhello", Trouble.DROPPED),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhel", Trouble.DROPPED),
        (b"HTTP/1.1 200 OK\r\n" + b"".join(b"X-%d: y\r\n" % n for n in range(200)) + b"\r\n", Trouble.DROPPED),
        (b"HTTP/1.1 200 OK\r\nX: " + b"y" * 100_000 + b"\r\n\r\n", Trouble.PROTOCOL),
    ],
    ids=["nothing", "nonsense", "short", "short chunk", "many headers", "long header"],
)
def test_an_answer_that_is_none_is_a_failure(reply: bytes, trouble: Trouble, networks: Networks) -> None:
    with wired(reply) as wire:
        assert trouble_of(networks(), wire.url) is trouble


def test_nobody_is_waited_for_without_a_limit(networks: Networks) -> None:
    def silent(connection: socket.socket) -> None:
        wire.head(connection)
        wire.ended.wait(5)

    with wired(silent) as wire:
        assert trouble_of(networks(), wire.url) is Trouble.TIMEOUT


def test_a_head_that_drips_is_given_up(networks: Networks) -> None:
    def dripping(connection: socket.socket) -> None:
        wire.head(connection)
        connection.sendall(b"HTTP/1.1 200 OK\r\nX: ")
        while not wire.ended.wait(0.02):
            connection.sendall(b"x")

    with wired(dripping) as wire:
        assert trouble_of(networks(), wire.url) is Trouble.TIMEOUT


@pytest.mark.parametrize("late", [False, True])
def test_a_body_that_drips_is_given_up_where_the_whole_is_bounded(late: bool, networks: Networks) -> None:
    def dripping(connection: socket.socket) -> None:
        wire.head(connection)
        connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n")
        while not wire.ended.wait(0.02):
            connection.sendall(b"x")

    with wired(dripping) as wire:
        if late:
            answer = networks().send("GET", wire.url, {})
            answer.within(0.2)
            with pytest.raises(NetworkFailure):
                answer.read()
        else:
            assert trouble_of(networks(), wire.url, total=0.3) is Trouble.TIMEOUT


def test_refused_and_unknown_are_told_apart(networks: Networks) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    assert trouble_of(networks(), f"http://127.0.0.1:{port}/") is Trouble.REFUSED
    assert trouble_of(networks(), "http://nowhere.invalid/") is Trouble.UNKNOWN_HOST


def test_tls_to_a_server_without_it_is_named(networks: Networks) -> None:
    with wired(lambda connection: connection.sendall(b"HTTP/1.1 400 Bad Request\r\n\r\n")) as wire:
        assert trouble_of(networks(), wire.url.replace("http:", "https:")) is Trouble.TLS


@pytest.mark.parametrize("address", ["169.254.169.254", "[fd00:ec2::254]", "0.0.0.0"])
def test_metadata_addresses_are_not_connected_to(address: str, networks: Networks) -> None:
    assert trouble_of(networks(), f"http://{address}/") is Trouble.FORBIDDEN


def test_the_address_that_was_judged_is_the_one_connected_to(monkeypatch: pytest.MonkeyPatch, networks: Networks) -> None:
    with wired(OK, OK) as wire:
        asked: list[str] = []

        def resolve(host: str, port: int) -> list[tuple[int, tuple[str, int]]]:
            asked.append(host)
            return [(socket.AF_INET, ("127.0.0.1", port))]

        monkeypatch.setattr(addresses, "resolve", resolve)
        network = networks()
        url = f"http://registry.example:{wire.port}/"
        with pytest.raises(NetworkFailure) as caught:
            network.send("GET", url, {}, nearest=Reach.PRIVATE)
        assert caught.value.trouble is Trouble.FORBIDDEN
        assert network.reached("registry.example", wire.port) is Reach.PUBLIC
        assert network.send("GET", url, {}).read() == b"hello"
        assert network.reached("registry.example", wire.port) is Reach.LOOPBACK
    assert asked == ["registry.example"] * 2
    assert f"Host: registry.example:{wire.port}".encode() in wire.heads[0]


def test_a_proxy_gets_the_whole_address_and_its_password(networks: Networks) -> None:
    with wired(OK) as wire:
        network = networks(HTTP_PROXY=f"http://user:pa%20ss@127.0.0.1:{wire.port}")
        assert network.send("GET", "http://registry.example/v2/", {}).read() == b"hello"
    assert wire.heads[0].startswith(b"GET http://registry.example/v2/ HTTP/1.1\r\n")
    assert b"Proxy-Authorization: Basic dXNlcjpwYSBzcw==" in wire.heads[0]


def test_a_tunnel_is_asked_for_where_tls_follows(networks: Networks) -> None:
    with wired(b"HTTP/1.1 403 Forbidden\r\n\r\n") as wire:
        network = networks(https_proxy=f"127.0.0.1:{wire.port}")
        trouble_of(network, "https://registry.example/v2/")
    assert wire.heads[0].startswith(b"CONNECT registry.example:443 HTTP/1.")


@pytest.mark.parametrize("scheme", ["http", "https"])
def test_a_proxy_is_not_asked_for_metadata(networks: Networks, scheme: str) -> None:
    network = networks(HTTP_PROXY="http://127.0.0.1:9", HTTPS_PROXY="http://127.0.0.1:9")
    assert trouble_of(network, f"{scheme}://169.254.169.254/latest") is Trouble.FORBIDDEN
