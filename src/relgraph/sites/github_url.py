"""References by URL to git hosts: a ref and the path behind it, an archive, a release and its asset.

Address forms of github.com as its documentation gives them (repository contents, source archives, releases, REST API), of
GitLab (``/-/raw/REF/``), and pip's and kustomize's ways of naming a ref (``@REF``, ``?ref=REF``). Other addresses that hold a
version are left to :mod:`relgraph.sites.web_url`.
"""

import re
from collections.abc import Callable, Iterator
from functools import lru_cache
from typing import NamedTuple

from relgraph.model.site import Kind, Part, Pin, Role, Site
from relgraph.model.version import parse_version
from relgraph.sites.build import pin_of
from relgraph.sites.extractor import Extractor
from relgraph.sites.mangle import unmangle
from relgraph.sites.web_url import Url, other_sites, worth_reading
from relgraph.syntax.text import Text

__all__ = ["EXTRACTOR", "URL", "git_name", "ref_pin", "repository_of", "url_sites"]

_TEMPLATE = r"\$\{\{[^{}\n]*+\}\}|\{\{[^{}\n]*+\}\}|\$\{[^{}\n]*+\}|\$\([^()\n]*+\)"
# Templates may hold blanks and slashes, so they are parts of the URL as a whole; everything else ends at a delimiter.
_CHARS = rf"(?>{_TEMPLATE}|[^\s\"'`<>()\[\]{{}}|\\^,;])"
URL = re.compile(rf"://(?P<host>(?>[\w.@:-]|{_TEMPLATE}|\$\w+)++)(?P<path>/{_CHARS}*+)?")
_HOLES = re.compile(_TEMPLATE)
_REF_QUERY = re.compile(rf"[?&]ref=(?P<ref>{_CHARS}++)")
_BARE = re.compile(r"(?<![\w./@-])(?P<host>git(?:hub|lab)\.com)[/:](?P<path>[\w.-]+/[\w./-]+)\Z")
_HEX = re.compile(r"[0-9a-f]{7,40}")
_FULL_HEX = re.compile(r"[0-9a-f]{40}(?:[0-9a-f]{24})?")
_BRANCH = re.compile(
    r"(?:main|master|HEAD|trunk|develop|dev|gh-pages|next|devel|edge|nightly|stable)|(?:releases?|support|feature|fix)[-/_].*"
)
_IN_ASSET = re.compile(r"(?<![\d.A-Za-z])[vV]?\d+\.\d+\.\d+(?:-(?:alpha|beta|rc)[.-]?\d*)?(?![\d])")
_ENDINGS = (".tar.gz", ".tgz", ".zip", ".tar.bz2", ".tar")
# What stands behind a repository's address on GitHub; anything else there leads nowhere.
_PAGES = frozenset(
    "actions activity archive assets attestations blame blob branches codespaces commit commits community compare contribute contributors"
    " custom-properties delete dependabot dependencies deployments discussions edit files find fork forks generate graphs hovercard import info"
    " invitations issues labels license licenses milestone milestones network new notifications packages pkgs projects pull pulls pulse purview raw"
    " releases releases.atom runs search security settings sponsors stargazers stars subscription suites tag tags tags.atom tarball tree upload"
    " used_by watchers wiki workflows zipball".split()
)
_NO_OWNER = frozenset(
    "orgs users settings apps marketplace sponsors features topics search login notifications about enterprise".split()
)


def ref_pin(ref: str) -> Pin:
    """The pin class of a git ref as it stands in a URL or a command, where the repository itself is not at hand."""
    if "{{" in ref or "$" in ref:
        return Pin.TEMPLATED
    if _FULL_HEX.fullmatch(ref):
        return Pin.DIGEST
    if ref == "latest":
        return Pin.MUTABLE
    if _BRANCH.fullmatch(ref):
        return Pin.BRANCH
    if parse_version(ref) is not None or parse_version(unmangle(ref)) is not None or _HEX.fullmatch(ref):
        return Pin.EXACT
    guess = pin_of(ref)
    return guess if guess in (Pin.PLACEHOLDER, Pin.RANGE) else Pin.BRANCH


