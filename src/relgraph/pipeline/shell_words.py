"""Reading the words of a shell script: quotes, expansions, here-documents (POSIX.1-2024, XCU 2.2, 2.6, 2.7.4).

A base class of :class:`relgraph.pipeline.shell_reader`, which reads the commands around them.
"""

import re

from relgraph.pipeline.shell_tree import Arithmetic, Expression, Literal, Parameter, Part, Sequence, Substitution, Word

__all__ = ["MAX_DEPTH", "ScriptError", "WordReader"]

MAX_DEPTH = 60


class ScriptError(ValueError):
    """The text is no script that this reader understands; ``offset`` says where it gave up."""

    def __init__(self, message: str, offset: int) -> None:
        super().__init__(message)
        self.offset = offset


_RUNS = {
    "word": re.compile(r"[^\s;|&()<>`\"'\\$]++"),
    "double": re.compile(r"[^\"\\$`]++"),
    "brace": re.compile(r"[^}\"'\\$`]++"),
    "brace-double": re.compile(r"[^}\"\\$`]++"),
    "pattern": re.compile(r"[^/}\"'\\$`]++"),
    "offset": re.compile(r"[^:}\"'\\$`]++"),
    "here": re.compile(r"[^\\$`]++"),
}
_STOPS = {
    "word": frozenset(" \t\r\n;|&()<>"),
    "double": frozenset('"'),
    "brace": frozenset("}"),
    "brace-double": frozenset("}"),
    "pattern": frozenset("/}"),
    "offset": frozenset(":}"),
    "here": frozenset(),
}
_BACKQUOTED = re.compile(r"`((?:[^`\\]|\\.)*+)`", re.DOTALL)
_ESCAPED = re.compile(r"\\([`\\$])")
_PARAMETER = re.compile(r"[A-Za-z_]\w*+|[0-9@*#?$!-]", re.ASCII)
_BRACED = re.compile(r"\$\{([#!]?)([A-Za-z_]\w*+|\d++|[@*?$!#-])(\[[^\]\n]*\])?", re.ASCII)
_OPERATOR = re.compile(r":[-=?+]|//|/[#%]?|##?|%%?|\^\^?|,,?|[-=?+]|:|@")
_ANSI = re.compile(r"\\(n|t|r|\\|'|\")")
_ANSI_TEXT = {"n": "\n", "t": "\t", "r": "\r"}
_ANSI_QUOTED = re.compile(r"\$'((?:[^'\\]|\\.)*+)'", re.DOTALL)


