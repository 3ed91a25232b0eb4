"""Minimal version selection: the published example, its laws on random worlds, and what goes wrong."""

from collections.abc import Mapping, Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from relgraph.errors import EnvironmentFailure
from relgraph.resolve.mvs import BuildList, Module, UnknownModule, build_list, downgrade, minimal_requirements, upgrade
from relgraph.resolve.order import precedence, read_version

_World = Mapping[Module, Sequence[Module]]


class Facts:
    """A provider over a mapping; it counts the questions."""

    def __init__(self, world: _World) -> None:
        self.world = world
        self.waves: list[int] = []

    def requirements(self, modules: Sequence[Module]) -> Mapping[Module, Sequence[Module]]:
        self.waves.append(len(modules))
        return {module: self.world[module] for module in modules if module in self.world}

    def versions(self, path: str) -> Sequence[str]:
        return [module.version for module in self.world if module.path == path]


def _module(text: str) -> Module:
    return Module(text[:-1].strip(), f"v1.{text[-1]}.0")


def _world(*lines: str) -> dict[Module, list[Module]]:
    """``A1: B2 C2``: version 1.1.0 of A requires version 1.2.0 of B and C."""
    world = {}
    for text in lines:
        head, _, rest = text.partition(":")
        world[_module(head)] = [_module(word) for word in rest.split()]
    return world


def _short(selected: BuildList) -> str:
    return " ".join(f"{module.path}{module.version.split('.')[1]}" for module in selected.modules)


# The example of the paper on the algorithm (research.swtch.com/vgo-mvs), its versions as digits.
_PAPER = _world(
    "A1: B2 C2", "B1: D1", "B2: D3", "C1:", "C2: D4", "C3: F1", "D1: E1", "D2: E1", "D3: E2", "D4: E2", "E1:", "E2:", "E3:",
    "F1: G1", "G1: F1",
)  # fmt: skip
_ROOT = Module("A", "v1.1.0")


def test_the_build_list_is_the_newest_of_what_is_asked_for() -> None:
    assert _short(build_list(_ROOT, Facts(_PAPER))) == "A1 B2 C2 D4 E2"


def test_upgrading_everything_takes_the_newest_and_drops_what_nobody_needs() -> None:
    assert _short(upgrade(_ROOT, Facts(_PAPER))) == "A1 B2 C3 D4 E3 F1 G1"


def test_upgrading_one_changes_only_what_it_asks_for() -> None:
    assert _short(upgrade(_ROOT, Facts(_PAPER), [_module("C3")])) == "A1 B2 C3 D4 E2 F1 G1"


def test_downgrading_lowers_whatever_asks_for_more() -> None:
    # B2 asks for D3 and C2 for D4: both go back to versions that do not. E stays: nobody asked to lower it.
    assert _short(downgrade(_ROOT, Facts(_PAPER), [_module("D2")])) == "A1 B1 C1 D2 E2"


def test_what_has_no_older_version_is_dropped_by_a_downgrade() -> None:
    world = _world("A1: B1 C1", "B1: D3", "C1: D1", "D1:", "D3:")
    assert _short(downgrade(_ROOT, Facts(world), [_module("D1")])) == "A1 C1 D1"


def test_a_downgrade_sees_through_cycles() -> None:
    world = _world("A1: B2", "B2: C2", "C2: B2 D3", "B1: C1", "C1: B1", "D3:", "D1:")
    assert _short(downgrade(_ROOT, Facts(world), [_module("D1")])) == "A1 B1 C1 D1"


def test_the_root_stays_what_it_is_although_another_version_is_asked_for() -> None:
    world = _world("A1: B1", "B1: A9")
    assert _short(build_list(_ROOT, Facts(world))) == "A1 B1"


def test_cycles_are_legal() -> None:
    assert _short(build_list(_ROOT, Facts(_world("A1: B1", "B1: C1", "C1: B2", "B2: C1")))) == "A1 B2 C1"


def test_a_chain_says_why_a_version_was_selected() -> None:
    selected = build_list(_ROOT, Facts(_PAPER))
    assert [str(module) for module in selected.why("D")] == ["A v1.1.0", "C v1.2.0", "D v1.4.0"]
    assert selected.why("Z") == ()
    assert selected.version("Z") is None


def test_a_module_that_does_not_exist_is_named_with_who_wants_it() -> None:
    with pytest.raises(UnknownModule, match=r"C v1\.7\.0: no such module, required by A v1\.1\.0 > B v1\.1\.0") as caught:
        build_list(_ROOT, Facts(_world("A1: B1", "B1: C7")))
    assert [module.path for module in caught.value.chain] == ["A", "B", "C"]


def test_a_root_that_does_not_exist_is_named_alone() -> None:
    with pytest.raises(UnknownModule, match=r"^A v1\.1\.0: no such module$"):
        build_list(_ROOT, Facts({}))


