"""Clones that relgraph fills itself, from the addresses that a graph declares: the only place where git uses the network.

A clone is bare and whole: all branches and tags, nothing checked out, no hook or template of anybody's. It lies in the user's cache,
under a digest of its address, and is as old as its last fetch; what has no clone yet is cloned, what has one is fetched anew only when
that is asked for. Nothing but its owner removes it. Of somebody else's repository only commits and trees are fetched (``--filter=blob:none``): its tags, and which files
it has, are all that it lends.

Allowed are https, ssh (also as ``git@host:path``) and file. An address that holds a password is refused, since a graph is no place for
one: git asks the user's credential helpers. ``GIT_ALLOW_PROTOCOL`` keeps redirects and rewritten addresses to the same schemes.
"""

import os
import re
import shutil
from collections.abc import Callable
from enum import StrEnum
from hashlib import blake2b
from pathlib import Path

from relgraph.effects import process
from relgraph.effects.cache import cache_folder
from relgraph.effects.files import locked
from relgraph.errors import DeclarationError, EnvironmentFailure
from relgraph.git.command import INSTALL, environment_of_git, reason_of

__all__ = ["Clones", "Network", "shown_url"]

_URL = re.compile(r"(?P<scheme>https|ssh|file)://(?:(?P<user>[^/@?#]*)@)?(?P<host>(?!-)[^/@?#]*)(?P<path>/[^?#]+)")
# git-clone(1), "GIT URLS": the scp-like form; two colons would name a helper.
_SCP = re.compile(r"(?:(?P<user>[\w.-]+)@)?(?P<host>(?!-)[\w.-]{2,}):(?P<path>(?!:)[^?#]+)", re.ASCII)
_UNSEEN = re.compile(r"[\x00-\x20\x7f]")
_SWITCHES = (
    "--no-pager",
    *("-c", "core.hooksPath=/dev/null"),
    *("-c", "core.fsmonitor="),
    *("-c", "protocol.ext.allow=never"),
    *("-c", "gc.auto=0"),
    *("-c", "maintenance.auto=false"),
    # A transfer that has all but stopped for a minute has failed.
    *("-c", "http.lowSpeedLimit=1000"),
    *("-c", "http.lowSpeedTime=60"),
)
# What finding the way, and proving who one is, may need beyond what looking at a repository does.
_TRAVELS = (
    "HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY", "http_proxy", "https_proxy", "all_proxy", "no_proxy", "SSH_AUTH_SOCK", "GIT_SSH",
    "GIT_SSH_COMMAND", "GIT_SSH_VARIANT", "GIT_ASKPASS", "GIT_SSL_*", "SSL_CERT_FILE", "SSL_CERT_DIR", "CURL_CA_BUNDLE",
)  # fmt: skip
_REFS = ("+refs/heads/*:refs/heads/*", "+refs/tags/*:refs/tags/*")
_QUICK, _LONG = 120.0, 3600.0  # seconds: to answer at all, to bring a whole history
_SYMREF = re.compile(r"ref: (refs/heads/[^\t\n]+)\tHEAD")


class Network(StrEnum):
    """What may be fetched."""

    NEVER = "never"  #: nothing: what has no clone is missing
    MISSING = "missing"  #: what has no clone yet
    ALWAYS = "always"  #: everything anew


class Clones:
    """The cache of clones. ``tell`` hears, in a line each, what is being fetched.

    ``folder`` is where they lie; by default the user's cache, or nowhere where that is switched off.
    """

    def __init__(
        self, network: Network = Network.MISSING, *, folder: Path | None = None, tell: Callable[[str], object] = lambda _: None
    ) -> None:
        self._network = network
        cache = cache_folder()
        self._folder = folder or (None if cache is None else cache / "clones")
        self._tell = tell
        self._fetched: set[Path] = set()

    def path(self, url: str, *, lent: bool = False) -> Path | None:
        """Where the clone of an address lies, cloned or fetched as the network may be used; None where there is none.

        ``lent``: it is somebody else's repository, which is fetched only when everything is. Raises DeclarationError for an address
        that cannot be cloned, and EnvironmentFailure where git fails, with the address as it may be shown.
        """
        wanted = self._network is Network.ALWAYS or (self._network is Network.MISSING and not lent)
        clone = self._place(url, "")
        if clone is None:
            return None
        partial = lent and not _is_there(clone)  # a clone of all lends as well as one of less, but not the other way round
        if partial:
            clone = self._place(url, "lent") or clone
        if not wanted or (self._network is Network.MISSING and _is_there(clone)):
            return clone if _is_there(clone) else None
        scheme, shown = _checked(url)
        try:
            clone.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            with locked(clone.parent / "lock", limit=_LONG):
                if not _is_there(clone):
                    self._tell(f"cloning {shown}")
                    _clone(url, shown, scheme, clone, partial=partial)
                elif self._network is Network.ALWAYS and clone not in self._fetched:
                    self._tell(f"fetching {shown}")
                    _fetch(clone, shown, scheme, partial=partial)
        except OSError as problem:
            raise EnvironmentFailure(f"{clone.parent}: {problem.strerror or problem}") from problem
        self._fetched.add(clone)  # once is enough, however often a command looks
        return clone

    def _place(self, url: str, kind: str) -> Path | None:
        if self._folder is None:
            return None
        name = re.sub(r"[^\w.+-]", "-", re.split(r"[/:]", url.rstrip("/"))[-1].removesuffix(".git")).lstrip(".-")
        digest = blake2b(f"{url}\0{kind}".encode("utf-8", "surrogateescape"), digest_size=8).hexdigest()
        return self._folder / digest / f"{name or 'repository'}.git"


