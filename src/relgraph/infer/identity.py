"""Identity: which version line each site belongs to, in one world, with the evidence for it."""

import re
from collections import Counter
from collections.abc import Iterator, Mapping
from types import MappingProxyType
from typing import NamedTuple

from relgraph.infer.binding import Binding, Bindings, bind, is_generic
from relgraph.infer.lines import Line, basename, git_line, host_line, image_line, module_line, stem
from relgraph.model.site import Kind, Pin, Role, Site
from relgraph.model.version import parse_version
from relgraph.model.world import Subject, World

__all__ = ["Identity", "Stated"]

_MODULE = re.compile(rb"^module[ \t]+\"?([^\s\"]+)", re.MULTILINE)
_PATH_REGISTRIES = ("ghcr.io/", "registry.gitlab.com/", "quay.io/", "docker.io/", "gcr.io/", "docker.pkg.github.com/")
# Basenames that say what a thing is, not which project it is of.
_COMMON = frozenset(
    "manager controller operator server agent api client cli chart charts core base common proxy main app web ui build builder"
    " controller-manager webhook worker test tests test-infra infra docs website examples release tools scripts".split()
)


# So many letters of a word tell which project is meant.
_TELLING = 4
# So many references of a repository to its own name tell where it lives now.
_USUAL = 3

# So many versions in common are no accident.
_SEVERAL = 2

# What follows a program's name in the name of the file that its releases offer: linux-amd64.tar.gz, _1.2.0_darwin_arm64.
_PLATFORM = re.compile(
    r"[-_.](?:v?\d[\w.]*[-_.])?\$?\{?(?:linux|darwin|windows|os|goos|uname)\b.*|[-_.](?:linux|darwin|windows)[-_].*", re.IGNORECASE
)
# Words that a program's name has and variables that hold its version often leave out: GOLANGCI_VERSION of golangci-lint.
_LEFT_OUT = ("-lint", "-cli", "-tools", "ctl")

# Names under which a version file states its repository's own version.
_STATES = frozenset({"stable", "latest", "current", "newest", "next", "edge", "release"})


class Stated(NamedTuple):
    """What is declared and need not be concluded: addresses of repositories by their subject's name, and lines of artifacts by name.

    Images are named as sites name them, charts with ``oci://``; all in lower case.
    """

    addresses: Mapping[str, tuple[str, ...]]
    artifacts: Mapping[str, Line]


