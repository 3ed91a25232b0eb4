"""Commands of the shell itself, and the small ones that every script uses."""

import posixpath
import re

from relgraph.pipeline.command import ASSUMED, FAILED, OK, UNCERTAIN, Argument, Call, Result, Stop
from relgraph.pipeline.conditions import evaluate_test
from relgraph.pipeline.shell import Shell, Tool
from relgraph.pipeline.state import ROOT
from relgraph.pipeline.tools.options import read_options
from relgraph.pipeline.value import is_known, number_of

__all__ = ["TOOLS"]

_ESCAPE = re.compile(r"\\([abefnrtv\\]|0[0-7]{0,3})")
_ESCAPES = {"n": "\n", "t": "\t", "r": "\r", "\\": "\\", "a": "", "b": "", "e": "\x1b", "f": "\f", "v": "\v"}
_DIRECTIVE = re.compile(r"%(-?\d*)(?:\.\d+)?([sdq%])")


def _unescape(text: str) -> str:
    return _ESCAPE.sub(lambda match: _ESCAPES.get(match[1], ""), text)


def _echo(_: Shell, call: Call) -> Result:
    texts = call.texts
    newline, escapes = True, False
    while texts and re.fullmatch(r"-[neE]+", texts[0]):
        newline = newline and "n" not in texts[0]
        escapes = escapes or "e" in texts[0]
        texts = texts[1:]
    text = " ".join(texts)
    return Result((_unescape(text) if escapes else text) + ("\n" if newline else ""))


def _printf(shell: Shell, call: Call) -> Result:
    texts = call.texts
    if texts[:1] == ["-v"]:
        if len(texts) > 1:
            shell.state.variables[texts[1]] = _formatted(texts[2:])
        return Result()
    return Result(_formatted(texts[1:] if texts[:1] == ["--"] else texts))


def _formatted(texts: list[str]) -> str:
    if not texts:
        return ""
    form, arguments = _unescape(texts[0]), texts[1:]
    out: list[str] = []
    while True:
        waiting = iter(arguments)
        used = 0
        piece: list[str] = []
        position = 0
        for match in _DIRECTIVE.finditer(form):
            piece.append(form[position : match.start()])
            position = match.end()
            if match[2] == "%":
                piece.append("%")
            else:
                piece.append(next(waiting, ""))
                used += 1
        out += [*piece, form[position:]]
        arguments = arguments[used:]
        if not arguments or not used:
            return "".join(out)


def _cd(shell: Shell, call: Call) -> Result:
    target = next((text for text in call.texts if not text.startswith("-")), "~")
    path = shell.state.resolve(target)
    shell.state.cwd = (
        path if path is not None else shell.unknown(f"folder of cd {target}" if is_known(target) else "an unknown folder")
    )
    return Result()


def _pushd(shell: Shell, call: Call) -> Result:
    state = shell.state
    if any(text[:1] not in ("-", "+") for text in call.texts):
        state.folders += (state.cwd,)
        return _cd(shell, call)
    if not call.texts and state.folders:
        state.cwd, state.folders = state.folders[-1], (*state.folders[:-1], state.cwd)
        return Result()
    state.cwd = shell.unknown("a folder that pushd turned to")
    return Result()


def _popd(shell: Shell, call: Call) -> Result:
    state = shell.state
    if state.folders and not any(text[:1] in ("-", "+") for text in call.texts):
        state.cwd, state.folders = state.folders[-1], state.folders[:-1]
    else:
        state.cwd = shell.unknown("a folder that popd left")
    return Result()


def _export(shell: Shell, call: Call) -> Result:
    for text in call.texts:
        if text.startswith("-"):
            continue
        name, equals, value = text.partition("=")
        if equals:
            shell.state.variables[name.removesuffix("+")] = value
        elif call.words[0].text != "export" and name not in shell.state.variables:
            shell.state.variables[name] = ""
        if call.words[0].text == "export" or "-x" in call.texts:
            shell.state.exported.add(name)
    return Result()


def _unset(shell: Shell, call: Call) -> Result:
    for text in call.texts:
        shell.state.variables.pop(text, None)
    return Result()


def _read(shell: Shell, call: Call) -> Result:
    for name in read_options(call.words[1:], ("p", "d", "a", "n", "t", "u", "i")).operands:
        shell.state.variables[name.text] = shell.unknown(f"${name.text} as read")
    return Result("", UNCERTAIN)


def _set(shell: Shell, call: Call) -> Result:
    if "--" in call.texts:
        shell.state.arguments = tuple(call.texts[call.texts.index("--") + 1 :])
    return Result()


def _shift(shell: Shell, call: Call) -> Result:
    count = number_of(call.texts[0]) if call.texts else None
    shell.state.arguments = shell.state.arguments[1 if count is None else count :]
    return Result()


def _source(shell: Shell, call: Call) -> Result:
    path = shell.state.resolve(call.texts[0]) if call.texts else None
    if path is None or not shell.state.files.is_file(path):
        shell.state.open_world = True
        return Result("", ASSUMED)
    return shell.script(path, call, tuple(call.texts[1:]), sourced=True)


def _stop(_: Shell, call: Call) -> Result:
    texts = call.texts
    status = FAILED if texts and texts[0] != "0" else OK
    raise Stop(call.words[0].text, status)


def _nothing(_: Shell, __: Call) -> Result:
    return Result()


def _false(_: Shell, __: Call) -> Result:
    return Result("", FAILED)


def _bracket(shell: Shell, call: Call) -> Result:
    texts = call.texts
    if call.words[0].text == "[" and texts[-1:] == ["]"]:
        texts = texts[:-1]
    return Result("", evaluate_test(shell, texts, extended=False))