def shown_url(url: str) -> str:
    """An address as messages may show it: without user and password, query and fragment."""
    scheme, separator, rest = url.partition("://")
    authority, slash, path = (rest if separator else url).partition("/")
    host = authority.rpartition("@")[2]
    return re.sub(
        r"[?#].*", "", f"{scheme}{separator}{host}{slash}{path}" if separator else f"{host}{slash}{path}", flags=re.DOTALL
    )


def _checked(url: str) -> tuple[str, str]:
    """The scheme of an address, and the address without a user. Raises DeclarationError where it may not be cloned."""
    match = None if _UNSEEN.search(url) else _URL.fullmatch(url) or (None if "://" in url else _SCP.fullmatch(url))
    scheme = "" if match is None else match.groupdict().get("scheme", "ssh")
    user = (match["user"] or "") if match is not None else ""
    if match is None or (scheme != "file" and not match["host"]):
        what = url.partition(":")[0] if re.match(r"[a-z][a-z0-9+.-]*://", url) else "this"
        raise DeclarationError(
            f"{what} is no address that is cloned", hint="https, ssh and file are; or give the clone with --repos or 'path'"
        )
    if scheme == "https" and user or ":" in user:
        raise DeclarationError(
            f"the address of {match['host']}{match['path']} holds a credential",
            hint="a graph is no place for it: git asks the credential helper that you configure",
        )
    return scheme, shown_url(url)


def _clone(url: str, shown: str, scheme: str, clone: Path, *, partial: bool) -> None:
    draft = clone.with_name("draft")
    shutil.rmtree(draft, ignore_errors=True)  # of a process that was killed; the lock says that none is at work
    try:
        _run(("init", "-q", "--bare", "--template=", str(draft)), clone.parent, scheme, shown, _QUICK)
        _run(("config", "remote.origin.url", url), draft, scheme, shown, _QUICK)
        _fetch(draft, shown, scheme, partial=partial)
        draft.replace(clone)
    except BaseException:
        shutil.rmtree(draft, ignore_errors=True)
        raise


def _fetch(clone: Path, shown: str, scheme: str, *, partial: bool) -> None:
    answer = _run(("ls-remote", "--symref", "origin", "HEAD"), clone, scheme, shown, _QUICK).decode("utf-8", "surrogateescape")
    some = ("--filter=blob:none",) if partial else ()
    _run(
        ("fetch", "-q", "--force", "--prune", "--no-tags", "--no-recurse-submodules", *some, "origin", *_REFS),
        clone,
        scheme,
        shown,
        _LONG,
    )
    if match := _SYMREF.match(answer):
        _run(("symbolic-ref", "HEAD", match[1]), clone, scheme, shown, _QUICK)


def _run(arguments: tuple[str, ...], folder: Path, scheme: str, shown: str, limit: float) -> bytes:
    env = environment_of_git(*_TRAVELS) | {"GIT_ALLOW_PROTOCOL": "file" if scheme == "file" else "https:ssh"}
    done = process.run(("git", *_SWITCHES, *arguments), env=env, cwd=str(folder), limit=limit, hint=INSTALL)
    if done.status:
        raise EnvironmentFailure(f"{shown}: {reason_of(done)}", hint=_hint(scheme))
    return done.stdout


def _hint(scheme: str) -> str:
    if scheme == "file":
        return "is there a repository, and may you read it?"
    return "does `git ls-remote` of it work here? Otherwise give a clone with --repos, or 'path' in the graph"


def _is_there(clone: Path) -> bool:
    return os.path.isfile(clone / "HEAD")
