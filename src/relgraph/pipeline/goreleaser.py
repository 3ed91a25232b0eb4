"""GoReleaser: the images, archives and release that its configuration makes of a tag.

Follows GoReleaser's documentation of version 2 with the older spellings that it still reads (``kos[].repository``,
``dockers[].image_templates``); templates are Go's with its own functions.
"""

import posixpath
from typing import NamedTuple

from relgraph.model.version import parse_version
from relgraph.pipeline.artifacts import Artifact, ArtifactKind, Spot
from relgraph.pipeline.command import Call, Stop
from relgraph.pipeline.go_template import MISSING, Template, render
from relgraph.pipeline.goreleaser_files import CONFIGURATIONS, project_name
from relgraph.pipeline.references import canonical, split_reference
from relgraph.pipeline.shell import Shell
from relgraph.pipeline.value import COMMIT, SHORT_COMMIT, is_known
from relgraph.pipeline.yaml_tree import YamlNode, read_yaml
from relgraph.syntax.text import Text

__all__ = ["Skipped", "configuration_path", "publish"]

_DEFAULT_ARCHIVE = "{{ .ProjectName }}_{{ .Version }}_{{ .Os }}_{{ .Arch }}"


class Skipped(NamedTuple):
    """What the command line leaves out."""

    publish: bool = False
    ko: bool = False
    docker: bool = False


def configuration_path(shell: Shell, given: str | None) -> str | None:
    """The configuration's path: the one given, else the first that is there."""
    if given is not None:
        path = shell.state.resolve(given)
        return path if path is not None and shell.state.files.is_file(path) else None
    base = shell.state.resolve(".")
    for name in CONFIGURATIONS:
        path = posixpath.join(base, name) if base else name
        if shell.state.files.is_file(path):
            return path
    return None


