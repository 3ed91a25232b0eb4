"""GitHub workflows and composite actions: the actions, toolchains, images, variables and commands that they use.

The syntax is that of https://docs.github.com/actions/reference/workflows-and-actions.
"""

import posixpath
import re
from collections.abc import Iterator

from relgraph.model.site import Kind, Part, Pin, Role, Site
from relgraph.model.version import parse_version
from relgraph.sites.build import pin_of
from relgraph.sites.extractor import Extractor
from relgraph.sites.github_url import ref_pin
from relgraph.sites.mangle import looks_like_version, unmangle
from relgraph.sites.yaml_images import image_sites, is_image_key, looks_like_image
from relgraph.sites.yaml_text import Group, YamlText, key_words
from relgraph.sites.yaml_versions import TOOLCHAINS, is_version, version_part, version_sites
from relgraph.syntax.text import Text
from relgraph.syntax.yaml import Scalar, Style

__all__ = ["EXTRACTOR"]

_PATH = re.compile(r"(?:.*/)?\.(?:github|gitea|forgejo)/workflows/[^/]+\.ya?ml|(?:.*/)?action\.ya?ml")
_USES = re.compile(r"(?P<name>[A-Za-z0-9][\w.-]*/[\w.-]+(?:/[\w./-]+)?)@(?P<ref>\S+)")
_COMMENTED = re.compile(r"(?:^|[\s@=(:/])(v?\d+(?:\.\d+)*(?:[-+][\w.+-]+)?)(?=[\s,;:)]|$)")
_BUILD_ARG = re.compile(r"^[ \t]*(?P<name>[A-Za-z_]\w*)=(?P<value>[^\r\n]*+)", re.MULTILINE)
_SHELL_INPUTS = frozenset(("run", "command", "script", "post-command", "pre-command"))
# What these inputs name is being published, not used.
_PUBLISHED = frozenset(("tags", "images", "tag", "tag_name", "release_name", "labels", "annotations"))
_RESOURCE = re.compile(r"(?:\.{1,2}/)+[\w./-]*|[\w-]+(?:\.[\w-]+)*(?::\d+)?(?:/[\w.-]+)+|(?:[\w-]+\.)+(?:io|com|dev|org|net)")


def _matches(path: str) -> bool:
    return _PATH.fullmatch(path) is not None


def _extract(text: Text) -> Iterator[Site]:
    yaml = YamlText(text, "workflow")
    for group in yaml.groups():
        name = group.path[-1] if group.path else ""
        if name == "env":
            for scalar in group.members:
                yield from _environment(yaml, scalar)
        elif name == "with":
            yield from _inputs(yaml, group)
        elif group.path[:1] in (("inputs",), ("on",), ("true",)) and group.path[-2:-1] == ("inputs",):
            yield from _default(yaml, group)
        elif "matrix" in group.path:
            yield from _matrix(yaml, group)
        else:
            yield from _plain(yaml, group)


def _plain(yaml: YamlText, group: Group) -> Iterator[Site]:
    for scalar in group.members:
        key = scalar.path[-1]
        if key == "uses":
            yield from _uses(yaml, scalar)
        elif key == "run":
            yield from _run(yaml, group, scalar)
        elif key == "working-directory":
            yield from _folder(yaml, scalar)
        elif key == "container" or (key == "image" and group.path[-1:] != ("runs",)):
            yield from image_sites(yaml, scalar._replace(path=(*scalar.path[:-1], "image")))
        elif key == "image":
            yield from _docker_action(yaml, scalar)


def _run(yaml: YamlText, group: Group, scalar: Scalar) -> Iterator[Site]:
    """The commands of a step, which run in the root of the checkout unless the step, the job or the workflow says otherwise."""
    folder = yaml.value(group.get("working-directory"))
    for depth in (2, 0):
        defaults = None if folder else yaml.group(group.document, (*group.path[:depth], "defaults", "run"))
        folder = folder or (yaml.value(defaults.get("working-directory")) if defaults is not None else "")
    known = "$" not in folder
    for site in yaml.shell(scalar, files=known):
        if site.kind is Kind.FILE and folder and not site.raw.startswith("/"):
            facts = dict(site.extra)
            facts["cwd"] = posixpath.normpath(posixpath.join(folder, facts.get("cwd", "")))
            yield site._replace(extra=tuple(sorted(facts.items())))
        else:
            yield site


