"""GoReleaser's configuration: where it lies, and what a project is called without being told."""

import re

from relgraph.pipeline.yaml_tree import YamlNode

__all__ = ["CONFIGURATIONS", "project_name"]

#: Where the program looks for its configuration, in order.
CONFIGURATIONS = (
    ".config/goreleaser.yml", ".config/goreleaser.yaml", ".goreleaser.yml", ".goreleaser.yaml", "goreleaser.yml", "goreleaser.yaml",
)  # fmt: skip
_MODULE = re.compile(r"^module[ \t]+\"?(?P<path>\S+?)\"?[ \t]*(?://.*)?\r?$", re.MULTILINE)


def project_name(root: YamlNode, module: str | None, repository: str) -> str:
    """The project's name: configured, else that of the release's repository, of the Go module, of the clone."""
    configured = root.string("project_name") or root.string("release", "github", "name") or root.string("release", "gitlab", "name")
    if configured:
        return configured
    if module is not None and (match := _MODULE.search(module)) is not None:
        parts = match["path"].split("/")
        return parts[-2] if len(parts) > 1 and re.fullmatch(r"v\d+", parts[-1]) else parts[-1]
    return repository
