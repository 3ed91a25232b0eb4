"""The formats of findings by name; a format's module is imported when it is used."""

from importlib import import_module
from types import MappingProxyType

from relgraph.model.finding import Report
from relgraph.report.view import View

__all__ = ["FORMATS", "render"]

FORMATS = MappingProxyType(
    {name: f"relgraph.report.{name}" for name in ("text", "json", "sarif", "junit", "github", "gitlab", "markdown")}
)


def render(name: str, report: Report, view: View = View()) -> str:
    """The report in the format of that name (a key of :data:`FORMATS`), ending with a line feed unless it is empty."""
    rendered: str = import_module(FORMATS[name]).render(report, view)
    return rendered
