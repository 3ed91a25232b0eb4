"""CUE modules: the module file, what belongs into the zip, what is refused when one is pulled."""

import io
import json
import zipfile
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from relgraph.errors import DeclarationError, UsageError
from relgraph.oci.codecs import cue
from relgraph.oci.codecs.codec import Form, Options
from relgraph.oci.codecs.cuedata import CueProblem, load_cue_data
from relgraph.oci.codecs.tree import Entry, Kind, Tree, tree_of
from relgraph.oci.errors import InvalidContent
from relgraph.oci.manifest import Manifest
from relgraph.oci.storage import read_blob

_MODULE = b"""\
// a module
module: "registry.example/schemas@v0"
language: version: "v0.9.0"
source: kind: "git"
deps: {
\t"other.example/base@v1": {v: "v1.2.3", default: true}
}
custom: "tool.example": note: "x"
"""
_FILES = {
    "cue.mod/module.cue": _MODULE,
    "schema.cue": b"package schemas\n",
    "sub/more.cue": b"package sub\n",
    "LICENSE": b"Apache-2.0\n",
}


def _zip_names(made: Any) -> list[str]:
    with zipfile.ZipFile(io.BytesIO(read_blob(made, made.root.layers[0], limit=1 << 20))) as archive:
        return archive.namelist()


@pytest.mark.parametrize(
    ("text", "fields"),
    [
        ("", {}),
        ("a: 1, b: 2\nc: 3", {"a": 1, "b": 2, "c": 3}),
        ('a: b: "x": true', {"a": {"b": {"x": True}}}),
        ("a: b: 1\na: c: null", {"a": {"b": 1, "c": None}}),
        ("a: {\n  b: 1\n  c: 2,\n}\n", {"a": {"b": 1, "c": 2}}),
        ("a: [1, {b: 2}, [],]", {"a": [1, {"b": 2}, []]}),
        ('a: "\\u00e4\\n\\"\\U0001F600"', {"a": 'ä\n"😀'}),
        ('a: #"raw \\n "x""#', {"a": 'raw \\n "x"'}),
        ("a: -1.5e3, b: 0x1F, c: 1_000", {"a": -1500.0, "b": 31, "c": 1000}),
        ("a: 1 // note\n// more\n$b: 2", {"a": 1, "$b": 2}),
        ("a: 1\na: 1", {"a": 1}),
    ],
)
def test_plain_data_is_read(text: str, fields: dict[str, Any]) -> None:
    assert load_cue_data(text.encode(), what="x.cue") == fields


@pytest.mark.parametrize(
    ("text", "line", "reason"),
    [
        ("a: 1\nb", 2, "':' is expected, not 'the end'"),
        ("a: 1 b: 2", 1, "a comma or a new line"),
        ("a: b", 1, "'b' is no plain value"),
        ("a: 1 | 2", 1, r"'\|' cannot stand"),
        ("a: *1", 1, r"'\*' cannot stand"),
        ("a: >1", 1, "cannot stand"),
        ("\n\nlet x = 1", 3, "'let' cannot stand"),
        ("package x", 1, "'package' cannot stand"),
        ('a: "\\(b)"', 1, r"cannot stand in plain data"),
        ('a: """\n  x\n  """', 1, "several lines"),
        ("a: {b: 1", 1, "'}' is expected"),
        ("a: [1", 1, "',' is expected"),
        ("}", 1, "a field is expected"),
        ("a: 1\na: 2", 2, "two values"),
        ("a: 1\na: b: 2", 2, "two values"),
        ('a: "\\ud800"', 1, "no character"),
        ("a: " + "[" * 40, 1, "nested too deep"),
        ("a: " + "{b: " * 40, 1, "nested too deep"),
        ("a: " + "b: " * 40 + "1", 1, "nested too deep"),
        ('"a', 1, "cannot stand"),
        ("a: 1\nb: 99" + "9" * 5000, 2, "no number"),
    ],
)
def test_what_would_have_to_be_evaluated_is_refused_with_its_line(text: str, line: int, reason: str) -> None:
    with pytest.raises(CueProblem, match=reason) as caught:
        load_cue_data(text.encode(), what="x.cue")
    assert caught.value.line == line