class _Run:
    def __init__(self, shell: Shell, call: Call, text: Text, root: YamlNode) -> None:
        self.shell = shell
        self.call = call
        self.text = text
        self.root = root
        self.context = shell.context
        self.project = project_name(root, shell.state.files.read("go.mod"), self.context.subject.name)
        self.environment = {name: value for name, value in shell.state.variables.items() if name in shell.state.exported}
        for entry in root.strings("env"):
            name, _, value = entry.text.partition("=")
            self.environment[name] = self.render(value)

    def resolve(self, path: tuple[str, ...]) -> object:
        """The value of a template's field."""
        if not path:
            return MISSING
        unknown = self.shell.unknown
        tag = self.context.tag if self.context.at_tag else unknown("git tag")
        version = parse_version(tag) if is_known(tag) else None
        fields: dict[str, object] = {
            "Tag": tag, "Version": tag.removeprefix("v"), "RawVersion": tag.removeprefix("v"), "ProjectName": self.project,
            "FullCommit": unknown("commit id", COMMIT), "Commit": unknown("commit id", COMMIT),
            "ShortCommit": unknown("short commit id", SHORT_COMMIT), "IsSnapshot": False, "IsDraft": False, "IsNightly": False,
            "Env": self.environment, "GitTreeState": "clean", "IsGitDirty": False, "IsGitClean": True, "IsSingleTarget": False,
        }  # fmt: skip
        if version is not None:
            fields |= {
                "Major": str(version.padded[0]), "Minor": str(version.padded[1]), "Patch": str(version.padded[2]),
                "Prerelease": version.pre, "Metadata": version.build,
                "RawVersion": ".".join(map(str, version.padded)),
            }  # fmt: skip
        value: object = fields.get(path[0], unknown(f".{path[0]}"))
        for key in path[1:]:
            value = value.get(key, MISSING) if isinstance(value, dict) else MISSING
        if value is MISSING and path[0] == "Env" and len(path) == 2:
            if not self.shell.state.open_world and path[1] not in ("HOME", "PATH", "USER") and not path[1].startswith("GITHUB_"):
                self.context.problem(f"the template needs the environment variable {path[1]}, which is not set")
            return unknown(f"${path[1]}")
        return value

    def render(self, text: str) -> str:
        """A template's text."""
        return render(text, Template(self.resolve, self.context.holes, replace_subject_first=True))

    def flag(self, node: YamlNode, *path: str) -> bool | None:
        """Whether a switch is on: a boolean, a template, or ``auto`` (on for pre-releases)."""
        text = node.string(*path)
        if text is None:
            return False
        rendered = self.render(text).strip().lower()
        if rendered == "auto":
            version = parse_version(self.context.tag)
            return bool(version is not None and version.pre)
        if not is_known(rendered):
            return None
        return rendered in ("true", "1", "t", "yes")

    def spot(self, node: YamlNode) -> Spot:
        """Where a node stands."""
        return Spot(self.text.path, self.text.span(max(node.start, 0), max(node.end, 0)))

    def record(
        self, kind: ArtifactKind, name: str, tags: list[str], source: str, node: YamlNode, *, conditional: bool = False
    ) -> None:
        """Note one artifact."""
        context = self.context
        tags = [tag for tag in dict.fromkeys(tags) if tag]
        if not name or (kind is ArtifactKind.IMAGE and not tags):
            return
        context.artifacts.append(
            Artifact(
                kind, context.value(name), tuple(context.value(tag) for tag in tags), source, (*context.places(self.call.spot), self.spot(node)),
                conditional=conditional or self.shell.state.conditional, by_tag=context.by_tag,
            )
        )  # fmt: skip

    def hooks(self) -> None:
        """What runs before everything else."""
        nodes = self.root.get("before", "hooks")
        for hook in nodes.items if nodes is not None else []:
            command = hook.text if hook.kind == "scalar" else hook.string("cmd")
            if command:
                state = self.shell.state.fork(files=False)
                state.variables |= self.environment
                state.exported |= set(self.environment)
                try:
                    self.shell.within(state).run(self.render(command))
                except Stop:
                    continue

    def kos(self) -> None:
        """Images of Go programs."""
        builds = {build.string("id") or self.project: build for build in self.root.maps("builds")}
        for ko in self.root.maps("kos"):
            off = self.flag(ko, "disable")
            if off:
                continue
            repositories = [node.text for node in (*ko.strings("repositories"), *ko.strings("repository"))]
            if not repositories:
                repositories = [self.environment.get("KO_DOCKER_REPO", self.shell.unknown("$KO_DOCKER_REPO"))]
            build = builds.get(ko.string("build") or ko.string("id") or self.project)
            main = ko.string("main") or (build.string("main") if build is not None else None) or "."
            tags = [self.render(tag.text) for tag in ko.strings("tags")] or ["latest"]
            first = ko.get("tags", "0") or ko.get("tags") or ko
            for repository in repositories:
                name = self.render(repository)
                if ko.true("base_import_paths"):
                    name = f"{name}/{posixpath.basename(main)}"
                elif ko.true("preserve_import_paths"):
                    name = f"{name}/{self.shell.unknown('import path')}"
                elif not ko.true("bare"):
                    name = f"{name}/{posixpath.basename(main)}-{self.shell.unknown('hash over the import path')}"
                self.record(ArtifactKind.IMAGE, name, tags, posixpath.normpath(main), first, conditional=off is None)

    def dockers(self) -> None:
        """Images of Dockerfiles, and the manifests over them."""
        for key, names in (("dockers", "image_templates"), ("docker_manifests", "name_template")):
            for docker in self.root.maps(key):
                skipped = self.flag(docker, "skip_push")
                if skipped or self.flag(docker, "disable"):
                    continue
                for node in docker.strings(names):
                    repository, tag, _ = split_reference(self.render(node.text))
                    source = posixpath.dirname(docker.string("dockerfile") or "Dockerfile") if key == "dockers" else ""
                    self.record(
                        ArtifactKind.IMAGE, canonical(repository), [tag or "latest"], source, node, conditional=skipped is None
                    )
        for docker in (*self.root.maps("dockers_v2"), *self.root.maps("docker_v2")):
            off = self.flag(docker, "disable")
            if off:
                continue
            tags = [self.render(tag.text) for tag in docker.strings("tags")] or [self.render("{{ .Version }}")]
            for node in docker.strings("images"):
                self.record(
                    ArtifactKind.IMAGE,
                    canonical(self.render(node.text)),
                    tags,
                    posixpath.dirname(docker.string("dockerfile") or ""),
                    node,
                    conditional=off is None,
                )

    def assets(self) -> None:
        """Archives, and the release that they are attached to."""
        if self.flag(self.root, "release", "disable") or self.flag(self.root, "release", "skip_upload"):
            return
        release = self.root.get("release") or self.root
        owner, name = self.root.string("release", "github", "owner"), self.root.string("release", "github", "name")
        repository = f"{owner}/{name}" if owner and name else self.context.repository
        tag = self.context.tag if self.context.at_tag else self.shell.unknown("git tag")
        self.record(ArtifactKind.RELEASE, repository, [tag], "", release)
        archives = self.root.maps("archives")
        for archive in archives or [self.root]:
            form = archive.string("format") or next((node.text for node in archive.strings("formats")), "tar.gz")
            stem = self.render(archive.string("name_template") or _DEFAULT_ARCHIVE)
            node = archive.get("name_template") or archive
            self.record(ArtifactKind.ASSET, stem if form == "binary" else f"{stem}.{form}", [tag], "", node)


def publish(shell: Shell, call: Call, path: str, skipped: Skipped) -> None:
    """Record what ``goreleaser release`` publishes with the configuration at ``path``."""
    text = shell.context.subject.text(path)
    source = shell.state.files.read(path)
    root = read_yaml(source) if source is not None else None
    if root is None or text is None:
        shell.context.problem("the configuration of GoReleaser cannot be read")
        return
    run = _Run(shell, call, text, root)
    run.hooks()
    if skipped.publish:
        return
    if not skipped.ko:
        run.kos()
    if not skipped.docker:
        run.dockers()
    run.assets()
