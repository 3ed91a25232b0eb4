from relgraph.engine.prepare import prepare
from relgraph.engine.reach import reached
from relgraph.model.plan import Plan, Step

PREPARED = prepare(
    Plan(
        "p",
        "/",
        (
            Step("gen", "c", inputs=("api/**",), outputs=("gen/*.go",)),
            Step("build", "c", inputs=("gen/*.go", "main.go"), outputs=("bin",)),
            Step("image", "c", needs=("build",)),
            Step("push", "c", after=("image",)),
            Step("docs", "c", inputs=("docs/*",)),
        ),
    )
)


def test_what_reads_a_changed_file_is_reached_and_what_comes_of_it() -> None:
    assert reached(PREPARED, files=["api/v1/types.go"]) == ("gen", "build", "image")
    assert reached(PREPARED, files=["main.go", "docs/**"]) == ("build", "image", "docs")
    assert reached(PREPARED, files=["gen/x.go"]) == ("build", "image")
    assert reached(PREPARED, files=["README.md"]) == ()


def test_what_comes_of_a_step_is_reached_and_what_only_waits_for_it_is_not() -> None:
    assert reached(PREPARED, steps=["build"]) == ("build", "image")
    assert reached(PREPARED, steps=["push"]) == ("push",)
    assert reached(PREPARED) == ()
