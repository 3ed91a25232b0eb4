"""Actions of GitHub workflows that publish, set versions, or are known to do neither."""

import posixpath
import re
import shlex
from collections.abc import Callable

from relgraph.model.version import parse_version
from relgraph.pipeline.artifacts import Artifact, ArtifactKind
from relgraph.pipeline.chart_fields import chart_field
from relgraph.pipeline.patterns import script_pattern
from relgraph.pipeline.references import canonical, split_reference
from relgraph.pipeline.tools.helm import package_chart, publish_chart
from relgraph.pipeline.tools.images import publish_image
from relgraph.pipeline.value import SHORT_COMMIT, is_known, number_of
from relgraph.pipeline.workflow import Job
from relgraph.pipeline.yaml_tree import YamlNode

__all__ = ["NEUTRAL", "run_action"]

#: Actions that set no variable for later steps and change no file of the checkout.
NEUTRAL = re.compile(
    r"actions/(?:checkout|setup-\w+|cache(?:/\w+)?|upload-artifact|download-artifact|github-script|attest[\w-]*|create-github-app-token)"
    r"|docker/(?:login-action|setup-\w+-action|scout-action)|azure/(?:setup-helm|setup-kubectl|login|docker-login)|sigstore/cosign-installer"
    r"|goreleaser/goreleaser-action|anchore/[\w/-]+|step-security/harden-runner|helm/kind-action|google-github-actions/[\w-]+|aws-actions/[\w-]+"
    r"|softprops/action-gh-release|ncipollo/release-action|peter-evans/[\w-]+|slackapi/[\w-]+|github/codeql-action/[\w-]+|codecov/codecov-action"
    r"|ko-build/setup-ko|imjasonh/setup-(?:ko|crane)|kubernetes-sigs/release-actions/[\w-]+|aquasecurity/[\w-]+|softprops/[\w-]+|engineerd/setup-kind"
    r"|mikefarah/yq|jlumbroso/free-disk-space|dorny/paths-filter|sbt/setup-sbt|gradle/[\w/-]+|hashicorp/setup-[\w-]+|opentofu/setup-opentofu"
)

_Action = Callable[[Job, dict[str, str], YamlNode], "dict[str, str] | None"]
_LINES = re.compile(r"[\n,]")


def run_action(job: Job, name: str, given: dict[str, str], step: YamlNode) -> dict[str, str] | None:
    """What an action does with its inputs; its outputs, or None where they are not known."""
    action = _ACTIONS.get(name.lower())
    if action is not None:
        return action(job, given, step)
    if not NEUTRAL.fullmatch(name):
        job.state.open_world = True
    return None


def _node(step: YamlNode, *path: str) -> YamlNode:
    return step.get("with", *path) or step.get("uses") or step


def _items(text: str) -> list[str]:
    return [item.strip() for item in _LINES.split(text) if item.strip()]


def _words(arguments: str) -> list[str]:
    """The words of a command line; where holes or open quotation marks leave that open, what stands between blanks."""
    if is_known(arguments):
        try:
            return shlex.split(arguments)
        except ValueError:
            pass
    return arguments.split()


def _goreleaser(job: Job, given: dict[str, str], step: YamlNode) -> dict[str, str] | None:
    node = _node(step, "args")
    shell = job.shell(job.call("goreleaser", [], node).origin)
    if given.get("workdir"):
        shell.state.cwd = shell.state.resolve(given["workdir"]) or ""
    arguments = given.get("args", "")
    words = _words(arguments)
    if given.get("install-only") != "true":
        shell.dispatch(job.call("goreleaser", words, node))
    return None