def git_name(host: str, owner: str, repo: str) -> str:
    """The name of a repository: ``host/owner/repo`` without user, ``www.`` and ``.git``."""
    return f"{_host(host)}/{owner}/{repo.removesuffix('.git')}"


def repository_of(url: str) -> str:
    """The git repository that the first URL within a text leads to (``github.com/owner/repo``), or the empty string."""
    match = URL.search(url)
    if match is None or match["path"] is None:
        return ""
    host = _host(match["host"])
    if host in ("raw.githubusercontent.com", "raw.github.com", "codeload.github.com"):
        host = "github.com"
    address = _address(host, match["path"].rstrip(".:!?*_~&="), 0) if _is_git_host(host) else None
    return address.name if address is not None else ""


def url_sites(text: Text, start: int, end: int, *, syntax: str, key: str = "", role: Role = Role.USES) -> Iterator[Site]:
    """The references of every URL within ``text.text[start:end]``."""
    source = text.text
    if source.find("://", start, end) >= 0:
        for match in URL.finditer(source, start, end):
            host, path = match.group("host", "path")
            read = _reader(host) or (_repository if path is not None and "/-/" in path else None)
            # Most URLs refer to nothing that has a version: let them go before anything is made of them.
            if path is None or read is None:
                if worth_reading(host, path or ""):
                    yield from other_sites(_url(text, match, syntax, key, role), _host(host), match.start("host"))
            elif read is not _api or "ref" in path or "release" in path or "ball/" in path:
                url = _url(text, match, syntax, key, role)
                address = _address("github.com" if read is not _repository else _host(host), url.path, 6 if read is _api else 0)
                if address is not None:
                    yield from read(url, address)
    if source.find("ref=", start, end) >= 0:
        yield from _bare_refs(text, start, end, syntax, key, role)


def _url(text: Text, match: re.Match[str], syntax: str, key: str, role: Role) -> Url:
    path = (match["path"] or "").rstrip(".:!?*_~&=")
    at = match.start("path") if path else match.end()
    return Url(text, syntax, key, role, match.start(), at, path)


@lru_cache(maxsize=4096)
def _host(written: str) -> str:
    return written.rpartition("@")[2].lower().removeprefix("www.")


def _is_git_host(host: str) -> bool:
    return (
        host in ("github.com", "bitbucket.org", "codeberg.org")
        or host.startswith(("gitlab.", "github.", "gitea."))
        or ".gitlab." in host
    )


class _Address(NamedTuple):
    """A repository and what its URL says behind it: segments with their offsets in the path, the query, the anchor."""

    name: str
    owner: str
    segments: list[tuple[int, str]]
    end: int
    query: str
    query_at: int
    anchor: str


def _address(host: str, path: str, skip: int) -> _Address | None:
    """Take a path apart; ``skip`` is where the owner begins, less the slash. None where there are not both owner and repository."""
    # What is templated must not be cut: it is taken for so many letters while the slashes are counted.
    masked = _HOLES.sub(lambda hole: "x" * len(hole.group()), path) if "{" in path or "$(" in path else path
    cut = masked.find("#")
    end = len(masked) if cut < 0 else cut
    asked = masked.find("?", 0, end)
    anchor, query = path[end + 1 :], path[asked + 1 : end] if asked >= 0 else ""
    query_at = asked + 1
    end = end if asked < 0 else asked
    segments: list[tuple[int, str]] = []
    position = skip + 1
    while position <= end:
        stop = masked.find("/", position, end)
        stop = end if stop < 0 else stop
        segments.append((position, path[position:stop]))
        position = stop + 1
    dash = next((index for index, segment in enumerate(segments) if segment[1] == "-"), -1)
    size = dash if dash > 1 else 2  # GitLab has groups within groups, and ends the repository's own path by a dash
    if len(segments) < size or not all(segment for _, segment in segments[:size]):
        return None
    name = "/".join(segment for _, segment in segments[:size]).partition("@")[0]
    rest = [(segments[size - 1][0], segments[size - 1][1]), *segments[size + (1 if dash > 1 else 0) :]]
    return _Address(f"{host}/{name.removesuffix('.git')}", segments[0][1], rest, end, query, query_at, anchor)