def test_text_that_is_no_utf8_or_too_long_is_refused() -> None:
    with pytest.raises(CueProblem, match="not UTF-8"):
        load_cue_data(b"a: 1\n\xff", what="x.cue")
    with pytest.raises(CueProblem, match="more than the 3"):
        load_cue_data(b"a: 1", what="x.cue", limit=3)


@given(st.text('ab:{}[],"\\/#\n 01.-_', max_size=30))
def test_any_text_is_read_or_refused(text: str) -> None:
    try:
        load_cue_data(text.encode(), what="x.cue")
    except CueProblem:
        pass


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(st.characters(exclude_categories=["Cs", "Cc"])),
        lambda x: st.lists(x, max_size=3) | st.dictionaries(st.text("abc", min_size=1), x, max_size=3),
        max_leaves=8,
    )
)
def test_json_is_plain_data(value: Any) -> None:
    assert load_cue_data(b"a: " + json.dumps(value, ensure_ascii=False).encode(), what="x.cue") == {"a": value}


def test_the_module_file_is_read() -> None:
    module = cue.read_module(_MODULE)
    assert module == ("registry.example/schemas", "v0", "git", "v0.9.0", {"other.example/base@v1": "v1.2.3"})
    assert cue.read_module(b'module: "a.b", language: version: "v0.8.0"').major == "v0"


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ('language: version: "v0.9.0"', "module is missing"),
        ('module: "a.b@latest"', "major version"),
        ('module: "nodot/x@v0"', "domain name"),
        ('module: "A.b/x@v0"', "lower-case"),
        ('module: "a.b/../x@v0"', "lower-case"),
        ('module: "a.b/-x@v0"', "lower-case"),
        ('module: "a.b/con.x@v0"', "device"),
        ('module: "a.b@v0"', "language: version is missing"),
        ('module: "a.b@v0", language: 1', "language is no struct"),
        ('module: "a.b@v0", language: version: "v0.9.0", source: kind: "svn"', "kind is 'svn'"),
        ('module: "a.b@v0", language: version: "v0.9.0", deps: "c.d@v0": v: "latest"', "no version"),
        ('module: "a.b@v0", language: version: "v0.9.0", deps: "c.d@v0": 1', "no version"),
        ('module: "a.b@v0", language: version: "v0.9.0", deps: "c.d@v0": {v: "v0.1.0", replaceWith: "./x"}', "local-module"),
    ],
)
def test_a_module_that_could_not_be_published_is_refused(text: str, reason: str) -> None:
    with pytest.raises(DeclarationError, match=reason):
        cue.read_module(text.encode())


def test_the_manifest_is_that_of_cue() -> None:
    options = Options(created=datetime(2026, 1, 2, tzinfo=UTC))
    made = cue.artifact_of(tree_of(_FILES), "v0.1.0", options=options, commit="c" * 40)
    manifest = json.loads(made.root.raw)
    assert list(manifest) == ["schemaVersion", "mediaType", "config", "layers", "annotations"]
    assert manifest["config"]["mediaType"] == "application/vnd.cue.module.v1+json"
    assert manifest["config"]["size"] == 2
    assert [layer["mediaType"] for layer in manifest["layers"]] == ["application/zip", "application/vnd.cue.modulefile.v1"]
    assert manifest["annotations"] == {
        "org.cuelang.vcs-commit": "c" * 40,
        "org.cuelang.vcs-commit-time": "2026-01-02T00:00:00Z",
        "org.cuelang.vcs-type": "git",
    }
    assert _zip_names(made) == ["LICENSE", "cue.mod/module.cue", "schema.cue", "sub/more.cue"]
    assert made.tag == "v0.1.0"


def test_what_is_not_part_of_the_module_is_left_out() -> None:
    more = {
        "cue.mod/local-module.cue": b"",
        "cue.mod/vendor/x.cue": b"",
        "nested/cue.mod/module.cue": b"",
        "nested/deep/x.cue": b"",
        ".git/HEAD": b"",
        "sub/.hg/x": b"",
        ".hg_archival.txt": b"",
    }
    tree = Tree.of([*tree_of({**_FILES, **more}).entries, Entry("link", Kind.LINK, 0o777, target="schema.cue")])
    assert {entry.path for entry in cue.module_files(tree).entries} == set(_FILES)


