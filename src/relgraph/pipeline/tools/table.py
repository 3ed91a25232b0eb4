"""All commands that are modelled, by name."""

from relgraph.pipeline.command import ASSUMED, Call, Result
from relgraph.pipeline.shell import Shell, Tool
from relgraph.pipeline.tools import builtins, edits, filters, helm, images, kustomize, make, release, vcs

__all__ = ["TOOLS"]


def _reads(shell: Shell, call: Call) -> Result:
    """A command that changes no file of the tree, as far as releases go; what it prints is not known."""
    return Result(shell.unknown(f"output of {call.words[0].text}"), ASSUMED)


_HARMLESS = (
    "apt apt-get brew cargo chown cmp cosign curl date df diff dig docker-compose du file find gcloud gh go golangci-lint gofmt gpg grype gzip "
    "hostname id jq k3d kill kind ls md5sum minikube npm npx openssl oras pip pip3 pnpm ps pytest python python3 rsync scp sha256sum "
    "shasum shellcheck skaffold snyk ssh stat syft tar tree trivy uname unzip uv wget whoami yamllint yarn zip"
).split()

TOOLS: dict[str, Tool] = (
    dict.fromkeys(_HARMLESS, _reads)
    | builtins.TOOLS
    | filters.TOOLS
    | edits.TOOLS
    | vcs.TOOLS
    | kustomize.TOOLS
    | helm.TOOLS
    | images.TOOLS
    | make.TOOLS
    | release.TOOLS
)