class Identity:
    """Version lines of all names in a world.

    ``known`` maps the address of every repository of the world (``github.com/acme/web``) to it. Everything is derived from
    the world's values, in an order that does not depend on the order of files or targets.
    """

    def __init__(self, world: World, stated: Stated | None = None) -> None:
        self._world = world
        self._stated = stated or Stated({}, {})
        self._addresses: dict[int, tuple[str, ...]] = {
            id(subject): tuple(dict.fromkeys((*self._stated.addresses.get(subject.name, ()), *_addresses(subject))))
            for subject in world.subjects
        }
        # Two clones of one repository, or a fork, claim the same names: who says so first of all, who is judged, who comes first
        # by name has them, whatever order they were given in.
        places = {
            id(subject): (place >= len(world.targets), subject.name, subject.rev) for place, subject in enumerate(world.subjects)
        }
        subjects = sorted(world.subjects, key=lambda subject: places[id(subject)])
        claims = [(place, address, one) for one in subjects for place, address in enumerate(self._addresses[id(one)])]
        self.known: dict[str, Subject] = {}
        for _, address, subject in sorted(claims, key=lambda claim: claim[0]):
            self.known.setdefault(address, subject)
        modules = [(module, self.address(one)) for one in subjects if (module := _module_of(one))]
        modules.sort(key=lambda pair: module_line(pair[0]).split("//")[0] != pair[1])
        self._modules: dict[str, str] = {}
        for module, address in modules:
            self._modules.setdefault(module, address)
        # A module below another's path comes before it.
        self._nested = sorted(self._modules.items(), key=lambda pair: (-len(pair[0]), pair[0]))
        self._bindings: dict[int, Bindings] = {}
        # By identity: the bindings live as long as this does.
        self._fillings: dict[int, tuple[str, Site]] = {}
        self._lines: dict[tuple[int, Site], Line] = {}
        self._mentioned = self._mentioned_repositories()
        self._by_basename = self._basenames()
        self._aliases = self._merge()

    def address(self, subject: Subject) -> str:
        """The repository's own line; ``repo:NAME`` where nothing tells its address."""
        found = self._addresses[id(subject)]
        return found[0] if found else f"repo:{subject.name.lower()}"

    @property
    def modules(self) -> Mapping[str, str]:
        """The Go module at the root of each repository, with the repository's line."""
        return MappingProxyType(self._modules)

    def bindings(self, subject: Subject) -> Bindings:
        """The bindings stated in one repository."""
        found = self._bindings.get(id(subject))
        if found is None:
            charts = frozenset(path.rpartition("/")[0] for path in subject.entries if path.endswith("Chart.yaml"))
            found = self._bindings[id(subject)] = bind(subject.sites, charts)
        return found

    def is_first_party(self, line: str) -> bool:
        """Whether the line is that of a repository of this world, or of an artifact of one of their owners."""
        if line in self.known:
            return True
        owners = {address.split("/")[1] for address in self.known if address.count("/") >= 2}
        parts = line.rsplit(":", maxsplit=1)[-1].split("/")
        return len(parts) >= 2 and parts[1] in owners

    def line(self, subject: Subject, site: Site) -> Line:
        """The version line of a site found in ``subject``."""
        key = (id(subject), site)
        found = self._lines.get(key)
        if found is None:
            found = self._own_line(subject, site)
            if (alias := self._aliases.get(found.name)) is not None:
                found = Line(alias, found.evidence or f"{found.name} and {alias} have one name and one version")
            self._lines[key] = found
        return found

    def _own_line(self, subject: Subject, site: Site) -> Line:
        match site.kind:
            case Kind.GIT:
                return Line(git_line(site.name))
            case Kind.MODULE:
                return self._module(site)
            case Kind.IMAGE | Kind.CHART:
                return self._artifact(subject, site)
            case Kind.ACTION:
                return Line("action:" + "/".join(site.name.lower().split("/")[:2]))
            case Kind.VARIABLE:
                return self._variable(subject, site)
            case _:
                return Line(f"{site.kind}:{site.name.lower()}")

    def _module(self, site: Site) -> Line:
        for module, address in self._nested:
            if site.name == module or site.name.startswith(module + "/"):
                return Line(address, f"{module} is the module of {address}")
        installed = site.syntax not in ("go-module", "gomod", "go_module")
        return Line(module_line(site.name, package=installed))

    def _artifact(self, subject: Subject, site: Site) -> Line:
        if (stated := self._stated.artifacts.get(site.name.lower())) is not None:
            return stated
        name = site.name.removeprefix("oci://").lower()
        if site.kind is Kind.CHART and "/" not in name and site.role is Role.DECLARES:
            return Line(self.address(subject), f"{site.path} belongs to {subject.name}")
        for registry in _PATH_REGISTRIES:
            if not name.startswith(registry):
                continue
            parts = name[len(registry) :].split("/")
            for depth in (2, 1):
                if len(parts) < 2:
                    break
                owner, repo = parts[0], (parts[1] if depth == 2 else basename(parts[1]))
                address = f"github.com/{owner}/{repo}"
                if address in self.known or (registry == "ghcr.io/" and address in self._mentioned):
                    return Line(address, f"{name} spells the repository {address}")
        if "#" in name:
            return Line(f"chart:{name}")
        return image_line(site.name)

    def _variable(self, subject: Subject, site: Site) -> Line:
        if site.role is Role.DECLARES and site.get("scope") == "file" and (is_generic(site.name) or site.name.lower() in _STATES):
            return Line(self.address(subject), f"{site.path} states the version of {subject.name}")
        if bound := self.bindings(subject).of(site):
            name, target = self._filled(subject, bound)
            return Line(name, f"{site.name} fills {target.get('ref') or target.name} in {target.path}:{target.span.line}")
        if entity := site.get("entity"):
            return Line(f"entity:{entity.lower()}")
        if site.get("scope") == "url" and site.get("form") in ("path", "asset"):
            return self._address(site)
        if re.match(r"github\.com/[\w.-]+/[\w.-]+", site.name):
            return Line(module_line(site.name, package=True))
        if is_generic(site.name):
            if (script := self._script_beside(subject, site)) is not None:
                return Line(git_line(script.name), f"{site.name} is given to {script.get('path')} of {script.name}")
            return Line(f"variable:{site.path}:{site.key or site.name}")
        word = stem(site.name)
        if word in ("go", "golang"):
            return Line("toolchain:go", f"{site.name} is named for it")
        owners = self._by_basename.get(word, ()) or tuple(
            {one for tail in _LEFT_OUT if len(word) >= _TELLING for one in self._by_basename.get(word + tail, ())}
        )
        if len(owners) == 1:
            return Line(owners[0], f"{site.name} is named for it")
        return Line(f"name:{word or site.name.lower()}")

    def _filled(self, subject: Subject, bound: tuple[Binding, ...]) -> tuple[str, Site]:
        """The line that most of the references with one variable in them are of, and the first of those."""
        # A script that sets a variable a thousand times fills as many references with each: they are looked through once.
        found = self._fillings.get(id(bound))
        if found is None:
            lines = [self._own_line(subject, binding.target).name for binding in bound]
            name, _ = min(Counter(lines).items(), key=lambda item: (item[0] not in self.known, -item[1], item[0]))
            found = self._fillings[id(bound)] = (name, bound[lines.index(name)].target)
        return found

    def _script_beside(self, subject: Subject, site: Site) -> Site | None:
        """The script of a repository that a line fetches and runs with this variable set: ``curl URL/install.sh | TAG=v1.2.0 bash``."""
        if site.get("scope") in ("make", "file", "url") or site.pin is not Pin.EXACT:
            return None
        return next(
            (
                one
                for one in subject.near(site)
                if one.span.line == site.span.line
                and one.kind is Kind.GIT
                and one.get("form") == "raw"
                and one.get("path").endswith(".sh")
            ),
            None,
        )

    def _address(self, site: Site) -> Line:
        """An address on a host of its own: a project's by what its host or its file is named for, else all addresses that begin alike."""
        name = site.name.lower()
        if hosted := host_line(name):
            return Line(hosted, f"{name.partition('/')[0]} is of {hosted}")
        owners = self._by_basename.get(basename(name), ()) if site.get("form") == "asset" else ()
        return Line(owners[0], f"{basename(name)} is named for it") if len(owners) == 1 else Line(f"url:{name}")

    def _names(self) -> Iterator[tuple[Subject, Site]]:
        for subject in self._world.targets:
            for site in subject.sites:
                if site.kind in (Kind.GIT, Kind.MODULE, Kind.IMAGE, Kind.CHART) and "{" not in site.name and "$" not in site.name:
                    yield subject, site

    def _mentioned_repositories(self) -> frozenset[str]:
        found = set()
        for _, site in self._names():
            if site.kind is Kind.GIT:
                found.add(git_line(site.name))
            elif site.kind is Kind.MODULE:
                found.add(module_line(site.name).split("//")[0])
        return frozenset(found)

    def _basenames(self) -> dict[str, tuple[str, ...]]:
        # A repository of the world owns its name; otherwise every line with that name counts, and two leave it open.
        known = {basename(address): (address,) for address in sorted(self.known, reverse=True)}
        found: dict[str, set[str]] = {}
        for subject, site in self._names():
            if site.kind is Kind.MODULE and site.get("indirect"):
                continue
            line = self._own_line(subject, site).name
            for name in {basename(site.name), basename(line), _program(site)} - {""}:
                found.setdefault(name, set()).add(line)
        return {name: tuple(sorted(lines)) for name, lines in found.items() if name not in _COMMON} | known

    def _merge(self) -> dict[str, str]:
        """Lines of one basename in different places are one where a full version stands in both.

        What joins a repository of this world has to be a version of it, where it has any: a chart of somebody else's program that lies in
        the tree has that program's.
        """
        versions: dict[str, set[str]] = {}
        for subject, site in self._names():
            version = parse_version(site.value)
            if version is not None and version.complete:
                versions.setdefault(self._own_line(subject, site).name, set()).add(version.bare)
        aliases: dict[str, str] = {}
        for name, lines in self._by_basename.items():
            if len(lines) < 2 or len(name) < 4:
                continue
            best = min(lines, key=lambda line: (line not in self.known, not line.startswith("github.com/"), line))
            for line in lines:
                shared = versions.get(line, set()) & versions.get(best, set())
                if line != best and shared and self._may_be_of(best, shared):
                    aliases[line] = best
        ordered = sorted(self._world.subjects, key=lambda subject: (self.address(subject), subject.rev), reverse=True)
        own = {basename(self.address(subject)): subject for subject in ordered}
        for line, given in versions.items():
            named = own.get(basename(line)) if line.startswith("image:") else None
            if named is not None and basename(line) not in _COMMON and _are_releases(named, given):
                aliases.setdefault(line, self.address(named))
        return aliases

    def _may_be_of(self, line: str, versions: set[str]) -> bool:
        subject = self.known.get(line)
        tags = () if subject is None else subject.repository.tags
        released = {tag.version.bare for tag in tags if tag.version is not None}
        return not released or not released.isdisjoint(versions)


