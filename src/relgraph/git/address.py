"""Addresses of remotes and names of repositories, from what a clone's configuration and its path say. Pure."""

import re
from collections.abc import Iterable, Mapping, Sequence

__all__ = ["addresses_of", "name_of", "normalise_url", "remotes_of"]

_URL = re.compile(
    r"(?P<scheme>[A-Za-z][A-Za-z0-9+.-]*)://(?:[^/?#]*@)?(?P<host>\[[^\]]*\]|[^/:?#]+)(?::(?P<port>\d*))?(?P<path>/[^?#]*)"
)
# git-clone(1), "GIT URLS": the scp-like form is one only when no slash precedes the first colon; two colons name a helper.
_SCP = re.compile(r"(?:[^/:]*@)?(?P<host>\[[^\]]*\]|[^/:@]{2,}):(?P<path>(?!:)[^?#]*)")
_WEB_PORTS = {"http": "80", "https": "443"}
_UNTELLING = frozenset(
    "repo repository git src source sources checkout clone code main master trunk work workspace workdir worktree bare mirror".split()
)


def normalise_url(url: str) -> str | None:
    """``host/owner/repo`` of a remote's URL, without user, password, default port and ``.git``; None for a local path.

    The host is in lower case. A port other than the scheme's own is kept for http and https only: it is then part of the
    address that people write; an ssh port is not.
    """
    url = url.strip()
    if match := _URL.fullmatch(url.partition("#")[0].partition("?")[0]):
        scheme = match["scheme"].lower().removeprefix("git+")
        if scheme == "file":
            return None
        port = match["port"] if scheme in _WEB_PORTS and match["port"] not in (None, "", _WEB_PORTS[scheme]) else ""
    elif "://" not in url and (match := _SCP.fullmatch(url)):
        port = ""
    else:
        return None
    path = match["path"].strip("/").removesuffix(".git").rstrip("/")
    host = match["host"].lower()
    if not path:
        return None
    return f"{host}:{port}/{path}" if port else f"{host}/{path}"


def remotes_of(config: Iterable[tuple[str, str]]) -> Mapping[str, Sequence[str]]:
    """URLs by remote's name, ``origin`` first, then by name; ``url.BASE.insteadOf`` is applied (git-config(1))."""
    found: dict[str, list[str]] = {}
    bases: list[tuple[str, str]] = []
    for key, value in config:
        section, _, rest = key.partition(".")
        name, _, variable = rest.rpartition(".")
        if section == "remote" and name:
            urls = found.setdefault(name, [])
            if variable in ("url", "pushurl"):
                urls.append(value)
        elif section == "url" and variable == "insteadof" and value:
            bases.append((value, name))
    bases.sort(key=lambda pair: -len(pair[0]))
    return {
        name: tuple(dict.fromkeys(_rewritten(url, bases) for url in found[name]))
        for name in sorted(found, key=lambda name: (name != "origin", name))
    }


def addresses_of(remotes: Mapping[str, Sequence[str]]) -> tuple[str, ...]:
    """The distinct addresses of all remotes, in the order of the remotes."""
    return tuple(dict.fromkeys(address for urls in remotes.values() for url in urls if (address := normalise_url(url))))


def name_of(path: str, addresses: Sequence[str] = ()) -> str:
    """A short name for the repository at an absolute path: the last part of the path, without ``.git``.

    Where that part says nothing (``repo``, ``src``, ``checkout``), the last part of its first address, else of the folder
    above; of ``OWNER+NAME``, as mirrors are often kept, NAME.
    """
    parts = [part for part in re.split(r"[/\\]", path) if part]
    if parts and parts[-1] == ".git":
        parts.pop()
    names = [_bare(part) for part in reversed(parts[-2:])]
    if names and names[0].lower() not in _UNTELLING:
        return names[0]
    if addresses:
        return addresses[0].rpartition("/")[2]
    if len(names) > 1 and names[1]:
        return names[1]
    return names[0] if names else "repository"


def _bare(part: str) -> str:
    name = part.removesuffix(".git") or part
    return name.rpartition("+")[2] or name


def _rewritten(url: str, bases: Sequence[tuple[str, str]]) -> str:
    for prefix, base in bases:
        if url.startswith(prefix):
            return base + url[len(prefix) :]
    return url
