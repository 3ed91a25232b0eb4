"""Resolution against a lock: what stays, what is resolved, what is refused."""

from collections.abc import Mapping, Sequence

import pytest

from relgraph.errors import EnvironmentFailure
from relgraph.resolve.lock import Lock, Pin
from relgraph.resolve.range import parse_range
from relgraph.resolve.resolver import LockRefused, Mode, Requirement, resolve
from relgraph.resolve.select import NothingAllowed

_WEB = "oci://registry.example/charts/web"
_DB = "oci://registry.example/charts/db"


def _pin(letter: str) -> Pin:
    return Pin("sha256:" + letter * 64, 10)


class Registry:
    """A provider over a mapping of sources to tags; it counts what it is asked."""

    def __init__(self, tags: dict[str, dict[str, Pin]], local: frozenset[str] = frozenset()) -> None:
        self.content = tags
        self.local = local
        self.requests = 0

    def tags(self, sources: Sequence[str]) -> Mapping[str, Sequence[str]]:
        self.requests += len(sources)
        return {source: list(self.content[source]) for source in sources}

    def pins(self, tags: Sequence[tuple[str, str]]) -> Mapping[tuple[str, str], Pin]:
        self.requests += 1
        return {(source, tag): self.content[source][tag] for source, tag in tags if tag in self.content[source]}

    def holds(self, digest: str) -> bool:
        return digest in self.local


def _registry() -> Registry:
    return Registry({_WEB: {"v1.0.0": _pin("a"), "v1.1.0": _pin("b"), "v2.0.0": _pin("c")}, _DB: {"v3.0.0": _pin("d")}})


def _wants(name: str = "web", source: str = _WEB, allowed: str = "^1") -> Requirement:
    return Requirement(name, source, parse_range(allowed), form="v{version}")


def _locked(registry: Registry, *wanted: Requirement) -> Lock:
    return resolve(wanted or (_wants(),), Lock(), registry).lock


def _versions(lock: Lock) -> dict[str, str]:
    return {entry.name: entry.version for entry in lock.entries}


def test_without_a_lock_the_newest_allowed_is_taken() -> None:
    resolution = resolve([_wants(), _wants("db", _DB, "*")], Lock(), _registry())
    assert _versions(resolution.lock) == {"web": "1.1.0", "db": "3.0.0"}
    assert resolution.lock.get("web") == ("web", _WEB, "^1", "1.1.0", "v1.1.0", _pin("b"))
    assert [(change.name, change.before) for change in resolution.changes] == [("db", None), ("web", None)]


def test_what_is_locked_stays_although_there_is_something_newer() -> None:
    registry = _registry()
    lock = _locked(registry)
    registry.content[_WEB]["v1.2.0"] = _pin("e")
    resolution = resolve([_wants()], lock, registry)
    assert resolution.lock == lock
    assert resolution.changes == ()


def test_what_is_locked_stays_when_only_the_wording_of_the_range_changes() -> None:
    registry = _registry()
    lock = _locked(registry)
    registry.content[_WEB]["v1.2.0"] = _pin("e")
    resolution = resolve([_wants(allowed=">=1 <2")], lock, registry)
    assert _versions(resolution.lock) == {"web": "1.1.0"}
    assert resolution.lock.entries[0].range == ">=1 <2"


def test_an_upgrade_is_asked_for_by_name_or_for_all() -> None:
    registry = _registry()
    wanted = [_wants(), _wants("db", _DB, "*")]
    lock = _locked(registry, *wanted)
    registry.content[_WEB]["v1.2.0"] = _pin("e")
    registry.content[_DB]["v3.1.0"] = _pin("f")
    upgraded = resolve(wanted, lock, registry, Mode(upgrade=frozenset({"web"}))).lock
    assert _versions(upgraded) == {"web": "1.2.0", "db": "3.0.0"}
    assert _versions(resolve(wanted, lock, registry, Mode(upgrade=frozenset("*"))).lock) == {"web": "1.2.0", "db": "3.1.0"}


def test_what_nothing_asks_for_is_dropped() -> None:
    registry = _registry()
    lock = _locked(registry, _wants(), _wants("db", _DB, "*"))
    resolution = resolve([_wants()], lock, registry)
    assert _versions(resolution.lock) == {"web": "1.1.0"}
    assert [(change.name, change.after) for change in resolution.changes] == [("db", None)]


def test_a_tag_that_moved_is_refused_with_both_digests() -> None:
    registry = _registry()
    lock = _locked(registry)
    registry.content[_WEB]["v1.1.0"] = _pin("9")
    for mode in (Mode(), Mode(locked=True), Mode(upgrade=frozenset("*"))):
        with pytest.raises(
            LockRefused, match=f"tag v1.1.0 has moved: it was sha256:{'b' * 64}, now it is sha256:{'9' * 64}"
        ) as caught:
            resolve([_wants()], lock, registry, mode)
        assert caught.value.status == 1


