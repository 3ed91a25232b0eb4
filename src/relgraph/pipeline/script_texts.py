"""The scripts of a tree: Makefiles, shell scripts, workflows and local actions, read in one go and kept."""

import re
from collections.abc import Mapping
from types import MappingProxyType
from weakref import WeakKeyDictionary

from relgraph.model.world import Subject
from relgraph.syntax.text import Text

__all__ = ["script_texts"]

_SCRIPT = re.compile(r"(?:.*/)?(?:GNUm|m|M)akefile|.*\.(?:mk|sh|bash)|\.github/.*\.ya?ml")
_FOREIGN = ("vendor/", "node_modules/", "third_party/")
_READ: WeakKeyDictionary[Subject, Mapping[str, Text]] = WeakKeyDictionary()


def script_texts(subject: Subject) -> Mapping[str, Text]:
    """The texts by path, in the tree's order; those of other projects that lie in the tree are left out."""
    known = _READ.get(subject)
    if known is None:
        paths = [
            path
            for path in subject.entries
            if path.endswith(("akefile", ".mk", ".sh", ".bash", ".yml", ".yaml"))
            and _SCRIPT.fullmatch(path)
            and not path.startswith(_FOREIGN)
            and "/vendor/" not in path
        ]
        known = _READ[subject] = MappingProxyType({path: Text(path, data) for path, data in subject.tree.read_many(paths)})
    return known
