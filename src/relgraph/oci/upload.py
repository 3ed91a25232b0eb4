"""Blobs on their way to a registry: mounted where they are next door, sent once otherwise, begun anew where that failed.

Distribution specification 1.1, "Pushing Blobs": a POST gives the place, one PUT with the length announced fills it. Both are
one unit: an upload that broke off gets a new place and the first byte again.
"""

import threading
from collections.abc import Callable, Generator, Iterable, Iterator
from contextlib import contextmanager
from typing import NamedTuple
from urllib.parse import urlencode, urlsplit

from relgraph.errors import EnvironmentFailure
from relgraph.oci.auth import Scope
from relgraph.oci.content import CHUNK, Reader, Source
from relgraph.oci.descriptor import Descriptor
from relgraph.oci.digest import Digest, is_digest
from relgraph.oci.errors import ContentMismatch, NotFound, RegistryFailure
from relgraph.oci.progress import Reporter, Transfer
from relgraph.oci.session import Body, Request, Session

__all__ = ["Destination", "Uploads"]

# Blobs up to this size are sent without asking for them first, once a few answers said that nothing is there: asking costs
# as much as half of sending.
_SMALL = 1 << 20
_ENOUGH_MISSES = 4


class Destination(NamedTuple):
    """A repository as uploads see it. ``url`` is where they begin; ``scope`` gives the access for them and for mounts."""

    name: str
    repository: str
    url: str
    scope: Callable[[tuple[str, ...]], Scope]
    has_blob: Callable[[Digest], bool]


class Uploads:
    """The uploads to one repository; safe for several threads."""

    def __init__(self, session: Session, destination: Destination) -> None:
        self._session = session
        self._to = destination
        self._lock = threading.Lock()
        self._hits = 0
        self._misses = 0

    def upload_missing(self, descriptor: Descriptor, source: Source, mount_from: str = "") -> str:
        """Let the repository have a blob: ``exists``, ``mounted`` (from another repository) or ``done`` (sent).

        Raises EnvironmentFailure where the source does not yield as many bytes as its descriptor promises.
        """
        transfer = Transfer("push", descriptor, self._to.name)
        reporter = self._session.reporter
        reporter.begin(transfer)
        outcome = "failed"
        try:
            outcome = self._upload_missing(transfer, source, mount_from)
        finally:
            reporter.end(transfer, outcome)
        return outcome

    def probe(self) -> None:
        """Begin an upload and call it off: whether the credentials at hand may push here. Raises what a push would."""
        what = f"upload to {self._to.repository}"
        request = Request("POST", self._to.url, self._to.scope(()), what, {"Content-Length": "0"}, accept=(202,))
        with self._session.send_once(request) as answer:
            location = self._session.locate(self._to.url, answer.headers.get("Location"), what)
        try:
            with self._session.send_once(Request("DELETE", location, self._to.scope(()), what, accept=(202, 204))):
                pass
        except EnvironmentFailure:
            pass  # an upload that nobody goes on with is forgotten by the registry some day

    def _upload_missing(self, transfer: Transfer, source: Source, mount_from: str) -> str:
        descriptor = transfer.descriptor
        places: list[str] = []
        if mount_from:
            location = self._begin(descriptor, mount_from)
            if location is None:
                return "mounted"
            places.append(location)
        if self._should_ask(descriptor) and self._is_there(descriptor.digest):
            return "exists"
        self._session.retries.run(lambda: self._upload_once(transfer, source, places))
        return "done"

    def _should_ask(self, descriptor: Descriptor) -> bool:
        return descriptor.size > _SMALL or self._misses < _ENOUGH_MISSES * (self._hits + 1)

    def _is_there(self, digest: Digest) -> bool:
        there = self._to.has_blob(digest)
        with self._lock:
            if there:
                self._hits += 1
            else:
                self._misses += 1
        return there

    def _begin(self, descriptor: Descriptor, mount_from: str = "") -> str | None:
        """Where to send the blob; None where it was mounted and nothing is to be sent."""
        url, mounts = self._to.url, (mount_from,) if mount_from else ()
        if mount_from:
            url += "?" + urlencode({"mount": descriptor.digest, "from": mount_from}, safe=":/")
        what = f"upload to {self._to.repository}"
        request = Request("POST", url, self._to.scope(mounts), what, {"Content-Length": "0"}, accept=(201, 202))
        with self._session.send(request) if mount_from else self._session.send_once(request) as answer:
            if answer.status == 201 and mount_from:
                return None
            return self._session.locate(url, answer.headers.get("Location"), what)

    def _upload_once(self, transfer: Transfer, source: Source, places: list[str]) -> None:
        descriptor = transfer.descriptor
        location = places.pop() if places else self._begin(descriptor)
        if location is None:
            raise RegistryFailure(f"{self._to.name}: it mounted what was to be sent")
        url = f"{location}{'&' if urlsplit(location).query else '?'}{urlencode({'digest': descriptor.digest}, safe=':')}"
        headers = {"Content-Type": "application/octet-stream", "Content-Length": str(descriptor.size)}
        what = f"upload of {descriptor.digest} to {self._to.repository}"
        told = _Told(self._session.reporter, transfer)
        body: Body = lambda: _streamed(told, source)  # noqa: E731 - a new stream for every attempt
        request = Request("PUT", url, self._to.scope(()), what, headers, body, (201, 204))
        try:
            with self._session.send_once(request) as answer:
                stored = answer.headers.get("Docker-Content-Digest", "")
        except NotFound as problem:  # the upload's place is gone: another will be given
            told.take_back()
            raise RegistryFailure(str(problem), status=404, passing=True) from None
        except RegistryFailure as problem:
            told.take_back()
            if problem.code == "DIGEST_INVALID":
                raise ContentMismatch(
                    f"{descriptor.digest}: what its source gave is something else, says {self._session.registry}",
                    expected=descriptor.digest,
                    actual="something else",
                ) from None
            raise
        except BaseException:
            told.take_back()
            raise
        if is_digest(stored) and stored != descriptor.digest:
            raise ContentMismatch(f"{self._to.name}: it stored {stored}", expected=descriptor.digest, actual=stored)


class _Told:
    """What the reporter was told of an attempt, to be taken back when that fails."""

    def __init__(self, reporter: Reporter, transfer: Transfer) -> None:
        self.transfer = transfer
        self._reporter = reporter
        self._size = 0

    def advance(self, size: int) -> None:
        self._size += size
        self._reporter.advance(self.transfer, size)

    def take_back(self) -> None:
        if self._size:
            self._reporter.advance(self.transfer, -self._size)
            self._size = 0


@contextmanager
def _streamed(told: _Told, source: Source) -> Generator[Iterable[bytes], None, None]:
    told.take_back()
    with source.open() as reader:
        yield _counted(told, reader)


def _counted(told: _Told, reader: Reader) -> Iterator[bytes]:
    digest, size = told.transfer.descriptor.digest, told.transfer.descriptor.size
    sent = 0
    while data := _read(reader, digest):
        sent += len(data)
        if sent > size:
            break
        yield data
        told.advance(len(data))
    if sent != size:
        raise EnvironmentFailure(
            f"{digest}: its source has {'more' if sent > size else sent} bytes, not {size}",
            hint="was the file changed while it was read?",
        )


def _read(reader: Reader, digest: Digest) -> bytes:
    try:
        return reader.read(CHUNK) or b""
    except OSError as problem:
        raise EnvironmentFailure(f"{digest}: its source cannot be read: {problem.strerror or problem}") from problem
