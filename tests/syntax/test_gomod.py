"""go.mod and go.work."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from relgraph.syntax.gomod import GoMod, pseudo_commit, read_gomod
from relgraph.syntax.text import Text

_SAMPLE = """// a module
module acme.example/web // here

go 1.24.5
toolchain go1.24.7

require acme.example/one v1.0.0
require (
\tacme.example/two/v2 v2.3.4 // indirect
\t"acme.example/three" v0.0.0-20240102030405-0123456789ab
)

replace acme.example/one v1.0.0 => acme.example/fork v1.0.1
replace (
\tacme.example/two/v2 => ../two
)
exclude acme.example/one v0.9.0
retract [v0.1.0, v0.2.0]
tool acme.example/gen/cmd/gen
"""


def _read(source: str) -> GoMod:
    return read_gomod(Text("go.mod", source.encode()))


def test_every_directive() -> None:
    gomod = _read(_SAMPLE)
    assert gomod.module == "acme.example/web"
    assert gomod.go is not None
    assert gomod.go.value == "1.24.5"
    assert gomod.toolchain is not None
    assert gomod.toolchain.value == "go1.24.7"
    assert [(need.module, need.version, need.indirect) for need in gomod.requires] == [
        ("acme.example/one", "v1.0.0", False),
        ("acme.example/two/v2", "v2.3.4", True),
        ("acme.example/three", "v0.0.0-20240102030405-0123456789ab", False),
    ]
    assert [(swap.old, swap.old_version, swap.new, swap.version, swap.local) for swap in gomod.replaces] == [
        ("acme.example/one", "v1.0.0", "acme.example/fork", "v1.0.1", False),
        ("acme.example/two/v2", "", "../two", "", True),
    ]
    assert [tool.value for tool in gomod.tools] == ["acme.example/gen/cmd/gen"]
    for need in gomod.requires:
        assert _SAMPLE[need.start : need.end] == need.version


def test_workspaces() -> None:
    gomod = _read("go 1.24\nuse ./a\nuse (\n\t./b\n\t../c\n)\n")
    assert [use.value for use in gomod.uses] == ["./a", "./b", "../c"]


@pytest.mark.parametrize(
    ("version", "commit"),
    [
        ("v0.0.0-20240102030405-0123456789ab", "0123456789ab"),
        ("v1.2.4-0.20240102030405-0123456789ab", "0123456789ab"),
        ("v1.2.3-rc.1.0.20240102030405-0123456789ab", "0123456789ab"),
        ("v2.0.1-0.20240102030405-0123456789ab+incompatible", "0123456789ab"),
        ("v1.2.3", ""),
        ("v1.2.3-20240102", ""),
    ],
)
def test_pseudo_versions_name_a_commit(version: str, commit: str) -> None:
    assert pseudo_commit(version) == commit


@given(st.text(alphabet='require()=>v1. \n\t"`/acmé', max_size=80))
def test_positions_hold_what_is_told(source: str) -> None:
    gomod = _read(source)
    for need in gomod.requires:
        assert source[need.start : need.end] == need.version
    for swap in gomod.replaces:
        assert source[swap.start : swap.end] == (swap.version or swap.new)


@pytest.mark.parametrize("piece", ["require (\n", '"', "`", ")\n", "replace a => b\n", "//"])
def test_long_input_ends(piece: str) -> None:
    _read(piece * 5000)
