"""Commands that change files: ``sed -i``, ``yq -i``, copying, moving and removing."""

import posixpath
import re

from relgraph.pipeline.artifacts import Stamp
from relgraph.pipeline.command import ASSUMED, Argument, Call, Result
from relgraph.pipeline.sed import apply_sed, read_sed
from relgraph.pipeline.shell import Shell, Tool
from relgraph.pipeline.tools.filters import TOOLS as FILTERS
from relgraph.pipeline.tools.filters import given
from relgraph.pipeline.tools.options import read_options
from relgraph.pipeline.value import is_known
from relgraph.pipeline.yaml_tree import read_yaml
from relgraph.syntax.yaml import Style

__all__ = ["TOOLS", "record_stamp"]

_YQ_PATH = r"(?:\.(?:[A-Za-z_][\w-]*|\"[^\"]+\"|\[\d+\]|\[\"[^\"]+\"\])(?:\[\d+\]|\[\"[^\"]+\"\])*)+"
_YQ_VALUE = r"(?:\"(?P<string>(?:[^\"\\]|\\.)*)\"|(?:str)?env\((?P<env>\w+)\)|\$(?P<variable>\w+)|(?P<plain>[\w.+-]+))"
_YQ_ASSIGN = re.compile(rf"\s*(?P<path>{_YQ_PATH})\s*\|?=\s*{_YQ_VALUE}\s*")
_YQ_READ = re.compile(rf"\s*(?P<path>{_YQ_PATH})\s*(?://\s*\"(?P<fallback>[^\"]*)\"\s*)?")
_YQ_SELECT = re.compile(r"\s*(?:\.\s*\|\s*)?select\(\s*\.kind\s*(==|!=)\s*[\"']([\w.-]+)[\"']\s*\)\s*")
_YQ_STEP = re.compile(r"\.?(?:([A-Za-z_][\w-]*)|\"([^\"]+)\"|\[(\d+)\]|\[\"([^\"]+)\"\])")


def record_stamp(
    shell: Shell, call: Call, tool: str, path: str, pattern: str, matched: bool | None, lines: list[str], *, exists: bool = True
) -> None:
    """Note what an edit did to a file, unless the file is none of the tree's and was made by the pipeline itself."""
    context = shell.context
    context.stamps.append(
        Stamp(
            tool, path, context.value(pattern), matched, exists, tuple(context.value(line.strip()) for line in lines[:20]),
            context.places(call.spot), conditional=shell.state.conditional, by_tag=context.by_tag,
        )
    )  # fmt: skip


def _in_place(text: str) -> bool:
    return text == "--in-place" or text.startswith("--in-place=") or re.fullmatch(r"-[nrEsuz]*i.*", text) is not None


def _sed(shell: Shell, call: Call) -> Result:
    if not any(_in_place(text) for text in call.texts):
        return FILTERS["sed"](shell, call)
    # What is attached to -i is a suffix for a copy; what stands before the i are switches.
    words = [
        word._replace(text="-" + re.sub(r"i.*", "", word.text[1:])) if re.fullmatch(r"-[nrEsuz]*i.*", word.text) else word
        for word in call.words[1:]
        if not word.text.startswith("--in-place")
    ]
    options = read_options([word for word in words if word.text != "-"], ("e", "f", "expression", "file", "l"))
    operands = [operand for operand in options.operands if operand.text]
    scripts = [argument.text for argument in options.all("e", "expression")]
    if not scripts and operands:
        scripts = [operands.pop(0).text]
    script = read_sed(scripts, extended=options.has("E", "r", "regexp-extended")) if not options.all("f", "file") else None
    for operand in operands:
        path = shell.state.resolve(operand.text)
        if path is None or path.startswith("/"):
            continue
        text = shell.state.files.read(path)
        if text is None:
            _absent(shell, call, "sed", path, "; ".join(scripts))
            continue
        edit = (
            apply_sed(script, text, silent=options.has("n"))
            if script is not None and not shell.state.files.is_opaque(path)
            else None
        )
        if edit is None:
            record_stamp(shell, call, "sed", path, "; ".join(scripts), None, [])
            shell.state.files.opaque |= {path}
            continue
        shell.state.files.write(path, edit.text)
        known = is_known(text)
        for pattern, found, lines in edit.effects:
            matched = found if found or (known and is_known(pattern)) else None
            record_stamp(shell, call, "sed", path, pattern, matched, list(lines))
    return Result()


