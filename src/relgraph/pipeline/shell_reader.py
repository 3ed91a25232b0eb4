"""Shell scripts as trees with positions: the language of workflow steps, Make recipes and release scripts.

The grammar is the shell command language of POSIX.1-2024 (XCU 2.3, 2.10), with what release scripts use of bash beside it:
``[[ ]]``, ``${X//a/b}``, ``$'..'``, ``<<<``, ``function``, arrays as far as they can be skipped. With ``expressions`` set, the
workflow language's ``${{ ... }}`` is a part of a word wherever it stands, within single quotes too, because it is replaced
before a shell sees the text.
"""

import re
from functools import lru_cache

from relgraph.pipeline.shell_tree import (
    AndOr,
    Assignment,
    Case,
    For,
    Function,
    Group,
    If,
    Literal,
    Node,
    Pipeline,
    Redirect,
    Redirected,
    Script,
    Sequence,
    Simple,
    Test,
    While,
    Word,
)  # fmt: skip
from relgraph.pipeline.shell_words import MAX_DEPTH, ScriptError, WordReader

__all__ = ["read_script"]

_MAX_TEXT = 400_000
_BLANK = re.compile(r"(?:[ \t\r]|\\\r?\n)*+")
_COMMENT = re.compile(r"#[^\n]*+")
_NAME = re.compile(r"[A-Za-z_]\w*+", re.ASCII)
_ASSIGNMENT = re.compile(r"([A-Za-z_]\w*+)(\[[^\]\s]*\])?(\+?)=", re.ASCII)
_RESERVED = re.compile(r"(if|then|elif|else|fi|for|while|until|do|done|case|esac|function|select|\{|\}|!|\[\[)(?=[\s;|&()<>]|\Z)")
_FUNCTION = re.compile(r"([\w.:-]++)[ \t]*+\([ \t]*+\)")
_REDIRECT = re.compile(r"(\d{0,9})(<<<|<<-|<<|<&|<>|<(?!\()|>>|>&|>\||&>>|&>|>(?!\())")
_IN = re.compile(r"in(?=[\s;])")
_TEST_OPERATOR = re.compile(r"&&|\|\||[()<>]")
_TEST_REGEX = re.compile(r"(?![\"'$])\S++")
_CASE_TERMINATOR = re.compile(r";;&?|;&")


@lru_cache(maxsize=512)
def read_script(text: str, *, expressions: bool = False) -> Script:
    """The tree of a script; what cannot be read ends it early, and nothing is raised."""
    reader = _Reader(text[:_MAX_TEXT], expressions)
    try:
        body = reader.sequence(())
        if reader.position < len(reader.source):
            raise ScriptError("something closes here that nothing opened", reader.position)
    except ScriptError as problem:
        return Script(tuple(reader.finished), (str(problem), problem.offset))
    except RecursionError:
        return Script(tuple(reader.finished), ("nested too deeply", reader.position))
    return Script(body)


