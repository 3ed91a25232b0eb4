"""YAML with positions: the scalars of a text, their addresses and their offsets.

A reader for finding and replacing values, not a loader: it walks block collections by indentation, reads on where a strict
parser stops (Go and Jinja templates between and within the lines, tabs, unclosed quotes), never expands an alias, never
raises, and takes time linear in the text. The forms are those of YAML 1.2.2 (https://yaml.org/spec/1.2.2): block collections
(8.2), block scalars (8.1), flow scalars and collections (7.3, 7.4), node properties (6.9), documents (9). Complex keys (``? ``)
and directives are passed over; lines that hold nothing but template actions (``{{- if ... }}``) count as comments.
"""

import re

from relgraph.syntax.yaml_flow import read_flow
from relgraph.syntax.yaml_scalar import Path, Scalar, Style, address, unquote

__all__ = ["Path", "Scalar", "Style", "address", "scalars", "unquote"]

# Deeper levels than anyone writes are read as if they ended here: paths are copied a level, and must not grow without bound.
_MAX_DEPTH = 96
_NOBODY = 1 << 60

# One line that is neither blank nor a comment: indentation, dashes of sequences, key, and the rest.
_LINE = re.compile(
    r"^\ufeff?([ \t]*+)(?![\r\n#]|\Z)((?:-(?:[ \t]++|(?=\r?$)))*+)"
    r"(?:(\"(?>[^\"\\\n]|\\[^\n])*+\"|'(?>[^'\n]|'')*+'|[^\s\"'#\[\]&|>{][^\n#]*?|\{\{[^\n#]*?)[ \t]?:(?=[ \t\r\n]|\Z)[ \t]*+)?"
    r"([^\n]*+)",
    re.MULTILINE,
)
_DOUBLE = re.compile(r"\"(?>[^\"\\{]++|\\.|\{\{[^{}\n]*+\}\}|\{)*+\"", re.DOTALL)
_SINGLE = re.compile(r"'(?>[^']++|'')*+'")
_COMMENT = re.compile(r"\{\{[^{}\n]*+\}\}|(?<![^ \t\n])#[ \t]*+([^\n]*+)")
_PROPERTIES = re.compile(r"(?:[&!][^\s,\[\]{}]*+(?:[ \t]++|(?=\r?$)))++", re.MULTILINE)
_BLOCK = re.compile(r"[|>](?:[+-]?[1-9]?|[1-9][+-])[ \t]*+(?:(?<=[ \t])#[^\n]*+)?\r?$", re.MULTILINE)
_ALIAS = re.compile(r"\*[^\s,\[\]{}*/]+[ \t]*+(?:(?<=[ \t])#[^\n]*+)?\r?$", re.MULTILINE)
_SPECIAL = frozenset("\"'|>[{&!*")


def scalars(
    text: str, start: int = 0, end: int | None = None, *, wanted: re.Pattern[str] | None = None, base: Path = ()
) -> list[Scalar]:
    """All scalars of ``text[start:end]``, in order; with ``wanted``, those alone whose nearest key it finds something in.

    ``base`` is set before every path, for a document within a scalar of another one. Null values, aliases and everything in
    comments are left out.
    """
    reader = _Reader(text, start, len(text) if end is None else end, wanted, base)
    reader.read()
    return reader.found


class _Frame:
    """An open block collection: its column, its path, its current key or index, and whether a value may still follow."""

    __slots__ = ("column", "current", "open", "path", "sequence")

    def __init__(self, column: int, path: Path, current: str | int) -> None:
        self.column, self.path, self.current, self.open = column, path, current, True
        self.sequence = isinstance(current, int)


class _Block:
    """A block scalar whose content is being read: the column of its parent, its start and style, its path if wanted."""

    __slots__ = ("column", "end", "path", "start", "style")

    def __init__(self, column: int, start: int, style: Style, path: Path | None) -> None:
        self.column, self.start, self.end, self.style, self.path = column, start, start, style, path