def _absent(shell: Shell, call: Call, tool: str, path: str, pattern: str) -> None:
    files = shell.state.files
    made = files.is_opaque(path) or path in files.written or any(path.startswith(prefix + "/") for prefix in files.opaque)
    record_stamp(shell, call, tool, path, pattern, None if made or shell.state.open_world else False, [], exists=made)


def _steps(path: str) -> list[str]:
    return [next(group for group in match.groups() if group is not None) for match in _YQ_STEP.finditer(path)]


def _yq(shell: Shell, call: Call) -> Result:
    words = list(call.words[1:])
    if words and words[0].text in ("e", "eval", "ea", "eval-all"):
        words.pop(0)
    if words and words[0].text in ("w", "write"):
        return _yq_write(shell, call, words[1:])
    if words and words[0].text in ("r", "read"):
        operands = read_options(words[1:], ()).operands
        words = [Argument("." + operands[1].text.lstrip("."), 0, 0), operands[0]] if len(operands) > 1 else words
    options = read_options(words, ("o", "p", "indent", "I", "output-format", "input-format", "expression", "arg", "argjson"))
    operands = list(options.operands)
    expression = options.last("expression") or (operands.pop(0) if operands else None)
    if expression is None:
        return Result(shell.unknown("output of yq"), ASSUMED)
    if not options.has("i", "inplace", "in-place"):
        return _yq_print(shell, call, expression.text, [operand.text for operand in operands])
    for operand in operands:
        path = shell.state.resolve(operand.text)
        if path is not None and not path.startswith("/"):
            _yq_edit(shell, call, path, expression.text)
    return Result()


def _kind(document: str) -> str | None:
    match = re.search(r"^kind:[ \t]*[\"']?([\w.-]+)", document, re.MULTILINE)
    return None if match is None else match[1]


def _yq_print(shell: Shell, call: Call, expression: str, names: list[str]) -> Result:
    text = given(shell, call, names)
    if not is_known(text) or not is_known(expression):
        return Result(shell.unknown("output of yq"), ASSUMED)
    select = _YQ_SELECT.fullmatch(expression)
    if select is not None:
        kept = [
            part
            for part in re.split(r"^---[ \t]*\n", text, flags=re.MULTILINE)
            if (_kind(part) == select[2]) is (select[1] == "==")
        ]
        return Result("---\n".join(kept))
    read = _YQ_READ.fullmatch(expression)
    if read is not None:
        root = read_yaml(text)
        node = root.get(*_steps(read["path"])) if root is not None else None
        if node is None or node.kind == "scalar":
            found = node.text if node is not None else read["fallback"] if read["fallback"] is not None else "null"
            return Result(found.rstrip("\n") + "\n")
        return Result(text[node.start : node.end] + "\n")
    if "=" in expression and not re.search(r"image|tag|version", expression, re.IGNORECASE):
        # An update of something else: what this evaluation looks at passes unchanged.
        return Result(text)
    return Result(shell.unknown("output of yq"), ASSUMED)


def _yq_write(shell: Shell, call: Call, words: list[Argument]) -> Result:
    operands = read_options(words, ()).operands
    if len(operands) >= 3:
        path = shell.state.resolve(operands[0].text)
        if path is not None and not path.startswith("/"):
            _set(shell, call, path, _steps("." + operands[1].text), operands[2].text, operands[1].text)
    return Result()


