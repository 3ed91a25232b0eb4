"""Objects by the thousand, through ``git cat-file --batch``.

One child is started when the first object is asked for and stays; requests are written ahead of the answers, so that git
inflates one object while the last one is being looked at. How far ahead is bounded: never more bytes are under way than a
pipe is sure to hold, so a write never waits, and there is neither a thread nor a deadlock.

What was read is kept up to a bound, because the same files are asked for again and again: by extractors, by rules, by pipelines.

Git ends the whole process over an object that it finds damaged. The reader then counts that one object as unreadable and
goes on with a new child.
"""

import os
from collections import deque
from collections.abc import Iterable, Iterator
from threading import Lock
from typing import NamedTuple

from relgraph.effects.process import Child, ChildEnded
from relgraph.git.command import BIG, Git

__all__ = ["GitObject", "ObjectReader"]

_LONGEST = 1024  # bytes of one request
_WINDOW = 4096 - _LONGEST  # bytes of requests under way, before the last; the smallest pipe in use holds 4096
_KEPT = 8 << 20  # bytes of content that are kept, of objects of at most:
_SMALL = 1 << 17
_PROBE = b"0000000000000000000000000000000000000000\n"


class GitObject(NamedTuple):
    """One object: its full id, its kind (``blob``, ``tree``, ``commit``, ``tag``), its size in bytes and its content, which is
    None where the size is above the limit."""

    oid: str
    kind: str
    size: int
    data: bytes | None


class ObjectReader:
    """Reads the objects of one repository. Close it, or leave it to the garbage collector.

    Readers may be nested and used from several threads: every reading has a child of its own while it lasts, and an idle
    child is used again. In a forked process a reader starts children of its own.
    """

    def __init__(self, git: Git, *, limit: int = BIG) -> None:
        self._git = git
        self._limit = limit
        self._idle: list[Child] = []
        self._lock = Lock()
        self._process = os.getpid()
        self._others: list[Child] = []
        self._kept: dict[str, GitObject] = {}
        self._room = _KEPT

    def read(self, name: str) -> GitObject | None:
        """The object of an id or of any name that git resolves; None where it is missing, ambiguous or damaged."""
        (answer,) = self.read_many((name,))
        return answer

    def read_many(self, names: Iterable[str]) -> Iterator[GitObject | None]:
        """One answer a name, in their order; as :meth:`read`."""
        requests = map(self._request, names)
        waiting: deque[tuple[bytes, GitObject | None]] = deque()
        under_way = 0
        child: Child | None = None
        try:
            while True:
                if under_way <= _WINDOW // 2:  # half empty: many requests with one write
                    parcel = b""
                    for ahead in requests:
                        waiting.append(ahead)
                        parcel += ahead[0]
                        if under_way + len(parcel) >= _WINDOW:
                            break
                    if parcel:
                        child = child or self._borrow()
                        child.write(parcel)
                        under_way += len(parcel)
                if not waiting:
                    break
                request, answer = waiting.popleft()
                if child is not None and request:
                    under_way -= len(request)
                    try:
                        answer = self._keep(_answer(child, self._limit))
                    except ChildEnded:
                        child.close()
                        child = self._fresh()
                        child.write(b"".join(asked for asked, _ in waiting))
                yield answer
        except BaseException:
            # Answers to questions that nobody waits for any more are in its pipe.
            if child is not None:
                child.kill()
            raise
        if child is not None:
            with self._lock:
                self._idle.append(child)

    def sizes(self, oids: Iterable[str]) -> list[int | None]:
        """The size of each object in bytes, without reading it; None where it is missing."""
        asked = [*oids]
        if not asked:
            return []
        lines = self._git.run("cat-file", "--batch-check=%(objectsize)", data="".join(f"{oid}\n" for oid in asked).encode()).split(
            b"\n"
        )
        return [int(line) if line.isdigit() else None for line in lines[: len(asked)]]

    def close(self) -> None:
        """End the children. The reader may be used again."""
        with self._lock:
            idle, self._idle = self._idle, []
        for child in idle:
            child.close()

    def _borrow(self) -> Child:
        with self._lock:
            if self._process != os.getpid():
                # Answers to this process's questions would go to the one that it was forked from. It is that one's to end them.
                self._process = os.getpid()
                self._others += self._idle
                self._idle = []
            if self._idle:
                return self._idle.pop()
        return self._git.spawn("cat-file", "--batch")

    def _request(self, name: str) -> tuple[bytes, GitObject | None]:
        """What to ask git for, or what is known already."""
        kept = self._kept.get(name)
        return (_request(name), None) if kept is None else (b"", kept)

    def _keep(self, answer: GitObject | None) -> GitObject | None:
        if (
            answer is not None
            and answer.data is not None
            and answer.size <= min(_SMALL, self._room)
            and answer.oid not in self._kept
        ):
            self._room -= answer.size
            self._kept[answer.oid] = answer
        return answer

    def _fresh(self) -> Child:
        # After a death: a child that cannot answer at all is a failure of the whole, not one damaged object more.
        child = self._git.spawn("cat-file", "--batch")
        child.write(_PROBE)
        try:
            child.line()
        except ChildEnded:
            child.kill()
            self._git.run("cat-file", "--batch-check", data=_PROBE)
            raise
        return child


def _answer(child: Child, limit: int) -> GitObject | None:
    head = child.line().split(b" ")
    if len(head) != 3 or not head[2].isdigit():
        return None  # "NAME missing", "NAME ambiguous"
    size = int(head[2])
    data: bytes | None = None
    if size > limit:
        child.skip(size + 1)
    else:
        data = child.read(size + 1)[:-1]
    return GitObject(head[0].decode(), head[1].decode(), size, data)


def _request(name: str) -> bytes:
    # A name with a newline would be two requests; an empty or endless one is no object's. They are not asked for.
    request = name.encode("utf-8", "surrogateescape") + b"\n"
    return request if 1 < len(request) <= _LONGEST and request.count(b"\n") == 1 else b""
