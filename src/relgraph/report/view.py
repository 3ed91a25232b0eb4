"""What a report is shown with, besides the findings: facts of the run and of the reader's terminal."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import NamedTuple

from relgraph.model.finding import Place, Severity
from relgraph.report.clean import visible

__all__ = ["About", "View"]


class About(NamedTuple):
    """What reports say of a rule; ``explanation`` is Markdown."""

    code: str
    name: str
    severity: Severity
    summary: str
    explanation: str = ""


class View(NamedTuple):
    """How a report is rendered.

    ``color`` allows SGR sequences, ``width`` wraps prose (in columns); both matter to text alone. ``folders`` maps a
    repository's name to the folder that its paths are relative to, as the reader would write it (empty for the current
    one); a repository without a folder of files (bare) is missing there. ``rules`` are the rules that ran, ``unlisted`` counts
    the findings of each severity that were left out, ``version`` is relgraph's own.
    """

    color: bool = False
    width: int = 100
    folders: Mapping[str, str] = MappingProxyType({})
    rules: tuple[About, ...] = ()
    unlisted: Mapping[Severity, int] = MappingProxyType({})
    version: str = ""

    def file(self, place: Place) -> str:
        """The path of a place's file as the reader would open it, where the folder of its repository is known."""
        folder = self.folders.get(place.repo, "").rstrip("/")
        return visible(f"{folder}/{place.path}" if folder else place.path)
