"""Instructions of Dockerfiles."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from relgraph.syntax.dockerfile import read_dockerfile
from relgraph.syntax.text import Text


def _read(source: str) -> list[tuple[str, str]]:
    return [(found.keyword, source[found.start : found.end]) for found in read_dockerfile(Text("Dockerfile", source.encode()))]


def test_instructions_and_comments() -> None:
    assert _read("# c\nFROM a\n\n  run b # no comment\n") == [("FROM", "a"), ("RUN", "b # no comment")]


def test_continuation_lines_with_comments_between() -> None:
    assert _read("RUN a \\\n  # c\n  && b\nCMD x\n") == [("RUN", "a \\\n  # c\n  && b"), ("CMD", "x")]


def test_the_escape_character_may_be_another() -> None:
    assert _read("# escape=`\nRUN a `\n b\nCMD c:\\\nENV x\n") == [("RUN", "a `\n b"), ("CMD", "c:\\"), ("ENV", "x")]


def test_here_documents_belong_to_their_instruction() -> None:
    assert _read("RUN <<EOF\nFROM x\nEOF\nCMD y\n") == [("RUN", "<<EOF\nFROM x\nEOF"), ("CMD", "y")]
    assert _read("COPY <<-'A' <<B /d/\n1\n\tA\n2\nB\nCMD y") == [("COPY", "<<-'A' <<B /d/\n1\n\tA\n2\nB"), ("CMD", "y")]
    assert _read("RUN <<EOF\nnever closed") == [("RUN", "<<EOF\nnever closed")]


@given(st.text(alphabet="FROMRUN <EOF\n\\#`=é\t'", max_size=80))
def test_nothing_raises_and_instructions_do_not_overlap(source: str) -> None:
    last = 0
    for found in read_dockerfile(Text("Dockerfile", source.encode())):
        assert last <= found.start <= found.end <= len(source)
        last = found.end


@pytest.mark.parametrize("piece", ["RUN a \\\n", "RUN <<A\n", "#x=y\n", "\\\n", "# escape=`\n"])
def test_long_input_ends(piece: str) -> None:
    read_dockerfile(Text("Dockerfile", (piece * 3000).encode()))
