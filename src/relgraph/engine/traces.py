"""Traces: which key led to what, one row as each step ends, in sqlite.

Of every step the last result is kept apart, so that a run with nothing to do reads one table once. A row is on its way to the disk when
:meth:`Traces.record` returns: the end of this process, however it comes, loses none. A loss of power may lose the last ones, which then
are made again. A database that is damaged, or of another version, is begun anew.
"""

import marshal
import os
import sqlite3
import zlib
from _thread import RLock  # what threading would import costs a tenth of a run with nothing to do
from collections.abc import Callable, Iterable, Mapping
from typing import Any, NamedTuple

from relgraph.effects import clock
from relgraph.engine.keys import FORMAT, Key, Mark
from relgraph.errors import EnvironmentFailure
from relgraph.model.plan import Facts

__all__ = ["Output", "Trace", "Traces", "unpack"]

_VERSION = 100 + FORMAT
_PATIENCE = 10.0  # seconds
_LONG = 2048  # bytes from which on it is worth packing
_KEPT = 8  # results of one step that are remembered
_SCHEMA = f"""
CREATE TABLE last (step TEXT PRIMARY KEY, key BLOB NOT NULL, row BLOB NOT NULL, why BLOB NOT NULL) WITHOUT ROWID;
CREATE TABLE traces (key BLOB PRIMARY KEY, step TEXT NOT NULL, deep BLOB NOT NULL, at REAL NOT NULL, row BLOB NOT NULL) WITHOUT ROWID;
CREATE TABLE contents (digest BLOB PRIMARY KEY, used REAL NOT NULL, data BLOB NOT NULL);
CREATE INDEX by_step ON traces (step, at);
CREATE INDEX by_deep ON traces (deep);
PRAGMA user_version = {_VERSION};
"""

Output = tuple[str, Mark, bool]


class Trace(NamedTuple):
    """What a step made under a key.

    ``outputs`` are its files, each with its mark and whether the step made it where none was before (so that it is the step's to
    remove). ``deep`` is the step's deep key, ``seconds`` how long it took, ``at`` when it ended (seconds since the epoch).
    """

    key: Key
    deep: Key
    facts: Facts
    outputs: tuple[Output, ...]
    seconds: float
    at: float


