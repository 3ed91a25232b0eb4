"""Text filters: what release scripts pipe versions through."""

import re
from collections.abc import Callable

from relgraph.pipeline.command import ASSUMED, FAILED, OK, UNCERTAIN, Call, Result
from relgraph.pipeline.expansion import cut_short
from relgraph.pipeline.patterns import line_limit, posix_pattern
from relgraph.pipeline.sed import apply_sed, read_sed
from relgraph.pipeline.shell import Shell, Tool
from relgraph.pipeline.tools.options import read_options
from relgraph.pipeline.value import is_known, number_of

__all__ = ["TOOLS", "given"]

_RANGE = re.compile(r"(\d{0,9})(-?)(\d{0,9})")
_AWK_PRINT = re.compile(r"\{\s*print\s+(\$(?:\d+|NF)(?:\s*,\s*\$\d+)*|\$0)\s*;?\s*\}")
_MAX_TEXT = 1_000_000


def given(shell: Shell, call: Call, names: list[str]) -> str:
    """The input of a filter: the files named, else what is piped in."""
    if not names or names == ["-"]:
        return call.stdin if call.stdin is not None else shell.unknown("standard input")
    texts: list[str] = []
    for name in names:
        path = shell.state.resolve(name)
        text = shell.state.files.read(path) if path is not None else None
        if path is not None and shell.state.files.is_opaque(path):
            text = None
        texts.append(text if text is not None else shell.unknown(f"content of {name}" if is_known(name) else "content of a file"))
    return "".join(texts)


def _by_line(text: str, change: Callable[[str], str | None]) -> str:
    lines = text.split("\n")
    tail = lines.pop() if lines and lines[-1] == "" else None
    changed = [new for line in lines if (new := change(line)) is not None]
    return "\n".join(changed) + ("\n" if tail is not None and changed else "")


def _cat(shell: Shell, call: Call) -> Result:
    return Result(given(shell, call, [text for text in call.texts if text == "-" or not text.startswith("-")]))


def _cut(shell: Shell, call: Call) -> Result:
    options = read_options(call.words[1:], ("c", "b", "d", "f", "delimiter", "fields", "characters", "output-delimiter"))
    text = given(shell, call, [operand.text for operand in options.operands])
    characters, fields = options.text("c", "b", "characters"), options.text("f", "fields")
    delimiter = options.text("d", "delimiter") or "\t"

    def change(line: str) -> str | None:
        if characters is not None:
            return _characters(shell, line, characters)
        if fields is not None:
            if delimiter not in line:
                return None if options.has("s") else line
            return _fields(line.split(delimiter), fields, delimiter, shell)
        return line

    return Result(_by_line(text, change))


def _characters(shell: Shell, line: str, spec: str) -> str:
    match = _RANGE.fullmatch(spec)
    if match is None or not spec:
        return shell.unknown(f"characters {spec}")
    start = int(match[1] or 1) - 1
    if not match[2]:
        return cut_short(line, start, 1, shell.context.holes)
    length = int(match[3]) - start if match[3] else None
    return cut_short(line, start, length, shell.context.holes)


def _fields(parts: list[str], spec: str, delimiter: str, shell: Shell) -> str:
    chosen: list[str] = []
    for one in spec.split(","):
        match = _RANGE.fullmatch(one)
        if match is None or not one or not all(is_known(part) for part in parts[: int(match[3] or match[1] or 1)]):
            # A hole may hold the delimiter: fields up to the first hole are certain, and what begins with it is not.
            known = next((i for i, part in enumerate(parts) if not is_known(part)), len(parts))
            if match is None or not one or int(match[1] or 1) > known + 1:
                return shell.unknown(f"field {spec}")
        first = int(match[1] or 1)
        last = first if not match[2] else int(match[3]) if match[3] else len(parts)
        chosen += parts[first - 1 : last]
    return delimiter.join(chosen)


