"""The environment that a workflow's expressions read: which ``env.NAME`` nothing sets.

The context ``env`` holds what the workflow, the job and the step list under ``env:``, and what earlier steps append to the file that
``GITHUB_ENV`` names; unlike a shell's environment it has nothing of the machine's
(https://docs.github.com/actions/reference/workflows-and-actions/contexts#env-context).
"""

import re
from collections.abc import Iterator
from difflib import get_close_matches
from typing import NamedTuple

from relgraph.model.world import Subject
from relgraph.pipeline.script_texts import script_texts
from relgraph.pipeline.yaml_tree import YamlNode
from relgraph.syntax.text import Text

__all__ = ["UnsetName", "unset_names"]

_READ = re.compile(r"\$\{\{[ \t]*env\.(?P<name>[A-Za-z_]\w*)[ \t]*\}\}")
_USES = re.compile(r"^[ \t-]*uses:[ \t]*[\"']?(?P<action>[^\s\"'#]+)", re.MULTILINE)
_LOADS = re.compile(r"\bsource\b|\bdotenv\b|\.env\b|(?:cat|grep|sed|envsubst|jq|printenv|env)\b[^\n]*GITHUB_ENV")
_PROGRAM = re.compile(
    r".*\.(?:py|js|mjs|cjs|ts|go|rb|ps1|env|sh|bash|mk)$|(?:.*/)?[^/]*akefile[^/]*|(?:.*/)?\.env[^/]*|(?:.*/)?(?:hack|scripts?|bin)/[^/.]+"
)
_MAX_FILES = 3000


class UnsetName(NamedTuple):
    """A name that a job reads and nothing sets; ``start`` and ``end`` bound it in the text, ``meant`` is one that is set and nearly the same."""

    job: str
    name: str
    start: int
    end: int
    meant: str | None


def unset_names(subject: Subject, text: Text, root: YamlNode) -> Iterator[UnsetName]:
    """The names that the jobs of a workflow read and that nothing in the repository could have set, each told once a job.

    A job that runs actions of other owners than GitHub itself is judged only where a name is nearly one that it is given: actions may set
    what they like.
    """
    jobs = root.get("jobs")
    if jobs is None or jobs.kind != "map" or "env." not in text.text:
        return
    source = text.text
    everywhere = root.get("env")
    shared = set(everywhere.pairs) if everywhere is not None and everywhere.kind == "map" else set()
    for job, node in jobs.pairs.items():
        if node.kind != "map" or node.start < 0 or node.get("uses") is not None:
            continue
        told: set[str] = set()
        for match in _READ.finditer(source, node.start, node.end):
            name = match["name"]
            line = source[source.rfind("\n", 0, match.start()) + 1 : match.start()].lstrip()
            if name in shared or name in told or line.startswith(("#", "if:", "- if:")):
                continue
            told.add(name)
            if _is_set(source[node.start : node.end], name) or _in_tree(subject, text.path, name):
                continue
            near = get_close_matches(name, sorted((shared | _given(source[node.start : node.end])) - {name}), n=1, cutoff=0.85)
            actions = [one["action"] for one in _USES.finditer(source, node.start, node.end)]
            foreign = any(not action.startswith(("actions/", "./")) for action in actions)
            if near or not (foreign or _LOADS.search(source, node.start, node.end)):
                yield UnsetName(job, name, *match.span("name"), near[0] if near else None)


def _is_set(job: str, name: str) -> bool:
    """Whether the job has the name in any other form than that of reading it from the context."""
    return re.search(rf"(?<![\w.]){re.escape(name)}(?!\w)", job) is not None


def _given(job: str) -> set[str]:
    return {match[1] for match in re.finditer(r"(?:^|[\s\"'])([A-Z][A-Z0-9_]+)(?::[ \t]|=|<<)", job)}


def _in_tree(subject: Subject, path: str, name: str) -> bool:
    """Whether a script, a program or an action of the repository has the name: it may be what sets it."""
    texts = script_texts(subject)
    if any(name in text.text for other, text in texts.items() if other != path and not other.startswith(".github/workflows/")):
        return True
    paths = [one for one in subject.entries if one not in texts and _PROGRAM.fullmatch(one)]
    if len(paths) > _MAX_FILES:
        return True
    word = name.encode()
    return any(word in data for _, data in subject.tree.read_many(paths))
