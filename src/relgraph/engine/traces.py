"""Traces: which key led to what, one row as each step ends, in sqlite.

Of every step the last result is kept apart, so that a run with nothing to do reads one table once. A row is on its way to the disk when
:meth:`Traces.record` returns: the end of this process, however it comes, loses none. A loss of power may lose the last ones, which then
are made again. A database that is damaged, or of another version, is begun anew.
"""

import marshal
import os
import sqlite3
import zlib
from collections.abc import Callable, Iterable, Mapping
from typing import Any, NamedTuple

from relgraph.engine.keys import FORMAT, Key, Mark
from relgraph.model.plan import Facts

__all__ = ["Output", "Trace", "Traces"]

_VERSION = 100 + FORMAT
_KEPT = 8  # results of one step that are remembered
_SCHEMA = f"""
CREATE TABLE last (step TEXT PRIMARY KEY, key BLOB NOT NULL, row BLOB NOT NULL, why BLOB NOT NULL) WITHOUT ROWID;
CREATE TABLE traces (key BLOB PRIMARY KEY, step TEXT NOT NULL, deep BLOB NOT NULL, at REAL NOT NULL, row BLOB NOT NULL) WITHOUT ROWID;
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
    """The traces of one state folder. Safe for several processes; within one, one thread at a time.

    ``warn`` is told, in a sentence, when traces were lost. With ``readonly`` nothing is made or repaired.
    """

    def __init__(self, path: str, *, warn: Callable[[str], None], readonly: bool = False) -> None:
        self._path = path
        self._warn = warn
        self._base: sqlite3.Connection | None = None
        if readonly and not os.path.exists(path):
            return
        try:
            self._base = _open(path)
        except sqlite3.DatabaseError as problem:
            if isinstance(problem, sqlite3.OperationalError) and "locked" in str(problem):
                raise
            self._lost(readonly=readonly)

    def latest(self) -> dict[str, tuple[Key, bytes]]:
        """By step, the key and the packed row of its last result."""
        try:
            if self._base is not None:
                return {step: (key, row) for step, key, row in self._base.execute("SELECT step, key, row FROM last")}
        except sqlite3.DatabaseError:
            self._lost()
        return {}

    def find(self, key: Key) -> Trace | None:
        """What came of a key, if anything is remembered."""
        return self._one("SELECT key, row FROM traces WHERE key = ?", key)

    def find_deep(self, deep: Key) -> Trace | None:
        """What last came of a deep key."""
        return self._one("SELECT key, row FROM traces WHERE deep = ? ORDER BY at DESC LIMIT 1", deep)

    def components(self, step: str) -> dict[str, Any] | None:
        """What the key of a step's last result was made of, as :meth:`record` was given it."""
        try:
            if self._base is not None:
                for (why,) in self._base.execute("SELECT why FROM last WHERE step = ?", (step,)):
                    found: dict[str, Any] = marshal.loads(zlib.decompress(why))  # noqa: S302 - our own file
                    return found
        except (sqlite3.DatabaseError, zlib.error, ValueError, EOFError, TypeError):
            pass
        return None

    def record(self, step: str, trace: Trace, why: Mapping[str, Any]) -> None:
        """Remember what a step made, and what the key was made of (plain values)."""
        row = pack(trace)
        packed = zlib.compress(marshal.dumps(dict(why)), 1)
        for _ in range(2):
            if self._base is None:
                return
            try:
                self._base.execute("BEGIN IMMEDIATE")
                self._base.execute("INSERT OR REPLACE INTO last VALUES (?, ?, ?, ?)", (step, trace.key, row, packed))
                self._base.execute(
                    "INSERT OR REPLACE INTO traces VALUES (?, ?, ?, ?, ?)", (trace.key, step, trace.deep, trace.at, row)
                )
                self._base.execute("COMMIT")
                return
            except sqlite3.DatabaseError as problem:
                if isinstance(problem, sqlite3.OperationalError) and "locked" in str(problem):
                    raise
                self._lost()

    def forget(self, steps: Iterable[str]) -> None:
        """Of these steps keep the newest results only."""
        if self._base is None:
            return
        self._base.execute("BEGIN IMMEDIATE")
        self._base.executemany(
            "DELETE FROM traces WHERE step = ?1 AND key NOT IN (SELECT key FROM traces WHERE step = ?1 ORDER BY at DESC LIMIT ?2)",
            ((step, _KEPT) for step in steps),
        )
        self._base.execute("COMMIT")

    def close(self) -> None:
        """Give the database back."""
        if self._base is not None:
            self._base.close()
            self._base = None

    def _one(self, query: str, value: bytes) -> Trace | None:
        try:
            if self._base is not None:
                for key, row in self._base.execute(query, (value,)):
                    return unpack(key, row)
        except sqlite3.DatabaseError:
            self._lost()
        return None

    def _lost(self, *, readonly: bool = False) -> None:
        self.close()
        self._warn(
            f"{self._path}: not readable as the record of earlier runs; begun anew, so that steps run that would not have to"
        )
        if readonly:
            return
        for ending in ("", "-wal", "-shm"):
            try:
                os.unlink(self._path + ending)
            except FileNotFoundError:
                continue
        self._base = _open(self._path)


def pack(trace: Trace) -> bytes:
    """A trace without its key, as bytes."""
    return marshal.dumps((trace.deep, dict(trace.facts), trace.outputs, trace.seconds, trace.at))


def unpack(key: Key, row: bytes) -> Trace:
    """The trace of :func:`pack`."""
    return Trace(key, *marshal.loads(row))  # noqa: S302 - our own file


def _open(path: str) -> sqlite3.Connection:
    base = sqlite3.connect(path, isolation_level=None, check_same_thread=False, timeout=30.0)
    try:
        (version,) = base.execute("PRAGMA user_version").fetchone()
        if version != _VERSION:
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
        base.execute("PRAGMA synchronous = OFF")
    except BaseException:
        base.close()
        raise
    return base
