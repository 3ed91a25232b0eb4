"""References by URL: git hosts (ref, path, release, asset), and versions in other addresses.

Address forms of github.com as its documentation gives them (repository contents, source archives, releases, REST API), of
GitLab (``/-/raw/REF/``), pip's and kustomize's ways of naming a ref (``@REF``, ``?ref=REF``), module pages and package CDNs.
"""

import re
from collections.abc import Callable, Iterator
from functools import cached_property, lru_cache

from relgraph.model.site import Kind, Part, Pin, Role, Site
from relgraph.model.version import parse_version
from relgraph.sites.build import extra_of, pin_of, template_of
from relgraph.sites.extractor import Extractor
from relgraph.sites.mangle import looks_like_version, unmangle
from relgraph.syntax.text import Text

__all__ = ["EXTRACTOR", "URL", "git_name", "ref_pin", "repository_of", "url_sites"]

# Templates may hold blanks and slashes, so they are parts of the URL as a whole; everything else ends at a delimiter.
_CHARS = r"(?>\$\{\{[^{}\n]*+\}\}|\{\{[^{}\n]*+\}\}|\$\{[^{}\n]*+\}|\$\([^()\n]*+\)|[^\s\"'`<>()\[\]{}|\\^,;])"
URL = re.compile(rf"://(?P<host>(?>[\w.@:-]|\$\{{[^{{}}\n]*+\}}|\{{\{{[^{{}}\n]*+\}}\}}|\$\w+)++)(?P<path>/{_CHARS}*+)?")
_REF_QUERY = re.compile(rf"[?&]ref=(?P<ref>(?:{_CHARS})++)")
_BARE = re.compile(r"(?P<host>git(?:hub|lab)\.com)[/:](?P<owner>[\w.-]+)/(?P<repo>[\w.-]+?)(?:\.git)?(?://(?P<path>[\w./-]*))?")
_SEGMENT = r"(?>\$\{\{[^{}\n]*+\}\}|\{\{[^{}\n]*+\}\}|\$\{[^{}\n]*+\}|\$\([^()\n]*+\)|[^/?#])"
_REPOSITORY = re.compile(rf"/(?P<owner>{_SEGMENT}++)/(?P<repo>(?:(?!@){_SEGMENT})++)(?P<rest>[/?#@].*)?", re.DOTALL)
_CONTENT = re.compile(
    rf"/(?:-/)?(?P<form>raw|blob|tree|blame|edit)/(?P<refs>refs/(?:heads|tags)/)?(?P<ref>{_SEGMENT}++)(?P<path>/[^?#]*+)?"
    r"(?:\?[^#]*)?(?:#(?P<anchor>.*))?",
    re.DOTALL,
)
_RAW = re.compile(rf"/(?P<refs>refs/(?:heads|tags)/)?(?P<ref>{_SEGMENT}++)(?P<path>/[^?#]*+)?", re.DOTALL)
_ARCHIVE = re.compile(
    rf"/(?:-/)?(?:archive|tarball|zipball)/(?P<refs>refs/(?:heads|tags)/)?(?P<ref>(?>{_SEGMENT})+?)"
    r"(?P<ext>\.tar\.gz|\.tgz|\.zip|\.tar\.bz2|\.tar)?(?:/(?P<asset>[^/?#]*))?(?:[?#].*)?",
    re.DOTALL,
)
_CODELOAD = re.compile(rf"/(?:tar\.gz|zip|legacy\.tar\.gz)/(?P<refs>refs/(?:heads|tags)/)?(?P<ref>{_SEGMENT}++)")
_DOWNLOAD = re.compile(rf"/releases/download/(?P<ref>(?>{_SEGMENT}|/(?=[^/]*/))+?)/(?P<asset>{_SEGMENT}++)(?:[?#].*)?", re.DOTALL)
_TAG = re.compile(rf"/releases/(?:tag|expanded_assets)/(?P<ref>{_SEGMENT}++)")
_LATEST = re.compile(r"/releases/(?P<ref>latest)(?:/download/(?P<asset>[^/?#]+))?")
_API = re.compile(
    rf"/(?:contents(?P<path>/[^?#]*)?\?(?:[^#]*&)?ref=(?P<query>{_SEGMENT}++)|releases/tags/(?P<tag>{_SEGMENT}++)|releases/(?P<latest>latest)"
    rf"|git/(?:ref|refs|matching-refs)/(?:tags|heads)/(?P<git>{_SEGMENT}++)|(?:tarball|zipball)/(?P<ball>{_SEGMENT}++))"
)
_AT = re.compile(rf"@(?P<ref>{_SEGMENT}++)")
_HEX = re.compile(r"[0-9a-f]{7,40}")
_FULL_HEX = re.compile(r"[0-9a-f]{40}(?:[0-9a-f]{24})?")
_BRANCH = re.compile(
    r"(?:main|master|HEAD|trunk|develop|dev|gh-pages|next|devel|edge|nightly|stable)|(?:releases?|support|feature|fix)[-/_].*"
)
_IN_ASSET = re.compile(r"(?<![\d.A-Za-z])[vV]?\d+\.\d+\.\d+(?:-(?:alpha|beta|rc)[.-]?\d*)?(?![\d])")
_CDN = re.compile(r"/(?:npm/|gh/(?P<owner>[\w.-]+)/)?(?P<name>(?:@[\w.-]+/)?[\w.-]+)@(?P<version>[^/?#]+)")
_MODULE = re.compile(r"/(?P<module>[\w.-]+\.[\w-]+(?:/[\w.~-]+)*)@(?P<version>v[\w.+-]+)")
_VERSIONED = re.compile(
    r"/(?P<raw>(?:release-|releases-|version-|[a-z][a-z0-9]*-)?v?\d+[.-]\d+(?:[.-]\d+)?(?:-?(?:alpha|beta|rc)[.-]?\d*)?)(?=/|$)"
)
_VERSIONED_HOST = re.compile(
    r"(?:(?P<label>[a-z][a-z0-9]*(?:-[a-z][a-z0-9]*)*)-)?(?P<raw>v?\d+-\d+-\d+(?:-(?:rc|alpha|beta)-?\d+)?)--(?P<rest>.+)"
)
_TOOLCHAIN = re.compile(
    r"(?:go\.dev/dl|golang\.org/dl|dl\.google\.com/go|storage\.googleapis\.com/golang)/go(?P<go>\d+\.\d+(?:\.\d+)?(?:rc\d+)?)\."
    r"|nodejs\.org/(?:dist|download/release)/(?P<node>v\d+\.\d+\.\d+)/|python\.org/ftp/python/(?P<python>\d+\.\d+\.\d+)/"
)
_DIGITS = re.compile(r"\d[.-]\d|/-/")
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
    host = host.rpartition("@")[2].lower().removeprefix("www.")
    return f"{host}/{owner}/{repo.removesuffix('.git')}"


