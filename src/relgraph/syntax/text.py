"""Text with positions: decoding that loses nothing, and offsets turned into lines and columns."""

from bisect import bisect_right
from functools import cached_property

from relgraph.model.site import Span

__all__ = ["Text"]


class Text:
    """The content of one file.

    Decoded as UTF-8 with ``surrogateescape``, so that every byte sequence has a text and every slice of the text has
    its bytes. Offsets into :attr:`text` are code points; :meth:`span` turns them into bytes, lines and columns.
    """

    def __init__(self, path: str, data: bytes) -> None:
        self.path = path
        self.data = data
        self.text = data.decode("utf-8", "surrogateescape")
        # In ASCII text code points are bytes: the common case costs nothing.
        self._ascii = len(self.text) == len(data)

    @cached_property
    def line_starts(self) -> list[int]:
        """The offset of each line's first code point; lines end with ``\\n`` alone or after ``\\r``."""
        starts = [0]
        find = self.text.find
        position = find("\n")
        while position >= 0:
            starts.append(position + 1)
            position = find("\n", position + 1)
        return starts

    @cached_property
    def _byte_starts(self) -> list[int]:
        # The same positions in bytes; UTF-8 never uses the byte of a line feed within a character.
        starts = [0]
        find = self.data.find
        position = find(b"\n")
        while position >= 0:
            starts.append(position + 1)
            position = find(b"\n", position + 1)
        return starts

    def line_of(self, offset: int) -> int:
        """The number of the line that holds ``offset``, from 1."""
        return bisect_right(self.line_starts, offset)

    def line_text(self, number: int) -> str:
        """The line of that number, without its end; empty when there is none."""
        starts = self.line_starts
        if not 1 <= number <= len(starts):
            return ""
        end = starts[number] - 1 if number < len(starts) else len(self.text)
        return self.text[starts[number - 1] : end].removesuffix("\r")

    def span(self, start: int, end: int) -> Span:
        """The span of ``text[start:end]``."""
        starts = self.line_starts
        line = bisect_right(starts, start)
        end_line = line if "\n" not in self.text[start:end] else bisect_right(starts, end)
        if self._ascii:
            first, last = start, end
        else:
            first = self._byte_starts[line - 1] + len(self.text[starts[line - 1] : start].encode("utf-8", "surrogateescape"))
            last = first + len(self.text[start:end].encode("utf-8", "surrogateescape"))
        return Span(first, last, line, start - starts[line - 1] + 1, end_line, end - starts[end_line - 1] + 1)

    def context(self, span: Span, lines: int = 1) -> str:
        """The span's lines with ``lines`` more on either side, for fingerprints and excerpts."""
        return "\n".join(self.line_text(n) for n in range(span.line - lines, span.end_line + lines + 1))
