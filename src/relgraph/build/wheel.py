"""Wheels (PyPA's "Binary distribution format", PEP 427) as values: read, held against what was asked, written the same everywhere."""

import io
import re
import zipfile
import zlib
from typing import NamedTuple

from relgraph.errors import DeclarationError
from relgraph.oci.codecs.zipball import zip_chunks

__all__ = ["Wheel", "python_version", "read_wheel", "write_wheel"]

_LARGEST = 1 << 30
_NAME = re.compile(r"(?P<name>[A-Za-z0-9_.]+)-(?P<version>[A-Za-z0-9_.!+]+)(?:-\d[^-]*)?-[^-]+-[^-]+-(?P<platform>[^-]+)\.whl")
# PEP 440's public form, and SemVer's as far as it means the same.
_PUBLIC = re.compile(r"\d+(?:\.\d+)*(?:(?:a|b|rc)\d+)?(?:\.post\d+)?(?:\.dev\d+)?(?:\+[a-z0-9]+(?:\.[a-z0-9]+)*)?")
_SEMVER = re.compile(
    r"(?P<release>\d+(?:\.\d+)*)(?:-(?P<pre>alpha|beta|rc|a|b|c|pre|preview)[.-]?(?P<number>\d*))?(?:[-.]dev[.-]?(?P<dev>\d+))?"
    r"(?:\+(?P<local>[0-9A-Za-z]+(?:[.-][0-9A-Za-z]+)*))?"
)
_PRE = {"alpha": "a", "a": "a", "beta": "b", "b": "b"}


class Wheel(NamedTuple):
    """A wheel's file name, the name and version in its metadata, and its files by path."""

    file: str
    name: str
    version: str
    files: dict[str, bytes]

    @property
    def platform(self) -> str:
        """The platforms it is for; ``any`` where it is for all."""
        match = _NAME.fullmatch(self.file)
        return match["platform"] if match is not None else ""


def python_version(version: str) -> str:
    """A version as Python's packages write it (PEP 440): 1.2.0-rc.1 is 1.2.0rc1, 1.2.1-dev.3+gabc is 1.2.1.dev3+gabc.

    Raises :class:`~relgraph.errors.DeclarationError` for what has no such form.

    >>> python_version("1.2.0-rc.1"), python_version("1.2.0-rc.1.dev.4+g12")
    ('1.2.0rc1', '1.2.0rc1.dev4+g12')
    """
    if _PUBLIC.fullmatch(version) is not None:
        return version
    match = _SEMVER.fullmatch(version)
    if match is None:
        raise DeclarationError(
            f"{version!r} is no version of a Python package", hint="pre-releases are alpha, beta or rc with a number (PEP 440)"
        )
    text = match["release"]
    if match["pre"]:
        text += _PRE.get(match["pre"], "rc") + (match["number"] or "0")
    if match["dev"]:
        text += f".dev{match['dev']}"
    return text + (f"+{match['local'].lower().replace('-', '.')}" if match["local"] else "")


def read_wheel(file: str, data: bytes) -> Wheel:
    """The wheel in a zip archive. Raises :class:`~relgraph.errors.DeclarationError` where it is none."""
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            members = [member for member in archive.infolist() if not member.is_dir()]
            if sum(member.file_size for member in members) > _LARGEST:
                raise DeclarationError(f"{file}: more than {_LARGEST} bytes")
            files = {member.filename: archive.read(member) for member in members}
    except (zipfile.BadZipFile, zlib.error, NotImplementedError) as problem:
        raise DeclarationError(f"{file}: no wheel: {problem}") from None
    metadata = [path for path in files if path.endswith(".dist-info/METADATA") and path.count("/") == 1]
    if len(metadata) != 1 or _NAME.fullmatch(file) is None or len(files) != len(members):
        raise DeclarationError(f"{file}: no wheel: it needs a name of five parts and one METADATA")
    head, _, _ = files[metadata[0]].decode("utf-8", "replace").replace("\r\n", "\n").partition("\n\n")
    fields = dict(line.split(": ", 1) for line in head.split("\n") if ": " in line and not line.startswith((" ", "\t")))
    return Wheel(file, fields.get("Name", ""), fields.get("Version", ""), files)


def write_wheel(wheel: Wheel) -> bytes:
    """The archive: files sorted, those of ``.dist-info`` last as the format advises, no times, its RECORD sorted too."""
    ordered = sorted(wheel.files, key=lambda path: (".dist-info/" in path, path.endswith("/RECORD"), path))
    return b"".join(
        zip_chunks((path, _sorted(wheel.files[path]) if path.endswith("/RECORD") else wheel.files[path]) for path in ordered)
    )


def _sorted(record: bytes) -> bytes:
    return b"".join(sorted(line + b"\n" for line in record.replace(b"\r\n", b"\n").split(b"\n") if line))