class _Reader:
    """One walk over a text."""

    def __init__(self, text: str, start: int, end: int, wanted: re.Pattern[str] | None, base: Path) -> None:
        self.text, self.start, self.end, self.wanted, self.base = text, start, end, wanted, base
        self.found: list[Scalar] = []
        self._stack: list[_Frame] = []
        self._document, self._begun = 0, False
        self._known: dict[str, bool] = {}
        self._resume = start  # lines that begin before are part of what was read already
        self._plain, self._plain_column = -1, -1  # index in found of a plain scalar that the next line may continue
        self._block: _Block | None = None
        self._unclosed: set[str] = set()  # brackets and quotes that nothing further down closes

    def read(self) -> None:
        """Walk all lines."""
        text = self.text
        for match in _LINE.finditer(text, self.start, self.end):
            if match.start() < self._resume:
                continue
            column = match.end(1) - match.start(1)
            if (block := self._block) is not None:
                if column > block.column:
                    block.end = match.end()
                    continue
                if self._is_control(match):
                    continue
                self._close_block(block)
            dashes, key = match.end(2) > match.end(1), match[3]
            if key is None and not dashes:
                if self._is_marker(match, column):
                    continue
            elif key is not None:
                if key[0] == "{" and self._is_control(match):
                    continue
            elif self._plain >= 0 and column > self._plain_column:
                self._continue_plain(match.end(1), match.end())  # a dash within text that goes on
                continue
            self._begun = True
            if dashes:
                column = self._items(column, match.end(1), match.end(2))
            if key is not None:
                self._entry(column, key)
            position = match.start(4)
            if position < match.end() and text[position] != "\r":
                self._value(position, match.end(), -1 if key is not None or dashes else column)
        if self._block is not None:
            self._close_block(self._block)

    # Structure

    def _items(self, column: int, position: int, end: int) -> int:
        """Open or continue the sequences whose dashes stand in ``text[position:end]``; the column of what follows them."""
        stack, text = self._stack, self.text
        self._plain = -1
        while True:
            while stack and stack[-1].column > column:
                stack.pop()
            top = stack[-1] if stack else None
            if top is not None and top.column == column and isinstance(top.current, int):
                top.current += 1
                top.open = True
            elif len(stack) < _MAX_DEPTH:
                stack.append(_Frame(column, self._here(), 0))
            following = text.find("-", position + 1, end)
            if following < 0:
                return column + end - position
            column, position = column + following - position, following

    def _entry(self, column: int, key: str) -> None:
        """Enter a key of the mapping at this column."""
        stack = self._stack
        self._plain = -1
        while stack and (stack[-1].column > column or (stack[-1].column == column and stack[-1].sequence)):
            stack.pop()
        if key[0] in "\"'" and len(key) > 1 and key[-1] == key[0]:
            key = key[1:-1]
        else:
            key = key.rstrip()
        if stack and stack[-1].column == column:
            stack[-1].current, stack[-1].open = key, True
        elif len(stack) < _MAX_DEPTH:
            stack.append(_Frame(column, self._here(), key))

    def _here(self) -> Path:
        if not self._stack:
            return self.base
        top = self._stack[-1]
        return (*top.path, top.current)

    def _is_marker(self, match: re.Match[str], column: int) -> bool:
        """Whether the line separates documents, or is a directive or template actions alone."""
        text, position = self.text, match.start(4)
        if (
            column == 0
            and text.startswith(("---", "..."), position)
            and text[position + 3 : position + 4] in ("", " ", "\t", "\r", "\n")
        ):
            self._document += self._begun
            self._begun, self._plain = False, -1
            self._stack.clear()
            return True
        return (column == 0 and text[position] == "%") or self._is_control(match)

    def _is_control(self, match: re.Match[str]) -> bool:
        """Whether the line holds nothing but template actions; one that spans lines is passed over as a whole."""
        text, position, line_end = self.text, match.end(1), match.end()
        if not text.startswith(("{{", "{%"), position):
            return False
        closing = "}}" if text[position + 1] == "{" else "%}"
        last = text.rfind(closing, position, line_end)
        if last >= 0:
            rest = text[last + 2 : line_end].strip(" \t\r")
            return not rest or rest[0] == "#"
        last = -1 if closing in self._unclosed else text.find(closing, line_end, self.end)
        if last >= 0:
            self._resume = last + 2
        else:
            self._unclosed.add(closing)
        return True

    # Values

    def _value(self, position: int, line_end: int, lone: int) -> None:
        """Read the value at ``position``; ``lone`` is the column of a line without key or dash of its own, else -1."""
        stack, text = self._stack, self.text
        if lone >= 0:
            if self._plain >= 0:
                if lone > self._plain_column:
                    self._continue_plain(position, line_end)
                return
            if stack and (lone <= stack[-1].column or not stack[-1].open):
                return  # nothing that it could belong to
        parent = stack[-1].column if stack else -1
        if text[position] in "&!" and (properties := _PROPERTIES.match(text, position, line_end)) is not None:
            position = properties.end()
            if position >= line_end:
                return
        first = text[position]
        if first == "#":
            return
        if stack:
            stack[-1].open = False
        if first in _SPECIAL:
            if first in "\"'":
                self._read_quoted(position, line_end, parent)
                return
            if first in "|>" and _BLOCK.match(text, position, line_end) is not None:
                style = Style.LITERAL if first == "|" else Style.FOLDED
                self._block = _Block(parent, min(line_end + 1, self.end), style, self._path())
                return
            if first == "*" and _ALIAS.match(text, position, line_end) is not None:
                return
            if first in "[{" and not text.startswith(("{{", "{%"), position):
                self._read_flow(position, parent)
                return
        self._read_plain(position, line_end, parent)

    def _path(self) -> Path | None:
        """The path of the value being read; None where it is not wanted."""
        if self.wanted is None:
            return self._here()
        for frame in reversed(self._stack):
            if not frame.sequence:
                return self._here() if self._wants(self.wanted, str(frame.current)) else None
        return self._here() if self._wants(self.wanted, "") else None

    def _wants(self, wanted: re.Pattern[str], key: str) -> bool:
        known = self._known.get(key)
        if known is None:
            known = self._known[key] = wanted.search(key) is not None
        return known

    def _read_plain(self, position: int, line_end: int, parent: int) -> None:
        path = self._path()
        self._plain, self._plain_column = len(self.found), parent
        if path is None:
            # A scalar that nobody wants still owns its further lines: its index is one that nothing ever has.
            self._plain = _NOBODY
            return
        end, comment, comment_end = self._trimmed(position, line_end)
        self.found.append(Scalar(path, position, end, Style.PLAIN, self._document, comment, comment_end))
        if comment:
            self._plain = -1

    def _continue_plain(self, position: int, line_end: int) -> None:
        """Another line of a plain scalar."""
        if self._plain == _NOBODY:
            return
        end, comment, comment_end = self._trimmed(position, line_end)
        self.found[self._plain] = self.found[self._plain]._replace(end=end, comment=comment, comment_end=comment_end)
        if comment:
            self._plain = -1

    def _trimmed(self, position: int, line_end: int) -> tuple[int, int, int]:
        """Of a value that begins at ``position``: its end, and the extent of the comment's text behind it (0, 0 for none)."""
        text, end, comment, comment_end = self.text, line_end, 0, 0
        if text.find("#", position, line_end) >= 0:
            for match in _COMMENT.finditer(text, position, line_end):
                if match[1] is not None:
                    end, comment, comment_end = match.start(), *match.span(1)
                    while comment_end > comment and text[comment_end - 1] in " \t\r":
                        comment_end -= 1
                    break
        while end > position and text[end - 1] in " \t\r":
            end -= 1
        return end, comment, comment_end

    def _read_quoted(self, position: int, line_end: int, parent: int) -> None:
        text, path = self.text, self._path()
        self._plain = -1
        quote = text[position]
        style = Style.DOUBLE if quote == '"' else Style.SINGLE
        end = self._closing(quote, position, line_end, parent)
        if end < 0:
            # Nothing closes it: the line is all there is.
            end, comment, comment_end = self._trimmed(position + 1, line_end)
            if path is not None:
                self.found.append(Scalar(path, position + 1, end, style, self._document, comment, comment_end))
            return
        if end > line_end:
            line_end = text.find("\n", end, self.end)
            self._resume = line_end = self.end if line_end < 0 else line_end
        if path is not None:
            _, comment, comment_end = self._trimmed(end, line_end)
            self.found.append(Scalar(path, position + 1, end - 1, style, self._document, comment, comment_end))

    def _closing(self, quote: str, position: int, line_end: int, parent: int) -> int:
        """The offset behind the closing quote, or -1."""
        text = self.text
        pattern = _DOUBLE if quote == '"' else _SINGLE
        match = pattern.match(text, position, line_end)
        if match is not None:
            end = match.end()
            if end < line_end and text.find("{{", position, line_end) >= 0:
                rest = text[end:line_end].lstrip(" \t\r")
                if rest and rest[0] != "#":
                    # Quotes within a template that stands between quotes: the last one closes.
                    return max(end, text.rfind(quote, position, self._trimmed(end, line_end)[0]) + 1)
            return end
        match = None if quote in self._unclosed else pattern.match(text, position, self.end)
        if match is None:
            self._unclosed.add(quote)
            return -1
        # The value ends before any line that stands as far left as its key.
        at, end = line_end, match.end()
        while 0 <= at < end:
            following = at + 1
            while following < end and text[following] in " \t":
                following += 1
            if following < end and text[following] not in "\r\n" and following - at - 1 <= parent:
                return -1
            at = text.find("\n", following, end)
        return end

    def _read_flow(self, position: int, parent: int) -> None:
        text = self.text
        self._plain = -1
        base = self._here()
        found, end = read_flow(text, position, self.end, parent)
        for one in found:
            path = base + one.path
            if self.wanted is None or self._wants(
                self.wanted, next((str(key) for key in reversed(path) if isinstance(key, str)), "")
            ):
                self.found.append(Scalar(path, one.start, one.end, one.style, self._document, flow=True))
        line_end = text.find("\n", end, self.end)
        self._resume = self.end if line_end < 0 else line_end

    def _close_block(self, block: _Block) -> None:
        self._block = None
        if block.path is not None:
            end = block.end - (block.end > block.start and self.text[block.end - 1] == "\r")
            self.found.append(Scalar(block.path, block.start, end, block.style, self._document))
