from pathlib import Path

import pytest

from relgraph.errors import EnvironmentFailure
from relgraph.locking.lockfile import NotLocked, load, locked_reference, store
from relgraph.oci.reference import parse_reference
from relgraph.resolve.lock import Lock, Locked, LockProblem, Pin

_ONE, _TWO, _THREE = ("sha256:" + digit * 64 for digit in "123")
_LOCK = Lock.of(
    [
        Locked("web", "oci://r.example/web", "^1", "1.4.0", "v1.4.0", Pin(_ONE)),
        Locked("web2", "oci://r.example/web", "^2", "2.1.0", "v2.1.0", Pin(_TWO)),
        Locked("local", "layout:out//web", "*", "3.0.0", "3.0.0", Pin(_THREE)),
    ]
)


def _meant(text: str, name: str = "r.example/web", *, allow_downgrade: bool = False) -> str:
    return str(locked_reference(_LOCK, parse_reference(text), name, path="relgraph.lock", allow_downgrade=allow_downgrade))


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ("r.example/web:^1", f"r.example/web:v1.4.0@{_ONE}"),
        ("r.example/web:>=1 <3", f"r.example/web:v2.1.0@{_TWO}"),
        ("r.example/web:1.4.*", f"r.example/web:v1.4.0@{_ONE}"),
        ("r.example/web:v1.4.0", f"r.example/web:v1.4.0@{_ONE}"),
        ("r.example/web:v2.2.0", "r.example/web:v2.2.0"),
        ("r.example/web:edge", "r.example/web:edge"),
        (f"r.example/web@{_THREE}", f"r.example/web@{_THREE}"),
        ("layout:out//web:*", f"layout:out//web:3.0.0@{_THREE}"),
        ("layout:mirror//m:^1", f"layout:mirror//m:v1.4.0@{_ONE}"),
    ],
)
def test_a_reference_means_what_is_locked(text: str, meant: str) -> None:
    assert _meant(text) == meant


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("r.example/web:^3", "locked is 1.4.0, 2.1.0, which '\\^3' does not allow in relgraph.lock"),
        ("r.example/web:v1.9.0", "behind 2.1.0, which relgraph.lock has locked"),
    ],
)
def test_what_the_lock_does_not_have_is_refused(text: str, reason: str) -> None:
    with pytest.raises(NotLocked, match=reason):
        _meant(text)


def test_what_was_never_locked_has_no_range() -> None:
    with pytest.raises(NotLocked, match="it is not locked"):
        _meant("r.example/db:^1", "r.example/db")
    assert _meant("r.example/db:1.0.0", "r.example/db") == "r.example/db:1.0.0"


def test_going_back_can_be_allowed() -> None:
    assert _meant("r.example/web:v1.9.0", allow_downgrade=True) == "r.example/web:v1.9.0"


def test_a_lock_is_written_where_it_changes(tmp_path: Path) -> None:
    path = tmp_path / "relgraph.lock"
    with pytest.raises(EnvironmentFailure, match="there is no lock file"):
        load(path)
    assert load(path, missing_ok=True) == Lock()
    assert store(path, _LOCK, before=Lock())
    stamp = path.stat().st_ino
    assert not store(path, _LOCK, before=_LOCK)
    assert path.stat().st_ino == stamp
    assert load(path) == _LOCK
    path.write_text("{}")
    with pytest.raises(LockProblem, match="schema"):
        load(path)
    with pytest.raises(EnvironmentFailure, match="cannot be written"):
        store(tmp_path / "nowhere" / "relgraph.lock", _LOCK, before=Lock())
    with pytest.raises(EnvironmentFailure, match=str(tmp_path)):
        load(tmp_path)


def test_what_somebody_else_locked_meanwhile_is_not_overwritten(tmp_path: Path) -> None:
    path = tmp_path / "relgraph.lock"
    store(path, Lock.of(_LOCK.entries[:1]), before=Lock())
    with pytest.raises(EnvironmentFailure, match="changed while this run resolved"):
        store(path, _LOCK, before=Lock())
    assert load(path) == Lock.of(_LOCK.entries[:1])
