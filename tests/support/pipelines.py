"""Small trees with pipelines, and the evaluator's parts set to work on them."""

from collections.abc import Mapping

from relgraph.git.memory import MemoryRepository
from relgraph.model.example import Commit
from relgraph.model.world import Subject
from relgraph.pipeline.artifacts import Artifact, ArtifactKind, Plan
from relgraph.pipeline.context import Context, Origin
from relgraph.pipeline.plan import evaluate
from relgraph.pipeline.shell import Shell
from relgraph.pipeline.state import State
from relgraph.pipeline.tools.table import TOOLS
from relgraph.syntax.text import Text

__all__ = ["chart", "names", "plan_of", "run_script", "shell_on", "steps", "tagged", "tree_of"]


def tree_of(files: Mapping[str, str], tags: tuple[str, ...] = ()) -> Subject:
    """A repository ``github.com/example/platform`` with one commit."""
    repository = MemoryRepository((Commit(dict(files), tags),))
    tree = repository.tree("HEAD")
    assert tree is not None
    return Subject(repository, tree)


def plan_of(files: Mapping[str, str], tag: str = "v1.4.0") -> Plan:
    """What the pipelines of these files would publish for a tag."""
    return evaluate(tree_of(files), tag)


def shell_on(files: Mapping[str, str], tag: str = "v1.4.0") -> Shell:
    """A shell in the root of these files."""
    context = Context(tree_of(files), tag)
    return Shell(context, State(context.files.fresh()), Origin.file(Text("script.sh", b"")), TOOLS)


def run_script(script: str, files: Mapping[str, str] | None = None, **variables: str) -> str:
    """What a script prints; what is not known is shown as ``<reason>``."""
    shell = shell_on(files or {})
    shell.state.variables |= variables
    shell.state.exported |= set(variables)
    return str(shell.context.value(shell.run(script).out))


def steps(*bodies: str, on: str = "push: {tags: ['v*']}", env: str = "") -> str:
    """A workflow of one job with these steps; each is the text of a ``run``, or a step as YAML where it begins with ``uses``."""
    lines = [
        f"on: {{{on}}}",
        *([f"env: {{{env}}}"] if env else []),
        "jobs:",
        "  release:",
        "    runs-on: ubuntu-latest",
        "    steps:",
    ]
    for body in bodies:
        if body.startswith(("uses:", "id:", "name:", "if:", "env:")):
            first, *rest = body.split("\n")
            lines += [f"    - {first}", *(f"      {line}" for line in rest)]
        else:
            lines += ["    - run: |", *(f"        {line}" for line in body.strip("\n").split("\n"))]
    return "\n".join(lines) + "\n"


def tagged(plan: Plan, kind: ArtifactKind) -> dict[str, list[str]]:
    """Names of what is published with their tags, holes shown as ``<reason>``."""
    found: dict[str, list[str]] = {}
    for artifact in plan.artifacts:
        if artifact.kind is kind:
            found.setdefault(str(artifact.name), []).extend(str(tag) for tag in artifact.tags)
    return found


def names(plan: Plan) -> list[str]:
    """The names of all images and charts."""
    return sorted(str(one.name) for one in plan.artifacts if one.kind in (ArtifactKind.IMAGE, ArtifactKind.CHART))


def chart(plan: Plan) -> Artifact:
    """The only chart."""
    (only,) = [artifact for artifact in plan.artifacts if artifact.kind is ArtifactKind.CHART]
    return only