def _metadata(job: Job, given: dict[str, str], _: YamlNode) -> dict[str, str]:
    images = _items(given.get("images", ""))
    rules = [line.strip() for line in given.get("tags", "").split("\n") if line.strip()]
    flavor = dict(pair.split("=", 1) for pair in _items(given.get("flavor", "")) if "=" in pair)
    latest = flavor.get("latest", "auto")
    names: list[str] = []
    newest = False
    version = parse_version(job.context.tag)
    for rule in rules or ["type=schedule", "type=ref,event=branch", "type=ref,event=tag", "type=ref,event=pr"]:
        options = dict(pair.strip().split("=", 1) for pair in rule.split(",") if "=" in pair)
        if options.get("enable", "true") == "false":
            continue
        made = _metadata_tag(job, rule if "=" not in rule else options.get("type", ""), rule, options)
        if made is None:
            continue
        prefix = options.get("prefix", flavor.get("prefix", "") if flavor.get("prefix,onlatest") is None else "")
        suffix = options.get("suffix", flavor.get("suffix", ""))
        names.append(f"{prefix}{made}{suffix}")
        newest = (
            newest
            or (options.get("type") in ("semver", "match") and version is not None and not version.pre)
            or options.get("event") == "tag"
        )
    if latest == "true" or (latest == "auto" and newest):
        names.append("latest")
    names = list(dict.fromkeys(names))
    full = [f"{image}:{name}" for image in images for name in names]
    return {
        "tags": "\n".join(full),
        "version": names[0] if names else "",
        "labels": job.context.holes.mark("labels"),
        "*": job.context.holes.mark("output of metadata-action"),
    }


def _metadata_tag(job: Job, kind: str, rule: str, options: dict[str, str]) -> str | None:
    context = job.context
    version = parse_version(context.tag) if context.at_tag else None
    if kind in ("semver", "pep440"):
        value = options.get("value", context.tag if context.at_tag else "")
        parsed = parse_version(value) if is_known(value) else None
        if parsed is None:
            return None if is_known(value) else context.holes.mark("a version")
        pattern = options.get("pattern", "{{version}}")
        fields = {
            "raw": value,
            "version": parsed.bare,
            "major": str(parsed.padded[0]),
            "minor": str(parsed.padded[1]),
            "patch": str(parsed.padded[2]),
        }
        if parsed.pre and "raw" not in pattern:
            # A pre-release moves no shorter tag.
            return parsed.bare
        return re.sub(r"\{\{\s*(\w+)\s*\}\}", lambda match: fields.get(match[1], ""), pattern)
    if kind == "ref":
        if options.get("event") == "tag":
            return context.tag if context.at_tag else None
        return None if context.at_tag else context.holes.mark("the branch")
    if kind == "sha":
        return (
            options.get("prefix", "sha-") + context.holes.mark("short commit id", SHORT_COMMIT)
            if "prefix" not in options
            else context.holes.mark("short commit id", SHORT_COMMIT)
        )
    if kind == "raw" or "=" not in rule:
        value = options.get("value", rule if "=" not in rule else "")
        return (
            re.sub(r"\{\{\s*tag\s*\}\}", context.tag, value)
            if "{{" not in re.sub(r"\{\{\s*tag\s*\}\}", "", value)
            else context.holes.mark("a raw tag")
        )
    if kind == "match" and version is not None:
        wanted = script_pattern(options.get("pattern", ""))
        match = wanted.search(context.tag) if wanted is not None else None
        group = number_of(options.get("group", "0")) or 0
        return match[group] if match is not None and group <= len(match.groups()) else None
    return None


def _build_push(job: Job, given: dict[str, str], step: YamlNode) -> dict[str, str] | None:
    node = _node(step, "tags")
    push = given.get("push", "false")
    outputs = given.get("outputs", "")
    if push in ("false", "") and "push=true" not in outputs and "type=registry" not in outputs:
        return None
    shell = job.shell(job.call("docker", [], node).origin)
    shell.state.conditional = shell.state.conditional or not is_known(push)
    call = job.call("docker", [], node)
    source = posixpath.normpath(given.get("context", ".")) if is_known(given.get("context", ".")) else ""
    byname: dict[str, list[str]] = {}
    for reference in _items(given.get("tags", "")):
        name, tag, _ = split_reference(reference)
        byname.setdefault(name, []).append(tag or "latest")
    with job.context.at(job.spot(node)):
        for name, tags in byname.items():
            publish_image(shell, call, name, tags, source)
    return None


