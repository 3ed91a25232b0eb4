"""``make``: its command line."""

import posixpath
import re

from relgraph.pipeline.command import ASSUMED, Call, Result
from relgraph.pipeline.make import run_make
from relgraph.pipeline.shell import Shell, Tool
from relgraph.pipeline.tools.options import read_options
from relgraph.pipeline.value import is_known

__all__ = ["TOOLS"]

_OVERRIDE = re.compile(r"([A-Za-z_][\w.-]*)(:{0,3}|\+|\?)=(.*)", re.DOTALL)
_NAMES = ("GNUmakefile", "makefile", "Makefile")
_MAX_LEVEL = 6


def _make(shell: Shell, call: Call) -> Result:
    options = read_options(call.words[1:], ("C", "f", "directory", "file", "makefile", "I", "o", "W", "l"))
    folder = shell.state.resolve(options.text("C", "directory") or ".")
    goals: list[str] = []
    overrides: dict[str, str] = {}
    for operand in options.operands:
        match = _OVERRIDE.fullmatch(operand.text)
        if match is not None:
            overrides[match[1]] = match[3]
        elif not (operand.text.isdigit() and options.has("j")):
            goals.append(operand.text)
    if folder is None or folder.startswith("/") or options.has("n", "dry-run", "just-print") or shell.depth > 3 * _MAX_LEVEL:
        return Result(shell.unknown("output of make"), ASSUMED)
    name = options.text("f", "file", "makefile")
    candidates = [
        posixpath.normpath(posixpath.join(folder, one)) for one in ([name] if name is not None and is_known(name) else _NAMES)
    ]
    path = next((one for one in candidates if one in shell.context.subject.entries), None)
    if path is None:
        shell.context.problem("make finds no Makefile here")
        return Result(shell.unknown("output of make"), ASSUMED)
    return run_make(shell, path, folder, overrides, goals)


TOOLS: dict[str, Tool] = {"make": _make, "gmake": _make}
