"""Wheels as values."""

import io
import zipfile

import pytest

from relgraph.build.wheel import python_version, read_wheel, write_wheel
from relgraph.errors import DeclarationError


@pytest.mark.parametrize(
    ("version", "expected"),
    [
        ("1.2.0", "1.2.0"),
        ("1.2.0-alpha.3", "1.2.0a3"),
        ("1.2.0-beta", "1.2.0b0"),
        ("1.2.0-rc10", "1.2.0rc10"),
        ("1.2.1-dev.7+g1C28a8a", "1.2.1.dev7+g1c28a8a"),
        ("0.30.0-rc.1.dev.7+g1-2", "0.30.0rc1.dev7+g1.2"),
        ("0.1.0.dev0", "0.1.0.dev0"),
    ],
)
def test_versions_have_one_form_in_python(version: str, expected: str) -> None:
    assert python_version(version) == expected


@pytest.mark.parametrize("data", [b"no zip", b"PK\x05\x06" + bytes(18)])
def test_what_is_no_wheel_is_refused(data: bytes) -> None:
    with pytest.raises(DeclarationError, match=r"a-1-py3-none-any\.whl: no wheel"):
        read_wheel("a-1-py3-none-any.whl", data)


def _zip(*names: str) -> bytes:
    held = io.BytesIO()
    with zipfile.ZipFile(held, "w") as archive:
        for name in names:
            archive.writestr(name, f"Name: web\nVersion: 1.0\n\nbody of {name}\nVersion: 9\n")
    return held.getvalue()


def test_however_a_wheel_was_packed_it_is_written_the_same() -> None:
    names = ("web/b.py", "web-1.0.dist-info/RECORD", "web-1.0.dist-info/METADATA", "web/a.py")
    first, second = (read_wheel("web-1.0-py3-none-any.whl", _zip(*order)) for order in (names, names[::-1]))
    assert (first.name, first.version, first.platform) == ("web", "1.0", "any")
    assert write_wheel(first) == write_wheel(second)
    with zipfile.ZipFile(io.BytesIO(write_wheel(first))) as archive:
        assert archive.namelist() == ["web/a.py", "web/b.py", "web-1.0.dist-info/METADATA", "web-1.0.dist-info/RECORD"]


@pytest.mark.parametrize("file", ["web.whl", "web-1.0.zip", "web-1.0-py3-none.whl"])
def test_a_name_that_says_nothing_is_no_wheels(file: str) -> None:
    with pytest.raises(DeclarationError, match="a name of five parts"):
        read_wheel(file, _zip("web-1.0.dist-info/METADATA"))
