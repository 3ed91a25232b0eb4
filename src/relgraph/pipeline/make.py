"""The evaluator of Makefiles: variables under make's precedence, conditionals, prerequisites, recipes.

GNU make manual, chapters 5 to 7 and 9.5: a variable of the command line overrides what the file sets, the file overrides the
environment, and the environment feeds ``?=``. Prerequisites run first, each once. Nothing is compared by time: a recipe runs
unless its target is a file of the tree that nothing has to be done for.
"""

import posixpath
import re
from typing import NamedTuple

from relgraph.pipeline.artifacts import Leak, Spot
from relgraph.pipeline.command import ASSUMED, Result, Stop
from relgraph.pipeline.context import Origin
from relgraph.pipeline.make_functions import call_function, match_pattern, substitute
from relgraph.pipeline.shell import Shell
from relgraph.pipeline.state import ROOT
from relgraph.pipeline.value import is_known
from relgraph.syntax.make import Assignment, Include, Makefile, MakeRule, read_makefile

__all__ = ["MakeRun", "load_makefile", "run_make"]

_REFERENCE = re.compile(r"\$(?:\$|[({]|.)", re.DOTALL)
_SPLIT_FUNCTION = re.compile(r"([a-z-]+)[ \t]+(.*)", re.DOTALL)
_CONDITION = re.compile(r"(!*)(ifeq|ifneq|ifdef|ifndef)\b\s*(.*)", re.DOTALL)
_QUOTED_PAIR = re.compile(r"([\"'])(.*?)\1\s*([\"'])(.*?)\3\s*", re.DOTALL)
_DEPTH = 40
_MAX_RULES = 120
_MAX_CALLS = 1000


class _Variable(NamedTuple):
    text: str
    simple: bool
    origin: str  # default, environment, file, override, command


def load_makefile(shell: Shell, path: str) -> Makefile | None:
    """The Makefile of that path as the tree (or the pipeline so far) has it."""
    made = shell.context.makefiles
    if path in shell.state.files.written:
        return None
    if path not in made:
        text = shell.context.subject.text(path) if path in shell.context.subject.entries else None
        made[path] = None if text is None else read_makefile(text)
    return made[path]


