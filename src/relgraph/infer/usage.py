"""Usage: what the text around a URL does with what the URL leads to.

A link to the newest revision of a document is what its writer means; a script piped from there into a shell is another
matter. The command that holds the URL decides, or, where a variable holds it, the commands that use the variable.
"""

import re
from enum import StrEnum

from relgraph.model.site import Site
from relgraph.syntax.text import Text

__all__ = ["Usage", "usage_of"]


class Usage(StrEnum):
    """What happens to the thing behind a URL."""

    RUN = "run"  #: it is executed
    APPLY = "apply"  #: it is installed or deployed
    FETCH = "fetch"  #: it is downloaded, and nothing more is known
    LINK = "link"  #: it is pointed at

    @property
    def rank(self) -> int:
        """0 for what binds the most."""
        return ("run", "apply", "fetch", "link").index(self.value)


_ASSIGNED = re.compile(
    r"(?:^|[\s;&(])(?:export[ \t]+|local[ \t]+|readonly[ \t]+)?(?P<name>[A-Za-z_]\w*)[ \t]*[:?]?=[ \t]*[\"']?[^\s=\"']*\Z|^[ \t-]*(?P<yaml>[A-Z][A-Z0-9_]*):[ \t]*[\"']?[^\s\"']*\Z"
)
_SHELL = r"(?:sudo[ \t]+(?:-\w+[ \t]+)*)?(?:env[ \t]+)?(?:[A-Za-z_]\w*=\S*[ \t]+)*(?:/(?:usr/)?bin/)?(?:env[ \t]+)?(?:ba|z|k|da|a)?sh\b|(?:sudo[ \t]+)?(?:python3?|perl|ruby|node)\b"
_PIPED_ON = re.compile(rf"\|[ \t]*(?:{_SHELL})")
_APPLIED_ON = re.compile(r"\|[ \t]*(?:kubectl|oc|k3s[ \t]+kubectl)\b[^|\n]*\b(?:apply|create|replace)\b")
_RUN_BEFORE = re.compile(
    r"(?:(?:ba|z|k|da|a)?sh|source|python3?|\.)[ \t]+(?:-\w+[ \t]+)*[\"']?(?:<\(|\$\(|`)[ \t]*(?:curl|wget)\b[^|;)]*\Z|\beval\b[^;|]*\$\([ \t]*(?:curl|wget)\b[^|;)]*\Z"
    r"|\b(?:go|pipx?|uv)[ \t]+(?:run|install)\b[^|;]*\Z",
    re.DOTALL,
)
_APPLY_BEFORE = re.compile(
    r"\b(?:kubectl|oc)\b[^|;\n]*\b(?:apply|create|replace)\b[^|;]*\Z|\bkustomize[ \t]+build\b[^|;]*\Z|\bhelm[ \t]+(?:install|upgrade|template)\b[^|;]*\Z"
    r"|\b(?:kind|k3d|minikube|clusterctl)\b[^|;\n]*\b(?:create|start|init|generate)\b[^|;]*\Z",
    re.DOTALL,
)
_FETCH_BEFORE = re.compile(r"\b(?:curl|wget|aria2c)\b[^|;]*\Z|^[ \t]*ADD[ \t][^\n]*\Z", re.DOTALL | re.MULTILINE)
_EXECUTES = r"(?:(?:ba|z)?sh|source|python3?|chmod[ \t]+[\w+-]+|\.)[ \t]+(?:-\w+[ \t]+)*[\"']?[\w./${}-]*"
_REACH = 2000
_OUTPUT = re.compile(r"(?:-o|-O|--output|--output-document|>)[ =]*[\"']?(?P<file>[\w./$}{-]*[\w-])")


def usage_of(text: Text, site: Site) -> Usage:
    """What is done with the thing behind the URL that ``site`` is a part of."""
    start = text.offset(site.span)
    url = site.get("url")
    begin = text.text.rfind(url, max(0, start - len(url)), start + len(url)) if url else start
    first, last = _command(text.text, begin if begin >= 0 else start)
    found = _at(text, begin if begin >= 0 else start, first, last)
    if found is not Usage.LINK:
        return found
    if site.path.rpartition("/")[2] in ("kustomization.yaml", "kustomization.yml", "Kustomization"):
        return Usage.APPLY
    assigned = _ASSIGNED.search(text.text[first : begin if begin >= 0 else start])
    if assigned is not None:
        return _of_variable(text, assigned["name"] or assigned["yaml"], last)
    return found


def _command(source: str, at: int) -> tuple[int, int]:
    """The bounds of the line that holds an offset, with those that a backslash joins to it, as far as a command may reach."""
    low, high = max(0, at - _REACH), min(len(source), at + _REACH)
    first = source.rfind("\n", low, at) + 1 or low
    while first > low + 1 and source[max(low, first - 3) : first].rstrip("\r\n").endswith("\\"):
        first = source.rfind("\n", low, first - 1) + 1 or low
    last = source.find("\n", at, high)
    while 0 <= last < high and source[max(first, last - 2) : last].rstrip("\r").endswith("\\"):
        last = source.find("\n", last + 1, high)
    return first, high if last < 0 else last


def _at(text: Text, at: int, first: int, last: int) -> Usage:
    source = text.text
    before, after = source[first:at], source[at:last]
    if _RUN_BEFORE.search(before):
        return Usage.RUN
    if _APPLY_BEFORE.search(before):
        return Usage.APPLY
    if not _FETCH_BEFORE.search(before):
        return Usage.LINK
    if _PIPED_ON.search(after):
        return Usage.RUN
    if _APPLIED_ON.search(after):
        return Usage.APPLY
    return _of_file(source, before, after, last)


def _of_file(source: str, before: str, after: str, last: int) -> Usage:
    """What becomes of a downloaded file, by its name."""
    url = re.match(r"[^\s\"'`)|;]*", after)
    remote = (url.group() if url else "").rpartition("/")[2].partition("?")[0]
    given = _OUTPUT.search(after) or _OUTPUT.search(before)
    local = given["file"].rpartition("/")[2] if given is not None else remote
    rest = source[last : last + 10 * _REACH]
    words = [re.escape(name) for name in dict.fromkeys((local, remote)) if name]
    if not words:
        return Usage.FETCH
    name = rf"(?:{'|'.join(words)})(?![\w.-])"
    if re.search(rf"{_EXECUTES}{name}|(?:^|[;&|\s])\./{name}", rest + after):
        return Usage.RUN
    return (
        Usage.APPLY
        if re.search(rf"\b(?:apply|create|replace|install|upgrade)\b[^\n|;]{{0,300}}{name}", rest + after)
        else Usage.FETCH
    )


def _of_variable(text: Text, name: str, after: int) -> Usage:
    """The most that any command does with a variable."""
    best = Usage.LINK
    for match in re.finditer(rf"\$(?:\{{|\()?{re.escape(name)}\b", text.text[: after + 200000]):
        first, last = _command(text.text, match.start())
        found = _at(text, match.start(), first, last)
        if found.rank < best.rank:
            best = found
    return best
