import pytest

from pipelines import run_script, shell_on
from relgraph.pipeline.artifacts import Stamp

VALUES = "image:\n  repository: ghcr.io/example/web\n  tag: unset\nother: 1\n"


def stamps(script: str, files: dict[str, str]) -> list[Stamp]:
    shell = shell_on(files)
    shell.run(script)
    return shell.context.stamps


@pytest.mark.parametrize("option", ["-i", "-i.bak", "-i''", "--in-place", "-Ei", "-i -E", "-ri", "-i ''"])
def test_sed_edits_in_place(option: str) -> None:
    script = f"sed {option} 's/tag:.*/tag: 1.4.0/' values.yaml; grep tag values.yaml"
    assert run_script(script, {"values.yaml": VALUES}) == "  tag: 1.4.0\n"


def test_a_stamp_says_what_it_looked_for_and_what_it_wrote() -> None:
    (stamp,) = stamps('v=1.4.0; sed -i "s/tag:.*/tag: $v/" values.yaml', {"values.yaml": VALUES})
    assert (stamp.tool, stamp.path, str(stamp.pattern), stamp.matched, stamp.exists) == ("sed", "values.yaml", "tag:.*", True, True)
    assert [str(line) for line in stamp.written] == ["tag: 1.4.0"]


def test_every_expression_of_sed_is_a_stamp_of_its_own() -> None:
    made = stamps("sed -i -e 's/tag:/label:/' -e 's/none/some/' values.yaml", {"values.yaml": VALUES})
    assert [(str(stamp.pattern), stamp.matched) for stamp in made] == [("tag:", True), ("none", False)]


def test_a_file_that_is_not_there() -> None:
    (stamp,) = stamps("sed -i 's/a/b/' gone.yaml", {})
    assert (stamp.matched, stamp.exists) == (False, False)


def test_a_file_that_something_unknown_may_have_made() -> None:
    (stamp,) = stamps("git clone https://example.com/x.git; sed -i 's/a/b/' x/values.yaml", {})
    assert stamp.matched is None


def test_an_expression_that_is_not_understood_leaves_the_file_unknown() -> None:
    files = {"values.yaml": VALUES}
    (stamp,) = stamps("sed -i 's/tag/\\U&/' values.yaml", files)
    assert stamp.matched is None
    assert run_script("sed -i 's/tag/\\U&/' values.yaml; cat values.yaml", files) == "<content of values.yaml>"


@pytest.mark.parametrize(
    "command",
    [
        "yq -i '.image.tag = \"1.4.0\"' values.yaml",
        "yq e -i '.image.tag = strenv(TAG)' values.yaml",
        "yq eval '.image.tag |= env(TAG)' -i values.yaml",
        "yq -i '.other = 2 | .image.tag = \"1.4.0\"' values.yaml",
        "yq --inplace '.image.tag = \"1.4.0\"' values.yaml",
        "yq w -i values.yaml image.tag 1.4.0",
    ],
)
def test_yq_edits_in_place(command: str) -> None:
    assert run_script(f"{command}; yq '.image.tag' values.yaml", {"values.yaml": VALUES}, TAG="1.4.0") == "1.4.0\n"


def test_yq_adds_what_is_not_there() -> None:
    (stamp,) = stamps("yq -i '.appVersion = \"1\"' Chart.yaml", {"Chart.yaml": "name: web\n"})
    assert stamp.matched is False
    assert (
        run_script("yq -i '.appVersion = \"1\"' Chart.yaml; cat Chart.yaml", {"Chart.yaml": "name: web\n"})
        == "name: web\nappVersion: 1\n"
    )


def test_yq_reads() -> None:
    files = {"Chart.yaml": "name: web\nversion: 1.4.0\n"}
    assert (
        run_script("yq .version Chart.yaml; cat Chart.yaml | yq -r '.name'; yq '.none // \"x\"' Chart.yaml", files)
        == "1.4.0\nweb\nx\n"
    )


def test_yq_chooses_documents() -> None:
    files = {"all.yaml": "kind: A\nx: 1\n---\nkind: B\nx: 2\n"}
    assert run_script("yq 'select(.kind == \"B\")' all.yaml", files) == "kind: B\nx: 2\n"
    assert run_script("yq 'select(.kind != \"B\")' all.yaml", files) == "kind: A\nx: 1\n"


def test_commands_that_are_not_understood_may_write_what_they_are_given() -> None:
    files = {"values.yaml": VALUES, "other.yaml": "a: 1\n"}
    assert run_script("stamper values.yaml > /dev/null; cat values.yaml", files) == "<content of values.yaml>"
    assert run_script("stamper values.yaml > /dev/null; cat other.yaml", files) == "a: 1\n"