class MakeRun:
    """One invocation of make on one file, in one folder."""

    def __init__(self, shell: Shell, path: str, folder: str, overrides: dict[str, str], level: int = 0) -> None:
        self.shell = shell
        self.folder = folder
        self.overrides = overrides
        self.level = level
        self.path = path
        self.variables: dict[str, _Variable] = {}
        self.exported: set[str] = set(overrides)
        self.rules: list[tuple[MakeRule, str]] = []
        self.scoped: dict[str, list[tuple[str, Assignment]]] = {}  # target-specific variables
        self.done: set[str] = set()
        self.printed: list[str] = []
        self.defaults: dict[str, tuple[str, Assignment]] = {}  # what ?= would have set, had the environment not
        self.making = ""
        self._read: set[str] = set()
        self._index: tuple[int, dict[str, list[tuple[MakeRule, str]]], list[tuple[str, MakeRule, str]]] | None = None
        state = shell.state
        self._given = sorted(name for name in state.exported if name in state.variables and re.fullmatch(r"\w+", name))
        for name in state.exported:
            if name in state.variables:
                self.variables[name] = _Variable(state.variables[name], True, "environment")
        for name, value in overrides.items():
            self.variables[name] = _Variable(value, False, "command")
        self._default("MAKE", "make")
        self._default("CURDIR", ROOT + (f"/{folder}" if folder else ""))
        self._default("MAKEFILE_LIST", " " + path.rpartition("/")[2])
        self._default("SHELL", "/bin/sh")
        self.load(path)

    def _default(self, name: str, value: str) -> None:
        self.variables.setdefault(name, _Variable(value, True, "default"))

    # -- reading -----------------------------------------------------------------------------------------------------------

    def load(self, path: str) -> None:
        """Take in a Makefile: its statements in order, as far as their conditions hold."""
        if path in self._read or len(self._read) > 20:
            return
        self._read.add(path)
        makefile = load_makefile(self.shell, path)
        if makefile is None:
            return
        statements: list[tuple[int, Assignment | MakeRule | Include]] = [(one.start, one) for one in makefile.variables]
        statements += [(rule.start, rule) for rule in makefile.rules]
        statements += [(include.start, include) for include in makefile.includes]
        statements.sort(key=lambda pair: pair[0])
        for _, statement in statements:
            if isinstance(statement, Assignment):
                if statement.targets:
                    for target in statement.targets:
                        self.scoped.setdefault(target, []).append((path, statement))
                elif self._holds(statement.conditions):
                    self._set(statement, path)
            elif isinstance(statement, MakeRule):
                if self._holds(statement.conditions):
                    self.rules.append((statement, path))
            else:
                self._include(statement)

    def _include(self, include: Include) -> None:
        for word in self.expand(include.path).split():
            if not is_known(word):
                continue
            found = posixpath.normpath(posixpath.join(ROOT, self.folder, word)).removeprefix(ROOT + "/")
            if found in self.shell.context.subject.entries:
                self.load(found)

    def _holds(self, conditions: tuple[str, ...]) -> bool:
        # What cannot be told counts as if it held: branches of make mostly choose among equals.
        return all(self._condition(condition) is not False for condition in conditions)

    def _condition(self, written: str) -> bool | None:
        match = _CONDITION.match(written.strip())
        if match is None:
            return None
        negations, word, rest = len(match[1]), match[2], match[3].strip()
        truth: bool | None
        if word in ("ifdef", "ifndef"):
            name = self.expand(rest).strip()
            variable = self.variables.get(name)
            truth = variable is not None and bool(variable.text)
        else:
            pair = self._pair(rest)
            if pair is None:
                return None
            left, right = (self.expand(side).strip() for side in pair)
            truth = left == right if is_known(left) and is_known(right) else None
        if truth is None:
            return None
        if word in ("ifneq", "ifndef"):
            truth = not truth
        return truth if negations % 2 == 0 else not truth

    @staticmethod
    def _pair(rest: str) -> tuple[str, str] | None:
        if rest.startswith("("):
            parts = _arguments(rest[1 : rest.rfind(")")], limit=2)
            return (parts[0], parts[1]) if len(parts) == 2 else None
        match = _QUOTED_PAIR.match(rest)
        return None if match is None else (match[2], match[4])

    def _set(self, assignment: Assignment, path: str, *, scoped: bool = False) -> None:
        name = self.expand(assignment.name) if "$" in assignment.name else assignment.name
        if "export" in assignment.modifiers:
            self.exported.add(name)
        present = self.variables.get(name)
        override = "override" in assignment.modifiers
        if present is not None and present.origin == "command" and not override:
            return
        operator, value = assignment.operator, assignment.value
        origin = "override" if override else "file"
        if operator == "?=":
            if present is not None and not (scoped and present.origin == "default"):
                if present.origin == "environment":
                    self.defaults.setdefault(name, (path, assignment))
                return
            self.variables[name] = _Variable(value, False, origin)
        elif operator in (":=", "::=", ":::="):
            self.variables[name] = _Variable(self.expand(value), True, origin)
        elif operator == "+=":
            if present is None:
                self.variables[name] = _Variable(value, False, origin)
            else:
                added = self.expand(value) if present.simple else value
                self.variables[name] = _Variable(f"{present.text} {added}".strip(), present.simple, origin)
        elif operator == "!=":
            self.variables[name] = _Variable(self._shell(self.expand(value)), True, origin)
        else:
            self.variables[name] = _Variable(value, False, origin)

    # -- expanding ---------------------------------------------------------------------------------------------------------

    def expand(self, text: str, depth: int = 0) -> str:
        """A text with make's references replaced; ``$$`` is a dollar."""
        if "$" not in text:
            return text
        if depth > _DEPTH:
            return self.shell.unknown("a variable that refers to itself")
        out: list[str] = []
        position = 0
        while (match := _REFERENCE.search(text, position)) is not None:
            out.append(text[position : match.start()])
            token = match.group()
            if token == "$$":
                out.append("$")
                position = match.end()
            elif token in ("$(", "${"):
                end = _closing(text, match.end(), token[1])
                out.append(self._reference(text[match.end() : end], depth))
                position = end + 1
            else:
                out.append(self.value(token[1], depth))
                position = match.end()
        out.append(text[position:])
        return "".join(out)

    def value(self, name: str, depth: int = 0) -> str:
        """The value of a variable, expanded; empty where it is not defined."""
        variable = self.variables.get(name)
        if self.making and name in self.defaults and variable is not None and variable.origin == "environment":
            self._leak(name, variable)
        if variable is None:
            if self.shell.state.open_world:
                return self.shell.unknown(f"$({name})")
            return self.shell.unknown(f"$({name})") if name in ("HOME", "PATH", "USER", "PWD", "GOPATH") else ""
        return variable.text if variable.simple else self.expand(variable.text, depth + 1)

    def _leak(self, name: str, variable: _Variable) -> None:
        context = self.shell.context
        path, assignment = self.defaults[name]
        text = context.subject.text(path)
        if text is None or (name, path) in context.leaks:
            return
        spot = Spot(path, text.span(assignment.name_start, assignment.end))
        default = self.expand(assignment.value, 1)
        context.leaks[name, path] = Leak(
            name, context.value(variable.text), context.value(default), self.making, spot, context.places()
        )

    def _reference(self, inner: str, depth: int) -> str:
        function = _SPLIT_FUNCTION.match(inner)
        if function is not None:
            result = self._function(function[1], function[2], depth)
            if result is not None:
                return result
        name, colon, change = inner.partition(":")
        if colon and "=" in change and "$" not in name:
            old, _, new = change.partition("=")
            old, new = self.expand(old, depth + 1), self.expand(new, depth + 1)
            return substitute(old if "%" in old else f"%{old}", new if "%" in old else f"%{new}", self.value(name.strip(), depth))
        return self.value(self.expand(inner, depth + 1).strip(), depth)

    def _function(self, name: str, rest: str, depth: int) -> str | None:
        if name == "shell":
            return self._shell(self.expand(rest, depth + 1))
        parts = _arguments(rest)
        if name in ("if", "or", "and"):
            return self._logic(name, parts, depth)
        if name == "foreach" and len(parts) >= 3:
            return self._foreach(parts, depth)
        if name == "call":
            return self._call(parts, depth)
        expanded = [self.expand(part, depth + 1) for part in parts]
        if name == "wildcard":
            found = [
                path
                for word in expanded[0].split()
                for path in self.shell.state.expand(word)
                if path != word or self._is_file(word)
            ]
            return " ".join(found)
        if name in ("abspath", "realpath"):
            return " ".join(
                posixpath.normpath(posixpath.join(ROOT, self.folder, word)) if is_known(word) else word
                for word in expanded[0].split()
            )
        if name == "origin":
            variable = self.variables.get(expanded[0].strip())
            return "undefined" if variable is None else "command line" if variable.origin == "command" else variable.origin
        if name == "value":
            variable = self.variables.get(expanded[0].strip())
            return "" if variable is None else variable.text
        if name in ("eval", "file", "flavor", "guile", "intcmp", "let"):
            return "" if name == "eval" else self.shell.unknown(f"$({name})")
        return call_function(name, expanded, self.shell.unknown)

    def _is_file(self, word: str) -> bool:
        path = self.shell.state.resolve(word)
        return path is not None and self.shell.state.files.exists(path)

    def _logic(self, name: str, parts: list[str], depth: int) -> str:
        if name == "if":
            condition = self.expand(parts[0].strip(), depth + 1)
            if condition and not any(is_known(char) for char in condition):
                ways = {self.expand(part, depth + 1) for part in (parts[1:3] if len(parts) > 2 else [*parts[1:2], ""])}
                return ways.pop() if len(ways) == 1 else self.shell.unknown("$(if) of something unknown")
            chosen = parts[1:2] if condition else parts[2:3]
            return self.expand(chosen[0], depth + 1) if chosen else ""
        result = ""
        for part in parts:
            result = self.expand(part.strip(), depth + 1)
            if bool(result) is (name == "or"):
                return result
        return result

    def _foreach(self, parts: list[str], depth: int) -> str:
        name = self.expand(parts[0], depth + 1).strip()
        body = ",".join(parts[2:])
        saved = self.variables.get(name)
        out: list[str] = []
        for word in self.expand(parts[1], depth + 1).split()[:60]:
            self.variables[name] = _Variable(word, True, "file")
            out.append(self.expand(body, depth + 1))
        if saved is None:
            self.variables.pop(name, None)
        else:
            self.variables[name] = saved
        return " ".join(out)

    def _call(self, parts: list[str], depth: int) -> str:
        name = self.expand(parts[0], depth + 1).strip()
        variable = self.variables.get(name)
        arguments = [self.expand(part, depth + 1) for part in parts[1:]]
        if variable is None:
            return call_function(name, arguments, self.shell.unknown) or ""
        # A function that lists all files of a tree calls itself for each of them, and again in every make that a recipe starts.
        self.shell.context.called += 1
        if self.shell.context.called > _MAX_CALLS:
            return self.shell.unknown(f"$(call {name}), which is called too often")
        saved = {str(number): self.variables.get(str(number)) for number in range(10)}
        self.variables["0"] = _Variable(name, True, "file")
        for number in range(1, 10):
            self.variables[str(number)] = _Variable(arguments[number - 1] if number <= len(arguments) else "", True, "file")
        result = self.expand(variable.text, depth + 1)
        for number_text, before in saved.items():
            if before is None:
                self.variables.pop(number_text, None)
            else:
                self.variables[number_text] = before
        return result

    def _shell(self, command: str) -> str:
        self.shell.context.spend(5)
        inner = self._recipe_shell(None)
        try:
            printed = inner.run(command).out
        except Stop:
            printed = ""
        return " ".join(printed.split("\n")).strip()

    # -- running -----------------------------------------------------------------------------------------------------------

    def _recipe_shell(self, origin: Origin | None) -> Shell:
        state = self.shell.state.fork(files=False)
        state.variables = {}
        for name in (*self._given, *self.exported):
            variable = self.variables.get(name)
            if variable is not None and (variable.origin == "environment" or name in self.exported or origin is not None):
                # Within $(shell) only what was there before make is certain, and expanding more could go round in circles.
                state.variables[name] = variable.text if variable.simple or origin is None else self.expand(variable.text, 1)
        state.exported = set(state.variables)
        state.functions = {}
        state.cwd = self.folder
        shell = self.shell.within(state, origin or self.shell.origin)
        shell.expressions = None
        return shell

    def goal(self, target: str, asked: bool = False) -> None:
        """Bring a target up to date: its prerequisites, then its recipe."""
        if target in self.done or len(self.done) > _MAX_RULES:
            return
        self.done.add(target)
        self.shell.context.spend(3)
        rules, stem = self._rules_for(target)
        if not rules:
            if asked:
                self.shell.context.problem(f"no rule makes {target}" if is_known(target) else "no rule makes an unknown target")
            return
        saved = self._scope(target)
        for rule, _ in rules:
            for written in (*rule.prerequisites, *rule.order_only):
                for prerequisite in self.expand(written).split():
                    self.goal(prerequisite.replace("%", stem, 1) if stem else prerequisite)
        recipes = [(rule, path) for rule, path in rules if rule.recipe]
        if recipes and not self._is_current(target, recipes[0][0]):
            rule, path = recipes[-1]
            self._recipe(rule, path, target, stem)
        if saved is not None:
            self.variables = saved

    def _scope(self, target: str) -> dict[str, _Variable] | None:
        scoped = self.scoped.get(target)
        if not scoped:
            return None
        saved = dict(self.variables)
        for path, assignment in scoped:
            if self._holds(assignment.conditions):
                self._set(assignment, path, scoped=True)
        return saved

    def _is_current(self, target: str, rule: MakeRule) -> bool:
        path = posixpath.normpath(posixpath.join(self.folder, target))
        phony = any(target in other.prerequisites for other, _ in self.rules if ".PHONY" in other.targets)
        return not phony and not rule.prerequisites and path in self.shell.context.subject.entries

    def _rules_for(self, target: str) -> tuple[list[tuple[MakeRule, str]], str]:
        if self._index is None or self._index[0] != len(self.rules):
            exact: dict[str, list[tuple[MakeRule, str]]] = {}
            patterns: list[tuple[str, MakeRule, str]] = []
            for rule, path in self.rules:
                for name in (word for written in rule.targets for word in self.expand(written).split()):
                    if "%" in name:
                        patterns.append((name, rule, path))
                    else:
                        exact.setdefault(name, []).append((rule, path))
            self._index = (len(self.rules), exact, patterns)
        found = self._index[1].get(target, [])
        if any(rule.recipe for rule, _ in found):
            return found, ""
        for name, rule, path in self._index[2]:
            stem = match_pattern(name, target)
            if stem and rule.recipe:
                return [*found, (rule, path)], stem
        return found, ""

    def _recipe(self, rule: MakeRule, path: str, target: str, stem: str) -> None:
        text = self.shell.context.subject.text(path)
        saved, before = dict(self.variables), self.making
        self.making = target
        first = self.expand(rule.prerequisites[0]).split() if rule.prerequisites else []
        automatic = {
            "@": target,
            "*": stem,
            "<": first[0] if first else "",
            "^": " ".join(self.expand(p) for p in rule.prerequisites),
            "@D": posixpath.dirname(target) or ".",
            "@F": posixpath.basename(target),
        }
        for name, value in automatic.items():
            self.variables[name] = _Variable(value, True, "file")
        for line in rule.recipe:
            if not self._holds(line.conditions):
                continue
            spot = Spot(path, text.span(line.start, line.end)) if text is not None else None
            shell = self._recipe_shell(Origin.fixed(spot) if spot is not None else None)
            command = self.expand(line.text).lstrip().lstrip("@-+ \t").replace("\\\n\t", "\\\n")
            if not command:
                continue
            with self.shell.context.at(spot):
                try:
                    self.printed.append(shell.run(command).out)
                except Stop:
                    continue
        self.variables, self.making = saved, before

    def default_goal(self) -> str | None:
        """The target that a call without one is for."""
        chosen = self.variables.get(".DEFAULT_GOAL")
        if chosen is not None:
            return self.expand(chosen.text).strip() or None
        for rule, _ in self.rules:
            for name in rule.targets:
                expanded = self.expand(name)
                if "%" not in expanded and (not expanded.startswith(".") or "/" in expanded):
                    return expanded.split()[0] if expanded.split() else None
        return None


def run_make(shell: Shell, path: str, folder: str, overrides: dict[str, str], goals: list[str]) -> Result:
    """Run make's goals; what the recipes print."""
    run = MakeRun(shell, path, folder, overrides)
    for goal in goals or [run.default_goal() or ""]:
        if goal and is_known(goal):
            run.goal(goal, asked=bool(goals))
    return Result("".join(run.printed), ASSUMED if not run.rules else 0)


def _closing(text: str, start: int, opened: str) -> int:
    closing = ")" if opened == "(" else "}"
    depth = 0
    for match in re.compile(r"[(){}]").finditer(text, start):
        char = match.group()
        if char == opened:
            depth += 1
        elif char == closing:
            if depth == 0:
                return match.start()
            depth -= 1
    return len(text)


def _arguments(text: str, limit: int = 0) -> list[str]:
    parts: list[str] = []
    depth = 0
    start = 0
    for match in re.compile(r"[(){},]").finditer(text):
        char = match.group()
        if char in "({":
            depth += 1
        elif char in ")}":
            depth = max(0, depth - 1)
        elif depth == 0 and (not limit or len(parts) < limit - 1):
            parts.append(text[start : match.start()])
            start = match.end()
    parts.append(text[start:])
    return parts