def repository_of(url: str) -> str:
    """The git repository that a URL leads to (``github.com/owner/repo``), or the empty string."""
    match = URL.search(url)
    if match is None or match["path"] is None:
        return ""
    host = _host(match["host"])
    if host in ("raw.githubusercontent.com", "raw.github.com", "codeload.github.com"):
        host = "github.com"
    if not _is_git_host(host) or (found := _REPOSITORY.match(match["path"])) is None:
        return ""
    return git_name(host, found["owner"], found["repo"])


def url_sites(text: Text, start: int, end: int, *, syntax: str, key: str = "", role: Role = Role.USES) -> Iterator[Site]:
    """The references of every URL within ``text.text[start:end]``."""
    source = text.text
    if source.find("://", start, end) >= 0:
        for match in URL.finditer(source, start, end):
            host, path = match.group("host", "path")
            if path is None:
                if "--" in host:
                    yield from _elsewhere(
                        _Builder(text, syntax, key, role, match.end(), match.start()),
                        host.lower(),
                        match.start("host"),
                        "",
                        match.end(),
                    )
                continue
            # Most URLs refer to nothing that has a version: let them go before anything is made of them.
            read = _reader(host)
            if read is _api:
                if "ref" not in path and "release" not in path and "ball/" not in path:
                    continue
            elif read is _elsewhere and not _DIGITS.search(path) and "--" not in host and "@" not in path:
                continue
            stripped = path.rstrip(".:!?*_~&=")
            at = match.start("path")
            site = _Builder(text, syntax, key, role, at + len(stripped), match.start())
            yield from read(site, _host(host), match.start("host"), stripped, at)
    if source.find("ref=", start, end) >= 0:
        yield from _bare_refs(text, start, end, syntax, key, role)


@lru_cache(maxsize=4096)
def _host(written: str) -> str:
    return written.rpartition("@")[2].lower().removeprefix("www.")


def _is_git_host(host: str) -> bool:
    return (
        host in ("github.com", "bitbucket.org", "codeberg.org")
        or host.startswith(("gitlab.", "github.", "gitea."))
        or ".gitlab." in host
    )


@lru_cache(maxsize=4096)
def _reader(written: str) -> "_Read":
    host = _host(written)
    if host in ("raw.githubusercontent.com", "raw.github.com"):
        return _raw
    return {"codeload.github.com": _codeload, "api.github.com": _api}.get(host) or (
        _repository if _is_git_host(host) else _elsewhere
    )