def test_a_tag_that_is_gone_is_no_reason_to_stop() -> None:
    registry = _registry()
    lock = _locked(registry)
    del registry.content[_WEB]["v1.1.0"]
    assert resolve([_wants()], lock, registry).lock == lock


def test_versions_do_not_go_back_unless_that_is_allowed() -> None:
    registry = _registry()
    lock = _locked(registry)
    del registry.content[_WEB]["v1.1.0"]
    with pytest.raises(LockRefused, match=r"web would go back from 1\.1\.0 to 1\.0\.0"):
        resolve([_wants()], lock, registry, Mode(upgrade=frozenset({"web"})))
    with pytest.raises(LockRefused, match="would go back"):
        resolve([_wants(allowed="1.0.*")], lock, registry)
    allowed = resolve([_wants(allowed="1.0.*")], lock, registry, Mode(allow_downgrade=True))
    assert _versions(allowed.lock) == {"web": "1.0.0"}


def test_another_source_has_versions_of_its_own() -> None:
    registry = _registry()
    registry.content[_DB]["v0.1.0"] = _pin("1")
    lock = _locked(registry)
    assert _versions(resolve([_wants("web", _DB, "0.*")], lock, registry).lock) == {"web": "0.1.0"}


@pytest.mark.parametrize(
    ("wanted", "reason"),
    [
        ([_wants(), _wants("db", _DB, "*")], "db is not locked"),
        ([_wants(allowed=">=1 <2")], "web asks for '>=1 <2' now, locked for '\\^1'"),
        ([_wants(source=_DB, allowed="^1")], "web comes from oci://registry.example/charts/db now"),
        ([], "web is locked and nothing asks for it"),
    ],
)
def test_locked_refuses_whatever_would_change_the_file(wanted: list[Requirement], reason: str) -> None:
    registry = _registry()
    lock = _locked(registry)
    with pytest.raises(LockRefused, match=reason) as caught:
        resolve(wanted, lock, registry, Mode(locked=True))
    assert caught.value.status == 1
    assert "--locked" in caught.value.hint


def test_a_lock_edited_to_a_version_outside_its_range_is_out_of_date() -> None:
    registry = _registry()
    lock = _locked(registry)
    edited = Lock((lock.entries[0]._replace(version="2.0.0", tag="v2.0.0", pin=_pin("c")),))
    with pytest.raises(LockRefused, match=r"web 2\.0\.0 is locked, which '\^1' does not allow"):
        resolve([_wants()], edited, registry, Mode(locked=True))


def test_locked_names_every_problem_at_once() -> None:
    registry = _registry()
    with pytest.raises(LockRefused) as caught:
        resolve([_wants(name) for name in "abcde"], Lock(), registry, Mode(locked=True))
    assert len(caught.value.problems) == 5
    assert str(caught.value).endswith("and 2 more")
    assert registry.requests == 0


def test_frozen_uses_the_lock_alone() -> None:
    registry = _registry()
    lock = _locked(registry, _wants(), _wants("db", _DB, "*"))
    registry.requests = 0
    frozen = resolve([_wants(allowed=">=9")], lock, registry, Mode(frozen=True))
    assert _versions(frozen.lock) == {"web": "1.1.0"}
    assert registry.requests == 0
    with pytest.raises(LockRefused, match="other is not locked"):
        resolve([_wants("other")], lock, registry, Mode(frozen=True))


def test_offline_asks_nothing_and_needs_everything_here() -> None:
    registry = _registry()
    lock = _locked(registry)
    registry.requests = 0
    with pytest.raises(EnvironmentFailure, match=r"not held locally: web 1\.1\.0") as caught:
        resolve([_wants()], lock, registry, Mode(offline=True))
    assert caught.value.status == 3
    registry.local = frozenset({_pin("b").digest})
    assert resolve([_wants()], lock, registry, Mode(offline=True)).lock == lock
    assert resolve([_wants()], lock, registry, Mode(offline=True, frozen=True)).lock == lock
    with pytest.raises(LockRefused, match="db is not locked"):
        resolve([_wants(), _wants("db", _DB)], lock, registry, Mode(offline=True))
    assert registry.requests == 0


def test_nothing_in_the_range_names_the_requirement_and_its_source() -> None:
    with pytest.raises(NothingAllowed, match=r"web \(oci://registry.example/charts/web\): no version in range '\^7'"):
        resolve([_wants(allowed="^7")], Lock(), _registry())


def test_a_tag_that_is_listed_and_does_not_exist_is_a_failure_of_the_registry() -> None:
    class Forgetful(Registry):
        def pins(self, tags: Sequence[tuple[str, str]]) -> Mapping[tuple[str, str], Pin]:
            return {}

    with pytest.raises(EnvironmentFailure, match=r"tag v1\.1\.0 is listed and does not exist"):
        resolve([_wants()], Lock(), Forgetful(_registry().content))


def test_tags_of_one_source_are_listed_once() -> None:
    registry = _registry()
    resolve([_wants(f"web{number}", _WEB, f"{number}.*") for number in (1, 2)], Lock(), registry)
    assert registry.requests == 2
