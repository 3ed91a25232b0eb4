"""Strings of TOML documents and the keys that lead to them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from relgraph.syntax.text import Text
from relgraph.syntax.toml import read_toml


def _read(source: str) -> list[tuple[str, str]]:
    return [(".".join(string.keys), string.value) for string in read_toml(Text("x.toml", source.encode()))]


def test_tables_keys_arrays_and_inline_tables() -> None:
    source = (
        'a = "1"\n[t]\nb = \'2\' # "no"\nc.d = "3"\n"e f" = "4"\nlist = [\n  "5", # "no"\n  \'6\',\n]\ninline = { v = "7", w = ["8"] }\n'
        'n = 12\nlong = """9\n10"""\n[[arr]]\nx = "11"\n[t.u]\ny = "12"\n'
    )
    assert _read(source) == [
        ("a", "1"),
        ("t.b", "2"),
        ("t.c.d", "3"),
        ("t.e f", "4"),
        ("t.list", "5"),
        ("t.list", "6"),
        ("t.inline.v", "7"),
        ("t.inline.w", "8"),
        ("t.long", "9\n10"),
        ("arr.x", "11"),
        ("t.u.y", "12"),
    ]


def test_what_is_not_understood_is_skipped() -> None:
    assert _read('???\n= "x"\nkey\n[broken\na = "1"') == [("a", "1")]


@given(st.text(alphabet="ab=[]{}\"'\n#., é", max_size=60))
def test_positions_hold_what_is_told(source: str) -> None:
    for string in read_toml(Text("x.toml", source.encode())):
        assert source[string.start : string.end] == string.value


@pytest.mark.parametrize("piece", ["[", 'a="', "a=[", "a={b=", '"""', "a='\n", "]"])
def test_long_input_ends(piece: str) -> None:
    _read(piece * 5000)