def _raw(site: "_Builder", host: str, host_at: int, path: str, at: int) -> Iterator[Site]:
    del host, host_at
    found = _REPOSITORY.match(path)
    if found is not None and found["rest"] and (raw := _RAW.match(found["rest"])) is not None:
        yield from site.git("github.com", found, raw, at, "raw")


def _codeload(site: "_Builder", host: str, host_at: int, path: str, at: int) -> Iterator[Site]:
    del host, host_at
    found = _REPOSITORY.match(path)
    if found is not None and found["rest"] and (load := _CODELOAD.match(found["rest"])) is not None:
        yield from site.git("github.com", found, load, at, "archive")


def _repository(site: "_Builder", host: str, host_at: int, path: str, at: int) -> Iterator[Site]:
    del host_at
    found = _REPOSITORY.match(path)
    if found is None or not found["rest"] or found["owner"] in _NO_OWNER:
        return
    rest = found["rest"]
    for pattern, form in ((_CONTENT, ""), (_ARCHIVE, "archive"), (_DOWNLOAD, "download"), (_TAG, "release"), (_LATEST, "release")):
        if (match := pattern.match(rest) if pattern is not _ARCHIVE else pattern.fullmatch(rest)) is not None:
            asset = "asset" in match.re.groupindex and match["asset"]
            name = form or {"blame": "blob", "edit": "blob"}.get(match["form"], match["form"])
            yield from site.git(host, found, match, at, "download" if form == "release" and asset else name)
            return
    if (query := _REF_QUERY.search(rest)) is not None:
        inner = rest.partition("?")[0].removeprefix("/").strip("/")
        yield from site.ref(
            host, found, at + found.start("rest") + query.start("ref"), query["ref"].partition("&")[0], "tree", path=inner
        )
    elif (pinned := _AT.match(rest)) is not None and (site.url.startswith("git+") or ".git@" in site.url):
        yield from site.git(host, found, pinned, at, "clone")


def _api(site: "_Builder", host: str, host_at: int, path: str, at: int) -> Iterator[Site]:
    del host, host_at
    found = _REPOSITORY.match(path, 6) if path.startswith("/repos/") else None
    if found is None or not found["rest"] or (match := _API.match(found["rest"])) is None:
        return
    for group in ("query", "tag", "latest", "git", "ball"):
        if match[group]:
            start = at + found.start("rest") + match.start(group)
            yield from site.ref(
                "github.com", found, start, match[group].partition("&")[0], "api", path=(match["path"] or "").strip("/")
            )
            return


def _bare_refs(text: Text, start: int, end: int, syntax: str, key: str, role: Role) -> Iterator[Site]:
    source = text.text
    for match in _REF_QUERY.finditer(source, start, end):
        # Only what has no scheme: the rest was read as a URL.
        line = max(source.rfind("\n", start, match.start()) + 1, start, match.start() - 300)
        before = source[line : match.start()]
        if "://" in before[-200:]:
            continue
        bare = next(reversed(list(_BARE.finditer(before))), None)
        if bare is not None and not any(char in " \"'`" for char in before[bare.end() :]):
            site = _Builder(text, syntax, key, role, match.end(), line + bare.start())
            path = (bare["path"] or before[bare.end() :]).strip("/")
            yield from site.ref(
                bare["host"], bare, match.start("ref"), match["ref"].partition("&")[0].rstrip("."), "tree", path=path
            )


def _elsewhere(site: "_Builder", host: str, host_at: int, path: str, at: int) -> Iterator[Site]:
    if "/-/" in path:  # GitLab under a name of its own
        yield from _repository(site, host, host_at, path, at)
        return
    if "--" in host and (label := _VERSIONED_HOST.fullmatch(host)) is not None:
        yield site.make(
            Kind.VARIABLE, label["rest"], Part.VERSION, host_at + host.rfind(label["raw"], 0, host.find("--")), label["raw"],
            unmangle(label["raw"]), scope="url", form="host",
        )  # fmt: skip
        return
    if host in ("pkg.go.dev", "godoc.org", "proxy.golang.org"):
        if (module := _MODULE.match(path)) is not None:
            yield site.make(
                Kind.MODULE, module["module"], Part.VERSION, at + module.start("version"), module["version"], form="page"
            )
        return
    if host in ("unpkg.com", "cdn.jsdelivr.net", "esm.sh", "cdn.skypack.dev"):
        if (package := _CDN.match(path)) is not None:
            start = at + package.start("version")
            if package["owner"]:
                name = git_name("github.com", package["owner"], package["name"])
                yield site.make(
                    Kind.GIT, name, Part.REF, start, package["version"], form="raw", path=path[package.end() :].strip("/")
                )
            else:
                yield site.make(Kind.PACKAGE, f"npm:{package['name']}", Part.VERSION, start, package["version"], form="page")
        return
    if (tool := _TOOLCHAIN.search(host + path)) is not None:
        name = tool.lastgroup or "go"
        yield site.make(Kind.TOOLCHAIN, name, Part.VERSION, at - len(host) + tool.start(name), tool[name], form="download")
        return
    if (match := _VERSIONED.search(path)) is not None:
        raw, value = match["raw"], unmangle(match["raw"])
        if "licen" not in path.lower() and looks_like_version(value, named=True) and not _dated(value):
            start = at + match.start("raw") + (raw.find(value) if value in raw else 0)
            written = value if value in raw else raw
            yield site.make(
                Kind.VARIABLE, host + path[: match.start()], Part.VERSION, start, written, value, scope="url", form="path"
            )


