"""Building and pushing container images: docker and its kin, ko, crane, skopeo."""

import posixpath

from relgraph.pipeline.artifacts import Artifact, ArtifactKind
from relgraph.pipeline.command import ASSUMED, Call, Result
from relgraph.pipeline.references import canonical, split_reference
from relgraph.pipeline.shell import Shell, Tool
from relgraph.pipeline.tools.options import Options, read_options
from relgraph.pipeline.value import is_known

__all__ = ["TOOLS", "publish_image"]

_BUILD = (
    "t", "tag", "f", "file", "build-arg", "build-context", "platform", "target", "label", "output", "o", "cache-from", "cache-to", "progress",
    "secret", "ssh", "network", "builder", "iidfile", "metadata-file", "annotation", "attest", "add-host", "shm-size", "ulimit", "isolation",
    "memory", "m", "allow", "provenance", "sbom", "manifest", "layers", "format", "arch", "os", "variant", "jobs", "authfile",
)  # fmt: skip
_LOCAL = ("ko.local", "kind.local", "localhost")


def publish_image(shell: Shell, call: Call, name: str, tags: list[str], source: str = "") -> None:
    """Record that an image goes out under a name and tags."""
    context = shell.context
    if name.split("/", maxsplit=1)[0].split(":", maxsplit=1)[0] in _LOCAL:
        return
    context.artifacts.append(
        Artifact(
            ArtifactKind.IMAGE, context.value(canonical(name)), tuple(context.value(tag) for tag in dict.fromkeys(tags)), source,
            context.places(call.spot), conditional=shell.state.conditional, by_tag=context.by_tag,
        )
    )  # fmt: skip


def _publish_reference(shell: Shell, call: Call, reference: str, source: str = "") -> None:
    name, tag, digest = split_reference(reference)
    if name:
        publish_image(shell, call, name, [tag or ("latest" if not digest else "")], source)


def _docker(shell: Shell, call: Call) -> Result:
    words = list(call.words[1:])
    while words and words[0].text.startswith("-"):
        words = words[2:] if words[0].text in ("-H", "--host", "--context", "--config", "-l", "--log-level") else words[1:]
    texts = [word.text for word in words]
    command = texts[0] if texts else ""
    if command in ("buildx", "image", "builder", "manifest") and len(texts) > 1:
        command, words = f"{command} {texts[1]}", words[1:]
    words = words[1:]
    if command in ("build", "buildx build", "buildx b", "image build", "builder build", "bud"):
        return _build(shell, call, read_options(words, _BUILD))
    options = read_options(
        words, ("platform", "authfile", "creds", "cert-dir", "digestfile", "f", "format", "file", "t", "tag", "sign-by")
    )
    operands = [operand.text for operand in options.operands]
    if command in ("push", "image push", "manifest push"):
        for operand in operands[-1:]:
            _push(shell, call, operand.removeprefix("docker://"), everything=options.has("a", "all-tags"))
        return Result()
    if command in ("tag", "image tag") and len(operands) > 1:
        shell.state.images[operands[-1]] = shell.state.images.get(operands[0], ("", ""))
        return Result()
    if command == "buildx imagetools" and operands[:1] == ["create"]:
        for argument in options.all("t", "tag"):
            _publish_reference(shell, call, argument.text)
        return Result()
    return Result(shell.unknown("output of docker"), ASSUMED)


def _build(shell: Shell, call: Call, options: Options) -> Result:
    tags = [argument.text for argument in options.all("t", "tag", "manifest")]
    folder = options.operands[-1].text if options.operands else "."
    dockerfile = options.text("f", "file") or posixpath.join(folder, "Dockerfile")
    outputs = " ".join(argument.text for argument in options.all("output", "o"))
    for tag in tags:
        shell.state.images[tag] = (folder, dockerfile)
        if options.has("push") or "push=true" in outputs or "type=registry" in outputs:
            _publish_reference(shell, call, tag, _place(shell, folder))
    return Result()


def _place(shell: Shell, folder: str) -> str:
    return (shell.state.resolve(folder) or "") if is_known(folder) else ""


