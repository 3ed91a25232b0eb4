"""Version lines: which series of versions a name takes part in.

``ghcr.io/acme/web/server``, ``github.com/acme/web`` as a Go module, a download from its releases and a variable
``WEB_VERSION`` that fills the image's tag all draw their versions from the tags of one repository: one *line*. A line is
named ``github.com/owner/repo`` where a repository is behind it, else ``kind:name``.

Names are joined by evidence only: the address of a repository, a registry path that spells owner and repository, a vanity
import path that spells them, a pipeline that publishes the artifact, or a variable that stands where a name's version
belongs.
"""

import re
from functools import lru_cache
from typing import NamedTuple

from relgraph.model.site import Kind, Site

__all__ = ["TOOLCHAIN_IMAGES", "Line", "basename", "git_line", "host_line", "image_line", "module_line", "stem"]


class Line(NamedTuple):
    """A version line and the reason why a name belongs to it (empty where the name says it itself)."""

    name: str
    evidence: str = ""


#: Official images whose tag is the version of a language toolchain.
TOOLCHAIN_IMAGES = {
    "docker.io/library/golang": "go",
    "docker.io/library/node": "node",
    "docker.io/library/python": "python",
    "docker.io/library/rust": "rust",
    "docker.io/library/ruby": "ruby",
    "docker.io/library/openjdk": "java",
    "docker.io/library/eclipse-temurin": "java",
    "mcr.microsoft.com/devcontainers/go": "go",
    "registry.access.redhat.com/ubi8/go-toolset": "go",
    "registry.access.redhat.com/ubi9/go-toolset": "go",
}

# Import paths that stand for a repository elsewhere; the Go project's and Kubernetes' own are fixed by their go-import pages.
_VANITY = {
    "k8s.io": "github.com/kubernetes",
    "sigs.k8s.io": "github.com/kubernetes-sigs",
    "golang.org/x": "github.com/golang",
    "go.uber.org": "github.com/uber-go",
    "google.golang.org/grpc": "github.com/grpc/grpc-go",
    "google.golang.org/protobuf": "github.com/protocolbuffers/protobuf-go",
    "go.etcd.io": "github.com/etcd-io",
    "helm.sh/helm": "github.com/helm/helm",
    "oras.land": "github.com/oras-project",
}
# Hosts from which Kubernetes and its special interest groups serve what they release.
_DOWNLOADS = re.compile(r"(?:(?:cdn\.)?dl\.k8s\.io|storage\.googleapis\.com/kubernetes-release)/(?:release)?/?$")
_SUBPROJECT = re.compile(r"([\w-]+)\.sigs\.k8s\.io/")
_MAJOR = re.compile(r"/v\d+$|\.v\d+$")
_HOSTED = re.compile(r"(github\.com|gitlab\.com|bitbucket\.org|codeberg\.org)/([\w.-]+)/([\w.-]+)(/.*)?")
_STEM_TAIL = re.compile(
    r"(?:[._-]?(?:image[._-]?)?(?:version|ver|vers|tag|release|rel|ref|revision|image|commit|sha|digest))+$", re.IGNORECASE
)
_STEM_HEAD = re.compile(r"^(?:default|latest|min|minimum|required|expected|target|supported|current|new)[._-]?", re.IGNORECASE)
_CAMEL = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")


def git_line(name: str) -> str:
    """The line of a repository address: lower case, without ``.git``."""
    return name.lower().strip("/").removesuffix(".git")


@lru_cache(maxsize=16384)
def module_line(path: str, *, package: bool = False) -> str:
    """The line of a Go module path, or of a package path within a module (``go install``) when ``package`` is set.

    A module below the root of a repository has tags of its own, so it is a line of its own: ``github.com/a/b//sub``.
    """
    bare = _MAJOR.sub("", path)
    hosted = _HOSTED.fullmatch(bare)
    if hosted:
        root = git_line("/".join(hosted.group(1, 2, 3)))
        below = _MAJOR.sub("", (hosted[4] or "").strip("/"))
        return root if package or not below or re.fullmatch(r"v\d+", below) else f"{root}//{below}"
    for prefix, owner in _VANITY.items():
        if bare == prefix:
            return owner
        if bare.startswith(prefix + "/"):
            rest = bare[len(prefix) + 1 :].split("/")
            if owner.count("/") == 2:
                return owner
            root = f"{owner}/{rest[0]}"
            return root if package or len(rest) == 1 or owner.endswith("etcd-io") else f"{root}//{'/'.join(rest[1:])}"
    host, _, rest_of = bare.partition("/")
    if rest_of and "." in host:
        # A project's own domain as the owner's name: open-cluster.example/api is github.com/open-cluster-example/api.
        first = rest_of.split("/")[0]
        return f"github.com/{host.replace('.', '-')}/{first}".lower()
    return f"module:{bare}"


def host_line(address: str) -> str:
    """The line of an address on a project's own host (``kind.sigs.k8s.io/dl``); empty where the host tells no repository."""
    if _DOWNLOADS.match(address + "/"):
        return "github.com/kubernetes/kubernetes"
    project = _SUBPROJECT.match(address + "/")
    return f"github.com/kubernetes-sigs/{project[1]}" if project else ""


@lru_cache(maxsize=16384)
def image_line(name: str) -> Line:
    """The line of an image or OCI chart name, as far as the name alone says.

    GitHub's registry spells owner and repository in the path; everywhere else the name stands for itself.
    """
    bare = name.removeprefix("oci://")
    if bare in TOOLCHAIN_IMAGES:
        return Line(f"toolchain:{TOOLCHAIN_IMAGES[bare]}", f"{bare} is the toolchain's own image")
    return Line(f"{'chart' if name.startswith('oci://') else 'image'}:{bare.lower()}")


def basename(name: str) -> str:
    """The last part of a name, without the words that packaging adds: ``x-chart``, ``x.git`` and ``x`` are one."""
    last = re.split(r"[/#:]", name.rstrip("/"))[-1].lower().removesuffix(".git")
    for suffix in ("-helm-chart", "-chart", "-helm", "-charts"):
        if last.endswith(suffix) and len(last) > len(suffix):
            return last.removesuffix(suffix)
    return last


@lru_cache(maxsize=16384)
def stem(variable: str) -> str:
    """What a variable's name says its version is of: ``KUBEFLEX_VERSION`` is of ``kubeflex``, ``goVersion`` of ``go``.

    Empty where the name says nothing but that it is a version.
    """
    last = variable.rsplit(".", 1)[-1] if "." in variable else variable
    if _STEM_TAIL.fullmatch(last) and "." in variable:
        last = variable.rsplit(".", 2)[-2] + "_version"
    text = _CAMEL.sub("-", last)
    text = _STEM_HEAD.sub("", text)
    text = _STEM_TAIL.sub("", text)
    return text.strip("._-").replace("_", "-").replace(".", "-").lower()


def is_reference(site: Site) -> bool:
    """Whether the site names something that has versions at all."""
    return site.kind is not Kind.FILE