def _dated(value: str) -> bool:
    version = parse_version(value)
    return version is not None and 1990 <= version.release[0] <= 2100


class _Builder:
    """Makes the sites of one URL that ends at ``end``; ``separator`` is where its scheme ends, or where it begins without one."""

    def __init__(self, text: Text, syntax: str, key: str, role: Role, end: int, separator: int) -> None:
        self.text, self.syntax, self.key, self.role, self._end, self._separator = text, syntax, key, role, end, separator

    @cached_property
    def url(self) -> str:
        source, start = self.text.text, self._separator
        while start > 0 and (source[start - 1].isalpha() or source[start - 1] == "+") and self._separator - start < 12:
            start -= 1
        return source[start : self._end]

    def make(self, kind: Kind, name: str, part: Part, start: int, raw: str, value: str = "", **facts: str) -> Site:
        names, form_text = template_of(raw) if ("$" in raw or "{{" in raw) else ("", "")
        pin = ref_pin(value or raw) if part is Part.REF else pin_of(value or raw)
        return Site(
            self.text.path, self.text.span(start, start + len(raw)), kind, name, part, raw, value or raw, pin, self.role,
            self.key, self.syntax, extra_of(url=self.url, vars=names, form_text=form_text, **facts),
        )  # fmt: skip

    def git(self, host: str, found: re.Match[str], match: re.Match[str], at: int, form: str) -> Iterator[Site]:
        """The ref of a repository's URL, with what lies behind it; ``match`` was made within the group ``rest``."""
        groups = match.re.groupindex
        base = at + found.start("rest")
        ref, start = match["ref"], base + match.start("ref")
        refs = match["refs"] if "refs" in groups else None
        rest = (match["path"] if "path" in groups else None) or ""
        asset = (match["asset"] if "asset" in groups else None) or ""
        anchor = (match["anchor"] if "anchor" in groups else None) or ""
        yield from self.ref(
            host,
            found,
            start,
            ref,
            form,
            refs=refs or "",
            path=rest.strip("/") or asset,
            anchor=anchor,
            rest=(ref + rest) if rest else "",
        )
        if asset:
            yield from self.asset(host, found, base + match.start("asset"), asset)

    def ref(
        self, host: str, found: re.Match[str], start: int, ref: str, form: str, *, refs: str = "", **facts: str
    ) -> Iterator[Site]:
        name = git_name(host, found["owner"], found["repo"])
        if refs == "refs/heads/" and self.text.text.startswith(refs, start - len(refs)):
            # The whole says that it is a branch; to replace only the name would keep saying so.
            site = self.make(Kind.GIT, name, Part.REF, start - len(refs), refs + ref, ref, form=form, **facts)
            yield site._replace(pin=Pin.BRANCH if site.pin is not Pin.TEMPLATED else site.pin)
            return
        site = self.make(
            Kind.GIT, name, Part.REF, start, ref, ref.replace("%2F", "/"), form=form, refs="tags" if refs else "", **facts
        )
        yield site._replace(pin=Pin.EXACT) if refs and site.pin is Pin.BRANCH else site

    def asset(self, host: str, found: re.Match[str], start: int, asset: str) -> Iterator[Site]:
        name = git_name(host, found["owner"], found["repo"])
        if (match := _IN_ASSET.search(asset)) is not None:
            yield self.make(Kind.GIT, name, Part.VERSION, start + match.start(), match.group(), form="asset", path=asset)


_Read = Callable[[_Builder, str, int, str, int], Iterator[Site]]


def _everywhere(path: str) -> bool:
    del path
    return True


def _extract(text: Text) -> Iterator[Site]:
    return url_sites(text, 0, len(text.text), syntax="url")


EXTRACTOR = Extractor("url", _everywhere, _extract)