_Read = Callable[[Url, _Address], Iterator[Site]]


@lru_cache(maxsize=4096)
def _reader(written: str) -> _Read | None:
    host = _host(written)
    if host in ("raw.githubusercontent.com", "raw.github.com"):
        return _raw
    special: dict[str, _Read] = {"codeload.github.com": _codeload, "api.github.com": _api}
    return special.get(host) or (_repository if _is_git_host(host) else None)


def _raw(url: Url, address: _Address) -> Iterator[Site]:
    yield from _content(url, address, 1, "raw")


def _codeload(url: Url, address: _Address) -> Iterator[Site]:
    if len(address.segments) > 2:
        yield from _content(url, address, 2, "archive")


def _repository(url: Url, address: _Address) -> Iterator[Site]:
    segments = address.segments
    verb = segments[1][1] if len(segments) > 1 else ""
    if address.owner in _NO_OWNER:
        return
    if verb in ("raw", "blob", "tree", "blame", "edit") and len(segments) > 2:
        yield from _content(url, address, 2, "blob" if verb in ("blame", "edit") else verb)
    elif verb in ("archive", "tarball", "zipball") and len(segments) > 2:
        yield from _archive(url, address, 2)
    elif verb == "releases" and len(segments) > 2:
        yield from _release(url, address)
    elif (address.query.startswith("ref=") or "&ref=" in address.query) and "/-/" not in url.path:
        path = url.path[segments[1][0] : address.end].strip("/") if len(segments) > 1 else ""
        # Not a page to look at (GitLab has those below /-/): kustomize and terraform take the folder from there.
        yield from _asked(url, address, "base", path)
    elif "@" in segments[0][1] and ("git+" in url.url[:8] or ".git@" in segments[0][1]):
        start, repo = segments[0]
        at = repo.index("@") + 1
        yield _ref(url, address, start + at, repo[at:], "clone")
    elif verb and verb not in _PAGES and address.name.startswith("github.com/") and not address.query:
        start = segments[1][0]
        path = url.path[start : address.end].rstrip("/")
        yield url.make(Kind.GIT, address.name, Part.PATH, start, path, path, Pin.ABSENT, form="bare", path=path)


def _api(url: Url, address: _Address) -> Iterator[Site]:
    segments = [segment for _, segment in address.segments]
    if not url.path.startswith("/repos/") or len(segments) < 2:
        return
    if segments[1] == "contents":
        path = url.path[address.segments[2][0] : address.end].strip("/") if len(segments) > 2 else ""
        yield from _asked(url, address, "api", path)
    elif segments[1:3] == ["releases", "latest"]:
        yield _ref(url, address, *address.segments[2], "api")
    elif segments[1:3] == ["releases", "tags"] or (segments[1] == "git" and segments[3:4] in (["tags"], ["heads"])):
        index = 3 if segments[1] == "releases" else 4
        if len(segments) > index:
            yield _ref(url, address, *address.segments[index], "api")
    elif segments[1] in ("tarball", "zipball") and len(segments) > 2:
        yield from _archive(url, address, 2)


def _refs(address: _Address, index: int) -> tuple[str, int]:
    """``refs/tags/`` or ``refs/heads/`` where the segments at ``index`` say so, and where the ref's name begins."""
    words = [segment for _, segment in address.segments[index : index + 3]]
    if len(words) == 3 and words[0] == "refs" and words[1] in ("tags", "heads"):
        return f"refs/{words[1]}/", index + 2
    return "", index


def _content(url: Url, address: _Address, index: int, form: str) -> Iterator[Site]:
    refs, index = _refs(address, index)
    if index >= len(address.segments) or not address.segments[index][1]:
        return
    start, ref = address.segments[index]
    rest = url.path[start + len(ref) : address.end]
    yield _ref(
        url, address, start, ref, form, refs=refs, path=rest.strip("/"), anchor=address.anchor, rest=ref + rest if rest.strip("/") else ""
    )  # fmt: skip


