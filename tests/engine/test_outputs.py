from collections.abc import Iterator
from pathlib import Path

import pytest

from relgraph.engine.contents import Contents
from relgraph.engine.files import Files
from relgraph.engine.outputs import Outputs, put_back, remove_own, repaired
from relgraph.engine.traces import Output, Traces
from relgraph.errors import EnvironmentFailure
from relgraph.model.plan import Step

STEP = Step("s", "c", outputs=("one", "many/*"))


@pytest.fixture
def files(tmp_path: Path) -> Files:
    (tmp_path / "root").mkdir()
    return Files(str(tmp_path / "root"))


@pytest.fixture
def contents(tmp_path: Path) -> Iterator[Contents]:
    traces = Traces(str(tmp_path / "db"), warn=pytest.fail)
    yield Contents(str(tmp_path / "kept"), traces, limit=1_000_000)
    traces.close()


def write(files: Files, **texts: str) -> None:
    for name, text in texts.items():
        path = Path(files.base, name.replace("__", "/"))
        path.parent.mkdir(exist_ok=True)
        path.write_text(text)


def there(files: Files) -> dict[str, str]:
    root = Path(files.base)
    return {str(path.relative_to(root)): path.read_text() for path in sorted(root.rglob("*")) if path.is_file()}


def carry(files: Files, contents: Contents, previous: tuple[Output, ...], **texts: str) -> tuple[Output, ...]:
    outputs = Outputs(STEP, previous, files, contents)
    outputs.look()
    outputs.clear()
    write(files, **texts)
    return outputs.take()


def test_what_is_made_where_nothing_was_is_the_steps_own(files: Files, contents: Contents) -> None:
    write(files, many__source="by hand")
    made = carry(files, contents, (), one="1", many__x="x")
    assert [(path, own) for path, _, own in made] == [("one", True), ("many/source", False), ("many/x", True)]
    again = carry(files, contents, made, one="1", many__y="y")
    assert there(files) == {"one": "1", "many/source": "by hand", "many/y": "y"}
    assert [(path, own) for path, _, own in again] == [("one", True), ("many/source", False), ("many/y", True)]


def test_what_cannot_be_put_back_is_not_removed_before(files: Files, contents: Contents) -> None:
    large = "x" * 300_000
    made = carry(files, contents, (), one=large)
    outputs = Outputs(STEP, made, files, contents)
    outputs.look()
    outputs.clear()
    assert there(files) == {"one": large}


def test_folders_are_made_and_what_is_missing_is_told(files: Files, contents: Contents) -> None:
    outputs = Outputs(Step("s", "c", outputs=("a/b/one", "c/d/**", "two")), (), files, contents)
    outputs.look()
    outputs.clear()
    assert Path(files.base, "a/b").is_dir()
    assert Path(files.base, "c/d").is_dir()
    with pytest.raises(EnvironmentFailure, match="it did not write 'a/b/one'; it did not write 'two'"):
        outputs.take()


def test_all_is_put_back_as_it_was(files: Files, contents: Contents) -> None:
    write(files, one="1", many__x="x")
    Path(files.base, "many/x").chmod(0o755)
    before = {path: files.mark(path) for path in ("one", "many/x")}
    for path in before:
        contents.keep(files.base + path)
    write(files, one="half", many__junk="junk")
    Path(files.base, "many/x").unlink()
    put_back(STEP.outputs, before, files, contents)
    assert there(files) == {"one": "1", "many/x": "x"}
    assert {path: files.mark(path) for path in before} == before
    write(files, one="half")
    put_back(STEP.outputs, {"one": b"-" + b"?" * 32}, files, contents)
    assert there(files) == {}, "what is not kept cannot be put back, and half of it is worth nothing"


def test_repair_is_all_or_nothing_where_something_is_not_kept(files: Files, contents: Contents) -> None:
    made = carry(files, contents, (), one="1", many__x="x")
    write(files, one="bad")
    unknown: Output = ("two", b"-" + b"?" * 32, True)
    assert repaired((*made, unknown), files, contents) is None
    assert there(files)["one"] == "bad"
    assert repaired(made, files, contents) == ("one",)
    assert repaired(made, files, contents) == ()


def test_only_what_is_as_the_step_made_it_or_would_pass_for_it_is_removed(files: Files, contents: Contents) -> None:
    write(files, many__source="by hand")
    made = carry(files, contents, (), one="1", many__x="x", many__y="y")
    write(files, many__y="edited")
    remove_own(made, ["one"], files)
    assert there(files) == {"one": "1", "many/source": "by hand", "many/y": "edited"}
    remove_own(made, ["one"], files, declared=STEP.outputs)
    assert there(files) == {"one": "1", "many/source": "by hand"}
