"""``test``, ``[`` and ``[[``: conditions on partially known texts and files."""

import re
from typing import TYPE_CHECKING

from relgraph.pipeline.patterns import glob_pattern, posix_pattern
from relgraph.pipeline.value import is_known

if TYPE_CHECKING:
    from relgraph.pipeline.shell import Shell

__all__ = ["evaluate_test"]

_OK, _FAILED, _UNCERTAIN = 0, 1, 3
_COMPARISONS = {"-eq": "==", "-ne": "!=", "-lt": "<", "-le": "<=", "-gt": ">", "-ge": ">="}


def evaluate_test(shell: "Shell", words: list[str], *, extended: bool) -> int:
    """The status of a condition: 0 true, 1 false, 3 not known; ``extended`` for ``[[``, whose right sides are patterns."""
    parser = _Parser(shell, words, extended)
    status = parser.either()
    return status if parser.position >= len(words) else _UNCERTAIN


def _of(truth: bool | None) -> int:
    return _UNCERTAIN if truth is None else _OK if truth else _FAILED


class _Parser:
    def __init__(self, shell: "Shell", words: list[str], extended: bool) -> None:
        self.shell = shell
        self.words = words
        self.extended = extended
        self.position = 0

    def _peek(self, offset: int = 0) -> str:
        index = self.position + offset
        return self.words[index] if index < len(self.words) else ""

    def either(self) -> int:
        status = self._both()
        while self._peek() in ("||", "-o") and self.position < len(self.words):
            self.position += 1
            other = self._both()
            status = _OK if _OK in (status, other) else _UNCERTAIN if _UNCERTAIN in (status, other) else _FAILED
        return status

    def _both(self) -> int:
        status = self._one()
        while self._peek() in ("&&", "-a") and self.position < len(self.words):
            self.position += 1
            other = self._one()
            status = _FAILED if _FAILED in (status, other) else _UNCERTAIN if _UNCERTAIN in (status, other) else _OK
        return status

    def _one(self) -> int:
        if self.position >= len(self.words):
            return _FAILED
        word = self._peek()
        left = len(self.words) - self.position
        if word == "!" and left > 1:
            self.position += 1
            return {_OK: _FAILED, _FAILED: _OK}.get(self._one(), _UNCERTAIN)
        if word == "(" and left > 1:
            self.position += 1
            status = self.either()
            self.position += 1
            return status
        if left > 2 and self._is_operator(self._peek(1)):
            operator, right = self._peek(1), self._peek(2)
            self.position += 3
            return self._compare(word, operator, right)
        if re.fullmatch(r"-[a-zA-Z]", word) and left > 1 and self._peek(1) not in ("&&", "||"):
            self.position += 2
            return self._unary(word, self.words[self.position - 1])
        self.position += 1
        return _of(bool(word) if is_known(word) else None)

    @staticmethod
    def _is_operator(word: str) -> bool:
        return word in ("=", "==", "!=", "=~", "<", ">", "-nt", "-ot", "-ef") or word in _COMPARISONS

    def _unary(self, operator: str, text: str) -> int:
        if operator in ("-z", "-n"):
            # A hole may be empty; anything known beside it is not.
            known = "".join(char for char in text if is_known(char))
            empty = None if not is_known(text) and not known else not text
            return _of(None if empty is None else empty is (operator == "-z"))
        if operator in ("-f", "-e", "-d", "-s", "-r", "-x"):
            path = self.shell.state.resolve(text)
            if path is None or path.startswith("/"):
                return _UNCERTAIN
            files = self.shell.state.files
            if operator == "-d":
                return _of(path in files.folders.names or (files.exists(path) and not files.is_file(path)))
            there = files.exists(path) if operator == "-e" else files.is_file(path)
            # What is not in the tree may be there all the same: tools put files beside it.
            return _OK if there else _UNCERTAIN
        return _UNCERTAIN

    def _compare(self, left: str, operator: str, right: str) -> int:
        if operator in _COMPARISONS:
            if not re.fullmatch(r"\s*-?\d{1,15}\s*", left) or not re.fullmatch(r"\s*-?\d{1,15}\s*", right):
                return _UNCERTAIN
            a, b = int(left), int(right)
            return _of({"-eq": a == b, "-ne": a != b, "-lt": a < b, "-le": a <= b, "-gt": a > b, "-ge": a >= b}[operator])
        if not is_known(left) or not is_known(right):
            return self._partial(left, operator, right)
        if operator == "=~":
            regex = posix_pattern(right, extended=True)
            return _of(None if regex is None else regex.search(left) is not None)
        if operator in ("=", "==", "!="):
            same: bool | None = left == right
            if self.extended:
                pattern = glob_pattern(right)
                same = None if pattern is None else pattern.fullmatch(left) is not None
            return _of(None if same is None else same is (operator != "!="))
        return _UNCERTAIN

    @staticmethod
    def _partial(left: str, operator: str, right: str) -> int:
        # Known beginnings that differ decide; anything else may turn out either way.
        if operator not in ("=", "==", "!=") or any(char in right for char in "*?["):
            return _UNCERTAIN
        for a, b in zip(left, right, strict=False):
            if not is_known(a) or not is_known(b):
                return _UNCERTAIN
            if a != b:
                return _of(operator == "!=")
        return _UNCERTAIN