class Traces:
    """The traces of one state folder, and small contents beside them. Safe for several processes and threads.

    ``warn`` is told, in a sentence, when traces were lost. With ``readonly`` nothing is made or repaired.
    """

    def __init__(self, path: str, *, warn: Callable[[str], None], readonly: bool = False) -> None:
        self._path = path
        self._warn = warn
        self._readonly = readonly
        self._lock = RLock()
        self._pending: dict[bytes, bytes] = {}
        self._base: sqlite3.Connection | None = None
        if readonly and not os.path.exists(path):
            return
        try:
            self._base = _patiently(path, readonly=readonly)
        except sqlite3.DatabaseError as problem:
            if isinstance(problem, sqlite3.OperationalError) and not _is_damage(problem):
                raise EnvironmentFailure(f"{path}: {problem}", hint="may the folder be written to?") from problem
            self._lost()

    def latest(self) -> dict[str, tuple[Key, bytes]]:
        """By step, the key and the packed row of its last result."""
        return {step: (key, row) for step, key, row in self._rows("SELECT step, key, row FROM last")}

    def find(self, key: Key) -> Trace | None:
        """What came of a key, if anything is remembered."""
        for found, row in self._rows("SELECT key, row FROM traces WHERE key = ?", key):
            return unpack(found, row)
        return None

    def find_deep(self, deep: Key) -> Trace | None:
        """What last came of a deep key."""
        for key, row in self._rows("SELECT key, row FROM traces WHERE deep = ? ORDER BY at DESC LIMIT 1", deep):
            return unpack(key, row)
        return None

    def components(self, step: str) -> dict[str, Any] | None:
        """What the key of a step's last result was made of, as :meth:`record` was given it."""
        for (why,) in self._rows("SELECT why FROM last WHERE step = ?", step):
            try:
                found: dict[str, Any] = marshal.loads(why[1:] if why[:1] == b"-" else zlib.decompress(why[1:]))  # noqa: S302 - our own
            except (zlib.error, ValueError, EOFError, TypeError):
                return None
            return found
        return None

    def record(self, step: str, trace: Trace, why: Mapping[str, Any]) -> None:
        """Remember what a step made, and what the key was made of (plain values)."""
        row = _pack(trace)
        packed = marshal.dumps(dict(why))
        packed = b"z" + zlib.compress(packed, 1) if len(packed) > _LONG else b"-" + packed
        self._write(
            (
                ("INSERT OR REPLACE INTO last VALUES (?, ?, ?, ?)", (step, trace.key, row, packed)),
                ("INSERT OR REPLACE INTO traces VALUES (?, ?, ?, ?, ?)", (trace.key, step, trace.deep, trace.at, row)),
            )
        )

    def content(self, digest: bytes) -> bytes | None:
        """A small content."""
        pending = self._pending.get(digest)
        if pending is not None:
            return pending
        for (data,) in self._rows("SELECT data FROM contents WHERE digest = ?", digest):
            found: bytes = data
            return found
        return None

    def has_content(self, digest: bytes) -> bool:
        """Whether it is there."""
        return digest in self._pending or any(self._rows("SELECT 1 FROM contents WHERE digest = ?", digest))

    def keep_content(self, digest: bytes, data: bytes) -> None:
        """Keep a small content, or note that it was used; it is written with the next record, or at the end."""
        with self._lock:
            self._pending[digest] = data

    def flush(self) -> None:
        """Write the contents that wait for the next record."""
        with self._lock:
            if self._pending:
                self._write(())

    def forget(self, steps: Iterable[str], limit: int) -> None:
        """Of these steps keep the newest results only, and of small contents those used last, up to ``limit`` bytes."""
        self._write(
            (
                "DELETE FROM traces WHERE step = ?1 AND key NOT IN (SELECT key FROM traces WHERE step = ?1 ORDER BY at DESC LIMIT ?2)",
                (step, _KEPT),
            )
            for step in steps
        )
        for (size,) in self._rows("SELECT SUM(LENGTH(data)) FROM contents"):
            if size and size > limit:
                rows = self._rows("SELECT digest, LENGTH(data) FROM contents ORDER BY used")
                gone = []
                for digest, length in rows:
                    if size <= limit * 9 // 10:
                        break
                    size -= length
                    gone.append(("DELETE FROM contents WHERE digest = ?", (digest,)))
                self._write(gone)

    def drop(self, steps: Iterable[str]) -> None:
        """These steps have no last result any more; what came of their keys is remembered."""
        self._write(("DELETE FROM last WHERE step = ?", (step,)) for step in steps)

    def close(self) -> None:
        """Give the database back."""
        with self._lock:
            self.flush()
            if self._base is not None:
                self._base.close()
                self._base = None

    def _rows(self, query: str, *values: object) -> list[tuple[Any, ...]]:
        with self._lock:
            try:
                if self._base is not None:
                    return self._base.execute(query, values).fetchall()
            except sqlite3.DatabaseError as problem:
                self._answer(problem)
        return []

    def _write(self, statements: Iterable[tuple[str, tuple[object, ...]]]) -> None:
        with self._lock:
            rows = list(statements)
            for _ in range(2):
                if self._base is None:
                    return
                try:
                    self._base.execute("BEGIN IMMEDIATE")
                    for statement, values in rows:
                        self._base.execute(statement, values)
                    if self._pending:
                        now = clock.now()
                        self._base.executemany(
                            "INSERT INTO contents VALUES (?, ?, ?) ON CONFLICT DO UPDATE SET used = excluded.used, data = excluded.data",
                            [(digest, now, data) for digest, data in self._pending.items()],
                        )
                    self._base.execute("COMMIT")
                except sqlite3.DatabaseError as problem:
                    self._answer(problem)
                else:
                    self._pending.clear()
                    return

    def _answer(self, problem: sqlite3.DatabaseError) -> None:
        # Busy or full is said; a base that is no base any more is begun anew.
        if isinstance(problem, sqlite3.OperationalError) and not _is_damage(problem):
            raise EnvironmentFailure(f"{self._path}: {problem}", hint="is the disk full, or the folder not writable?") from problem
        self._lost()

    def _lost(self) -> None:
        if self._base is not None:
            self._base.close()
            self._base = None
        self._warn(
            f"{self._path}: not readable as the record of earlier runs; begun anew, so that steps run that would not have to"
        )
        if self._readonly:
            return
        for ending in ("", "-wal", "-shm"):
            try:
                os.unlink(self._path + ending)
            except FileNotFoundError:
                continue
        self._base = _open(self._path, readonly=False)


def _pack(trace: Trace) -> bytes:
    """A trace without its key, as bytes."""
    return marshal.dumps((trace.deep, dict(trace.facts), trace.outputs, trace.seconds, trace.at))


def unpack(key: Key, row: bytes) -> Trace:
    """The trace of :func:`_pack`."""
    return Trace(key, *marshal.loads(row))  # noqa: S302 - our own file


def _is_damage(problem: sqlite3.OperationalError) -> bool:
    """Whether the file's content is at fault; a missing table or column counts, since another program must have been at it."""
    return str(problem).startswith(("no such", "table ", "malformed", "disk image", "unsupported file"))


def _patiently(path: str, *, readonly: bool) -> sqlite3.Connection | None:
    """Open the base; while others do so for the first time, it is locked in a way that sqlite itself does not wait for."""
    until = clock.monotonic() + _PATIENCE
    while True:
        try:
            return _open(path, readonly=readonly)
        except sqlite3.OperationalError as problem:
            if "locked" not in str(problem) or clock.monotonic() > until:
                raise
            clock.sleep(0.02)


def _open(path: str, *, readonly: bool) -> sqlite3.Connection | None:
    base = sqlite3.connect(path, isolation_level=None, check_same_thread=False, timeout=30.0)
    try:
        (version,) = base.execute("PRAGMA user_version").fetchone()
        if version != _VERSION:
            if readonly:
                base.close()
                return None
            base.execute("PRAGMA journal_mode = WAL")
            base.execute("BEGIN IMMEDIATE")
            # Another process may have been quicker.
            (version,) = base.execute("PRAGMA user_version").fetchone()
            if version != _VERSION:
                for (name,) in base.execute("SELECT name FROM sqlite_master WHERE type = 'table'").fetchall():
                    base.execute(f'DROP TABLE "{name}"')
                for statement in _SCHEMA.strip().split(";"):
                    if statement.strip():
                        base.execute(statement)
            base.execute("COMMIT")
        base.execute("PRAGMA synchronous = NORMAL")
    except BaseException:
        base.close()
        raise
    return base
