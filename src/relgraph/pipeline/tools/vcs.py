"""git: what a checkout of the tag answers."""

import posixpath
import re

from relgraph.pipeline.command import ASSUMED, Call, Result
from relgraph.pipeline.patterns import glob_pattern
from relgraph.pipeline.shell import Shell, Tool
from relgraph.pipeline.state import ROOT
from relgraph.pipeline.tools.options import read_options
from relgraph.pipeline.value import COMMIT, SHORT_COMMIT

__all__ = ["TOOLS"]

_QUIET = frozenset("add commit push fetch pull config remote branch merge rebase clean stash submodule lfs init diff".split())


def _git(shell: Shell, call: Call) -> Result:
    options = read_options(call.words[1:], ("C", "c", "git-dir", "work-tree"), stop=True)
    if not options.operands:
        return Result(shell.unknown("output of git"), ASSUMED)
    command = options.operands[0].text
    rest = options.operands[1:]
    texts = [argument.text for argument in rest]
    if command == "describe":
        return Result(_describe(shell, call, texts) + "\n")
    if command == "rev-parse":
        return Result(_rev_parse(shell, texts) + "\n")
    if command in ("log", "show"):
        return Result(_log(shell, " ".join(texts)) + "\n")
    if command == "tag" and any(text.startswith(("--points-at", "--contains")) for text in texts) and shell.context.at_tag:
        return Result(shell.context.tag + "\n")
    if command == "checkout" or (command == "restore" and texts):
        _restore(shell, texts)
        return Result()
    if command == "clone":
        _clone(shell, call)
        return Result()
    if command in _QUIET:
        return Result()
    return Result(shell.unknown(f"output of git {command}") + "\n", ASSUMED)


def _describe(shell: Shell, call: Call, texts: list[str]) -> str:
    options = read_options(call.words[1:], ("match", "exclude", "abbrev", "candidates", "dirty"))
    others = [operand.text for operand in options.operands if operand.text not in ("describe", "HEAD")]
    if others or not shell.context.at_tag or "-C" in call.texts:
        return shell.unknown("output of git describe")
    for argument in options.all("match"):
        pattern = glob_pattern(argument.text)
        if pattern is None or not pattern.fullmatch(shell.context.tag):
            return shell.unknown("output of git describe")
    if "--long" in texts:
        return f"{shell.context.tag}-0-g{shell.unknown('short commit id', SHORT_COMMIT)}"
    return shell.context.tag


def _rev_parse(shell: Shell, texts: list[str]) -> str:
    if "--show-toplevel" in texts:
        return ROOT
    if "--abbrev-ref" in texts:
        return "HEAD" if shell.context.at_tag else shell.unknown("the branch")
    if any(text.startswith("--short") for text in texts):
        return shell.unknown("short commit id", SHORT_COMMIT)
    return shell.unknown("commit id", COMMIT)


def _log(shell: Shell, text: str) -> str:
    form = re.search(r"(?:--pretty|--format)[= ](?:format:|tformat:)?[\"']?(%[hH])[\"']?(?:\s|$)", text)
    if form is None:
        return shell.unknown("output of git log")
    return shell.unknown("commit id", COMMIT) if form[1] == "%H" else shell.unknown("short commit id", SHORT_COMMIT)


def _restore(shell: Shell, texts: list[str]) -> None:
    paths = texts[texts.index("--") + 1 :] if "--" in texts else [text for text in texts if not text.startswith("-")]
    for text in paths:
        path = shell.state.resolve(text)
        if path is None:
            continue
        for written in [one for one in shell.state.files.written if one == path or one.startswith(f"{path}/") or path == ""]:
            if written in shell.state.files.subject.entries:
                del shell.state.files.written[written]


def _clone(shell: Shell, call: Call) -> None:
    options = read_options(call.words[1:], ("b", "branch", "depth", "c", "o", "origin", "filter", "reference"))
    operands = [operand.text for operand in options.operands if operand.text != "clone"]
    if operands:
        name = operands[1] if len(operands) > 1 else posixpath.basename(operands[0].removesuffix("/")).removesuffix(".git")
        path = shell.state.resolve(name)
        if path:
            shell.state.files.opaque |= {path}


TOOLS: dict[str, Tool] = {"git": _git}