def test_modules_are_asked_for_in_waves_and_once_each() -> None:
    facts = Facts(_PAPER)
    build_list(_ROOT, facts)
    assert facts.waves == [1, 2, 2, 1]


def test_a_world_without_end_is_given_up() -> None:
    class Endless:
        def requirements(self, modules: Sequence[Module]) -> Mapping[Module, Sequence[Module]]:
            return {module: [Module(f"{module.path}{letter}", "v1.0.0") for letter in "abcdefgh"] for module in modules}

        def versions(self, path: str) -> Sequence[str]:
            return ["v1.0.0"]

    with pytest.raises(EnvironmentFailure, match="module versions are required"):
        build_list(_ROOT, Endless())


def test_pre_releases_are_no_upgrade_unless_there_is_nothing_else() -> None:
    root = Module("A", "v1.0.0")
    world = {
        root: [Module("B", "v1.0.0"), Module("C", "v0.1.0-a")],
        Module("B", "v1.0.0"): [],
        Module("B", "v1.1.0-rc.1"): [],
        Module("C", "v0.1.0-a"): [],
        Module("C", "v0.1.0-b"): [],
    }
    selected = upgrade(root, Facts(world))
    assert selected.version("B") == "v1.0.0"
    assert selected.version("C") == "v0.1.0-b"


@st.composite
def _worlds(draw: st.DrawFn) -> _World:
    paths = "BCDEF"
    modules = [Module(path, f"v1.{number}.0") for path in paths for number in range(1, draw(st.integers(1, 3)) + 1)]
    some = st.lists(st.sampled_from(modules), max_size=3)
    world: dict[Module, Sequence[Module]] = {module: draw(some) for module in modules}
    world[_ROOT] = draw(some)
    return world


def _key(version: str) -> object:
    read = read_version(version)
    assert read is not None
    return precedence(read)


def _newest_reached(world: _World) -> dict[str, str]:
    """The definition, without any cleverness: follow every requirement, keep the newest of each path."""
    reached: set[Module] = set()

    def follow(module: Module) -> None:
        if module not in reached:
            reached.add(module)
            for required in world[module]:
                follow(required)

    follow(_ROOT)
    return {
        path: max((module.version for module in reached if module.path == path), key=lambda version: str(_key(version)))
        for path in {module.path for module in reached}
    }


@given(_worlds())
def test_the_build_list_is_what_the_definition_says(world: _World) -> None:
    assert dict(build_list(_ROOT, Facts(world)).modules) == _newest_reached(world)


@given(_worlds())
def test_every_selected_module_has_what_it_requires_at_least(world: _World) -> None:
    selected = dict(build_list(_ROOT, Facts(world)).modules)
    for path, version in selected.items():
        for required in world[Module(path, version)]:
            assert str(_key(selected[required.path])) >= str(_key(required.version))


@given(_worlds())
def test_the_minimal_requirements_give_the_same_build_list_and_none_can_be_left_out(world: _World) -> None:
    selected = build_list(_ROOT, Facts(world))
    fewest = minimal_requirements(selected, Facts(world))
    assert build_list(_ROOT, Facts({**world, _ROOT: fewest})).modules == selected.modules
    for left_out in fewest:
        fewer = [module for module in fewest if module != left_out]
        assert build_list(_ROOT, Facts({**world, _ROOT: fewer})).modules != selected.modules


@given(_worlds(), st.sampled_from("BCDEF"))
def test_a_requirement_that_is_kept_stays(world: _World, path: str) -> None:
    selected = build_list(_ROOT, Facts(world))
    fewest = minimal_requirements(selected, Facts(world), keep=[path])
    assert (path in dict(fewest)) or selected.version(path) is None
    assert build_list(_ROOT, Facts({**world, _ROOT: fewest})).modules == selected.modules


@given(_worlds(), st.data())
def test_a_downgrade_never_exceeds_what_was_asked_or_what_was_there(world: _World, data: st.DataObject) -> None:
    before = dict(build_list(_ROOT, Facts(world)).modules)
    wanted = data.draw(st.sampled_from(sorted(module for module in world if module != _ROOT)))
    after = dict(downgrade(_ROOT, Facts(world), [wanted]).modules)
    for path, version in after.items():
        if path in before:
            assert str(_key(version)) <= str(_key(before[path]))
    if wanted.path in after:
        assert str(_key(after[wanted.path])) <= str(_key(wanted.version))


@given(_worlds(), st.data())
def test_an_upgrade_has_what_was_asked_for_and_lowers_nothing(world: _World, data: st.DataObject) -> None:
    before = dict(build_list(_ROOT, Facts(world)).modules)
    wanted = data.draw(st.sampled_from(sorted(module for module in world if module != _ROOT)))
    after = dict(upgrade(_ROOT, Facts(world), [wanted]).modules)
    assert str(_key(after[wanted.path])) >= str(_key(wanted.version))
    for path, version in before.items():
        assert str(_key(after[path])) >= str(_key(version))
