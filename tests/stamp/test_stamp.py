"""Stamping sets of files."""

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from relgraph.errors import DeclarationError
from relgraph.stamp.context import Context, Thing
from relgraph.stamp.stamp import Spec, reads_of, stamp

WEB = Thing("1.2.0", "1.2.0", "registry.example/acme/web", "sha256:" + 64 * "a")
CONTEXT = Context("core", Thing("1.2.0", "v1.2.0", "registry.example/acme/core"), {"images.web": WEB}, "platform", "c" * 40, 1)
VALUES = b"# ours\nimage:\n  tag: latest # not this\n  name: IMAGE\n"
FILES = {"values.yaml": VALUES, "templates/a.yaml": b"a: {{ .Values.x }} IMAGE IMAGE_TAG\n", "logo.png": b"\x89PNG\xff\x00"}


def wrong(spec: Spec, files: dict[str, bytes] | None = None) -> list[str]:
    with pytest.raises(DeclarationError) as caught:
        stamp(FILES if files is None else files, spec, CONTEXT)
    return list(caught.value.details) or [f"{caught.value} ({caught.value.hint})".removeprefix("stamp: ")]


def test_values_and_placeholders_are_written_and_other_files_are_the_same() -> None:
    spec = Spec(
        set={"values.yaml": {"image.tag": "{{ nodes.web.tag }}"}},
        replace={"IMAGE": "{{ nodes.web.reference }}", "IMAGE_TAG": "{{ nodes.web.tag }}"},
    )
    done = stamp(FILES, spec, CONTEXT)
    assert done["values.yaml"] == b"# ours\nimage:\n  tag: 1.2.0 # not this\n  name: registry.example/acme/web\n"
    assert done["templates/a.yaml"] == b"a: {{ .Values.x }} registry.example/acme/web 1.2.0\n"
    assert done["logo.png"] is FILES["logo.png"]
    assert FILES["values.yaml"] == VALUES


def test_templates_are_rendered_over_the_files_before_anything_else() -> None:
    spec = Spec(
        set={"values.yaml": {"a": "{{ version }}"}},
        replace={"LATER": "{{ tag }}"},
        values={"team": "of {{ repo }}"},
        templates={"values.yaml.j2": b"a: old\nteam: <{ values.team }>\n", "NOTES.txt": b"as is <{ x }> LATER\n"},
        delimiters="angle",
    )
    done = stamp(FILES, spec, CONTEXT)
    assert done["values.yaml"] == b"a: 1.2.0\nteam: of platform\n"
    assert done["NOTES.txt"] == b"as is <{ x }> v1.2.0\n"
    assert "values.yaml.j2" not in done


def test_a_placeholder_within_a_value_that_is_set_is_gone_with_it() -> None:
    spec = Spec(set={"values.yaml": {"image.name": "x"}}, replace={"IMAGE": "y"})
    assert stamp({"values.yaml": VALUES}, spec, CONTEXT)["values.yaml"] == VALUES.replace(b"IMAGE", b"x")


def test_the_placeholder_that_is_there_as_a_whole_is_meant() -> None:
    spec = Spec(replace={"V": "1", "VV": "2"})
    assert stamp({"a": b"VV V\n"}, spec, CONTEXT)["a"] == b"2 1\n"


def test_all_problems_are_said_at_once_with_their_places() -> None:
    spec = Spec(
        set={"values.yaml": {"image.tga": "1", "image": "2"}, "valeus.yaml": {"a": "1"}},
        replace={"NOWHERE": "{{ version }}", "IMAGE": "{{ nodes.wep.tag }}"},
    )
    assert wrong(spec) == [
        "stamp.replace.IMAGE:1:10: the node uses no 'wep' (what a template reads must be among 'uses' or 'contains')",
        "stamp.set.valeus.yaml: there is no such file (did you mean values.yaml?)",
        "values.yaml:3:8: there is no value at image.tga (did you mean image.tag?)",
        "values.yaml:3:8: image is no single value (name one of the values below it)",
        "stamp.replace.NOWHERE: this placeholder occurs nowhere (remove it, or write it into a file)",
    ]


