from pathlib import Path

import pytest

from relgraph.engine.saved import load, load_rows, save, save_rows


def test_values_come_back(tmp_path: Path) -> None:
    value = {"a": (1, 2.5, b"x", ["y", None])}
    save(str(tmp_path / "value"), value)
    assert load(str(tmp_path / "value")) == value
    save_rows(str(tmp_path), {"a": (1, 2, 3, 4, b"m")})
    assert load_rows(str(tmp_path)) == {"a": (1, 2, 3, 4, b"m")}
    assert sorted(path.name for path in tmp_path.iterdir()) == ["files", "value"]


@pytest.mark.parametrize("position", [0, 5, 12, 14, 20])
def test_damage_reads_as_nothing(tmp_path: Path, position: int) -> None:
    path = tmp_path / "value"
    save(str(path), {"key": "value" * 10})
    data = bytearray(path.read_bytes())
    data[position] ^= 1
    path.write_bytes(data)
    assert load(str(path)) is None
    path.write_bytes(bytes(data[:position]))
    assert load(str(path)) is None


def test_what_is_no_table_of_files_is_none(tmp_path: Path) -> None:
    save(str(tmp_path / "files"), [1, 2])
    assert load_rows(str(tmp_path)) == {}


def test_a_folder_that_cannot_be_written_to_keeps_nothing(tmp_path: Path) -> None:
    save(str(tmp_path / "none/value"), 1)
    assert load(str(tmp_path / "none/value")) is None
