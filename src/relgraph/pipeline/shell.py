"""The evaluator of shell scripts: what a script would write, run and print, without running anything.

Commands that are modelled (:mod:`relgraph.pipeline.tools`) act on the simulated state; any other is taken to succeed and
to print something unknown. A branch whose condition is not known is followed both ways: afterwards a variable or file that
the ways left different has a hole.
"""

from collections.abc import Callable, Mapping
from functools import partial

from relgraph.pipeline.artifacts import Spot
from relgraph.pipeline.command import ASSUMED, FAILED, OK, UNCERTAIN, Argument, Call, Result, Stop
from relgraph.pipeline.context import Context, Origin
from relgraph.pipeline.expander import Expander
from relgraph.pipeline.patterns import glob_pattern
from relgraph.pipeline.shell_reader import read_script
from relgraph.pipeline.shell_tree import (
    AndOr,
    Case,
    For,
    Function,
    Group,
    If,
    Node,
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

__all__ = ["Shell", "Tool"]

_MAX_OUTPUT = 1_000_000
_MAX_ITERATIONS = 40
_MAX_CALLS = 14

Tool = Callable[["Shell", Call], Result]


class Shell(Expander):
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
        super().__init__(context, state, expressions, depth)
        self.origin = origin
        self.tools = tools

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
        if not node.subshell:
            return self._body(node.body, stdin)
        out: list[str] = []
        inner = self.within_copy()
        try:
            status = inner.sequence(node.body, stdin, out)
        except Stop as stop:
            status = stop.status
        return Result("".join(out), status)

    def output_of(self, part: Substitution) -> str:
        """What the commands of a substitution print."""
        if part.process or self.depth > _MAX_CALLS:
            return self.unknown("a file made of a command's output")
        inner = self.within_copy()
        out: list[str] = []
        try:
            inner.sequence(part.body, None, out)
        except Stop:
            pass
        return "".join(out).rstrip("\n")

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
                printed, status = self._either([partial(self.execute, following, stdin), None], status)
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
        if index >= len(node.arms):
            return Result() if node.otherwise is None else self._body(node.otherwise, stdin)
        condition, body = node.arms[index]
        status = self._condition(condition)
        if status == OK:
            return self._body(body, stdin)
        if status == FAILED:
            return self._if(node, stdin, index + 1)
        return Result(*self._either([lambda: self._body(body, stdin), lambda: self._if(node, stdin, index + 1)]))

    def _body(self, nodes: Sequence, stdin: str | None) -> Result:
        out: list[str] = []
        status = self.sequence(nodes, stdin, out)
        return Result("".join(out), status)

    def _case(self, node: Case, stdin: str | None) -> Result:
        subject = self.text(node.subject)
        ways: list[Callable[[], Result] | None] = []
        for patterns, body in node.arms:
            outcome = self._matches_any(subject, patterns)
            if outcome == FAILED:
                continue

            way = partial(self._body, body, stdin)
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
                status = self.assign(assignment, self.state.variables)
            return Result(self._output(node.redirects, ""), status)
        stdin = self._input(node.redirects, stdin)
        spot = self.origin.spot(node.start, node.end)
        call = Call(tuple(arguments), stdin, self.origin, node.start, node.end)
        if node.assignments:
            saved = dict(self.state.variables), set(self.state.exported)
            for assignment in node.assignments:
                self.assign(assignment, self.state.variables)
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

    # -- tests -------------------------------------------------------------------------------------------------------------

    def _test(self, node: Test) -> int:
        from relgraph.pipeline.conditions import evaluate_test  # noqa: PLC0415 - it needs the shell's types

        words: list[str] = []
        for index, word in enumerate(node.words):
            after = node.words[index - 1].plain if index else None
            words.append(self.pattern(word) if after in ("=", "==", "!=") else self.text(word))
        return evaluate_test(self, words, extended=True)
