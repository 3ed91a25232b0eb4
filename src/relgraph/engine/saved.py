"""Small files of the state folder that may be lost or damaged at any time: values behind a check sum."""

import marshal
import os
import zlib
from collections.abc import Mapping
from typing import Any

from relgraph.engine.files import Row
from relgraph.engine.keys import FORMAT

__all__ = ["load", "load_rows", "save", "save_rows"]

_HEAD = b"relgraph %d\n" % FORMAT


def load(path: str) -> Any:
    """The value that was saved; None where there is none, or it is damaged or of another version."""
    try:
        with open(path, "rb", buffering=0) as file:
            data = file.readall()
    except OSError:
        return None
    start = len(_HEAD) + 4
    body = memoryview(data)[start:]
    if data[: len(_HEAD)] != _HEAD or data[len(_HEAD) : start] != zlib.crc32(body).to_bytes(4, "big"):
        return None
    try:
        return marshal.loads(body)  # noqa: S302 - behind a check sum, in the user's own folder
    except (EOFError, ValueError, TypeError):
        return None


def save(path: str, value: Any) -> None:
    """Save plain values (texts, bytes, numbers, tuples, lists, dicts); a folder that cannot be written to keeps nothing."""
    body = marshal.dumps(value)
    temporary = f"{path}.{os.getpid()}.tmp"
    try:
        with open(temporary, "wb", buffering=0) as file:
            file.write(_HEAD + zlib.crc32(body).to_bytes(4, "big"))
            file.write(body)
        os.replace(temporary, path)
    except OSError:
        try:
            os.unlink(temporary)
        except OSError:
            pass  # it was not even made


def load_rows(folder: str) -> dict[str, Row]:
    """What was known of files."""
    rows = load(os.path.join(folder, "files"))
    return rows if isinstance(rows, dict) else {}


def save_rows(folder: str, rows: Mapping[str, Row]) -> None:
    """Keep what is known of files."""
    save(os.path.join(folder, "files"), dict(rows))
