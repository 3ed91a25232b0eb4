from hypothesis import given

from relgraph.sites.objects import metadata_names
from relgraph.syntax.text import Text
from yamlsites import BYTES


def test_names_of_objects() -> None:
    source = b"kind: Hook\nmetadata:\n  name: outer\nspec:\n  templates:\n  - kind: Job\n    metadata:\n      name: '{{.Name}}'\n---\nkind: List\n---\nmetadata: {name: x}\nkind: Pod\n"
    text = Text("a.yaml", source)
    names = metadata_names(text)
    assert [(one.kind, one.name) for one in names] == [("Hook", "outer"), ("Job", "{{.Name}}"), ("Pod", "x")]
    assert all(source[one.span.start : one.span.end].decode() == one.name for one in names)
    assert metadata_names(Text("a.yaml", b"a: 1\n")) == ()


@given(BYTES)
def test_no_input_makes_it_raise(data: bytes) -> None:
    metadata_names(Text("templates/x.yaml", data))
