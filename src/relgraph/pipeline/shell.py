"""The evaluator of shell scripts: what a script would write, run and print, without running anything.

Commands that are modelled (:mod:`relgraph.pipeline.tools`) act on the simulated state; any other is taken to succeed and
to print something unknown. A branch whose condition is not known is followed both ways: afterwards a variable or file that
the ways left different has a hole.
"""

import re
from collections.abc import Callable, Mapping
from typing import NamedTuple

from relgraph.pipeline.artifacts import Spot
from relgraph.pipeline.context import Context, Origin
from relgraph.pipeline.expansion import expand_value
from relgraph.pipeline.patterns import glob_pattern, has_glob
from relgraph.pipeline.shell_reader import read_script
from relgraph.pipeline.shell_tree import (
    AndOr,
    Arithmetic,
    Assignment,
    Case,
    Expression,
    For,
    Function,
    Group,
    If,
    Literal,
    Node,
    Parameter,
    Pipeline,
    Redirect,
    Redirected,
    Sequence,
    Simple,
    Substitution,
    Test,
    While,
    Word,
)
from relgraph.pipeline.state import State
from relgraph.pipeline.value import is_known

__all__ = ["ASSUMED", "FAILED", "OK", "UNCERTAIN", "Argument", "Call", "Result", "Shell", "Stop", "Tool"]

OK, FAILED = 0, 1
#: A command that is not modelled: it is taken to succeed.
ASSUMED = 2
#: A condition that cannot be told.
UNCERTAIN = 3

_MAX_OUTPUT = 1_000_000
_MAX_ITERATIONS = 40
_MAX_CALLS = 14
_SPLIT = re.compile(r"[ \t\n]+")
_SET_BY_RUNNER = re.compile(
    r"GITHUB_\w+|RUNNER_\w+|HOME|PATH|USER|LANG|SHELL|HOSTNAME|TMPDIR|TERM|UID|EUID|PPID|RANDOM|SECONDS|LINENO|OSTYPE|CI"
)


class Result(NamedTuple):
    """What a command printed, and its status."""

    out: str = ""
    status: int = OK


class Argument(NamedTuple):
    """One word of a command after expansion, and its offsets in the script."""

    text: str
    start: int
    end: int


class Call(NamedTuple):
    """A command about to run: its words (its own name first), its input (None: none), where it stands."""

    words: tuple[Argument, ...]
    stdin: str | None
    origin: Origin
    start: int
    end: int

    @property
    def texts(self) -> list[str]:
        """The words behind the command's name."""
        return [word.text for word in self.words[1:]]

    @property
    def spot(self) -> Spot | None:
        """Where the command stands."""
        return self.origin.spot(self.start, self.end)

    def spot_of(self, argument: Argument) -> Spot | None:
        """Where a word stands."""
        return self.origin.spot(argument.start, argument.end)


class Stop(Exception):
    """``exit``, ``return``, ``break`` or ``continue`` of the script."""

    def __init__(self, kind: str, status: int = OK) -> None:
        super().__init__(kind)
        self.kind = kind
        self.status = status


Tool = Callable[["Shell", Call], Result]


