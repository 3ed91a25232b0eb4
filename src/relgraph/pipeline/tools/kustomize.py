"""``kustomize`` and ``kubectl kustomize``."""

from relgraph.pipeline.artifacts import Derived
from relgraph.pipeline.command import ASSUMED, Call, Result
from relgraph.pipeline.kustomization import build, kustomization_path, set_image
from relgraph.pipeline.shell import Shell, Tool
from relgraph.pipeline.tools.edits import record_stamp
from relgraph.pipeline.tools.options import read_options

__all__ = ["TOOLS", "written"]


def _kustomize(shell: Shell, call: Call) -> Result:
    options = read_options(call.words[1:], ("o", "output", "load-restrictor", "network-name", "helm-command", "env", "e"))
    operands = [operand.text for operand in options.operands]
    if operands[:3] == ["edit", "set", "image"]:
        for argument in operands[3:]:
            _edit(shell, call, argument)
        return Result()
    if operands[:1] != ["build"] and call.words[0].text != "kubectl":
        return Result(shell.unknown("output of kustomize"), ASSUMED)
    text = _build(shell, operands[1] if len(operands) > 1 else ".")
    output = options.text("o", "output")
    if output is not None:
        path = shell.state.resolve(output)
        if path is not None:
            shell.write(path, text, call.spot)
        return Result()
    return Result(text)


def _edit(shell: Shell, call: Call, argument: str) -> None:
    folder = shell.state.resolve(".")
    path = kustomization_path(shell.state.files, folder) if folder is not None else None
    if path is None:
        if folder is not None and not folder.startswith("/"):
            record_stamp(shell, call, "kustomize", f"{folder}/kustomization.yaml".lstrip("/"), argument, False, [], exists=False)
        return
    text = shell.state.files.read(path)
    if text is None:
        return
    changed, shown = set_image(text, argument)
    shell.state.files.write(path, changed)
    # Whether anything uses the name shows when it is built; a tag or name that is set is always written.
    record_stamp(shell, call, "kustomize", path, argument.partition("=")[0], True, [shown])


def _build(shell: Shell, target: str) -> str:
    folder = shell.state.resolve(target)
    built = build(shell.state.files, folder) if folder is not None and not folder.startswith("/") else None
    if built is None:
        return shell.unknown("output of kustomize build")
    shell.context.spend(len(built.images) + 5)
    shell.context.built = built
    return built.text if built.complete else built.text + shell.unknown("resources that are not here")


def written(shell: Shell, call: Call) -> Result:
    """A tracked file was written anew: note the images that it gets, where a build printed them."""
    built = shell.context.built
    text = call.stdin or ""
    if built is not None and built.images and all(image.repository in text for image in built.images):
        images = tuple((image.repository, image.tag, image.source) for image in built.images if image.source is not None)
        shell.context.derived.append(Derived(call.words[0].text, images, shell.context.places(call.spot)))
    return Result()


def _kubectl(shell: Shell, call: Call) -> Result:
    if call.texts[:1] == ["kustomize"]:
        return _kustomize(shell, call)
    return Result(shell.unknown("output of kubectl"), ASSUMED)


TOOLS: dict[str, Tool] = {"kustomize": _kustomize, "kubectl": _kubectl, "oc": _kubectl, "(written)": written}
