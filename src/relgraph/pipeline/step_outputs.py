"""What the steps of a workflow write as outputs, as far as their text says it.

The forms are those of GitHub's workflow commands: ``name=value`` and ``name<<DELIMITER`` appended to the file that ``GITHUB_OUTPUT``
names, and the older ``::set-output name=NAME::``. A step that might write anything else is one of which nothing is known.
"""

import re

from relgraph.model.world import Subject
from relgraph.pipeline.yaml_tree import YamlNode, read_yaml

__all__ = ["called_outputs", "step_outputs"]

_MARK = "GITHUB_OUTPUT"
_LITERAL = re.compile(
    r"(?:echo|printf)(?:[ \t]+-[enE]+)?[ \t]+[\"']?(?P<name>[A-Za-z_][\w-]*)(?:=|<<)[^\n]*?(?:>>|\|[ \t]*tee[ \t]+(?:-a|--append))[ \t]*[\"']?\$\{?GITHUB_OUTPUT\}?[\"']?"
)
_OLD = re.compile(r"::set-output name=(?P<name>[A-Za-z_][\w-]*)::")
# Commands within braces whose output goes there as a whole; other commands than these two print what cannot be seen.
_GROUP = re.compile(
    r"^[ \t]*\{[ \t]*\n(?P<lines>(?:[ \t]*(?:echo|printf)\b[^\n]*\n)+)[ \t]*\}[ \t]*(?P<to>>>[ \t]*[\"']?\$\{?GITHUB_OUTPUT\}?[\"']?)",
    re.MULTILINE,
)
# Whatever may run something that the text does not show.
_CALLS = re.compile(
    r"(?<![\w-])(?:make|(?:ba|z|da|k)?sh|source|eval|exec|xargs|python[\d.]*|pip[x\d.]*|uvx?|node|npm|npx|yarn|pnpm|bun|deno|tsx|ruby|rake|perl|php|java|mvn|gradle"
    r"|cargo|go[ \t]+(?:run|tool|generate|test)|just|task|mage|invoke|tox|nox|poetry|hatch|earthly|nix|bazel|pwsh|gh[ \t]+(?:ext|workflow)\w*|act|dagger|\w+-release|release-\w+|changeset|semantic-\w+)"
    r"(?![\w-])|(?:^|[\s;&|(])\.{0,2}/[\w.-]|\.(?:sh|py|js|mjs|ts|rb|pl)\b|^[ \t]*\.[ \t]|(?:^|[;&|(])[ \t]*[\"']?\$[\w{(]|\bGITHUB_ACTION_PATH\b",
    re.MULTILINE,
)


def step_outputs(subject: Subject, step: YamlNode) -> frozenset[str] | None:
    """The names of a step's outputs; None where it may write others than can be seen, as an action of another repository does."""
    run, uses = step.get("run"), step.string("uses")
    if uses is not None:
        return _of_action(subject, uses)
    if run is None or run.kind != "scalar" or (step.string("shell") or "bash") not in ("bash", "sh", "bash -e {0}"):
        return None
    return _of_script(run.text)


def called_outputs(subject: Subject, uses: str) -> frozenset[str] | None:
    """The outputs of a workflow of the same repository that a job calls; None where it is not at hand."""
    path = uses.removeprefix("./")
    text = subject.text(path) if uses.startswith("./") and path in subject.entries else None
    root = read_yaml(text.text) if text is not None else None
    if root is None:
        return None
    outputs = root.get("on", "workflow_call", "outputs")
    return frozenset(outputs.pairs) if outputs is not None and outputs.kind == "map" else frozenset()


def _of_action(subject: Subject, uses: str) -> frozenset[str] | None:
    if not uses.startswith("./"):
        return None
    folder = uses.removeprefix("./").rstrip("/")
    path = next((one for name in ("action.yml", "action.yaml") if (one := f"{folder}/{name}") in subject.entries), None)
    text = subject.text(path) if path is not None else None
    root = read_yaml(text.text) if text is not None else None
    # A program sets what it likes, declared or not.
    if root is None or root.string("runs", "using") != "composite":
        return None
    outputs = root.get("outputs")
    return frozenset(outputs.pairs) if outputs is not None and outputs.kind == "map" else frozenset()


def _of_script(script: str) -> frozenset[str] | None:
    script = re.sub(r"^[ \t]*#[^\n]*", "", script, flags=re.MULTILINE)
    if _CALLS.search(_spoken(script)) is not None:
        return None
    found = {match["name"] for match in _OLD.finditer(script)}
    for line in _GROUP.sub(_distributed, script).split("\n"):
        if _MARK in line:
            names = [match["name"] for match in _LITERAL.finditer(line)]
            if len(names) != line.count(_MARK):
                return None
            found.update(names)
        elif "set-output" in line and _OLD.search(line) is None:
            return None
    return frozenset(found)


def _distributed(group: re.Match[str]) -> str:
    return "\n".join(f"{line} {group['to']}" for line in group["lines"].rstrip("\n").split("\n"))


def _spoken(script: str) -> str:
    """The script without what it only prints or assigns within quotes: words in there call nothing."""
    script = script.replace("/dev/null", "")
    return re.sub(r"(?<![\\$(])\"[^\"$`\n]*\"|(?<!\\)'[^'\n]*'", '""', script)