def _tr(shell: Shell, call: Call) -> Result:
    options = read_options(call.words[1:], ())
    text = given(shell, call, [])
    sets = [_set(operand.text) for operand in options.operands]
    if not sets or any(one is None for one in sets):
        return Result(shell.unknown("output of tr"))
    first = sets[0] or ""
    if options.has("d"):
        keep = options.has("c", "C")
        return Result("".join(char for char in text if (char in first) is keep or not is_known(char)))
    if options.has("s") and len(sets) == 1:
        return Result(re.sub(f"([{re.escape(first)}])\\1+", r"\1", text) if first else text)
    second = sets[1] if len(sets) > 1 else None
    if not second or options.has("c", "C"):
        return Result(shell.unknown("output of tr"))
    second = second.ljust(len(first), second[-1])[: len(first)]
    return Result(text.translate(str.maketrans(first, second)))


def _set(text: str) -> str | None:
    if not is_known(text) or len(text) > 200:
        return None
    text = text.replace("[:upper:]", "A-Z").replace("[:lower:]", "a-z").replace("[:digit:]", "0-9").replace("[:space:]", " \\t\\n")
    text = text.replace("\\n", "\n").replace("\\t", "\t").replace("\\r", "\r").replace("\\\\", "\\")
    if "[:" in text:
        return None
    return re.sub(r"([0-9A-Za-z])-([0-9A-Za-z])", lambda m: "".join(map(chr, range(ord(m[1]), ord(m[2]) + 1))), text)


def _head(shell: Shell, call: Call) -> Result:
    options = read_options(call.words[1:], ("n", "c", "lines", "bytes"))
    text = given(shell, call, [operand.text for operand in options.operands])
    count = options.text("n", "lines") or next((name for name in options.values if number_of(name) is not None), "10")
    size = options.text("c", "bytes")
    if size is not None:
        length = number_of(size)
        return Result(shell.unknown("output of head") if length is None else cut_short(text, 0, length, shell.context.holes))
    lines = text.splitlines(keepends=True)
    from_start = call.words[0].text == "head"
    number = number_of(count.lstrip("+"))
    if number is None or (len(lines) == 1 and not is_known(text) and text.strip() == text):
        return Result(text if len(lines) == 1 and not count.startswith("+") else shell.unknown("lines of something unknown"))
    if from_start:
        return Result("".join(lines[:number]))
    return Result("".join(lines[number - 1 :] if count.startswith("+") else lines[-number:] if number else []))


def _sed(shell: Shell, call: Call) -> Result:
    options = read_options(call.words[1:], ("e", "f", "expression", "file", "l"))
    scripts = [argument.text for argument in options.all("e", "expression")]
    operands = [operand.text for operand in options.operands]
    if not scripts and operands:
        scripts = [operands.pop(0)]
    script = read_sed(scripts, extended=options.has("E", "r", "regexp-extended"))
    text = given(shell, call, operands)
    edit = None if script is None else apply_sed(script, text, silent=options.has("n", "quiet", "silent"))
    return Result(edit.text if edit is not None else shell.unknown("output of sed"))


def _grep(shell: Shell, call: Call) -> Result:
    options = read_options(call.words[1:], ("e", "m", "A", "B", "C", "f", "regexp"))
    operands = [operand.text for operand in options.operands]
    pattern = options.text("e", "regexp")
    if pattern is None and operands:
        pattern = operands.pop(0)
    text = given(shell, call, operands)
    extended = options.has("E", "P") or call.words[0].text == "egrep"
    if pattern is None or options.has("r", "R", "A", "B", "C", "l", "L"):
        return Result(shell.unknown("output of grep"), UNCERTAIN)
    if options.has("F") or call.words[0].text == "fgrep":
        regex = re.compile(re.escape(pattern))
    else:
        found = posix_pattern(pattern, extended=extended, ignore_case=options.has("i")) if not options.has("P") else None
        if found is None:
            return Result(shell.unknown("output of grep"), UNCERTAIN)
        regex = found
    if not is_known(text) or not is_known(pattern) or len(text) > _MAX_TEXT:
        return Result(shell.unknown("output of grep"), UNCERTAIN)
    lines = [line for line in text.splitlines() if (regex.search(line[: line_limit(regex)]) is not None) is not options.has("v")]
    status = OK if lines else FAILED
    if options.has("q"):
        return Result("", status)
    if options.has("c"):
        return Result(f"{len(lines)}\n", status)
    if options.has("o"):
        lines = [match.group() for line in lines for match in regex.finditer(line[: line_limit(regex)])]
    limit = number_of(options.text("m") or "")
    if limit is not None:
        lines = lines[:limit]
    return Result("".join(line + "\n" for line in lines), status)


