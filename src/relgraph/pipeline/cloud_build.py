"""Google Cloud Build: the steps of a configuration, each a command in a container, and the images that are pushed at the end.

Fields follow https://cloud.google.com/build/docs/build-config-file-schema, substitutions
https://cloud.google.com/build/docs/configuring-builds/substitute-variable-values. What starts a build is configured elsewhere: one that
uses the name of a tag is taken to be started by tags.
"""

import posixpath
import re
from collections.abc import Mapping

from relgraph.pipeline.artifacts import Spot
from relgraph.pipeline.command import Argument, Call, Stop
from relgraph.pipeline.context import Context, Origin
from relgraph.pipeline.paths import CLOUD_BUILD
from relgraph.pipeline.shell import Shell, Tool
from relgraph.pipeline.state import State
from relgraph.pipeline.system import System
from relgraph.pipeline.value import COMMIT, SHORT_COMMIT
from relgraph.pipeline.yaml_tree import YamlNode, read_yaml
from relgraph.syntax.text import Text

__all__ = ["SYSTEM"]

_OF_TAG = re.compile(r"\$\{?TAG_NAME\b")
_READ = re.compile(r"\$\$|\$\{(?P<brace>\w+)(?P<rest>[^{}\n]*)\}|\$(?P<plain>[A-Z_][A-Z0-9_]*)")
_MAX_DEPTH = 4
# Images that are called otherwise than the program that they run.
_PROGRAMS = {"kaniko": "executor", "ko-build": "ko", "k8s-skaffold": "skaffold"}


def _run(context: Context, path: str, tools: Mapping[str, Tool]) -> tuple[str, ...]:
    text = context.subject.text(path)
    root = read_yaml(text.text) if text is not None else None
    if text is None or root is None or root.get("steps") is None:
        return ()
    by_tag = _OF_TAG.search(text.text) is not None
    context.by_tag = context.at_tag = by_tag
    _Build(context, text, root, tools, by_tag=by_tag).run()
    return ("push-tag",) if by_tag else ("other",)


class _Build:
    """One build: all of its steps share the checkout, and nothing else."""

    def __init__(self, context: Context, text: Text, root: YamlNode, tools: Mapping[str, Tool], *, by_tag: bool) -> None:
        self._context = context
        self._text = text
        self._root = root
        self._tools = tools
        self._state = State(context.files.fresh())
        self._substitutions = self._predefined(by_tag=by_tag)
        for name, node in (root.get("substitutions") or YamlNode("map")).pairs.items():
            if node.kind == "scalar":
                self._substitutions[name] = node.text

    def _predefined(self, *, by_tag: bool) -> dict[str, str]:
        context, mark = self._context, self._context.holes.mark
        tag = context.tag if by_tag else mark("$TAG_NAME")
        return {
            "TAG_NAME": tag, "REF_NAME": tag if by_tag else mark("$REF_NAME"), "BRANCH_NAME": "" if by_tag else mark("$BRANCH_NAME"),
            "COMMIT_SHA": mark("commit id", COMMIT), "REVISION_ID": mark("commit id", COMMIT),
            "SHORT_SHA": mark("short commit id", SHORT_COMMIT), "REPO_NAME": context.repository.rpartition("/")[2],
            "REPO_FULL_NAME": context.repository,
        }  # fmt: skip

    def run(self) -> None:
        """Run the steps in order, then push the images that the configuration lists."""
        for step in self._root.maps("steps"):
            self._step(step)
        for image in self._root.strings("images"):
            with self._context.at(self._spot(image)):
                self._command(self._shell({}), ["docker", "push", self._filled(image.text)], image)
        self._context.finished(self._state.files)
        for package in self._state.packages:
            self._context.finished(package.files)

    def _step(self, step: YamlNode) -> None:
        variables: dict[str, str] = {}
        for one in (*self._root.strings("options", "env"), *step.strings("env")):
            name, _, value = self._filled(one.text).partition("=")
            variables[name] = value
        shell = self._shell(variables)
        folder = self._filled(step.string("dir") or "")
        if folder:
            shell.state.cwd = shell.state.resolve(folder) or folder
        script, arguments = step.get("script"), step.get("args")
        with self._context.at(self._spot(step.get("name") or step)):
            if script is not None and script.kind == "scalar":
                origin = Origin.block(self._text, script.lines or [(0, script.written(0, 0)[0])])
                if self._root.true("options", "automapSubstitutions") or step.true("automapSubstitutions"):
                    shell.state.variables |= self._substitutions
                Shell(self._context, shell.state, origin, self._tools).run(script.text)
                return
            words = [self._filled(one.text) for one in step.strings("args")]
            entry = self._filled(step.string("entrypoint") or "") or _program(step.string("name") or "")
            if entry:
                self._command(shell, [entry, *words], arguments or step)

    def _command(self, shell: Shell, words: list[str], node: YamlNode) -> None:
        call = Call(tuple(Argument(word, 0, 0) for word in words), None, Origin.fixed(self._spot(node)), 0, 0)
        try:
            shell.dispatch(call)
        except Stop:
            pass

    def _shell(self, variables: Mapping[str, str]) -> Shell:
        state = self._state
        state.variables, state.exported, state.functions, state.cwd = dict(variables), set(variables), {}, ""
        return Shell(self._context, state, Origin.fixed(self._spot(self._root)), self._tools)

    def _filled(self, text: str, depth: int = 0) -> str:
        """A text with its substitutions; ``$$`` stands for the sign itself, and the shell's operators may follow a name in braces."""

        def value(match: re.Match[str]) -> str:
            if match.group() == "$$":
                return "$"
            name = match["brace"] or match["plain"]
            found = self._substitutions.get(name)
            if found is None:
                return self._context.holes.mark(f"${name}")
            if "$" in found and depth < _MAX_DEPTH:
                found = self._filled(found, depth + 1)
            if not match["rest"]:
                return found
            shell = Shell(self._context, State(self._state.files, {name: found}), Origin.fixed(self._spot(self._root)), self._tools)
            return shell.run(f'printf %s "{match.group()}"').out

        return _READ.sub(value, text)

    def _spot(self, node: YamlNode) -> Spot:
        first = max(node.start, 0)
        return Spot(self._text.path, self._text.span(first, max(node.end, first)))


def _program(image: str) -> str:
    """The program that an image runs: what it is called, but for images that are called after their project."""
    parts = image.partition("@")[0].split("/")
    name = parts[-1].partition(":")[0]
    owner = next((part for part in parts[:-1] if part in _PROGRAMS), "")
    return _PROGRAMS.get(owner, posixpath.basename(name))


# A step names the program and its arguments apart.
_PUBLISHES = re.compile(r"^images:|\b(?:push|copy|publish|resolve|release|kaniko-project)\b", re.MULTILINE)

SYSTEM = System("Cloud Build", CLOUD_BUILD, _PUBLISHES, _run)