def _archive(url: Url, address: _Address, index: int) -> Iterator[Site]:
    refs, index = _refs(address, index)
    start = address.segments[index][0]
    written = url.path[start : address.end]
    ending = next((ending for ending in _ENDINGS if written.endswith(ending)), "")
    ref = written.removesuffix(ending)
    if "/-/" in url.path:
        ref = ref.partition("/")[0]  # GitLab repeats the ref in the file's name
    if ref:
        yield _ref(url, address, start, ref, "archive", refs=refs)


def _release(url: Url, address: _Address) -> Iterator[Site]:
    segments = address.segments
    word = segments[2][1]
    if word == "latest":
        asset = segments[4] if len(segments) > 4 and segments[3][1] == "download" else (0, "")
        yield _ref(url, address, *segments[2], "download" if asset[1] else "release", path=asset[1])
        yield from _asset(url, address, *asset)
    elif word in ("tag", "expanded_assets") and len(segments) > 3:
        start = segments[3][0]
        if tag := url.path[start : address.end].strip("/"):
            yield _ref(url, address, start, tag, "release")
    elif word == "download" and len(segments) > 4 and segments[-1][1]:
        start, asset = segments[3][0], segments[-1]
        yield _ref(url, address, start, url.path[start : asset[0] - 1], "download", path=asset[1])
        yield from _asset(url, address, *asset)


def _asked(url: Url, address: _Address, form: str, path: str) -> Iterator[Site]:
    at = 4 if address.query.startswith("ref=") else address.query.find("&ref=") + 5
    if at >= 4 and (ref := address.query[at:].partition("&")[0]):
        yield _ref(url, address, address.query_at + at, ref, form, path=path)


def _ref(url: Url, address: _Address, start: int, ref: str, form: str, *, refs: str = "", **facts: str) -> Site:
    if refs == "refs/heads/":
        # The whole says that it is a branch; to replace only the name would keep saying so.
        pin = Pin.TEMPLATED if "$" in ref or "{{" in ref else Pin.BRANCH
        return url.make(Kind.GIT, address.name, Part.REF, start - len(refs), refs + ref, ref, pin, form=form, **facts)
    value = ref.replace("%2F", "/")
    pin = ref_pin(value)
    if refs and pin is Pin.BRANCH:
        pin = Pin.EXACT
    return url.make(Kind.GIT, address.name, Part.REF, start, ref, value, pin, form=form, refs="tags" if refs else "", **facts)


def _asset(url: Url, address: _Address, start: int, asset: str) -> Iterator[Site]:
    if asset and (match := _IN_ASSET.search(asset)) is not None:
        at = start + match.start()
        yield url.make(Kind.GIT, address.name, Part.VERSION, at, match.group(), match.group(), Pin.EXACT, form="asset", path=asset)


def _bare_refs(text: Text, start: int, end: int, syntax: str, key: str, role: Role) -> Iterator[Site]:
    """``github.com/owner/repo//folder?ref=REF``: as kustomize and terraform write it, without a scheme."""
    source = text.text
    for match in _REF_QUERY.finditer(source, start, end):
        line = max(source.rfind("\n", start, match.start()) + 1, start, match.start() - 300)
        bare = _BARE.search(source, line, match.start())
        if bare is None:
            continue
        at = bare.start("path") - 1
        url = Url(text, syntax, key, role, bare.start(), at, "/" + source[at + 1 : match.end()].rstrip(".:!?*_~&="))
        address = _address(bare["host"], url.path, 0)
        if address is not None:
            yield from _repository(url, address)


def _everywhere(path: str) -> bool:
    del path
    return True


def _extract(text: Text) -> Iterator[Site]:
    return url_sites(text, 0, len(text.text), syntax="url")


EXTRACTOR = Extractor("url", _everywhere, _extract)
