"""From derived nodes to steps."""

from collections.abc import Mapping, Sequence
from typing import Any

import pytest

from relgraph.derive.planner import plan_derived, read_recipe, shown
from relgraph.engine.prepare import prepare
from relgraph.errors import DeclarationError
from relgraph.model.graph import Node, Origin
from relgraph.model.plan import Plan


def node(name: str, run: str = "make it", **fields: Any) -> Node:
    given = {"run": run, "inputs": ("in",), "outputs": (f"{name}.out",), **fields}
    return Node(f"derived.{name}", "derived", name, Origin("graph/g.yaml", 7, 3), fields=tuple(given.items()))


def plan(*nodes: Node, found: Mapping[str, Sequence[str]] | None = None, folders: Sequence[str] = ()) -> Plan:
    return plan_derived("repos.platform", "/root", nodes, found or {}, lambda path: path in folders)


def test_a_node_is_a_step() -> None:
    (step,) = plan(
        node(
            "crds",
            "make manifests",
            inputs=("api/**",),
            outputs=("config/*.yaml",),
            environment=("GOPATH", "B"),
            limit=60,
            retries=2,
        )
    ).steps
    assert (step.id, step.action, step.node) == ("derive derived.crds", "derive", "derived.crds")
    assert (step.inputs, step.outputs) == (("api/**",), ("config/*.yaml",))
    assert (step.environment, step.limit, step.retries) == (("B", "GOPATH"), 60.0, 2)
    assert read_recipe(step) == ("make manifests", "")
    assert shown(step) == "derived.crds"


def test_each_is_a_step_for_every_name() -> None:
    one = node("go", "gen {name}", each="src/{name}.idl", inputs=("src/{name}.idl", "lib.idl"), outputs=("out/{name}.go",))
    steps = plan(one, found={"src/{name}.idl": ["src/b.idl", "src/a.idl", "src/sub/c.idl"]}).steps
    assert [step.id for step in steps] == ["derive derived.go:a", "derive derived.go:b"]
    assert steps[0].inputs == ("src/a.idl", "lib.idl")
    assert steps[0].outputs == ("out/a.go",)
    assert read_recipe(steps[0]).run == "gen a"


def test_files_that_are_not_made_yet_count_for_each() -> None:
    """A chain of patterns: idl to c, c to o, from nothing but the first sources."""
    objects = node("o", "cc {name}", each="gen/{name}.c", inputs=("gen/{name}.c",), outputs=("obj/{name}.o",))
    sources = node("c", "idl {name}", each="src/{name}.idl", inputs=("src/{name}.idl",), outputs=("gen/{name}.c",))
    steps = plan(objects, sources, found={"src/{name}.idl": ["src/a.idl"], "gen/{name}.c": []}).steps
    assert {step.id for step in steps} == {"derive derived.c:a", "derive derived.o:a"}
    ordered = prepare(Plan("p", "/root", tuple(steps))).plan.steps
    assert [shown(step) for step in ordered] == ["derived.c:a", "derived.o:a"]


def test_what_a_node_makes_is_no_source_of_its_own() -> None:
    one = node("gen", "gen {name}", each="src/{name}.txt", inputs=("src/{name}.txt",), outputs=("src/{name}.gen.txt",))
    steps = plan(one, found={"src/{name}.txt": ["src/a.txt", "src/a.gen.txt"]}).steps
    assert [shown(step) for step in steps] == ["derived.gen:a"]


def test_the_name_of_a_folder_covers_what_is_in_it() -> None:
    (step,) = plan(node("x", inputs=("api", "./docs/", "go.mod", "src/**"), outputs=("gen/",)), folders=("api",)).steps
    assert step.inputs == ("api/**", "docs/**", "go.mod", "src/**")
    assert step.outputs == ("gen/**",)


def test_commands_in_one_copy_take_turns() -> None:
    (step,) = plan(node("x", workdir="/github.com/example/platform/")).steps
    assert read_recipe(step).workdir == "github.com/example/platform"
    assert step.pool


def test_every_problem_is_said_at_once() -> None:
    with pytest.raises(DeclarationError) as caught:
        plan(
            node("a", inputs=("../x",), outputs=("/etc/passwd",)),
            node("b", outputs=(".git/config",), workdir="../up"),
            node("c", outputs=("",)),
        )
    assert len(caught.value.details) == 5
    assert all(row.startswith("graph/g.yaml:7:3: derived.") for row in caught.value.details)


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"each": "src/{name}.txt", "outputs": ("all.txt",)}, "without {name} in 'outputs'"),
        ({"each": "src/*.txt", "outputs": ("{name}.txt",)}, "'each' has no {name}"),
    ],
)
def test_each_needs_a_name(fields: dict[str, Any], said: str) -> None:
    with pytest.raises(DeclarationError, match=said):
        plan(node("x", **fields))


def test_a_name_that_a_shell_would_read_is_refused() -> None:
    one = node("x", "echo {name}", each="src/{name}.txt", inputs=("src/{name}.txt",), outputs=("out/{name}",))
    with pytest.raises(DeclarationError, match="safely"):
        plan(one, found={"src/{name}.txt": ["src/$(reboot).txt"]})


def test_two_files_of_one_name_are_refused() -> None:
    one = node("x", "echo {name}", each="src/**/{name}.txt", inputs=("src",), outputs=("out/{name}",))
    with pytest.raises(DeclarationError, match="both 'a'"):
        plan(one, found={"src/**/{name}.txt": ["src/a.txt", "src/b/a.txt"]})


def test_what_leads_to_ever_more_files_is_refused() -> None:
    one = node("x", "x", each="a/{name}", inputs=("a/{name}",), outputs=("b/{name}.x",))
    other = node("y", "y", each="b/{name}", inputs=("b/{name}",), outputs=("a/{name}.y",))
    with pytest.raises(DeclarationError, match="ever more files"):
        plan(one, other, found={"a/{name}": ["a/f"], "b/{name}": []})