def _awk(shell: Shell, call: Call) -> Result:
    options = read_options(call.words[1:], ("F", "v", "f"))
    operands = [operand.text for operand in options.operands]
    program = operands.pop(0) if operands else ""
    separator = options.text("F")
    selected = re.fullmatch(r"\s*(?:/((?:[^/\\]|\\.)*)/\s*)?" + _AWK_PRINT.pattern + r"\s*", program)
    text = given(shell, call, operands)
    regex = None
    if selected is not None and selected[1] is not None:
        regex = posix_pattern(selected[1], extended=True)
        if regex is None:
            selected = None
    if selected is None or not is_known(text) or (separator is not None and len(separator.strip("'\"[]")) != 1):
        return Result(shell.unknown("output of awk"), ASSUMED)
    names = [name.strip().lstrip("$") for name in selected[2].split(",")]
    out: list[str] = []
    for line in text.splitlines():
        if regex is not None and regex.search(line[: line_limit(regex)]) is None:
            continue
        parts = line.split() if separator in (None, " ") else line.split((separator or " ").strip("'\"[]"))
        chosen = [
            line
            if name == "0"
            else parts[-1]
            if name == "NF" and parts
            else parts[number - 1]
            if (number := number_of(name)) and number <= len(parts)
            else ""
            for name in names
        ]
        out.append(" ".join(chosen) + "\n")
    return Result("".join(out))


def _rev(_: Shell, call: Call) -> Result:
    return Result(_by_line(call.stdin or "", lambda line: line[::-1]))


def _same(shell: Shell, call: Call) -> Result:
    options = read_options(call.words[1:], ("k", "t", "o"))
    text = given(shell, call, [operand.text for operand in options.operands])
    if len(text.splitlines()) <= 1:
        return Result(text)
    if call.words[0].text == "sort" and is_known(text) and not options.has("V", "n", "k", "t", "version-sort"):
        lines = sorted(text.splitlines(), reverse=options.has("r"))
        return Result("".join(line + "\n" for line in (dict.fromkeys(lines) if options.has("u") else lines)))
    return Result(shell.unknown(f"output of {call.words[0].text}"))


def _tee(shell: Shell, call: Call) -> Result:
    options = read_options(call.words[1:], ())
    text = call.stdin or ""
    for operand in options.operands:
        path = shell.state.resolve(operand.text)
        if path is None:
            continue
        if options.has("a", "append"):
            shell.state.files.write(path, (shell.state.files.read(path) or "") + text)
        else:
            shell.write(path, text, call.spot)
    return Result(text)


def _envsubst(shell: Shell, call: Call) -> Result:
    names = frozenset(re.findall(r"\w+", " ".join(call.texts)))

    def value(match: re.Match[str]) -> str:
        name = match[1] or match[2]
        if names and name not in names:
            return match.group()
        found = shell.lookup(name) if name in shell.state.exported or shell.state.open_world else None
        return found or ""

    text = given(shell, call, [])
    return Result(re.sub(r"\$\{(\w+)\}|\$(\w+)", value, text))


TOOLS: dict[str, Tool] = {
    "cat": _cat, "cut": _cut, "tr": _tr, "head": _head, "tail": _head, "sed": _sed, "gsed": _sed, "grep": _grep, "egrep": _grep,
    "fgrep": _grep, "awk": _awk, "gawk": _awk, "rev": _rev, "sort": _same, "uniq": _same, "tee": _tee, "envsubst": _envsubst,
}  # fmt: skip