@pytest.mark.parametrize(
    ("files", "reason"),
    [
        ({"x.cue": b""}, "module.cue is missing"),
        ({**_FILES, "aa:b": b""}, "cannot be a file"),
        ({**_FILES, "a'b": b""}, "cannot be a file"),
        ({**_FILES, "a.": b""}, "cannot be a file"),
        ({**_FILES, "a…b": b""}, "cannot be a file"),
        ({**_FILES, "sub/aux.cue": b""}, "device on Windows"),
        ({"CUE.mod/module.cue": _MODULE}, "lower case"),
        ({"cue.mod/Module.cue": _MODULE}, "lower case"),
    ],
)
def test_files_that_cue_would_refuse_are_refused(files: dict[str, bytes], reason: str) -> None:
    with pytest.raises(DeclarationError, match=reason):
        cue.module_files(tree_of(files))


@pytest.mark.parametrize(
    ("version", "reason"),
    [("0.1.0", "no version"), ("v1.0.0", "no version of"), ("v0.1.0+x", "no version"), ("v0.1", "no version")],
)
def test_a_version_must_fit_the_module(version: str, reason: str) -> None:
    with pytest.raises(DeclarationError, match=reason):
        cue.artifact_of(tree_of(_FILES), version)


def test_a_module_without_a_source_is_not_published() -> None:
    with pytest.raises(DeclarationError, match="source is missing"):
        cue.artifact_of(tree_of({**_FILES, "cue.mod/module.cue": _MODULE.replace(b'source: kind: "git"\n', b"")}), "v0.1.0")


def test_a_module_is_one_folder_with_a_version(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="one folder"):
        cue.encode((), Options(version="v0.1.0"))
    with pytest.raises(UsageError, match="needs a version"):
        cue.encode((tmp_path,), Options())
    with pytest.raises(DeclarationError, match=r"module\.cue is missing"):
        cue.encode((tmp_path,), Options(version="v0.1.0"))


def test_a_pulled_module_is_a_zip_to_unpack() -> None:
    made = cue.artifact_of(tree_of(_FILES), "v0.1.0")
    assert isinstance(made.root, Manifest)
    (part,) = cue.decode(made, made.root)
    assert (part.path, part.form) == ("", Form.ZIP)


def _zip(files: dict[str, bytes], *, link: str = "") -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        for name, data in files.items():
            archive.writestr(name, data)
        if link:
            info = zipfile.ZipInfo(link)
            info.external_attr = 0o120777 << 16
            archive.writestr(info, "schema.cue")
    return out.getvalue()


@pytest.mark.parametrize(
    ("archive", "reason"),
    [
        (b"", "not a zip"),
        (_zip(_FILES)[:-30], "not a zip"),
        (_zip({"schema.cue": b""}), "no cue.mod/module.cue"),
        (_zip({**_FILES, "cue.mod/module.cue": _MODULE + b"// other\n"}), "is not the one in it"),
        (_zip({**_FILES, "../x": b""}), "out of its folder"),
        (_zip({**_FILES, "/x": b""}), "absolute"),
        (_zip({**_FILES, "Schema.cue": b""}), "one name to some file systems"),
        (_zip({**_FILES, "cue.mod/local-module.cue": b""}), "no part of a published module"),
        (_zip({**_FILES, "sub/cue.mod/module.cue": b""}), "a module within a module"),
        (_zip(_FILES, link="link"), "neither a file nor a folder"),
    ],
)
def test_a_zip_that_cue_would_refuse_is_refused(archive: bytes, reason: str) -> None:
    with pytest.raises(InvalidContent, match=reason):
        cue.check_zip(archive, _MODULE, what="x")


def test_a_bomb_is_refused_by_its_declared_size() -> None:
    data = bytearray(_zip({**_FILES, "bomb": b"0"}))
    at = data.rindex(b"bomb") - 46 + 24  # the unpacked size in the central directory
    data[at : at + 4] = (1 << 30).to_bytes(4, "little")
    with pytest.raises(InvalidContent, match="unpacks to more than"):
        cue.check_zip(bytes(data), _MODULE, what="x")


def test_layers_of_other_types_are_refused() -> None:
    made = cue.artifact_of(tree_of(_FILES), "v0.1.0")
    assert isinstance(made.root, Manifest)
    for layers in (made.root.layers[:1], made.root.layers[::-1]):
        with pytest.raises(InvalidContent):
            cue.decode(made, Manifest.make(made.root.config, layers))
