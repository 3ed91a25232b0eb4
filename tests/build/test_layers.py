"""Layers whose folders are given one time, and nothing else is touched."""

import io
import tarfile

import pytest
from hypothesis import given
from hypothesis import strategies as st

from relgraph.build.layers import folders_at
from relgraph.oci.errors import InvalidContent

_KINDS = (tarfile.REGTYPE, tarfile.DIRTYPE, tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.CHRTYPE)
_MEMBERS = st.lists(
    st.tuples(
        st.sampled_from(_KINDS),
        st.text("abcé/._-", min_size=1, max_size=120).filter(lambda name: name.strip("/.")),
        st.binary(max_size=1500),
        st.integers(0, 2**32),
    ),
    max_size=8,
)


def archive(members: list[tuple[bytes, str, bytes, int]], form: int = tarfile.PAX_FORMAT) -> bytes:
    file = io.BytesIO()
    with tarfile.open(fileobj=file, mode="w", format=form) as tar:
        for kind, name, data, time in members:
            member = tarfile.TarInfo(name)
            member.type, member.mtime, member.linkname = kind, time, "elsewhere"
            member.pax_headers = {"SCHILY.xattr.user.note": "x\ny"} if form == tarfile.PAX_FORMAT else {}
            if kind == tarfile.REGTYPE:
                member.size = len(data)
                tar.addfile(member, io.BytesIO(data))
            else:
                tar.addfile(member)
    return file.getvalue()


def listed(data: bytes) -> list[tuple[object, ...]]:
    with tarfile.open(fileobj=io.BytesIO(data)) as tar:
        return [
            (
                one.name,
                one.type,
                one.mtime,
                one.linkname,
                one.pax_headers,
                (tar.extractfile(one) or io.BytesIO()).read() if one.isreg() else b"",
            )
            for one in tar
        ]


@given(_MEMBERS, st.sampled_from((tarfile.PAX_FORMAT, tarfile.GNU_FORMAT)), st.integers(1, 2000))
def test_folders_get_the_time_and_all_else_stays(members: list[tuple[bytes, str, bytes, int]], form: int, cut: int) -> None:
    before = archive(members, form)
    pieces = [before[start : start + cut] for start in range(0, len(before), cut)]
    after = b"".join(folders_at(pieces, 7))
    assert len(after) == len(before)
    assert listed(after) == [
        (name, kind, 7 if kind == tarfile.DIRTYPE else time, *rest) for name, kind, time, *rest in listed(before)
    ]
    assert b"".join(folders_at([after], 7)) == after


@pytest.mark.parametrize(
    "data", [b"x" * 512, *(archive([(tarfile.REGTYPE, "a", b"x" * 600, 0)])[:size] for size in (100, 530, 1100, 1600))]
)
def test_what_is_no_tar_is_refused(data: bytes) -> None:
    with pytest.raises(InvalidContent):
        b"".join(folders_at([data], 0))
