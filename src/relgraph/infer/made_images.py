"""Images that a tree makes itself: what it builds, and what it puts in the place of another name.

``image: controller:latest`` in a manifest is never pulled where a kustomization gives that name another image
(https://kubectl.docs.kubernetes.io/references/kustomize/kustomization/images/), and what a script builds it need not pin.
"""

import re
from functools import cached_property

from relgraph.model.site import Kind, Role, Site
from relgraph.model.world import Subject

__all__ = ["MadeImages"]

_KUSTOMIZATIONS = ("kustomization.yaml", "kustomization.yml", "Kustomization")
_ENTRY = re.compile(r"^[ ]*(?:-[ ]+)?(?:name|newName):[ ]*[\"']?(?P<name>[\w./:-]+)", re.MULTILINE)
_SET = re.compile(rb"edit set image[ \t]+[\"']?([A-Za-z0-9._/-]+)=")
_SCRIPT = re.compile(r"(?:^|/)(?:GNU)?[Mm]akefile[^/]*$|\.(?:mk|sh)$|(?:^|/)\.github/workflows/")


class MadeImages:
    """Answers for the images of one tree."""

    def __init__(self, subject: Subject) -> None:
        self._subject = subject

    def replaces(self, site: Site) -> bool:
        """Whether a kustomization, or a command that edits one, has an entry for the image as it is written."""
        return site.get("ref").partition("@")[0].removesuffix(f":{site.value}") in self._replaced

    def builds(self, site: Site) -> bool:
        """Whether the same file builds an image of this name, or, where it has no registry, any file of the tree."""
        return (site.path, site.name) in self._built or (
            site.name.startswith("docker.io/library/") and ("", site.name) in self._built
        )

    @cached_property
    def _replaced(self) -> frozenset[str]:
        names: set[str] = set()
        for path in self._subject.entries:
            if path.rpartition("/")[2] in _KUSTOMIZATIONS and (text := self._subject.text(path)) is not None:
                _, images, after = text.text.partition("images:")
                names.update(match["name"] for match in _ENTRY.finditer(after) if images)
        scripts = (path for path in self._subject.entries if _SCRIPT.search(path))
        for _, data in self._subject.tree.read_many(scripts):
            if b"edit set image" in data:
                names.update(match[1].decode() for match in _SET.finditer(data))
        return frozenset(names)

    @cached_property
    def _built(self) -> frozenset[tuple[str, str]]:
        declared = [site for site in self._subject.sites if site.kind is Kind.IMAGE and site.role is Role.DECLARES]
        return frozenset((path, site.name) for site in declared for path in (site.path, ""))