def _addresses(subject: Subject) -> tuple[str, ...]:
    """Addresses of a repository, best evidence first: its remotes, its module path, what its own files call it."""
    found = [git_line(address) for address in subject.repository.addresses]
    module = subject.tree.read("go.mod")
    if module is not None and (match := _MODULE.search(module)):
        line = module_line(match[1].decode("utf-8", "replace")).split("//")[0]
        if line.count("/") == 2 and (line.endswith("/" + subject.name.lower()) or not found):
            found.append(line)
    if not subject.repository.addresses:
        named = Counter(
            git_line(site.name)
            for site in subject.sites
            if site.kind is Kind.GIT and git_line(site.name).endswith("/" + subject.name.lower())
        )
        usual = min(named, key=lambda address: (-named[address], address), default="")
        # A module path often keeps the owner that a repository had before it moved; its own files soon name the new one.
        if usual and (not found or named[usual] >= _USUAL > named[found[0]]):
            found.append(usual)
    return tuple(dict.fromkeys(found))


def _are_releases(subject: Subject, versions: set[str]) -> bool:
    """Whether all of several versions are releases of the repository: an image of its name and its versions is its own."""
    return len(versions) >= _SEVERAL and versions <= {
        tag.version.bare for tag in subject.repository.tags if tag.version is not None
    }


def _program(site: Site) -> str:
    """The program that a download is of: ``vendir-linux-amd64`` is vendir, whatever its repository is called."""
    asset = site.get("path").rpartition("/")[2] if site.kind is Kind.GIT and site.get("form") == "download" else ""
    return _PLATFORM.sub("", asset).lower() if _PLATFORM.search(asset) else ""


def _module_of(subject: Subject) -> str:
    """The path of the Go module at the root of a repository; empty where there is none."""
    data = subject.tree.read("go.mod")
    match = None if data is None else _MODULE.search(data)
    return "" if match is None else match[1].decode("utf-8", "replace")