def _yq_edit(shell: Shell, call: Call, path: str, expression: str) -> None:
    for part in re.split(r"\s\|\s", expression):
        assign = _YQ_ASSIGN.fullmatch(part)
        if assign is None:
            if shell.state.files.read(path) is None:
                _absent(shell, call, "yq", path, expression)
                return
            shell.state.files.opaque |= {path}
            record_stamp(shell, call, "yq", path, part.strip(), None, [])
            continue
        if assign["string"] is not None:
            value = assign["string"].replace('\\"', '"')
        elif assign["env"] is not None:
            found = shell.lookup(assign["env"]) if assign["env"] in shell.state.exported or shell.state.open_world else None
            value = found or ""
        elif assign["plain"] is not None:
            value = assign["plain"]
        else:
            value = shell.unknown(f"${assign['variable']} of yq")
        _set(shell, call, path, _steps(assign["path"]), value, assign["path"])


def _set(shell: Shell, call: Call, path: str, steps: list[str], value: str, written: str) -> None:
    files = shell.state.files
    text = files.read(path)
    if text is None:
        _absent(shell, call, "yq", path, written)
        return
    root = read_yaml(text)
    node = root.get(*steps) if root is not None else None
    if node is not None and node.kind == "scalar" and node.style not in (Style.LITERAL, Style.FOLDED):
        changed = text[: node.start] + value + text[node.end :]
        start = changed.rfind("\n", 0, node.start) + 1
        end = changed.find("\n", node.start)
        files.write(path, changed)
        record_stamp(shell, call, "yq", path, written, True, [changed[start : end if end >= 0 else len(changed)]])
        return
    # yq adds what is not there.
    matched = False if root is not None and not files.is_opaque(path) else None
    if len(steps) == 1:
        line = f"{steps[0]}: {value}"
        files.write(path, text.rstrip("\n") + f"\n{line}\n")
    else:
        line = f"{'.'.join(steps)}: {value}"
        files.opaque |= {path}
    record_stamp(shell, call, "yq", path, written, matched, [line])


def _copy(shell: Shell, call: Call) -> Result:
    options = read_options(call.words[1:], ("t", "target-directory", "S"))
    operands = [operand.text for operand in options.operands]
    target = options.text("t", "target-directory") or (operands.pop() if len(operands) > 1 else None)
    into = shell.state.resolve(target) if target is not None else None
    if target is None or into is None:
        return Result()
    files = shell.state.files
    folder = target.endswith("/") or len(operands) > 1 or (files.exists(into) and not files.is_file(into))
    for operand in operands:
        source = shell.state.resolve(operand.removesuffix("/.").removesuffix("/*"))
        if source is None:
            files.opaque |= {into}
            continue
        place = posixpath.join(into, posixpath.basename(source)) if folder and not operand.endswith(("/.", "/*")) else into
        for path in [source] if files.is_file(source) else list(files.below(source)):
            text = files.read(path)
            destination = place if path == source else place + path[len(source) :]
            if text is not None:
                files.write(destination, text)
            if call.words[0].text == "mv":
                files.write(path, None)
        for index, package in enumerate(shell.state.packages):
            if package.path == source:
                shell.state.packages[index] = package._replace(path=place)
    return Result()


def _remove(shell: Shell, call: Call) -> Result:
    for operand in read_options(call.words[1:], ()).operands:
        path = shell.state.resolve(operand.text)
        if not path:
            continue
        files = shell.state.files
        for one in [path] if files.is_file(path) else list(files.below(path)):
            files.write(one, None)
        for package in [package for package in shell.state.packages if package.path == path]:
            shell.state.packages.remove(package)
    return Result()


def _touch(shell: Shell, call: Call) -> Result:
    for operand in read_options(call.words[1:], ("d", "t", "r")).operands:
        path = shell.state.resolve(operand.text)
        if path is not None and not shell.state.files.exists(path):
            shell.state.files.write(path, "")
    return Result()


TOOLS: dict[str, Tool] = {
    "sed": _sed,
    "gsed": _sed,
    "yq": _yq,
    "cp": _copy,
    "mv": _copy,
    "install": _copy,
    "rm": _remove,
    "touch": _touch,
}
