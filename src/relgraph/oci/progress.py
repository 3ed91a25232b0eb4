"""What happens on the way, told to whoever wants to show it."""

from typing import NamedTuple, Protocol

from relgraph.oci.descriptor import Descriptor

__all__ = ["SILENT", "Reporter", "Silent", "Transfer"]


class Transfer(NamedTuple):
    """One piece of content on its way to or from a repository. ``action`` is ``push`` or ``pull``."""

    action: str
    descriptor: Descriptor
    where: str


class Reporter(Protocol):
    """Takes events; every method may be called from several threads at once, and must not raise."""

    def begin(self, transfer: Transfer) -> None:
        """A transfer begins."""

    def advance(self, transfer: Transfer, size: int) -> None:
        """``size`` more bytes are through; negative where an attempt failed and its bytes go again."""

    def end(self, transfer: Transfer, outcome: str) -> None:
        """A transfer ended: ``done``, ``exists`` (nothing was sent), ``mounted`` or ``failed``."""

    def retry(self, reason: str, delay: float) -> None:
        """A request is made again after ``delay`` seconds."""

    def warn(self, text: str) -> None:
        """Something that the user should know and that stops nothing."""

    def exchange(self, method: str, url: str, status: int, seconds: float) -> None:
        """One HTTP exchange; ``url`` is without credentials and, on another host than the registry's, without its query."""


class Silent:
    """A reporter that shows nothing; also the base of those that show something."""

    def begin(self, transfer: Transfer) -> None:
        """Nothing."""

    def advance(self, transfer: Transfer, size: int) -> None:
        """Nothing."""

    def end(self, transfer: Transfer, outcome: str) -> None:
        """Nothing."""

    def retry(self, reason: str, delay: float) -> None:
        """Nothing."""

    def warn(self, text: str) -> None:
        """Nothing."""

    def exchange(self, method: str, url: str, status: int, seconds: float) -> None:
        """Nothing."""


SILENT = Silent()