def _folder(yaml: YamlText, scalar: Scalar) -> Iterator[Site]:
    """A folder of the checkout that a step runs in."""
    path = yaml.value(scalar).removeprefix("./").rstrip("/")
    if path and not any(sign in path for sign in "${*"):
        yield yaml.site(scalar, Kind.FILE, path, Part.PATH, pin=Pin.EXACT, mangled=False, verb="run")


def _docker_action(yaml: YamlText, scalar: Scalar) -> Iterator[Site]:
    raw = yaml.raw(scalar)
    if raw.startswith("docker://"):
        yield from yaml.image(scalar._replace(start=scalar.start + len("docker://")))
    elif raw and "$" not in raw:
        path = f"{yaml.text.path.rpartition('/')[0]}/{raw.removeprefix('./')}".removeprefix("/")
        yield yaml.site(scalar, Kind.FILE, path, Part.PATH, pin=Pin.EXACT, mangled=False, verb="read")


def _uses(yaml: YamlText, scalar: Scalar) -> Iterator[Site]:
    raw = yaml.raw(scalar)
    if raw.startswith("docker://"):
        yield from yaml.image(scalar._replace(start=scalar.start + len("docker://")))
        return
    if raw.startswith("./"):
        yield yaml.site(scalar, Kind.FILE, raw.removeprefix("./").rstrip("/"), Part.PATH, pin=Pin.EXACT, mangled=False, verb="run")
        return
    match = _USES.fullmatch(raw)
    if match is None:
        return
    ref = match["ref"]
    comment = _COMMENTED.search(yaml.comment(scalar)) if scalar.comment else None
    yield yaml.site(
        scalar, Kind.ACTION, match["name"], Part.REF, start=scalar.start + match.start("ref"), pin=_action_pin(ref), mangled=False,
        comment=comment[1] if comment is not None else "", written=yaml.comment(scalar)[:120] if scalar.comment else "",
    )  # fmt: skip


def _action_pin(ref: str) -> Pin:
    """Actions move their major tags: ``v4`` names whatever is newest of it."""
    version = parse_version(ref)
    if version is not None and len(version.release) == 1 and not version.pre:
        return Pin.MUTABLE
    return ref_pin(ref)


def _action_of(yaml: YamlText, group: Group) -> str:
    """The action, without its ref, that a ``with`` is given to."""
    step = yaml.group(group.document, group.path[:-1])
    return yaml.value(step.get("uses")).partition("@")[0] if step is not None else ""


def _inputs(yaml: YamlText, group: Group) -> Iterator[Site]:
    action = _action_of(yaml, group)
    owner = "/".join(action.split("/")[:2]) if not action.startswith(".") else action
    taken: set[int] = set()
    if owner == "actions/checkout":
        repository, ref = group.get("repository"), group.get("ref")
        if repository is not None and ref is not None and "/" in yaml.raw(repository) and "$" not in yaml.raw(repository):
            yield yaml.site(
                ref, Kind.GIT, f"github.com/{yaml.value(repository)}", Part.REF, pin=ref_pin(yaml.raw(ref)), mangled=False, form="clone"
            )  # fmt: skip
            taken.add(ref.start)
    for scalar in group.members:
        key = scalar.path[-1]
        if key in ("workdir", "working-directory"):
            yield from _folder(yaml, scalar)
        elif isinstance(key, str) and key not in _PUBLISHED and scalar.start not in taken:
            yield from _input(yaml, scalar, key, owner)


def _input(yaml: YamlText, scalar: Scalar, key: str, action: str) -> Iterator[Site]:
    raw = yaml.raw(scalar)
    if key in ("build-args", "build_args") and not scalar.flow:
        for match in _BUILD_ARG.finditer(yaml.source, scalar.start, scalar.end):
            begin = match.start("value")
            end = begin + len(match["value"].rstrip())
            if begin < end:
                yield from yaml.variable(scalar._replace(start=begin, end=end), match["name"], scope="build-arg")
        return
    if key in _SHELL_INPUTS and action != "actions/github-script":
        yield from yaml.shell(scalar)
        return
    words = key_words(key)
    toolchain = next((TOOLCHAINS[word] for word in words if word in TOOLCHAINS), "") if len(words) <= 3 else ""
    if toolchain and words[-1] == "file" and "version" in words:
        if raw and "$" not in raw:
            yield yaml.site(
                scalar, Kind.FILE, raw.removeprefix("./"), Part.PATH, pin=Pin.EXACT, mangled=False, verb="read", toolchain=toolchain
            )  # fmt: skip
        return
    if key == "toolchain" and "rust" in action:
        toolchain = "rust"
    elif not (toolchain and words[-1] in ("version", "versions")):
        toolchain = ""
    if toolchain:
        yield from _toolchain(yaml, scalar, toolchain)
    elif scalar.style in (Style.LITERAL, Style.FOLDED):
        return
    elif is_image_key(key) or (looks_like_image(raw) and ":" in raw.rpartition("/")[2]):
        yield from image_sites(yaml, scalar)
    elif _is_input_version(key, raw):
        part = version_part(key) or Part.VERSION
        if action.startswith("actions/checkout") and key == "ref":
            return
        yield yaml.site(scalar, Kind.VARIABLE, f"{action}.{key}" if action else key, part, scope="with", action=action)


