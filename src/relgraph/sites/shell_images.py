"""Container images that shell commands name, short names included."""

import re
from collections.abc import Iterator

from relgraph.model.site import Role, Site
from relgraph.sites.build import image_sites
from relgraph.sites.command import Command, Reader, assigned
from relgraph.sites.variable import says_image
from relgraph.syntax.shell import Word

__all__ = ["engine", "image_option", "kind_load", "kustomize_image", "literal_images", "plain_images", "set_image"]

# Options of docker and its kin that take no value: everything else takes the next word.
_FLAGS = frozenset(
    """-d --detach -i --interactive -t --tty -it -ti -dit -itd -P --publish-all --rm --init --privileged --read-only -q --quiet --no-cache
    --pull --push --load -a --all --all-tags --squash --no-healthcheck --oom-kill-disable --sig-proxy --insecure --amend --force -f
    --plain-http --recursive --yes -y""".split()
)
_BUILD_FLAGS = _FLAGS - {"-t", "-f", "-a"}
_LITERAL = re.compile(r":v?\d+\.\d+(?:\.\d+)*(?:-[\w.-]*\w)?(?:@sha256:[0-9a-f]{64})?(?![\w/:.-])")
_ASSIGNED = re.compile(r"[\"']?=(?P<name>\w++)(?!\.)")
_BACKWARDS = re.compile(r"[a-z0-9._/-]+")
_AROUND = ("", " ", "\t", "\n", '"', "'", "=", "(", ",", "`")
_FILES = (".go", ".py", ".sh", ".ts", ".js", ".yaml", ".yml", ".md", ".txt")
_SOLE_VARIABLE = re.compile(r"\$\w+|\$\{[^{}]*\}|\$\([^()]*\)|\{\{[^{}]*\}\}|\$\{\{[^{}]*\}\}")
_SHAPE = re.compile(r"[a-z0-9$({][^\s=,]*", re.IGNORECASE)


def literal_images(reader: Reader) -> Iterator[Site]:
    """``"owner/name:v1.2.3"`` in lists and arguments of any command: a path and a tag that is a version."""
    source = reader.text.text
    for match in _LITERAL.finditer(source, reader.start, reader.end):
        before = _BACKWARDS.match(source[max(reader.start, match.start() - 120) : match.start()][::-1])
        if before is None or "/" not in before.group():
            continue
        start = match.start() - before.end()
        written = source[start : match.start()]
        if not written[0].isalnum() or "//" in written or source[start - 1 : start] not in _AROUND or written.endswith(_FILES):
            continue
        # References with a host are found in any text, and the values of variables by the variables.
        assigned_to = _ASSIGNED.match(source[max(reader.start, start - 60) : start][::-1])
        if "." not in written.partition("/")[0] and (assigned_to is None or not says_image(assigned_to["name"][::-1])):
            yield from image_sites(reader.text, start, match.end(), syntax=reader.syntax, key=reader.key)


def _image(reader: Reader, start: int, written: str, role: Role, verb: str) -> Iterator[Site]:
    if start < 0 or not written or _SOLE_VARIABLE.fullmatch(written) or not _SHAPE.fullmatch(written):
        return
    if written.startswith(("./", "../")) or written.endswith((".tar", ".tgz", ".tar.gz", ".yaml", ".sh", "/")):
        return
    yield from image_sites(reader.text, start, start + len(written), syntax=reader.syntax, key=reader.key, role=role, verb=verb)


def engine(reader: Reader, command: Command) -> Iterator[Site]:
    """``docker``, ``podman``, ``nerdctl``, ``buildah``: run, create, pull, push, tag, build."""
    verbs = [word.text for word in command.words[:4] if not word.text.startswith("-")]
    while verbs and verbs[0] in ("image", "buildx", "container", "manifest", "imagetools"):
        verbs.pop(0)
    if not verbs:
        return
    verb = verbs[0]
    index = next(place for place, word in enumerate(command.words) if word.text == verb)
    rest = command.words[index + 1 :]
    if verb in ("build", "bud", "bake"):
        for start, written in Command(rest, _BUILD_FLAGS).values("-t", "--tag"):
            yield from _image(reader, start, written, Role.DECLARES, "build")
        return
    arguments = Command(rest, _FLAGS).positional
    if verb in ("run", "create", "pull", "push") and arguments:
        role = Role.DECLARES if verb == "push" else Role.USES
        yield from _image(reader, arguments[0].inner, arguments[0].text, role, verb)
    elif verb == "tag":
        for place, word in enumerate(arguments[:2]):
            yield from _image(reader, word.inner, word.text, Role.DECLARES if place else Role.USES, verb)


def kind_load(reader: Reader, command: Command) -> Iterator[Site]:
    """``kind load docker-image``, ``k3d image import``, ``minikube image load``: what is loaded; and ``--image`` of ``create``."""
    words = [word.text for word in command.positional]
    if "docker-image" in words or words[:2] in (["image", "import"], ["image", "load"]):
        skip = words.index("docker-image") + 1 if "docker-image" in words else 2
        for word in command.positional[skip:]:
            yield from _image(reader, word.inner, word.text, Role.USES, "load")
    yield from image_option(reader, command)


def image_option(reader: Reader, command: Command) -> Iterator[Site]:
    """``--image IMAGE`` of any tool."""
    for start, written in command.values("--image"):
        yield from _image(reader, start, written, Role.USES, "run")


def set_image(reader: Reader, command: Command) -> Iterator[Site]:
    """``kubectl set image workload container=IMAGE``."""
    if [word.text for word in command.positional[:2]] == ["set", "image"]:
        yield from _assigned(reader, command.positional[3:])


def kustomize_image(reader: Reader, command: Command) -> Iterator[Site]:
    """``kustomize edit set image [NAME=]IMAGE``."""
    if [word.text for word in command.positional[:3]] == ["edit", "set", "image"]:
        yield from _assigned(reader, command.positional[3:])


def _assigned(reader: Reader, words: list[Word]) -> Iterator[Site]:
    for word in words:
        name, start, written = assigned(word.text, word.inner)
        if name:
            yield from _image(reader, start, written, Role.USES, "set")
        elif ":" in word.text or "@" in word.text:
            yield from _image(reader, word.inner, word.text, Role.USES, "set")


def plain_images(reader: Reader, command: Command) -> Iterator[Site]:
    """``crane``, ``cosign``, ``oras``, ``trivy``: every argument that is written like a full image reference."""
    for word in command.positional[1:]:
        if "/" in word.text and (":" in word.text or "@" in word.text) and "://" not in word.text:
            yield from _image(reader, word.inner, word.text, Role.USES, command.positional[0].text)