class WordReader:
    """A position in a script, and what reads words from there.

    ``base`` is the offset of ``source`` within the text that positions count in.
    """

    def __init__(self, source: str, expressions: bool, base: int = 0, depth: int = 0) -> None:
        self.source = source
        self.expressions = expressions
        self.position = 0
        self.base = base
        self.depth = depth
        self._here: dict[int, int] = {}  # line ends that here-documents follow, and where those end

    def sequence(self, until: tuple[str, ...]) -> Sequence:
        """Commands until a word or character that closes them; what reads commands says how."""
        raise NotImplementedError

    def close(self, char: str, opened: int) -> None:
        """Step over what closes a group that began at ``opened``."""
        raise NotImplementedError

    def within(self, source: str, base: int) -> "WordReader":
        """A reader for a text that stands within this one."""
        return type(self)(source, self.expressions, base, self.depth + 1)

    def word(self) -> Word:
        """The word that starts here; empty where none does."""
        start = self.position
        parts = self.parts("word", quoted=False)
        return Word(tuple(parts), self.base + start, self.base + self.position)

    def parts(self, mode: str, *, quoted: bool) -> list[Part]:
        """Parts of a word until what ends them in this mode, which is left unread."""
        source, run, stops = self.source, _RUNS[mode], _STOPS[mode]
        parts: list[Part] = []
        while self.position < len(source):
            char = source[self.position]
            if (match := run.match(source, self.position)) is not None:
                parts.append(Literal(match.group(), quoted))
                self.position = match.end()
            elif char in stops:
                if mode == "word" and char in "<>" and source.startswith("(", self.position + 1):
                    parts.append(self._process())
                    continue
                break
            elif char == "$":
                parts.extend(self._dollar(mode, quoted=quoted))
            elif char == "`":
                parts.append(self._backquoted(quoted=quoted))
            elif char == "\\":
                parts.extend(self._escape(mode, quoted=quoted))
            elif char == "'":
                parts.extend(self._single())
            elif char == '"':
                parts.extend(self._double())
            else:
                break
        return parts

    def _escape(self, mode: str, *, quoted: bool) -> list[Part]:
        following = self.source[self.position + 1 : self.position + 2]
        self.position += 1 + len(following)
        if following == "\n":
            return []
        if mode in ("double", "here", "brace-double") and following not in ("$", "`", '"', "\\", "}"):
            return [Literal("\\" + following, quoted)]
        if mode == "here" and following == '"':
            return [Literal('\\"', quoted)]
        return [Literal(following, quoted=True)]

    def _single(self) -> list[Part]:
        start = self.position
        end = self.source.find("'", start + 1)
        if end < 0:
            raise ScriptError("a single quote is not closed", start)
        self.position = end + 1
        return self._quoted_text(self.source[start + 1 : end])

    def _quoted_text(self, text: str) -> list[Part]:
        if not self.expressions or "${{" not in text:
            return [Literal(text, quoted=True)]
        parts: list[Part] = []
        position = 0
        while (start := text.find("${{", position)) >= 0 and (end := text.find("}}", start)) >= 0:
            parts.append(Literal(text[position:start], quoted=True))
            parts.append(Expression(text[start + 3 : end].strip(), quoted=True))
            position = end + 2
        parts.append(Literal(text[position:], quoted=True))
        return parts

    def _double(self) -> list[Part]:
        start = self.position
        self.position += 1
        parts = self.parts("double", quoted=True)
        if not self.source.startswith('"', self.position):
            raise ScriptError("a double quote is not closed", start)
        self.position += 1
        return parts or [Literal("", quoted=True)]

    def _process(self) -> Part:
        start = self.position
        self.position += 2
        body = self.sequence((")",))
        self.close(")", start)
        return Substitution(body, quoted=True, process=True)

    def _backquoted(self, *, quoted: bool) -> Part:
        match = _BACKQUOTED.match(self.source, self.position)
        if match is None:
            raise ScriptError("a back quote is not closed", self.position)
        inner = _ESCAPED.sub(r"\1", match[1])
        body = self.within(inner, self.base + match.start(1)).sequence(())
        self.position = match.end()
        return Substitution(body, quoted)

    def _dollar(self, mode: str, *, quoted: bool) -> list[Part]:
        source, start = self.source, self.position
        if self.expressions and source.startswith("${{", start):
            end = source.find("}}", start)
            if end < 0:
                raise ScriptError("an expression is not closed", start)
            self.position = end + 2
            return [Expression(source[start + 3 : end].strip(), quoted)]
        if source.startswith("$((", start) and (end := source.find("))", start)) >= 0:
            self.position = end + 2
            return [Arithmetic(source[start + 3 : end].strip())]
        if source.startswith("$(", start):
            self.position += 2
            body = self.sequence((")",))
            self.close(")", start)
            return [Substitution(body, quoted)]
        if source.startswith("${", start):
            return [self._braced(mode, quoted=quoted)]
        if source.startswith("$'", start) and mode == "word":
            return [self._ansi(start)]
        if source.startswith('$"', start) and mode == "word":
            self.position += 1
            return self._double()
        match = _PARAMETER.match(source, start + 1)
        if match is None:
            self.position += 1
            return [Literal("$", quoted)]
        self.position = match.end()
        return [Parameter(match.group(), "", None, None, quoted)]

    def _ansi(self, start: int) -> Part:
        match = _ANSI_QUOTED.match(self.source, start)
        if match is None:
            raise ScriptError("a quote is not closed", start)
        self.position = match.end()
        return Literal(_ANSI.sub(lambda found: _ANSI_TEXT.get(found[1], found[1]), match[1]), quoted=True)

    def _braced(self, mode: str, *, quoted: bool) -> Part:
        start = self.position
        match = _BRACED.match(self.source, start)
        if match is None:
            raise ScriptError("an expansion cannot be read", start)
        prefix, name, index = match[1], match[2], match[3]
        self.position = match.end()
        if index is not None:
            name += index
        operator = _OPERATOR.match(self.source, self.position)
        op, argument, second = "", None, None
        if prefix:
            op = "length" if prefix == "#" else "indirect"
        elif operator is not None:
            op = operator.group()
            self.position = operator.end()
            inside = "brace-double" if quoted and mode != "word" else "brace"
            if op.startswith("/"):
                argument = self._argument("pattern", quoted=quoted)
                if self.source.startswith("/", self.position):
                    self.position += 1
                    second = self._argument(inside, quoted=quoted)
            elif op == ":":
                argument = self._argument("offset", quoted=quoted)
                if self.source.startswith(":", self.position):
                    self.position += 1
                    second = self._argument("offset", quoted=quoted)
            else:
                argument = self._argument("brace" if op[0] in "#%" else inside, quoted=quoted)
        if not self.source.startswith("}", self.position):
            raise ScriptError("an expansion is not closed", start)
        self.position += 1
        return Parameter(name, op, argument, second, quoted)

    def _argument(self, mode: str, *, quoted: bool) -> Word:
        start = self.position
        self.depth += 1
        if self.depth > MAX_DEPTH:
            raise ScriptError("nested too deeply", start)
        parts = self.parts(mode, quoted=quoted and mode == "brace-double")
        self.depth -= 1
        return Word(tuple(parts), self.base + start, self.base + self.position)

    def here_document(self, delimiter: str, *, strip: bool, expand: bool) -> Word:
        """The text of a here-document that the current line announces."""
        # The text begins on the next line, behind the here-documents that this line has already; reading goes on in this line.
        source = self.source
        line_end = source.find("\n", self.position)
        line_end = len(source) if line_end < 0 else line_end
        start = position = self._here.get(line_end, min(line_end + 1, len(source)))
        lines: list[str] = []
        while position < len(source):
            end = source.find("\n", position)
            end = len(source) if end < 0 else end
            line = source[position:end]
            position = min(end + 1, len(source))
            bare = line.lstrip("\t") if strip else line
            if bare.rstrip("\r") == delimiter:
                break
            lines.append(bare + "\n")
        self._here[line_end] = position
        text = "".join(lines)
        if expand:
            parts = self.within(text, self.base + start).parts("here", quoted=True)
        else:
            parts = self._quoted_text(text)
        return Word(tuple(parts), self.base + start, self.base + position)
