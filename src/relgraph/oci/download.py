"""Blobs on their way here: resumed where the connection broke, given up where the server only pretends to send."""

from collections.abc import Callable

from relgraph.effects import clock
from relgraph.effects.network import Answer, NetworkFailure, Trouble
from relgraph.oci.content import CHUNK
from relgraph.oci.descriptor import Descriptor
from relgraph.oci.errors import ContentMismatch, RegistryFailure
from relgraph.oci.progress import Transfer
from relgraph.oci.session import Session

__all__ = ["BlobReader"]

# A server that breaks off again and again is given up, unless it has sent this much since the last time.
_ENOUGH = 1 << 20


class BlobReader:
    """A reader of a blob's bytes from ``offset`` on; they are not verified here.

    ``get`` requests the bytes from an offset on. When the transfer breaks, the rest is requested (``Range``); a registry that
    does not do ranges sends all of it again, and what was read already is dropped. Raises
    :class:`~relgraph.oci.errors.ContentMismatch` as soon as the registry announces another size.
    """

    def __init__(self, session: Session, descriptor: Descriptor, get: Callable[[int], Answer], offset: int = 0) -> None:
        self._session = session
        self._descriptor = descriptor
        self._get = get
        self._offset = offset
        self._failures = 0
        self._safe = offset
        self._closed = False
        self._transfer = Transfer("pull", descriptor, session.registry)
        session.reporter.begin(self._transfer)
        if offset:
            session.reporter.advance(self._transfer, offset)
        self._answer: Answer | None = self._request()
        self._mark = (clock.monotonic(), self._offset)

    def read(self, size: int = -1, /) -> bytes:
        """Up to ``size`` bytes, as they come; raises NetworkFailure or RegistryFailure when the rest cannot be had."""
        if size < 0:
            return b"".join(iter(lambda: self.read(CHUNK), b""))
        while True:
            try:
                answer = self._answer if self._answer is not None else self._again()
                data = answer.read(size)
                self._judge_speed(len(data))
            except NetworkFailure as failure:
                self._let_go()
                self._count(failure)
                continue
            self._offset += len(data)
            if data:
                self._session.reporter.advance(self._transfer, len(data))
            return data

    def close(self) -> None:
        """Give the connection up where something is left to read."""
        if not self._closed:
            self._closed = True
            self._let_go()
            whole = self._offset == self._descriptor.size
            self._session.reporter.end(self._transfer, "done" if whole else "failed")

    def _count(self, failure: NetworkFailure) -> None:
        if self._offset - self._safe >= _ENOUGH:
            self._failures = 0
        self._safe = self._offset
        self._failures += 1
        retries = self._session.retries
        if not failure.passing or self._failures >= retries.patience.attempts:
            raise failure
        retries.pause(self._failures, failure)

    def _again(self) -> Answer:
        self._answer = self._request()
        self._mark = (clock.monotonic(), self._offset)
        return self._answer

    def _request(self) -> Answer:
        answer = self._get(self._offset)
        try:
            self._check(answer)
        except BaseException:
            answer.close()
            raise
        return answer

    def _check(self, answer: Answer) -> None:
        where, size = self._session.registry, self._descriptor.size
        if answer.headers.get("Content-Encoding", "identity").lower() not in ("", "identity"):
            # The digest is one of the bytes that were stored; unpacking here would only let a small answer become a large one.
            raise RegistryFailure(f"{where}: {self._descriptor.digest}: sent in an encoding that was not asked for")
        length = answer.headers.get("Content-Length", "")
        expected = size - self._offset if answer.status == 206 else size
        if length.isascii() and length.isdigit() and int(length) != expected:
            raise ContentMismatch(
                f"{where}: {self._descriptor.digest}: {length} bytes are announced, not {expected}",
                expected=str(expected),
                actual=length,
            )
        if answer.status == 206:
            begins = answer.headers.get("Content-Range", "").strip().lower()
            if not begins.startswith(f"bytes {self._offset}-"):
                raise RegistryFailure(f"{where}: {self._descriptor.digest}: another range was sent than was asked for")
            return
        self._skip(answer, self._offset)

    def _skip(self, answer: Answer, size: int) -> None:
        while size > 0:
            data = answer.read(min(size, CHUNK))
            if not data:
                raise RegistryFailure(f"{self._session.registry}: {self._descriptor.digest}: it became shorter")
            size -= len(data)

    def _judge_speed(self, size: int) -> None:
        # Limits on single receives do not help against a byte now and then.
        settings = self._session.settings
        since, offset = self._mark
        passed = clock.monotonic() - since
        if passed < settings.window:
            return
        if self._offset + size - offset < settings.slowest * passed:
            rate = (self._offset + size - offset) / passed
            raise NetworkFailure(
                f"{self._session.registry}: {self._descriptor.digest}: given up at {rate:.0f} bytes a second",
                trouble=Trouble.TIMEOUT,
            )
        self._mark = (clock.monotonic(), self._offset + size)

    def _let_go(self) -> None:
        if self._answer is not None:
            self._answer.close()
            self._answer = None