class Shell:
    """One shell: a state, the script's origin, and the tools that it can call."""

    def __init__(
        self,
        context: Context,
        state: State,
        origin: Origin,
        tools: Mapping[str, Tool],
        expressions: Callable[[str], str] | None = None,
        depth: int = 0,
    ) -> None:
        self.context = context
        self.state = state
        self.origin = origin
        self.tools = tools
        self.expressions = expressions
        self.depth = depth

    # -- running -----------------------------------------------------------------------------------------------------------

    def run(self, source: str) -> Result:
        """Evaluate a script; what it prints, and its status."""
        script = read_script(source, expressions=self.expressions is not None)
        if script.error is not None:
            message, offset = script.error
            with self.context.at(self.origin.spot(offset, offset)):
                self.context.problem(f"the script cannot be read from here: {message}")
        out: list[str] = []
        try:
            result = self.sequence(script.body, None, out)
        except Stop as stop:
            return Result("".join(out), stop.status)
        return Result("".join(out), result)

    def within(self, state: State, origin: Origin | None = None) -> "Shell":
        """A shell of the same kind on another state, one level deeper."""
        return Shell(
            self.context, state, origin or self.origin, self.tools, self.expressions if origin is None else None, self.depth + 1
        )

    def unknown(self, reason: str, shape: str = "") -> str:
        """A hole."""
        return self.context.holes.mark(reason, shape)

    def sequence(self, nodes: Sequence, stdin: str | None, out: list[str]) -> int:
        """Run commands one after another; the last one's status."""
        status = OK
        for node in nodes:
            result = self.execute(node, stdin)
            if result.out:
                out.append(result.out)
            status = result.status
        return status

    def execute(self, node: Node, stdin: str | None = None) -> Result:
        """Run one command of any kind."""
        self.context.spend()
        if isinstance(node, Simple):
            return self._simple(node, stdin)
        if isinstance(node, AndOr):
            return self._and_or(node, stdin)
        if isinstance(node, Pipeline):
            return self._pipeline(node, stdin)
        if isinstance(node, Test):
            return Result("", self._test(node))
        if isinstance(node, If):
            return self._if(node, stdin)
        if isinstance(node, For):
            return self._for(node, stdin)
        if isinstance(node, While):
            return self._while(node, stdin)
        if isinstance(node, Case):
            return self._case(node, stdin)
        if isinstance(node, Function):
            self.state.functions[node.name] = node.body
            return Result()
        if isinstance(node, Redirected):
            return self._redirected(node, stdin)
        return self._group(node, stdin)

    def _group(self, node: Group, stdin: str | None) -> Result:
        out: list[str] = []
        if not node.subshell:
            status = self.sequence(node.body, stdin, out)
            return Result("".join(out), status)
        inner = self.within_copy()
        try:
            status = inner.sequence(node.body, stdin, out)
        except Stop as stop:
            status = stop.status
        return Result("".join(out), status)

    def within_copy(self) -> "Shell":
        """A subshell: its variables and folder are its own, its files are not."""
        return Shell(self.context, self.state.fork(files=False), self.origin, self.tools, self.expressions, self.depth + 1)

    def _redirected(self, node: Redirected, stdin: str | None) -> Result:
        stdin = self._input(node.redirects, stdin)
        result = self.execute(node.node, stdin)
        return Result(self._output(node.redirects, result.out), result.status)

    def _and_or(self, node: AndOr, stdin: str | None) -> Result:
        result = self.execute(node.first, stdin)
        out, status = [result.out], result.status
        for operator, following in node.rest:
            wanted = status in (OK, ASSUMED) if operator == "&&" else status == FAILED
            if status == UNCERTAIN or (operator == "||" and status == ASSUMED):
                # The left side's outcome is not known: what follows may run or not.
                printed, status = self._either([lambda node=following: self.execute(node, stdin), None], status)  # type: ignore[misc]
                out.append(printed)
            elif wanted:
                result = self.execute(following, stdin)
                out.append(result.out)
                status = result.status
        return Result("".join(out), status)

    def _either(self, ways: list[Callable[[], Result] | None], fallback: int = UNCERTAIN) -> tuple[str, int]:
        """Follow several ways from the present state (None: nothing happens), and go on with what holds after any of them."""
        before = self.state
        ended: list[State] = []
        printed: list[str] = []
        stops: list[Stop] = []
        statuses: set[int] = set()
        for way in ways:
            self.state = before.fork()
            self.state.conditional = True
            try:
                result = way() if way is not None else Result("", fallback)
            except Stop as stop:
                stops.append(stop)
                continue
            ended.append(self.state)
            printed.append(result.out)
            statuses.add(result.status)
        self.state = before
        if not ended:
            raise stops[0]
        self.state.merge(ended, self.context.holes)
        texts = set(printed)
        out = printed[0] if len(texts) == 1 else self.unknown("output depends on a condition")
        return out, statuses.pop() if len(statuses) == 1 else ASSUMED

    def _pipeline(self, node: Pipeline, stdin: str | None) -> Result:
        result = Result()
        for command in node.commands:
            if len(node.commands) == 1:
                result = self.execute(command, stdin)
            else:
                result = self._stage(command, stdin)
            stdin = result.out
        if node.negated:
            return Result(result.out, {OK: FAILED, FAILED: OK}.get(result.status, UNCERTAIN))
        return result

    def _stage(self, command: Node, stdin: str | None) -> Result:
        inner = self.within_copy()
        try:
            return inner.execute(command, stdin)
        except Stop as stop:
            return Result("", stop.status)

    def _condition(self, nodes: Sequence) -> int:
        status = self.sequence(nodes, None, [])
        return UNCERTAIN if status == ASSUMED else status

    def _if(self, node: If, stdin: str | None, index: int = 0) -> Result:
        out: list[str] = []
        if index >= len(node.arms):
            return (
                Result("", OK)
                if node.otherwise is None
                else Result("".join(out), self.sequence(node.otherwise, stdin, out))._replace(out="".join(out))
            )
        condition, body = node.arms[index]
        status = self._condition(condition)
        if status == OK:
            code = self.sequence(body, stdin, out)
            return Result("".join(out), code)
        if status == FAILED:
            return self._if(node, stdin, index + 1)

        def taken() -> Result:
            code = self.sequence(body, stdin, out)
            return Result("".join(out), code)

        return Result(*self._either([taken, lambda: self._if(node, stdin, index + 1)]))

    def _case(self, node: Case, stdin: str | None) -> Result:
        subject = self.text(node.subject)
        ways: list[Callable[[], Result] | None] = []
        for patterns, body in node.arms:
            outcome = self._matches_any(subject, patterns)
            if outcome == FAILED:
                continue

            def way(body: Sequence = body) -> Result:
                out: list[str] = []
                code = self.sequence(body, stdin, out)
                return Result("".join(out), code)

            if outcome == OK:
                if not ways:
                    return way()
                ways.append(way)
                return Result(*self._either(ways))
            ways.append(way)
        return Result(*self._either([*ways, None])) if ways else Result()

    def _matches_any(self, subject: str, patterns: tuple[Word, ...]) -> int:
        outcomes = [self._glob_matches(subject, self.pattern(pattern)) for pattern in patterns]
        return OK if OK in outcomes else UNCERTAIN if UNCERTAIN in outcomes else FAILED

    @staticmethod
    def _glob_matches(subject: str, pattern: str) -> int:
        if pattern == "*":
            return OK
        regex = glob_pattern(pattern) if is_known(pattern) else None
        if regex is None or not is_known(subject):
            return UNCERTAIN
        return OK if regex.fullmatch(subject) else FAILED

    def _for(self, node: For, stdin: str | None) -> Result:
        words = None if node.words is None else [argument.text for word in node.words for argument in self.fields(word)]
        if node.words is None:
            words = list(self.state.arguments) if node.name else None
        out: list[str] = []
        if words is None or len(words) > _MAX_ITERATIONS:
            self.state.variables[node.name] = self.unknown(f"${node.name} of a loop")
            return self._repeat(node.body, stdin)
        for word in words:
            self.state.variables[node.name] = word
            try:
                self.sequence(node.body, stdin, out)
            except Stop as stop:
                if stop.kind == "break":
                    break
                if stop.kind != "continue":
                    raise
        return Result("".join(out))

    def _while(self, node: While, stdin: str | None) -> Result:
        status = self._condition(node.condition)
        if status == FAILED:
            return Result()
        return self._repeat(node.body, stdin)

    def _repeat(self, body: Sequence, stdin: str | None) -> Result:
        """A body that runs any number of times: once, and maybe not at all."""

        def way() -> Result:
            out: list[str] = []
            try:
                self.sequence(body, stdin, out)
            except Stop as stop:
                if stop.kind not in ("break", "continue"):
                    raise
            return Result(self.unknown("output of a loop") if out else "")

        return Result(*self._either([way, None], OK))

    # -- simple commands ---------------------------------------------------------------------------------------------------

    def _simple(self, node: Simple, stdin: str | None) -> Result:
        arguments = [argument for word in node.words for argument in self.fields(word)]
        if not arguments:
            status = OK
            for assignment in node.assignments:
                status = self._assign(assignment, self.state.variables)
            return Result(self._output(node.redirects, ""), status)
        stdin = self._input(node.redirects, stdin)
        spot = self.origin.spot(node.start, node.end)
        call = Call(tuple(arguments), stdin, self.origin, node.start, node.end)
        if node.assignments:
            saved = dict(self.state.variables), set(self.state.exported)
            for assignment in node.assignments:
                self._assign(assignment, self.state.variables)
                self.state.exported.add(assignment.name)
            try:
                with self.context.at(spot):
                    result = self.dispatch(call)
            finally:
                self.state.variables, self.state.exported = saved
        else:
            with self.context.at(spot):
                result = self.dispatch(call)
        out = result.out if len(result.out) <= _MAX_OUTPUT else self.unknown("a very long output")
        return Result(self._output(node.redirects, out), result.status)

    def dispatch(self, call: Call) -> Result:
        """Run a command whose words are known."""
        name = call.words[0].text
        if not is_known(name):
            return Result(self.unknown("output of an unknown command"), ASSUMED)
        if name in self.state.functions:
            return self._function(name, call)
        tool = self.tools.get(name) or self.tools.get(name.rpartition("/")[2])
        if tool is not None and not (name.startswith(("./", "/")) and self._script_path(name) is not None):
            return tool(self, call)
        path = self._script_path(name)
        if path is not None:
            return self.script(path, call, tuple(call.texts))
        self._taint(call)
        return Result(self.unknown(f"output of {name.rpartition('/')[2]}"), ASSUMED)

    def _script_path(self, name: str) -> str | None:
        if "/" not in name:
            return None
        path = self.state.resolve(name)
        return path if path is not None and self.state.files.is_file(path) else None

    def _taint(self, call: Call) -> None:
        # A command that is not modelled may write what it is given.
        for text in call.texts:
            path = self.state.resolve(text) if is_known(text) and text and not text.startswith("-") else None
            if path and (self.state.files.is_file(path) or path in self.state.files.folders.names):
                self.state.files.opaque |= {path}

    def _function(self, name: str, call: Call) -> Result:
        if self.depth > _MAX_CALLS:
            return Result(self.unknown(f"output of {name}"), ASSUMED)
        before = self.state.arguments
        self.state.arguments = tuple(call.texts)
        self.depth += 1
        try:
            return self.execute(self.state.functions[name], call.stdin)
        except Stop as stop:
            if stop.kind != "return":
                raise
            return Result("", stop.status)
        finally:
            self.depth -= 1
            self.state.arguments = before

    def script(self, path: str, call: Call, arguments: tuple[str, ...], *, sourced: bool = False) -> Result:
        """Run a script of the tree."""
        text = self.state.files.subject.text(path) if path not in self.state.files.written else None
        source = self.state.files.read(path)
        interpreter = (source or "").partition("\n")[0]
        if source is None or self.depth > _MAX_CALLS or (interpreter.startswith("#!") and "sh" not in interpreter):
            self._taint(call)
            return Result(self.unknown(f"output of {path}"), ASSUMED)
        origin = Origin.file(text) if text is not None else Origin.fixed(spot) if (spot := call.spot) else self.origin
        if sourced:
            inner = self.within(self.state, origin)
            return inner.run(source)
        state = self.state.fork(files=False)
        state.variables = {name: value for name, value in state.variables.items() if name in state.exported}
        state.functions, state.arrays = {}, {}
        state.arguments = arguments
        state.script = call.words[0].text if call.words[0].text.endswith(path.rpartition("/")[2]) else path
        result = self.within(state, origin).run(source)
        return Result(result.out, result.status)

    def _assign(self, assignment: Assignment, variables: dict[str, str]) -> int:
        if assignment.value is None:
            self._assign_array(assignment, variables)
            return OK
        text = self.text(assignment.value)
        variables[assignment.name] = variables.get(assignment.name, "") + text if assignment.append else text
        return OK if is_known(text) else ASSUMED

    def _assign_array(self, assignment: Assignment, variables: dict[str, str]) -> None:
        name = assignment.name
        if assignment.items is None:
            self.state.arrays.pop(name, None)
            variables[name] = self.unknown(f"the array {name}")
            return
        items = tuple(argument.text for word in assignment.items for argument in self.fields(word))
        if assignment.append and name in variables and name not in self.state.arrays:
            return
        self.state.arrays[name] = (self.state.arrays.get(name, ()) if assignment.append else ()) + items
        variables[name] = (self.state.arrays[name] or ("",))[0]

    # -- redirections ------------------------------------------------------------------------------------------------------

    def _input(self, redirects: tuple[Redirect, ...], stdin: str | None) -> str | None:
        for redirect in redirects:
            if redirect.op == "<<":
                stdin = self.text(redirect.target)
            elif redirect.op == "<<<":
                stdin = self.text(redirect.target) + "\n"
            elif redirect.op == "<":
                path = self.state.resolve(self.text(redirect.target))
                content = self.state.files.read(path) if path is not None else None
                stdin = self.unknown("a file that is not known") if content is None else content
        return stdin

    def _output(self, redirects: tuple[Redirect, ...], out: str) -> str:
        for redirect in redirects:
            if redirect.op not in (">", ">>", ">|", "&>", "&>>") or redirect.fd not in (-1, 1):
                continue
            path = self.state.resolve(self.text(redirect.target))
            if path is None or path.startswith("/dev/"):
                out = ""
                continue
            if redirect.op.endswith(">>"):
                self.state.files.write(path, (self.state.files.read(path) or "") + out)
            else:
                self.write(path, out, self.origin.spot(redirect.target.start, redirect.target.end))
            out = ""
        return out

    def write(self, path: str, text: str, spot: Spot | None = None) -> None:
        """Write a file anew."""
        self.state.files.write(path, text)
        writer = self.tools.get("(written)")
        if writer is not None and path in self.context.subject.entries:
            writer(self, Call((Argument(path, 0, 0),), text, Origin.fixed(spot) if spot is not None else self.origin, 0, 0))

    # -- words -------------------------------------------------------------------------------------------------------------

    def text(self, word: Word) -> str:
        """The text of a word that is not split."""
        return "".join(text for text, _ in self._pieces(word))

    def pattern(self, word: Word) -> str:
        """The text of a word as a pattern: what was quoted stands for itself."""
        return "".join(re.sub(r"([*?\[\\])", r"\\\1", text) if quoted else text for text, quoted in self._pieces(word))

    def fields(self, word: Word) -> list[Argument]:
        """The arguments that a word becomes: expanded, split, matched against file names."""
        elements = self._elements(word)
        if elements is not None:
            return [Argument(text, word.start, word.end) for text in elements]
        pieces = self._pieces(word)
        splits = any(isinstance(part, Parameter | Substitution | Expression) and not part.quoted for part in word.parts)
        if not splits:
            text = "".join(text for text, _ in pieces)
            if any(not quoted and has_glob(text) for text, quoted in pieces):
                return [Argument(found, word.start, word.end) for found in self.state.expand(text)]
            return [Argument(text, word.start, word.end)]
        fields: list[str] = []
        current: str | None = None
        for part, (text, _) in zip(word.parts, pieces, strict=True):
            if isinstance(part, Literal | Arithmetic) or part.quoted:
                current = (current or "") + text
                continue
            split = _SPLIT.split(text)
            for index, piece in enumerate(split):
                if index:
                    if current is not None:
                        fields.append(current)
                    current = None
                if piece:
                    current = (current or "") + piece
        if current is not None:
            fields.append(current)
        return [Argument(text, word.start, word.end) for field in fields for text in self.state.expand(field)]

    def _elements(self, word: Word) -> list[str] | None:
        """The elements of a word that is one whole array, or all arguments."""
        only = word.parts[0] if len(word.parts) == 1 else None
        if not isinstance(only, Parameter) or only.op:
            return None
        if only.name == "@" and only.quoted:
            return list(self.state.arguments)
        name, bracket, index = only.name.partition("[")
        items = self.state.arrays.get(name) if bracket and index in ("@]", "*]") else None
        return None if items is None else list(items)

    def _pieces(self, word: Word) -> list[tuple[str, bool]]:
        pieces: list[tuple[str, bool]] = []
        for part in word.parts:
            if isinstance(part, Literal):
                text = part.text
                if not pieces and not part.quoted and (text == "~" or text.startswith("~/")):
                    text = "/home" + text[1:]
                pieces.append((text, part.quoted))
            elif isinstance(part, Parameter):
                pieces.append((self._parameter(part), part.quoted))
            elif isinstance(part, Substitution):
                pieces.append((self._substitution(part), part.quoted))
            elif isinstance(part, Expression):
                pieces.append(
                    (self.expressions(part.text) if self.expressions is not None else self.unknown(part.text), part.quoted)
                )
            else:
                pieces.append((_arithmetic(part.text) or self.unknown("a computed number"), True))
        return pieces

    def _substitution(self, part: Substitution) -> str:
        if part.process or self.depth > _MAX_CALLS:
            return self.unknown("a file made of a command's output")
        inner = self.within_copy()
        out: list[str] = []
        try:
            inner.sequence(part.body, None, out)
        except Stop:
            pass
        return "".join(out).rstrip("\n")

    def lookup(self, name: str) -> str | None:
        """The value of a variable or special parameter; None where it is not set."""
        if name.isdigit() and name != "0":
            index = int(name) - 1
            return self.state.arguments[index] if index < len(self.state.arguments) else None
        if name == "0" or name.startswith("BASH_SOURCE"):
            return self.state.script
        if name in ("@", "*"):
            return " ".join(self.state.arguments)
        if name == "#":
            return str(len(self.state.arguments))
        if name in ("?", "$", "!", "-", "RANDOM"):
            return self.unknown(f"${name}")
        if name == "PWD":
            return self.state.here()
        if name in self.state.variables:
            return self.state.variables[name]
        if self.state.open_world or _SET_BY_RUNNER.fullmatch(name):
            return self.unknown(f"${name}")
        return None

    def _parameter(self, part: Parameter) -> str:
        name = part.name
        if "[" in name and not name.startswith("BASH_SOURCE"):
            return self._element(*name.split("[", 1), op=part.op)
        value = self.lookup(name)
        if part.op == "indirect":
            inner = self.lookup(value) if value is not None and is_known(value) else None
            return inner if inner is not None else self.unknown(f"${{!{name}}}")
        if part.op == "":
            if value is None:
                self.context.problem(f"${name} is not set here")
            return value or ""
        glob = part.op in ("#", "##", "%", "%%") or part.op.startswith("/")
        argument = "" if part.argument is None else self.pattern(part.argument) if glob else self.text(part.argument)
        second = None if part.second is None else self.text(part.second)
        if part.op in (":=", "="):
            result = expand_value(value, part.op, argument, second, self.context.holes)
            self.state.variables[name] = result
            return result
        if value is not None and not is_known(value) and part.op in (":-", ":+") and len(value) == 1:
            return value if part.op == ":-" and not argument else self.unknown(f"${{{name}{part.op}...}}")
        return expand_value(value, part.op, argument, second, self.context.holes)

    def _element(self, name: str, index: str, op: str) -> str:
        items = self.state.arrays.get(name)
        if items is None or op:
            return self.unknown(f"the array {name}")
        index = index.rstrip("]")
        if index in ("@", "*"):
            return " ".join(items)
        return items[int(index)] if index.isdigit() and int(index) < len(items) else self.unknown(f"an element of {name}")

    # -- tests -------------------------------------------------------------------------------------------------------------

    def _test(self, node: Test) -> int:
        from relgraph.pipeline.conditions import evaluate_test  # noqa: PLC0415 - it needs the shell's types

        words: list[str] = []
        for index, word in enumerate(node.words):
            after = node.words[index - 1].plain if index else None
            words.append(self.pattern(word) if after in ("=", "==", "!=") else self.text(word))
        return evaluate_test(self, words, extended=True)


def _arithmetic(text: str) -> str | None:
    match = re.fullmatch(r"\s*(\d{1,9})\s*(?:([-+*])\s*(\d{1,9})\s*)?", text)
    if match is None:
        return None
    if match[2] is None:
        return str(int(match[1]))
    left, right = int(match[1]), int(match[3])
    return str({"+": left + right, "-": left - right, "*": left * right}[match[2]])
