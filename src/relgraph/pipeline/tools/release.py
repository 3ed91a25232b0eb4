"""``goreleaser`` and ``gh release``."""

from relgraph.pipeline.artifacts import Artifact, ArtifactKind
from relgraph.pipeline.command import ASSUMED, Call, Result
from relgraph.pipeline.goreleaser import Skipped, configuration_path, publish
from relgraph.pipeline.shell import Shell, Tool
from relgraph.pipeline.tools.options import read_options

__all__ = ["TOOLS"]


def _goreleaser(shell: Shell, call: Call) -> Result:
    options = read_options(
        call.words[1:], ("f", "config", "p", "parallelism", "timeout", "release-notes", "release-header", "release-footer", "skip")
    )
    if [operand.text for operand in options.operands][:1] != ["release"]:
        return Result(shell.unknown("output of goreleaser"), ASSUMED)
    skip = {name for argument in options.all("skip") for name in argument.text.split(",")}
    skipped = Skipped(
        publish="publish" in skip or options.has("skip-publish") or options.has("snapshot"),
        ko="ko" in skip or options.has("skip-ko"),
        docker="docker" in skip or options.has("skip-docker"),
    )
    path = configuration_path(shell, options.text("f", "config"))
    if path is not None:
        publish(shell, call, path, skipped)
    return Result()


def _gh(shell: Shell, call: Call) -> Result:
    options = read_options(
        call.words[1:],
        ("R", "repo", "t", "title", "n", "notes", "F", "notes-file", "target", "discussion-category", "notes-start-tag"),
    )
    operands = [operand.text for operand in options.operands]
    if operands[:2] != ["release", "create"] or len(operands) < 3:
        return Result(shell.unknown("output of gh"), ASSUMED)
    context = shell.context
    name = options.text("R", "repo") or context.repository
    context.artifacts.append(
        Artifact(
            ArtifactKind.RELEASE,
            context.value(name),
            (context.value(operands[2]),),
            "",
            context.places(call.spot),
            by_tag=context.by_tag,
        )
    )
    return Result()


TOOLS: dict[str, Tool] = {"goreleaser": _goreleaser, "gh": _gh}
