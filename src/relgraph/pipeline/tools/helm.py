"""``helm package`` and ``helm push``: what a chart is when it is published, and under which name."""

import posixpath

from relgraph.pipeline.artifacts import Artifact, ArtifactKind, Packaging, Push
from relgraph.pipeline.chart_fields import chart_field
from relgraph.pipeline.chart_files import chart_images
from relgraph.pipeline.command import ASSUMED, Argument, Call, Result
from relgraph.pipeline.patterns import glob_pattern
from relgraph.pipeline.references import chart_remote
from relgraph.pipeline.shell import Shell, Tool
from relgraph.pipeline.state import Package
from relgraph.pipeline.tools.options import Options, read_options
from relgraph.pipeline.value import is_known

__all__ = ["TOOLS", "package_chart", "publish_chart"]

_VALUED = (
    "version", "app-version", "destination", "d", "key", "keyring", "passphrase-file", "kube-context", "namespace", "n", "registry-config",
    "repository-config", "repository-cache", "ca-file", "cert-file", "key-file", "username", "password", "u-", "url", "merge", "f", "values",
    "set", "set-string", "repo", "timeout",
)  # fmt: skip


def package_chart(shell: Shell, folder: str, version: str | None, app_version: str | None, destination: str) -> Package | None:
    """Make the package of a chart's folder; None where no chart is there."""
    prefix = f"{folder}/" if folder else ""
    files = shell.state.files
    source = files.read(f"{prefix}Chart.yaml")
    if source is None:
        return None
    opaque = files.is_opaque(f"{prefix}Chart.yaml")
    name, own, app = chart_field(source, "name"), chart_field(source, "version"), chart_field(source, "appVersion")
    unknown = shell.unknown("a field of Chart.yaml that something unknown may have written")
    made_version = version if version is not None else unknown if opaque else own.text if own is not None else ""
    made_app = (
        app_version if app_version is not None else unknown if opaque and app is not None else app.text if app is not None else None
    )
    made_name = name.text if name is not None else posixpath.basename(folder)
    path = posixpath.join(
        destination, f"{made_name}-{made_version.replace('+', '_') if is_known(made_version) else made_version}.tgz"
    )
    shell.context.calls += 1
    package = Package(path, folder, made_name, made_version, made_app, files.fork(), shell.context.calls, shell.state.conditional)
    shell.state.packages.append(package)
    shell.state.files.write(path, "")
    return package


def publish_chart(shell: Shell, call: Call, package: Package, name: str, argument: Argument | None = None) -> None:
    """Record that a package goes out under a name."""
    context = shell.context
    images = chart_images(context, package.files, package.folder, package.version, package.app_version)
    context.artifacts.append(
        Artifact(
            ArtifactKind.CHART, context.value(name), (context.value(package.version.replace("+", "_")),), package.folder,
            context.places(call.spot), context.value(package.version),
            None if package.app_version is None else context.value(package.app_version), images,
            call.spot_of(argument) if argument is not None else call.spot,
            conditional=package.conditional or shell.state.conditional, by_tag=context.by_tag,
        )
    )  # fmt: skip


def _helm(shell: Shell, call: Call) -> Result:
    options = read_options(call.words[1:], _VALUED)
    operands = options.operands
    command = operands[0].text if operands else ""
    if command == "package":
        return _package(shell, call, options)
    if command in ("push", "cm-push") and len(operands) > 2:
        return _push(shell, call, operands[1:])
    if command == "chart" and len(operands) > 2 and operands[1].text == "push":
        return Result()
    return Result(shell.unknown(f"output of helm {command}" if is_known(command) else "output of helm"), ASSUMED)


def _package(shell: Shell, call: Call, options: Options) -> Result:
    version, app_version = options.last("version"), options.last("app-version")
    destination = options.text("destination", "d") or "."
    place = shell.state.resolve(destination)
    printed: list[str] = []
    for operand in options.operands[1:]:
        folder = shell.state.resolve(operand.text)
        package = None
        if folder is not None and place is not None:
            package = package_chart(
                shell, folder, None if version is None else version.text, None if app_version is None else app_version.text, place
            )
        if package is None:
            shell.context.problem(
                f"helm package finds no chart in {operand.text}" if is_known(operand.text) else "helm package of an unknown folder"
            )
            continue
        context = shell.context
        context.packagings.append(
            Packaging(
                package.folder, context.value(package.name), context.value(package.version),
                None if package.app_version is None else context.value(package.app_version),
                None if version is None else call.spot_of(version), None if app_version is None else call.spot_of(app_version),
                call.spot, context.places(call.spot), context.by_tag,
            )
        )  # fmt: skip
        shown = package.path if package.path.startswith("/") else f"/workspace/{package.path}"
        printed.append(f"Successfully packaged chart and saved it to: {shown}\n")
    return Result("".join(printed))


def _push(shell: Shell, call: Call, operands: list[Argument]) -> Result:
    *archives, remote = operands
    context = shell.context
    if not is_known(remote.text[:6]) or not remote.text.startswith("oci://"):
        # A chart repository by name: where that is, only its configuration knows.
        return Result()
    for archive in archives:
        packages = _matching(shell, archive.text)
        spot = call.spot_of(remote)
        context.pushes.append(
            Push(
                context.value(packages[0].name if packages else archive.text),
                context.value(remote.text),
                context.places(call.spot),
                spot,
                context.by_tag,
            )
        )
        if not packages:
            context.artifacts.append(
                Artifact(
                    ArtifactKind.CHART, context.value(chart_remote(remote.text, shell.unknown("name of the chart"))),
                    (context.value(shell.unknown("version of the chart")),), "", context.places(call.spot),
                    conditional=shell.state.conditional, by_tag=context.by_tag,
                )
            )  # fmt: skip
        for package in packages:
            publish_chart(shell, call, package, chart_remote(remote.text, package.name), remote)
    return Result()


def _matching(shell: Shell, archive: str) -> list[Package]:
    packages = shell.state.packages
    path = shell.state.resolve(archive) if is_known(archive) else None
    if path is None:
        # A name with holes: the package that was made last with the same known beginning.
        base = archive.rpartition("/")[2]
        head = base[: next((i for i, char in enumerate(base) if not is_known(char)), len(base))]
        fitting = [package for package in packages if head and package.path.rpartition("/")[2].startswith(head)]
        return fitting[-1:] or (packages[-1:] if len(packages) == 1 else [])
    pattern = glob_pattern(path, path=True)
    found = [package for package in packages if pattern is not None and pattern.fullmatch(package.path)]
    if not found:
        # Archives made elsewhere, or a version with holes in the name.
        found = [package for package in packages if not is_known(package.path) and pattern is not None and _fits(package, path)]
    latest = {package.path: package for package in found}
    return list(latest.values())


def _fits(package: Package, path: str) -> bool:
    folder, _, name = path.rpartition("/")
    same = package.path.rpartition("/")[0] == folder
    return same and (name.startswith(("*", package.name)) or package.name.startswith(name.partition("*")[0]))


TOOLS: dict[str, Tool] = {"helm": _helm}
