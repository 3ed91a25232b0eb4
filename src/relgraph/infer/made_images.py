"""Images that a tree makes itself: what it builds, and what it puts in the place of another name.

``image: controller:latest`` in a manifest is never pulled where a kustomization gives that name another image
(https://kubectl.docs.kubernetes.io/references/kustomize/kustomization/images/), and what a script builds it need not pin.
"""

import re
from collections.abc import Iterator
from functools import cached_property

from relgraph.model.site import Kind, Role, Site
from relgraph.model.world import Subject

__all__ = ["MadeImages"]

_KUSTOMIZATIONS = ("kustomization.yaml", "kustomization.yml", "Kustomization")
_ENTRY = re.compile(r"^[ ]*(?:-[ ]+)?(?:name|newName):[ ]*[\"']?(?P<name>[\w./:-]+)", re.MULTILINE)
_SET = re.compile(rb"edit set image[ \t]+[\"']?([A-Za-z0-9._/-]+)=")
_TAGGED = re.compile(r"\bbuild\b[^\n]*?[ \t](?:-t|--tag)[ \t=]*[\"']?\$[{(]?(?P<name>[A-Za-z_]\w*)[)}]?[\"']?(?=\s|$)")
_LOOP = re.compile(r"\bfor[ \t]+(?P<name>[A-Za-z_]\w*)[ \t]+in[ \t]+(?P<list>[^;\n]*)")
_READ = re.compile(r"\$[{(]?([A-Za-z_]\w*)")
_SCRIPT = re.compile(r"(?:^|/)(?:GNU)?[Mm]akefile[^/]*$|\.(?:mk|sh)$|(?:^|/)\.github/workflows/")


class MadeImages:
    """Answers for the images of one tree."""

    def __init__(self, subject: Subject) -> None:
        self._subject = subject
        self._made: dict[str, frozenset[tuple[str, str, str]]] = {}

    def replaces(self, site: Site) -> bool:
        """Whether a kustomization, or a command that edits one, has an entry for the image as it is written."""
        return site.get("ref").partition("@")[0].removesuffix(f":{site.value}") in self._replaced

    def builds(self, site: Site) -> bool:
        """Whether the same file builds an image of this name, or, where it has no registry, any file of the tree."""
        return (site.path, site.name) in self._built or (
            site.name.startswith("docker.io/library/") and ("", site.name) in self._built
        )

    def makes(self, site: Site) -> bool:
        """Whether the same file builds the image at this very tag, itself or by the variable that holds it: it need not be published."""
        if site.path not in self._made:
            self._made[site.path] = frozenset(self._made_in(site.path))
        return _written(site) in self._made[site.path]

    def _made_in(self, path: str) -> Iterator[tuple[str, str, str]]:
        text = self._subject.text(path)
        variables = frozenset() if text is None else _built_variables(text.text)
        for site in self._subject.sites_by_path.get(path, ()):
            if site.kind is Kind.IMAGE and (site.role is Role.DECLARES or site.get("var") in variables):
                yield _written(site)

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


def _built_variables(source: str) -> frozenset[str]:
    """The variables that a file gives to a build as the name of what it makes, and those that such a variable runs through."""
    names = {match["name"] for match in _TAGGED.finditer(source)}
    loops = [match for match in _LOOP.finditer(source) if match["name"] in names] if names else []
    return frozenset(names.union(*(_READ.findall(match["list"]) for match in loops)))


def _written(site: Site) -> tuple[str, str, str]:
    """The image's name, and its tag as it is written; however the shell spells the variables in it."""
    return site.name, site.get("form_text") or site.value, site.get("vars")
