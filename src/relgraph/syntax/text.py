"""Text with positions: decoding that loses nothing, and offsets turned into lines and columns."""

from bisect import bisect_right
from functools import cached_property
from itertools import accumulate

from relgraph.model.site import Span

__all__ = ["Text"]

# What is further away on the same line than this many code points belongs to data, not to a sentence or a command; and to
# look at all of a line for each of its references would take quadratic time where a file is a single line.
_REACH = 1000
_STRIDE = 512


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
        # Lengths of lines, added up; each line end counts one more. To look for one line end after the other takes twice as long.
        ends = accumulate(map(len, self.text.split("\n")))
        starts = [0, *[end + number for number, end in enumerate(ends, start=1)]]
        starts.pop()
        return starts

    @cached_property
    def _marks(self) -> list[int]:
        # How many bytes stand before every so many code points: near enough to count from there, however long a line is.
        marks = [0]
        for start in range(0, len(self.text), _STRIDE):
            marks.append(marks[-1] + len(self.text[start : start + _STRIDE].encode("utf-8", "surrogateescape")))
        return marks

    def _bytes_before(self, offset: int) -> int:
        mark, rest = divmod(offset, _STRIDE)
        return self._marks[mark] + len(self.text[offset - rest : offset].encode("utf-8", "surrogateescape"))

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
            first = self._bytes_before(start)
            last = first + len(self.text[start:end].encode("utf-8", "surrogateescape"))
        return Span(first, last, line, start - starts[line - 1] + 1, end_line, end - starts[end_line - 1] + 1)

    def offset(self, span: Span) -> int:
        """The span's start in :attr:`text`; the end of the text where it is too short.

        A file may have changed since its sites were read: what is said of it then need not be right, but is said.
        """
        starts = self.line_starts
        return starts[span.line - 1] + span.column - 1 if span.line <= len(starts) else len(self.text)

    def line_head(self, number: int) -> str:
        """The beginning of the line of that number, at most 1000 code points of it; empty when there is no such line."""
        starts = self.line_starts
        if not 1 <= number <= len(starts):
            return ""
        start = starts[number - 1]
        end = starts[number] - 1 if number < len(starts) else len(self.text)
        return self.text[start : min(end, start + _REACH)].removesuffix("\r")

    def before(self, span: Span) -> str:
        """What stands before the span on its line, at most 1000 code points of it."""
        start = self.offset(span)
        return self.text[max(start - span.column + 1, start - _REACH) : start]

    def around(self, span: Span) -> str:
        """The span's first line, at most 1000 code points of it on either side of the span's start."""
        start = self.offset(span)
        end = self.text.find("\n", start, start + _REACH)
        return self.before(span) + self.text[start : start + _REACH if end < 0 else end].removesuffix("\r")

    def context(self, span: Span, lines: int = 1) -> str:
        """The span's lines with ``lines`` more on either side, for fingerprints and excerpts; of long lines what is near."""
        here = range(span.line, span.end_line + 1)
        return "\n".join(
            self.around(span) if number == span.line else self.line_head(number)
            for number in range(here.start - lines, here.stop + lines)
        )
