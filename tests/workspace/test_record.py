import pytest
from hypothesis import given
from hypothesis import strategies as st

from relgraph.errors import DeclarationError
from relgraph.model.record import Item, Record, Withdrawal
from relgraph.workspace.record import read_record, write_record

TEXT = st.text(st.characters(codec="utf-8", exclude_categories=("Cc", "Cs", "Zl", "Zp")), max_size=12)
ITEMS = st.builds(
    Item, TEXT, TEXT, TEXT, TEXT, TEXT, TEXT, TEXT, st.dictionaries(TEXT, TEXT, max_size=3).map(lambda d: tuple(sorted(d.items())))
)
RECORDS = st.builds(
    Record,
    *[TEXT] * 6,
    st.lists(ITEMS, max_size=3).map(tuple),
    st.lists(TEXT, max_size=2).map(tuple),
    st.none() | st.builds(Withdrawal, TEXT, TEXT),
)


@given(RECORDS)
def test_what_is_written_is_read(record: Record) -> None:
    assert read_record(write_record(record).encode(), what="record") == record


def test_a_record_is_the_same_bytes_on_any_machine() -> None:
    record = Record(
        "web", "1.0", "v1.0", "c" * 40, "2026-01-01T00:00:00Z", "acme", (Item("images.web", "ko", "r/web", "1.0", "sha256:0", "m"),)
    )
    assert write_record(record) == (
        "apiVersion: relgraph.dev/v1\nkind: Release\nmetadata:\n  repo: web\n  version: '1.0'\ntag: v1.0\n"
        f"commit: {'c' * 40}\ntime: '2026-01-01T00:00:00Z'\ngraph: acme\nartifacts:\n- node: images.web\n  builder: ko\n"
        "  reference: r/web\n  tag: '1.0'\n  digest: sha256:0\n  mediaType: m\n  key: ''\n"
    )


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("[", "while parsing"),
        ("[]", "no record"),
        ("a: &a [*a]", "apiVersion"),
        ("apiVersion: relgraph.dev/v1\nkind: Release\n", "problems"),
        ("apiVersion: relgraph.dev/v2\nkind: Release\nartifacts: [1]\n", "problems"),
    ],
)
def test_what_is_no_record_is_said_in_words(text: str, expected: str) -> None:
    with pytest.raises(DeclarationError) as caught:
        read_record(text.encode(), what="r.yaml")
    assert expected in "\n".join([str(caught.value), *caught.value.details])


@given(st.binary(max_size=200))
def test_no_bytes_make_the_reader_fail_otherwise(data: bytes) -> None:
    with pytest.raises(DeclarationError):
        read_record(data, what="r.yaml")
