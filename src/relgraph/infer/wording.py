"""Wording: whether the words around a value give it as an example.

``For example, if the operator runs v1.10.0, ...`` and ``Usage: upgrade.sh v1.2.0`` name a version to show how it is written;
nobody means that one.
"""

import re

from relgraph.model.site import Site
from relgraph.syntax.text import Text

__all__ = ["is_example", "is_prose"]

_EXAMPLE = re.compile(
    r"\be\.g\.|\beg:|\bex:|\bfor (?:example|instance)\b|\bexamples?:|\busage:|\bsuch as\b|\blike:|\bsomething like\b|\bsay,? we(?:'re| are)?\b|\bimagine\b|\bsuppose\b",
    re.IGNORECASE,
)
_COMMENT = re.compile(r"\s*(?:#|//|\*|--|;|<!--|echo\b|printf\b)")
_PROSE = (".md", ".mdx", ".rst", ".adoc", ".txt")
_KEY = re.compile(r"\s*(?:- +)*(?P<name>[\w.-]+):(?:\s|$)")
_BLOCK = 40
# A sentence reaches over a line or two; beyond that, the words are about something else.
_LINES = 2


def is_example(text: Text, site: Site) -> bool:
    """Whether the sentence that holds the site says before it that it gives an example.

    Judged in prose, comments, descriptions and what scripts print: the code beside a word like that means what it says.
    """
    line = site.span.line
    if _EXAMPLE.search(text.before(site.span)):
        return is_prose(text, site)
    if not is_prose(text, site):
        return False
    for number in range(line - 1, max(line - 1 - _LINES, 0), -1):
        above = text.line_head(number)
        if not above.strip() or above.lstrip().startswith(("```", "~~~")):
            return False
        if _EXAMPLE.search(above):
            return True
        if above.rstrip().endswith((".", ";")):
            return False
    return False


def is_prose(text: Text, site: Site) -> bool:
    """Whether the site stands in words rather than in code: in a comment, a description, a printed text or a document's sentence."""
    if site.key.rpartition(".")[2] in ("description", "summary", "message"):
        return True
    if site.path.endswith(_PROSE):
        return not site.key.startswith(("fence", "block"))
    if site.path.endswith((".yaml", ".yml")) and _is_described(text, site.span.line):
        return True
    return _COMMENT.match(text.line_head(site.span.line)) is not None


def _is_described(text: Text, line: int) -> bool:
    """Whether a line of YAML belongs to the block of a ``description``, as schemas have many."""
    here = text.line_head(line)
    indent = len(here) - len(here.lstrip())
    for number in range(line, max(line - _BLOCK, 0), -1):
        above = text.line_head(number)
        if above.strip() and (number == line or len(above) - len(above.lstrip()) < indent):
            key = _KEY.match(above)
            if key is not None:
                return key["name"] == "description"
            if number != line:
                return False
    return False