def _arithmetic(_: Shell, __: Call) -> Result:
    return Result("", UNCERTAIN)


def _pwd(shell: Shell, _: Call) -> Result:
    return Result(shell.state.here() + "\n")


def _eval(shell: Shell, call: Call) -> Result:
    text = " ".join(call.texts)
    return shell.within(shell.state, shell.origin).run(text) if is_known(text) else Result(shell.unknown("output of eval"), ASSUMED)


def _shell(shell: Shell, call: Call) -> Result:
    options = read_options(call.words[1:], ("c", "o", "O"), stop=True)
    code = options.last("c")
    if code is not None:
        inner = shell.within_copy()
        inner.state.arguments = tuple(argument.text for argument in options.operands)
        return inner.within(inner.state, shell.origin).run(code.text)
    if not options.operands:
        return Result(shell.unknown("output of a shell"), ASSUMED)
    path = shell.state.resolve(options.operands[0].text)
    if path is None or not shell.state.files.is_file(path):
        return Result(shell.unknown(f"output of {options.operands[0].text}"), ASSUMED)
    inner_call = call._replace(words=tuple(options.operands))
    return shell.script(path, inner_call, tuple(argument.text for argument in options.operands[1:]))


def _prefix(shell: Shell, call: Call) -> Result:
    """``sudo``, ``env``, ``command``, ``exec``, ``time``, ``nohup``: the command behind them, with its assignments."""
    name = call.words[0].text
    if name == "command" and call.texts[:1] in (["-v"], ["-V"]):
        return Result(shell.unknown(f"path of {call.texts[-1]}"), UNCERTAIN)
    words = list(call.words[1:])
    while words and (words[0].text.startswith("-") or (name in ("env", "sudo") and re.match(r"\w+=", words[0].text))):
        assigned, equals, value = words[0].text.partition("=")
        if equals and not assigned.startswith("-"):
            shell.state.variables[assigned] = value
            shell.state.exported.add(assigned)
        words.pop(0)
    if not words:
        return Result(shell.unknown(f"output of {name}"), ASSUMED)
    return shell.dispatch(call._replace(words=tuple(words)))


def _xargs(shell: Shell, call: Call) -> Result:
    options = read_options(call.words[1:], ("I", "n", "P", "L", "d"), stop=True)
    given = call.stdin or ""
    items = given.split()
    if options.last("I") is not None or not options.operands:
        return Result(given if not options.operands else shell.unknown("output of xargs"), ASSUMED)
    words = [*options.operands, *(Argument(item, call.start, call.end) for item in items)]
    return shell.dispatch(call._replace(words=tuple(words), stdin=None))


def _ls(shell: Shell, call: Call) -> Result:
    names = [text for text in call.texts if not text.startswith("-")]
    known = all((path := shell.state.resolve(name)) is not None and shell.state.files.is_file(path) for name in names)
    return Result(
        "".join(f"{name}\n" for name in names) if names and known else shell.unknown("output of ls"), OK if known else UNCERTAIN
    )


def _basename(_: Shell, call: Call) -> Result:
    texts = [text for text in call.texts if not text.startswith("-")]
    name = posixpath.basename(texts[0].rstrip("/")) if texts else ""
    if len(texts) > 1 and name != texts[1]:
        name = name.removesuffix(texts[1])
    return Result(name + "\n")


def _dirname(_: Shell, call: Call) -> Result:
    path = call.texts[0] if call.texts else ""
    return Result((posixpath.dirname(path.rstrip("/")) or ("/" if path.startswith("/") else ".")) + "\n")


def _realpath(shell: Shell, call: Call) -> Result:
    texts = [text for text in call.texts if not text.startswith("-")]
    path = shell.state.resolve(texts[-1]) if texts else None
    if path is None:
        return Result(shell.unknown("a path") + "\n")
    return Result((path if path.startswith("/") else posixpath.normpath(posixpath.join(ROOT, path))) + "\n")


def _mktemp(shell: Shell, _: Call) -> Result:
    shell.context.calls += 1
    return Result(f"/tmp/made-{shell.context.calls}\n")  # noqa: S108 - a name in the simulation


def _date(shell: Shell, _: Call) -> Result:
    return Result(shell.unknown("the date") + "\n")


TOOLS: dict[str, Tool] = {
    "echo": _echo, "printf": _printf, "cd": _cd, "pushd": _pushd, "popd": _popd, "pwd": _pwd,
    "export": _export, "local": _export, "declare": _export, "typeset": _export, "readonly": _export, "unset": _unset,
    "read": _read, "mapfile": _read, "readarray": _read, "set": _set, "shift": _shift, "shopt": _nothing, "trap": _nothing,
    "source": _source, ".": _source, "exit": _stop, "return": _stop, "break": _stop, "continue": _stop,
    ":": _nothing, "true": _nothing, "false": _false, "[": _bracket, "test": _bracket, "((": _arithmetic, "eval": _eval,
    "bash": _shell, "sh": _shell, "dash": _shell, "zsh": _shell,
    "sudo": _prefix, "env": _prefix, "command": _prefix, "exec": _prefix, "time": _prefix, "nohup": _prefix, "xargs": _xargs,
    "ls": _ls, "basename": _basename, "dirname": _dirname, "realpath": _realpath, "readlink": _realpath, "mktemp": _mktemp, "date": _date,
    "umask": _nothing, "wait": _nothing, "sleep": _nothing, "chmod": _nothing, "mkdir": _nothing, "ulimit": _nothing,
    "type": _arithmetic, "which": _arithmetic, "hash": _arithmetic, "let": _arithmetic,
}  # fmt: skip