class _Reader(WordReader):
    def __init__(self, source: str, expressions: bool, base: int = 0, depth: int = 0) -> None:
        super().__init__(source, expressions, base, depth)
        self.finished: list[Node] = []

    def sequence(self, until: tuple[str, ...]) -> Sequence:
        """Commands until one of the reserved words or closing characters, which is left unread."""
        top = not until and self.depth == 0
        nodes: list[Node] = self.finished if top else []
        self.depth += 1
        if self.depth > MAX_DEPTH:
            raise ScriptError("nested too deeply", self.position)
        while True:
            self._separators()
            if self.position >= len(self.source):
                break
            if self._at(until):
                break
            if self.source[self.position] == ")" or _CASE_TERMINATOR.match(self.source, self.position):
                break
            before = self.position
            nodes.append(self._and_or())
            if self.position == before:
                raise ScriptError("no command can start here", before)
        self.depth -= 1
        return tuple(nodes)

    def _at(self, words: tuple[str, ...]) -> bool:
        match = _RESERVED.match(self.source, self.position)
        return match is not None and match[1] in words

    def _expect(self, word: str) -> None:
        self._separators()
        if not self._at((word,)):
            raise ScriptError(f"`{word}` was expected", self.position)
        self.position += len(word)

    def _blank(self) -> None:
        self.position = _BLANK.match(self.source, self.position).end()  # type: ignore[union-attr]  # it matches the empty string
        if self.source.startswith("#", self.position):
            self.position = _COMMENT.match(self.source, self.position).end()  # type: ignore[union-attr]  # so does a comment

    def _separators(self) -> None:
        while True:
            self._blank()
            if self.position >= len(self.source):
                return
            char = self.source[self.position]
            if char == "\n":
                self._newline()
            elif char == ";" and not _CASE_TERMINATOR.match(self.source, self.position):
                self.position += 1
            elif char == "&" and not self.source.startswith(("&&", "&>"), self.position):
                self.position += 1
            else:
                return

    def _newline(self) -> None:
        self.position = self._here.get(self.position, self.position + 1)

    def _and_or(self) -> Node:
        first = self._pipeline()
        rest: list[tuple[str, Node]] = []
        while True:
            self._blank()
            operator = self.source[self.position : self.position + 2]
            if operator not in ("&&", "||"):
                return AndOr(first, tuple(rest)) if rest else first
            self.position += 2
            self._lines()
            rest.append((operator, self._pipeline()))

    def _lines(self) -> None:
        self._blank()
        while self.source.startswith("\n", self.position):
            self._newline()
            self._blank()

    def _pipeline(self) -> Node:
        negated = False
        self._blank()
        while self._at(("!",)):
            negated = not negated
            self.position += 1
            self._blank()
        commands = [self._command()]
        while True:
            self._blank()
            if self.source.startswith("||", self.position) or not self.source.startswith("|", self.position):
                break
            self.position += 2 if self.source.startswith("|&", self.position) else 1
            self._lines()
            commands.append(self._command())
        return Pipeline(tuple(commands), negated) if negated or len(commands) > 1 else commands[0]

    def _command(self) -> Node:
        self._blank()
        source, start = self.source, self.position
        if source.startswith("((", start):
            end = source.find("))", start)
            if end < 0:
                raise ScriptError("arithmetic is not closed", start)
            self.position = end + 2
            return Simple(
                (),
                (Word((Literal("((", quoted=True),), self.base + start, self.base + end + 2),),
                (),
                self.base + start,
                self.base + end + 2,
            )
        if source.startswith("(", start):
            self.position += 1
            body = self.sequence((")",))
            self.close(")", start)
            return self._redirected(Group(body, subshell=True))
        reserved = _RESERVED.match(source, start)
        if reserved is not None:
            return self._redirected(self._compound(reserved[1], start))
        function = _FUNCTION.match(source, start)
        if function is not None:
            self.position = function.end()
            self._lines()
            return Function(function[1], self._command())
        return self._simple()

    def close(self, char: str, opened: int) -> None:
        """Step over what closes a group that began at ``opened``."""
        self._separators()
        if not self.source.startswith(char, self.position):
            raise ScriptError(f"`{char}` is missing", opened)
        self.position += len(char)

    def _compound(self, word: str, start: int) -> Node:
        self.position = start + len(word)
        if word == "if":
            return self._if()
        if word in ("for", "select"):
            return self._for()
        if word in ("while", "until"):
            condition = self.sequence(("do",))
            self._expect("do")
            body = self.sequence(("done",))
            self._expect("done")
            return While(condition, body)
        if word == "case":
            return self._case()
        if word == "{":
            body = self.sequence(("}",))
            self._expect("}")
            return Group(body, subshell=False)
        if word == "[[":
            return self._test(start)
        if word == "function":
            self._blank()
            name = self.word()
            self._blank()
            if self.source.startswith("()", self.position):
                self.position += 2
            self._lines()
            return Function(name.plain or "", self._command())
        raise ScriptError(f"`{word}` stands alone", start)

    def _if(self) -> If:
        arms: list[tuple[Sequence, Sequence]] = []
        otherwise: Sequence | None = None
        while True:
            condition = self.sequence(("then",))
            self._expect("then")
            body = self.sequence(("elif", "else", "fi"))
            arms.append((condition, body))
            if self._at(("elif",)):
                self.position += 4
                continue
            if self._at(("else",)):
                self.position += 4
                otherwise = self.sequence(("fi",))
            self._expect("fi")
            return If(tuple(arms), otherwise)

    def _for(self) -> For:
        self._blank()
        if self.source.startswith("((", self.position):
            end = self.source.find("))", self.position)
            if end < 0:
                raise ScriptError("arithmetic is not closed", self.position)
            self.position = end + 2
            name, words = "", None
        else:
            match = _NAME.match(self.source, self.position)
            if match is None:
                raise ScriptError("a loop needs a name", self.position)
            name, words = match.group(), None
            self.position = match.end()
            self._lines()
            if _IN.match(self.source, self.position):
                self.position += 2
                found: list[Word] = []
                self._blank()
                while self.position < len(self.source) and self.source[self.position] not in "\n;":
                    found.append(self.word())
                    self._blank()
                words = tuple(found)
        self._separators()
        if self._at(("{",)):
            self.position += 1
            body = self.sequence(("}",))
            self._expect("}")
            return For(name, words, body)
        self._expect("do")
        body = self.sequence(("done",))
        self._expect("done")
        return For(name, words, body)

    def _case(self) -> Case:
        self._blank()
        subject = self.word()
        self._lines()
        if not self.source.startswith("in", self.position):
            raise ScriptError("`in` was expected", self.position)
        self.position += 2
        arms: list[tuple[tuple[Word, ...], Sequence]] = []
        while True:
            self._separators()
            if self._at(("esac",)):
                self.position += 4
                return Case(subject, tuple(arms))
            if self.position >= len(self.source):
                raise ScriptError("`esac` is missing", self.position)
            if self.source.startswith("(", self.position):
                self.position += 1
            patterns: list[Word] = []
            while True:
                self._blank()
                patterns.append(self.word())
                self._blank()
                if not self.source.startswith("|", self.position):
                    break
                self.position += 1
            if not self.source.startswith(")", self.position):
                raise ScriptError("`)` is missing after a pattern", self.position)
            self.position += 1
            body = self.sequence(("esac",))
            arms.append((tuple(patterns), body))
            if (terminator := _CASE_TERMINATOR.match(self.source, self.position)) is not None:
                self.position = terminator.end()

    def _test(self, start: int) -> Test:
        words: list[Word] = []
        while True:
            self._lines()
            if self.source.startswith("]]", self.position):
                self.position += 2
                return Test(tuple(words), self.base + start, self.base + self.position)
            if self.position >= len(self.source):
                raise ScriptError("`]]` is missing", start)
            operator = _TEST_OPERATOR.match(self.source, self.position)
            if operator is not None and not (words and words[-1].plain == "=~"):
                self.position = operator.end()
                words.append(
                    Word((Literal(operator.group(), quoted=False),), self.base + operator.start(), self.base + operator.end())
                )
                continue
            if words and words[-1].plain == "=~" and (regex := _TEST_REGEX.match(self.source, self.position)) is not None:
                # A regular expression may hold characters that end words elsewhere.
                self.position = regex.end()
                words.append(Word((Literal(regex.group(), quoted=False),), self.base + regex.start(), self.base + regex.end()))
                continue
            before = self.position
            words.append(self.word())
            if self.position == before:
                raise ScriptError("a test cannot go on like this", before)

    def _redirected(self, node: Node) -> Node:
        redirects: list[Redirect] = []
        while True:
            self._blank()
            redirect = self._redirect()
            if redirect is None:
                return Redirected(node, tuple(redirects)) if redirects else node
            redirects.append(redirect)

    def _redirect(self) -> Redirect | None:
        match = _REDIRECT.match(self.source, self.position)
        if match is None:
            return None
        self.position = match.end()
        fd, op = int(match[1] or -1), match[2]
        self._blank()
        if op in ("<<", "<<-"):
            begin = self.position
            delimiter = self.word()
            quoted = any(isinstance(part, Literal) and part.quoted for part in delimiter.parts)
            name = delimiter.plain
            if name is None or not name:
                raise ScriptError("a here-document needs a delimiter", begin)
            return Redirect(fd, "<<", self.here_document(name, strip=op == "<<-", expand=not quoted))
        return Redirect(fd, op, self.word())

    def _simple(self) -> Simple:
        start = self.position
        assignments: list[Assignment] = []
        words: list[Word] = []
        redirects: list[Redirect] = []
        end = start
        while True:
            self._blank()
            if self.position >= len(self.source):
                break
            redirect = self._redirect()
            if redirect is not None:
                redirects.append(redirect)
                end = self.position
                continue
            if self.source[self.position] in "\n;|&)" or (self.source[self.position] == "(" and words):
                break
            if not words and (assignment := self._assignment()) is not None:
                assignments.append(assignment)
            else:
                before = self.position
                words.append(self.word())
                if self.position == before:
                    raise ScriptError("a word cannot start here", before)
                if self.source.startswith("(", self.position) and _ASSIGNMENT.match(words[-1].plain or ""):
                    self._array()
            end = self.position
        return Simple(tuple(assignments), tuple(words), tuple(redirects), self.base + start, self.base + end)

    def _assignment(self) -> Assignment | None:
        match = _ASSIGNMENT.match(self.source, self.position)
        if match is None:
            return None
        start = self.position
        self.position = match.end()
        if self.source.startswith("(", self.position):
            items = self._array()
            return Assignment(match[1], None, bool(match[3]), self.base + start, self.base + self.position, items)
        value = self.word()
        if match[2]:
            return Assignment(match[1], None, True, self.base + start, value.end)
        return Assignment(match[1], value, bool(match[3]), self.base + start, value.end)

    def _array(self) -> tuple[Word, ...]:
        opened = self.position
        self.position += 1
        items: list[Word] = []
        while True:
            self._lines()
            if self.position >= len(self.source):
                raise ScriptError("an array is not closed", opened)
            if self.source[self.position] == ")":
                self.position += 1
                return tuple(items)
            before = self.position
            items.append(self.word())
            if self.position == before:
                self.position += 1
                items.pop()