def test_a_placeholder_that_is_left_is_said_with_its_place() -> None:
    assert wrong(Spec(replace={"IMAGE_TAG": "now IMAGE_TAG"})) == [
        "templates/a.yaml:1:30: 'IMAGE_TAG' is left after stamping (what stands for a placeholder must not hold one)"
    ]


def test_a_placeholder_that_comes_about_where_two_texts_meet_is_left_too() -> None:
    assert "is left after stamping" in wrong(Spec(replace={"XX": "X"}), {"a": b"XXX"})[0]


def test_a_value_that_nothing_uses_is_said() -> None:
    assert wrong(Spec(values={"team": "x"})) == [
        "stamp.values.team: no template uses this value (remove it, or use it: values.team)"
    ]


def test_a_template_and_a_file_of_one_name_are_too_many() -> None:
    assert "there is a file a as well" in wrong(Spec(templates={"a.j2": b"", "a": b""}))[0]


def test_templates_of_the_declaration_have_no_further_values() -> None:
    spec = Spec(replace={"IMAGE": "{{ values.x }}"}, values={"x": "1"}, templates={"b.j2": b"{{ values.x }}"})
    assert "there is no value 'x'" in wrong(spec)[0]


def test_what_stamping_reads_is_known_before() -> None:
    spec = Spec(
        set={"values.yaml": {"a": "{{ nodes.web.digest }}"}},
        values={"v": "{{ commit }}"},
        templates={"x.j2": b"<{ values.v }>"},
        delimiters="angle",
    )
    found = reads_of(spec, CONTEXT.nodes)
    assert found.own == {"commit"}
    assert found.digests == {"images.web"}
    assert found.values == {"v"}


def test_a_spec_is_read_from_a_declaration() -> None:
    field: dict[str, object] = {"set": {"a": {"b": "c"}}, "templates": "web", "delimiters": "angle"}
    spec = Spec.of(field, {"t.j2": b""})
    assert spec == Spec(set={"a": {"b": "c"}}, templates={"t.j2": b""}, delimiters="angle")
    assert spec
    assert not Spec.of({}, {})


_TEXTS = st.text("ab:X-\n '\"#é", max_size=30)


@settings(max_examples=150, deadline=None)
@given(
    before=_TEXTS, behind=_TEXTS, old=st.text("xyz", max_size=4), new=st.text("x1.\"': #", max_size=6), raw=st.binary(max_size=20)
)
def test_bytes_outside_of_the_spans_are_unchanged_and_stamping_is_deterministic(
    before: str, behind: str, old: str, new: str, raw: bytes
) -> None:
    comment = "".join(f"# {line}\n" for line in before.split("\n"))
    end = "".join(f"# {line}\n" for line in behind.split("\n"))
    data = f'{comment}a:\n  b: "{old}"\n  c: @@P@@\n{end}'.encode()
    spec = Spec(set={"v.yaml": {"a.b": "{{ version }}" + new}}, replace={"@@P@@": "{{ tag }}"})
    files = {"v.yaml": data, "raw": raw}
    done = stamp(files, spec, CONTEXT)
    assert done["raw"] is raw
    assert done["v.yaml"].startswith(f'{comment}a:\n  b: "'.encode())
    assert done["v.yaml"].endswith(f"\n  c: v1.2.0\n{end}".encode())
    assert yaml.safe_load(done["v.yaml"])["a"] == {"b": "1.2.0" + new, "c": "v1.2.0"}
    assert stamp(dict(reversed(files.items())), spec, CONTEXT) == done
    # Stamped once, it is stamped: the same values are set to the same texts.
    assert stamp(done, Spec(set=spec.set), CONTEXT) == done


@settings(max_examples=100, deadline=None)
@given(data=st.binary(max_size=60), word=st.text("AB@", min_size=1, max_size=3))
def test_no_bytes_are_lost_however_odd_they_are(data: bytes, word: str) -> None:
    spec = Spec(replace={word: "-"})
    if word.encode() in data:
        assert stamp({"f": data}, spec, CONTEXT)["f"] == data.replace(word.encode(), b"-")
    else:
        assert "occurs nowhere" in wrong(spec, {"f": data})[0]


def test_a_template_that_is_no_text_is_said() -> None:
    assert wrong(Spec(templates={"a.j2": b"a\nb\xff"})) == ["a.j2:2:2: not UTF-8 (a template is text)"]
