"""Running an extractor over a text, checking what holds for every site on the way."""

from relgraph.model.site import Kind, Site, Span
from relgraph.sites.extractor import Extractor
from relgraph.syntax.text import Text

__all__ = ["brief", "by_name", "found", "holds"]


def holds(text: Text, site: Site) -> None:
    """Every span holds the text that the site reports, in bytes and in lines and columns."""
    span = site.span
    raw = site.raw.encode("utf-8", "surrogateescape")
    assert text.data[span.start : span.end] == raw
    assert span.start < span.end
    line = text.line_text(span.line)
    first = site.raw.partition("\n")[0].removesuffix("\r")
    assert line[span.column - 1 : span.column - 1 + len(first)] == first
    assert site.path == text.path
    assert list(site.extra) == sorted(site.extra)
    assert all(name and value for name, value in site.extra)


def found(extractor: Extractor, path: str, content: str | bytes) -> list[Site]:
    """What the extractor finds in a file of that path, in order of position; empty where it does not read such files.

    As in the registry, what is found first in a place counts.
    """
    text = Text(path, content.encode("utf-8", "surrogateescape") if isinstance(content, str) else content)
    sites: dict[tuple[Span, Kind], Site] = {}
    for site in extractor.extract(text) if extractor.matches(path) else ():
        holds(text, site)
        sites.setdefault((site.span, site.kind), site)
    return sorted(sites.values(), key=lambda site: site.span)


def brief(sites: list[Site]) -> list[tuple[str, str, str]]:
    """Kind, name and text of each site."""
    return [(str(site.kind), site.name, site.raw) for site in sites]


def by_name(sites: list[Site]) -> dict[str, Site]:
    """The sites by name; where several share one, the last."""
    return {site.name: site for site in sites}