def _setup_ko(job: Job, _: dict[str, str], __: YamlNode) -> dict[str, str] | None:
    job.environment.setdefault("KO_DOCKER_REPO", f"ghcr.io/{job.context.repository.lower()}")
    job.note("KO_DOCKER_REPO")
    return None


def _chart_releaser(job: Job, given: dict[str, str], step: YamlNode) -> dict[str, str] | None:
    context = job.context
    folder = posixpath.normpath(given.get("charts_dir", "charts"))
    owner, _, repository = context.repository.partition("/")
    for path in list(job.state.files.below("" if folder == "." else folder)):
        if not path.endswith("/Chart.yaml") or path.count("/") != (0 if folder == "." else folder.count("/") + 1) + 1:
            continue
        text = job.state.files.read(path) or ""
        name, version = chart_field(text, "name"), chart_field(text, "version")
        if name is None or version is None:
            continue
        app = chart_field(text, "appVersion")
        context.artifacts.append(
            Artifact(
                ArtifactKind.CHART, context.value(f"https://{owner}.github.io/{repository}#{name.text}"), (context.value(version.text),),
                posixpath.dirname(path), context.places(job.spot(_node(step, "charts_dir"))), context.value(version.text),
                context.value(app.text) if app is not None else None, by_tag=context.by_tag,
            )
        )  # fmt: skip
    return None


def _oci_releaser(job: Job, given: dict[str, str], step: YamlNode) -> dict[str, str] | None:
    node = _node(step, "tag")
    call = job.call("helm", [], node)
    shell = job.shell(call.origin)
    name = given.get("name") or given.get("image", "")
    folder = shell.state.resolve(given.get("path") or f"charts/{name}")
    package = package_chart(shell, folder, given.get("tag"), given.get("app_version") or None, "") if folder is not None else None
    if package is not None:
        with job.context.at(job.spot(node)):
            publish_chart(shell, call, package, f"oci://{given.get('registry', '')}/{given.get('repository', '')}/{package.name}")
    return None


def _release(job: Job, given: dict[str, str], step: YamlNode) -> dict[str, str] | None:
    context = job.context
    tag = given.get("tag_name") or given.get("tag") or context.tag
    name = given.get("repository") or context.repository
    context.artifacts.append(
        Artifact(
            ArtifactKind.RELEASE, context.value(name), (context.value(tag.removeprefix("refs/tags/")),), "", context.places(job.spot(step.get("uses") or step)),
            conditional=job.state.conditional, by_tag=context.by_tag,
        )
    )  # fmt: skip
    return None


def _buildah_push(job: Job, given: dict[str, str], step: YamlNode) -> dict[str, str] | None:
    node = _node(step, "tags")
    call = job.call("buildah", [], node)
    shell = job.shell(call.origin)
    registry, image = given.get("registry", ""), given.get("image", "")
    tags = given.get("tags", "latest").split()
    with job.context.at(job.spot(node)):
        if image:
            publish_image(shell, call, f"{registry}/{image}" if registry else image, tags)
        else:
            for reference in tags:
                repository, tag, _ = split_reference(reference)
                publish_image(shell, call, canonical(repository), [tag])
    return None


_ACTIONS: dict[str, _Action] = {
    "goreleaser/goreleaser-action": _goreleaser,
    "docker/metadata-action": _metadata,
    "crazy-max/ghaction-docker-meta": _metadata,
    "docker/build-push-action": _build_push,
    "ko-build/setup-ko": _setup_ko,
    "imjasonh/setup-ko": _setup_ko,
    "helm/chart-releaser-action": _chart_releaser,
    "appany/helm-oci-chart-releaser": _oci_releaser,
    "softprops/action-gh-release": _release,
    "ncipollo/release-action": _release,
    "actions/create-release": _release,
    "redhat-actions/push-to-registry": _buildah_push,
}