def _is_input_version(key: str, raw: str) -> bool:
    part = version_part(key)
    if part is not None:
        return is_version(raw, part) or (part is Part.VERSION and parse_version(raw) is not None)
    return looks_like_version(unmangle(raw)) and not raw.isdigit()


def _toolchain(yaml: YamlText, scalar: Scalar, toolchain: str) -> Iterator[Site]:
    """The site or, where the value lists several in lines, sites of a toolchain's version."""
    for match in re.finditer(r"[^\s].*[^\s]|[^\s]", yaml.raw(scalar)):
        raw = match.group()
        guess = pin_of(raw)
        # Whatever is neither a version nor a range is a name that moves: stable, oldstable, lts/*.
        pin = guess if parse_version(raw) is not None or guess in (Pin.TEMPLATED, Pin.RANGE) else Pin.MUTABLE
        start = scalar.start + match.start()
        yield yaml.site(scalar, Kind.TOOLCHAIN, toolchain, Part.VERSION, start=start, end=start + len(raw), pin=pin)


def _environment(yaml: YamlText, scalar: Scalar) -> Iterator[Site]:
    """A variable of the environment; one that holds a registry, a repository or a path too, because commands are made of it."""
    key, raw = str(scalar.path[-1]), yaml.raw(scalar)
    if scalar.style in (Style.LITERAL, Style.FOLDED) or not raw or len(raw) > 300:
        return
    found = list(yaml.variable(scalar, key, scope="env"))
    if found:
        yield from found
    elif _RESOURCE.fullmatch(raw) is not None:
        part = Part.PATH if raw.startswith(".") else Part.REPOSITORY if "/" in raw else Part.REGISTRY
        yield yaml.site(scalar, Kind.VARIABLE, key, part, pin=Pin.EXACT, mangled=False, scope="env")


def _default(yaml: YamlText, group: Group) -> Iterator[Site]:
    """The default of an input, which callers may override."""
    default, name = group.get("default"), str(group.path[-1])
    if default is None or default.style in (Style.LITERAL, Style.FOLDED):
        return
    words = key_words(name)
    toolchain = (
        next((TOOLCHAINS[word] for word in words if word in TOOLCHAINS), "") if "version" in words and len(words) <= 2 else ""
    )
    raw = yaml.raw(default)
    if toolchain and parse_version(raw) is not None:
        yield yaml.site(default, Kind.TOOLCHAIN, toolchain, Part.VERSION, role=Role.DEFAULT)
    elif is_image_key(name):
        yield from image_sites(yaml, default, role=Role.DEFAULT)
    elif (part := version_part(name)) is not None and is_version(raw, part):
        yield yaml.site(default, Kind.VARIABLE, name, part, role=Role.DEFAULT, scope="input")


def _matrix(yaml: YamlText, group: Group) -> Iterator[Site]:
    """The values that a job is run with, one after the other."""
    for scalar in group.members:
        key = str(scalar.path[-1]) if isinstance(scalar.path[-1], str) else group.name
        raw = yaml.raw(scalar)
        words = key_words(key)
        toolchain = next((TOOLCHAINS[word] for word in words if word in TOOLCHAINS), "") if len(words) <= 2 else ""
        if toolchain and (parse_version(raw) is not None or pin_of(raw) is Pin.RANGE):
            yield from _toolchain(yaml, scalar, toolchain)
        elif is_image_key(key) or (looks_like_image(raw) and ":" in raw.rpartition("/")[2]):
            yield from image_sites(yaml, scalar)
        elif version_part(key) is not None:
            yield from version_sites(yaml, group, scalar, scope="matrix")
        elif looks_like_version(unmangle(raw)):
            yield yaml.site(scalar, Kind.VARIABLE, key, Part.VERSION, scope="matrix")


EXTRACTOR = Extractor("workflow", _matches, _extract)
