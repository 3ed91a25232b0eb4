"""Whether a pushed tag starts a job of GitLab's: ``rules``, ``only`` and ``except`` (https://docs.gitlab.com/ci/yaml/#rules)."""

import re
from collections.abc import Callable, Mapping
from typing import Protocol

from relgraph.pipeline.patterns import script_pattern
from relgraph.pipeline.value import is_known
from relgraph.pipeline.yaml_tree import YamlNode

__all__ = ["holds", "starts"]

_TOKEN = re.compile(
    r"\s*(?:(?P<variable>\$\{?(?P<name>\w+)\}?)|(?P<quoted>\"[^\"]*\"|'[^']*')|(?P<regex>/(?:[^/\\]|\\.)+/[a-z]*)|(?P<sign>==|!=|=~|!~|&&|\|\||[()])"
    r"|(?P<word>null))"
)
_MAX_DEPTH = 20


class _Stated(Protocol):
    @property
    def node(self) -> YamlNode: ...


def starts(first: Callable[[str], _Stated | None], tag: str, variables: Mapping[str, str]) -> bool | None:
    """Whether a job runs when the tag is pushed; None where that cannot be told. ``first`` gives what is stated for a key of the job."""
    rules = first("rules")
    if rules is not None:
        return _by_rules(rules.node, variables)
    manual = first("when")
    if manual is not None and manual.node.text == "never":
        return False
    only, without = first("only"), first("except")
    if without is not None and _names(without.node, tag, variables) is True:
        return False
    if only is not None:
        named = _names(only.node, tag, variables)
        return named if named is not True or without is None else True
    return True


def holds(workflow: YamlNode, variables: Mapping[str, str]) -> bool | None:
    """Whether ``workflow: rules`` make a pipeline at all."""
    rules = workflow.get("rules")
    return True if rules is None else _by_rules(rules, variables)


def _by_rules(rules: YamlNode, variables: Mapping[str, str]) -> bool | None:
    """The first rule that applies decides; a job that no rule applies to is not there."""
    doubt = False
    for rule in rules.items:
        condition = rule.string("if")
        applies = True if condition is None else _truth(condition, variables)
        if applies is True and (rule.get("changes") is not None or rule.get("exists") is not None):
            applies = None
        if applies is False:
            continue
        runs = rule.string("when") != "never"
        if applies is True:
            return None if doubt else runs
        doubt = True
    return None if doubt else False


def _names(node: YamlNode, tag: str, variables: Mapping[str, str]) -> bool | None:
    """Whether ``only`` or ``except`` names the tag: by the word ``tags``, itself, or an expression."""
    stated = node if node.kind != "map" else node.get("refs")
    refs = [] if stated is None else [stated.text] if stated.kind == "scalar" else [item.text for item in stated.items]
    found: bool | None = node.kind == "map" and stated is None
    for ref in refs:
        if ref in ("tags", tag, "pushes"):
            found = True
        elif ref.startswith("/"):
            matched = _matches(tag, ref)
            found = True if matched else None if matched is None and not found else found
    conditions = node.strings("variables") if node.kind == "map" else []
    if found and conditions:
        truths = [_truth(one.text, variables) for one in conditions]
        found = True if True in truths else None if None in truths else False
    return found


def _truth(condition: str, variables: Mapping[str, str]) -> bool | None:
    tokens: list[re.Match[str]] = []
    position = 0
    while position < len(condition.rstrip()):
        match = _TOKEN.match(condition, position)
        if match is None or len(tokens) > 200:
            return None
        tokens.append(match)
        position = match.end()
    reader = _Reader(tokens, variables)
    result = reader.either(0)
    return result if reader.at_end else None


class _Reader:
    """A condition, read from left to right: ``||`` binds less than ``&&``, comparisons bind most."""

    def __init__(self, tokens: list[re.Match[str]], variables: Mapping[str, str]) -> None:
        self._tokens = tokens
        self._variables = variables
        self._next = 0

    @property
    def at_end(self) -> bool:
        return self._next >= len(self._tokens)

    def _take(self, *signs: str) -> str:
        if not self.at_end and self._tokens[self._next]["sign"] in signs:
            self._next += 1
            return self._tokens[self._next - 1]["sign"]
        return ""

    def either(self, depth: int) -> bool | None:
        found = self._both(depth)
        while self._take("||"):
            other = self._both(depth)
            found = True if True in (found, other) else None if None in (found, other) else False
        return found

    def _both(self, depth: int) -> bool | None:
        found = self._comparison(depth)
        while self._take("&&"):
            other = self._comparison(depth)
            found = False if False in (found, other) else None if None in (found, other) else True
        return found

    def _comparison(self, depth: int) -> bool | None:
        if depth < _MAX_DEPTH and self._take("("):
            found = self.either(depth + 1)
            self._take(")")
            return found
        left = self._value()
        sign = self._take("==", "!=", "=~", "!~")
        if not sign:
            return None if left is None else left != ""
        if sign in ("==", "!="):
            right = self._value()
            return None if left is None or right is None else (left == right) is (sign == "==")
        pattern = "" if self.at_end else self._tokens[self._next]["regex"] or ""
        self._next += 1
        matched = None if left is None or not pattern else _matches(left, pattern)
        return None if matched is None else matched is (sign == "=~")

    def _value(self) -> str | None:
        """A value, empty where a variable is not set; None where nobody knows."""
        if self.at_end:
            return None
        token = self._tokens[self._next]
        self._next += 1
        if token["quoted"]:
            return token["quoted"][1:-1]
        if token["word"]:
            return ""
        if token["name"] is None:
            return None
        # What is always set on a tag is known; anything else that GitLab sets is not set then; the rest may be in the settings.
        found = self._variables.get(token["name"], "" if token["name"].startswith("CI_") else None)
        return found if found is None or is_known(found) else None


def _matches(text: str, pattern: str) -> bool | None:
    body, _, flags = pattern[1:].rpartition("/")
    regex = script_pattern(f"(?i:{body})" if "i" in flags else body)
    return None if regex is None else regex.search(text) is not None
