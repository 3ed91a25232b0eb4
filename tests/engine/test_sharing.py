from collections.abc import Callable, Mapping
from hashlib import sha256
from pathlib import Path

import pytest

from engine_world import World, shell
from relgraph.engine.events import Warned
from relgraph.engine.keys import Key, Mark
from relgraph.engine.outcome import Found
from relgraph.errors import EnvironmentFailure
from relgraph.model.plan import Facts


class Shelf:
    """A shared cache in memory."""

    def __init__(self) -> None:
        self.results: dict[Key, Found] = {}
        self.contents: dict[bytes, bytes] = {}
        self.broken = False

    def get(self, key: Key) -> Found | None:
        if self.broken:
            raise EnvironmentFailure("no connection")
        return self.results.get(key)

    def fetch(self, mark: Mark, path: str) -> bool:
        content = self.contents.get(mark[1:])
        if content is None:
            return False
        Path(path).write_bytes(content)
        return True

    def put(self, key: Key, facts: Facts, outputs: Mapping[str, tuple[Mark, str]]) -> None:
        if self.broken:
            raise EnvironmentFailure("no connection")
        for mark, path in outputs.values():
            self.contents[mark[1:]] = Path(path).read_bytes()
        self.results[key] = Found(facts, {path: mark for path, (mark, _) in outputs.items()})


def worlds(tmp_path: Path) -> tuple[World, World, Shelf]:
    shelf = Shelf()
    found = []
    for name in "ab":
        root = tmp_path / name
        root.mkdir()
        world = World(
            root,
            shell("script", "tr a-z A-Z < word > bin/script; chmod +x bin/script", ("word",), ("bin/script",)),
            shell("many", "for i in 1 2; do bin/script 2>/dev/null; echo $i > gen/$i; done", ("bin/script",), ("gen/*",)),
        )
        world.write("word", "abc")
        world.remote = shelf
        found.append(world)
    return found[0], found[1], shelf


def test_what_one_machine_made_another_takes(tmp_path: Path) -> None:
    one, other, _ = worlds(tmp_path)
    assert one.states() == "script=done many=done"
    outcome = other.run()
    assert [(result.state.value, result.why) for result in outcome.results.values()] == [("cached", "from the shared cache")] * 2
    assert other.read("bin/script") == "ABC"
    assert (other.root / "bin/script").stat().st_mode & 0o100
    assert other.read("gen/2") == "2\n"
    other.remote = None
    assert other.states() == "script=cached many=cached"
    (other.root / "bin/script").unlink()
    assert other.states() == "script=cached many=cached", "what was fetched is kept as well"


def test_a_cache_that_fails_is_none(tmp_path: Path) -> None:
    one, _, shelf = worlds(tmp_path)
    shelf.broken = True
    assert one.states() == "script=done many=done"
    assert {event.line for event in one.events if isinstance(event, Warned)} == {
        "script: the shared cache is not used: no connection",
        "many: the shared cache is not used: no connection",
        "not shared: no connection",
    }


@pytest.mark.parametrize(
    "spoil",
    [
        lambda found: found._replace(outputs={"../evil": next(iter(found.outputs.values()))}),
        lambda found: found._replace(outputs=found.outputs | {"word": next(iter(found.outputs.values()))}),
        lambda found: found._replace(outputs={}),
        lambda found: found._replace(outputs={path: b"l" + mark[1:] for path, mark in found.outputs.items()}),
        lambda found: found._replace(outputs=dict.fromkeys(found.outputs, b"x")),
        lambda found: found._replace(outputs={path: b"x" + sha256(b"unknown").digest() for path in found.outputs}),
    ],
    ids=["outside", "another file", "too few", "link", "no mark", "content not there"],
)
def test_a_result_that_does_not_fit_is_not_taken(tmp_path: Path, spoil: Callable[[Found], Found]) -> None:
    one, other, shelf = worlds(tmp_path)
    one.run(only=["script"])
    shelf.results = {key: spoil(found) for key, found in shelf.results.items()}
    assert other.states(only=["script"]) == "script=done"
    assert other.read("bin/script") == "ABC"
    assert other.read("word") == "abc"


def test_content_that_is_not_what_it_says_is_not_taken(tmp_path: Path) -> None:
    one, other, shelf = worlds(tmp_path)
    one.run(only=["script"])
    shelf.contents = dict.fromkeys(shelf.contents, b"evil")
    assert other.states(only=["script"]) == "script=done"
    assert other.read("bin/script") == "ABC"


def test_links_are_not_shared(tmp_path: Path) -> None:
    world = World(tmp_path, shell("a", "ln -s word link", (), ("link",)))
    shelf = Shelf()
    world.remote = shelf
    assert world.states() == "a=done"
    assert shelf.results == {}