def _push(shell: Shell, call: Call, reference: str, *, everything: bool) -> None:
    if everything:
        for local, (folder, _) in list(shell.state.images.items()):
            if split_reference(local)[0] == reference:
                _publish_reference(shell, call, local, _place(shell, folder))
        return
    folder, _ = shell.state.images.get(reference, ("", ""))
    _publish_reference(shell, call, reference, _place(shell, folder))


def _ko(shell: Shell, call: Call) -> Result:
    options = read_options(
        call.words[1:],
        (
            "t",
            "tags",
            "platform",
            "sbom",
            "image-label",
            "image-refs",
            "f",
            "filename",
            "sbom-dir",
            "tarball",
            "jobs",
            "j",
            "image-user",
            "image-annotation",
        ),
    )
    operands = [operand.text for operand in options.operands]
    if not operands or operands[0] not in ("build", "publish", "resolve", "apply", "create"):
        return Result(shell.unknown("output of ko"), ASSUMED)
    repository = shell.lookup("KO_DOCKER_REPO") if "KO_DOCKER_REPO" in shell.state.variables or shell.state.open_world else None
    local = options.has("L", "local") or any(argument.text == "false" for argument in options.all("push"))
    if repository is None or local:
        return Result(shell.unknown("output of ko"))
    tags = [tag for argument in options.all("t", "tags") for tag in argument.text.split(",") if tag] or ["latest"]
    for main in operands[1:] if operands[0] in ("build", "publish") else []:
        name = posixpath.basename(main.rstrip("/")) if is_known(main) else shell.unknown("name of the program")
        if options.has("bare"):
            full = repository
        elif options.has("B", "base-import-paths"):
            full = f"{repository}/{name}"
        elif options.has("P", "preserve-import-paths"):
            full = f"{repository}/{shell.unknown('import path')}"
        else:
            # By default the name ends with a hash over the import path.
            full = f"{repository}/{name}-{shell.unknown('hash over the import path')}"
        publish_image(shell, call, full, tags, (shell.state.resolve(main) or "") if is_known(main) else "")
    return Result(shell.unknown("output of ko"))


def _crane(shell: Shell, call: Call) -> Result:
    options = read_options(call.words[1:], ("platform", "t", "new_tag", "f", "b", "o"))
    operands = [operand.text for operand in options.operands]
    command = operands[0] if operands else ""
    if command in ("copy", "cp", "push") and len(operands) > 2:
        _publish_reference(shell, call, operands[2])
    elif command == "tag" and len(operands) > 2:
        publish_image(shell, call, split_reference(operands[1])[0], [operands[2]])
    elif command == "append" and options.text("t", "new_tag") is not None:
        _publish_reference(shell, call, options.text("t", "new_tag") or "")
    else:
        return Result(shell.unknown("output of crane"), ASSUMED)
    return Result()


def _skopeo(shell: Shell, call: Call) -> Result:
    options = read_options(
        call.words[1:], ("src-creds", "dest-creds", "format", "f", "authfile", "src-tls-verify", "dest-tls-verify", "retry-times")
    )
    operands = [operand.text for operand in options.operands]
    if operands[:1] == ["copy"] and len(operands) > 2 and operands[2].startswith("docker://"):
        _publish_reference(shell, call, operands[2].removeprefix("docker://"))
        return Result()
    return Result(shell.unknown("output of skopeo"), ASSUMED)


def _kaniko(shell: Shell, call: Call) -> Result:
    """https://github.com/GoogleContainerTools/kaniko#additional-flags: an image is pushed to each destination as it is built."""
    options = read_options(
        call.words[1:], ("destination", "d", "context", "c", "dockerfile", "f", "build-arg", "target", "label", "context-sub-path")
    )
    folder = options.text("context", "c") or "."
    folder = folder.removeprefix("dir://")
    if not options.has("no-push"):
        for argument in options.all("destination", "d"):
            _publish_reference(shell, call, argument.text, _place(shell, folder))
    return Result()


TOOLS: dict[str, Tool] = {
    "docker": _docker, "podman": _docker, "nerdctl": _docker, "buildah": _docker, "ko": _ko, "crane": _crane, "gcrane": _crane,
    "skopeo": _skopeo, "executor": _kaniko,
}  # fmt: skip
