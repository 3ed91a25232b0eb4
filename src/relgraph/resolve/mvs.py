"""Minimal version selection: the oldest versions that satisfy every requirement.

The algorithms of https://research.swtch.com/vgo-mvs (and of Go and CUE): the *build list* holds, for every path that can be
reached from the root, the newest version that anything reached asks for. Nothing newer than what somebody asked for is ever
taken, so the result changes only when a requirement does, and it needs no search and no lock to be reproducible.

Facts come in by a :class:`Provider`, in waves: all modules of a wave can be fetched at once.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple, Protocol

from relgraph.errors import EnvironmentFailure
from relgraph.resolve.order import precedence, read_version

__all__ = ["BuildList", "Module", "Provider", "UnknownModule", "build_list", "downgrade", "minimal_requirements", "upgrade"]

# More modules than any real graph has; a registry that invents new ones for ever must not keep us for ever.
_MOST_MODULES = 100_000


class Module(NamedTuple):
    """A version of a module. Paths that may stand beside each other (``example.com/a@v1`` and ``@v2``) are different paths."""

    path: str
    version: str

    def __str__(self) -> str:
        return f"{self.path} {self.version}"


class Provider(Protocol):
    """What is known of modules."""

    def requirements(self, modules: Sequence[Module]) -> Mapping[Module, Sequence[Module]]:
        """What each of the modules requires; a module that does not exist is left out."""

    def versions(self, path: str) -> Sequence[str]:
        """The versions that exist of a path, in any order."""


class UnknownModule(EnvironmentFailure):
    """A module that is required and does not exist; ``chain`` leads from the root to it."""

    def __init__(self, chain: Sequence[Module]) -> None:
        wanted = chain[-1]
        by = f", required by {' > '.join(map(str, chain[:-1]))}" if len(chain) > 1 else ""
        super().__init__(f"{wanted}: no such module{by}", hint="the version may have been withdrawn, or the registry may hide it")
        self.chain = tuple(chain)


class BuildList(NamedTuple):
    """What was selected: the root first, the others by path. ``parents`` holds, for each module reached, who first asked."""

    modules: tuple[Module, ...]
    parents: Mapping[Module, Module | None]

    def version(self, path: str) -> str | None:
        """The selected version of a path, or None where nothing reaches it."""
        return next((module.version for module in self.modules if module.path == path), None)

    def why(self, path: str) -> tuple[Module, ...]:
        """The chain of requirements from the root to the selected version of a path; empty where nothing reaches it."""
        version = self.version(path)
        return () if version is None else _chain(Module(path, version), self.parents)


def build_list(root: Module, provider: Provider, *, extra: Iterable[Module] = ()) -> BuildList:
    """The build list of ``root``; ``extra`` are requirements of the root besides its own.

    Raises :class:`UnknownModule` for a module that is required and does not exist.
    """
    return _select(root, _Reader(provider), {root: tuple(extra)})


def upgrade(root: Module, provider: Provider, wanted: Iterable[Module] | None = None) -> BuildList:
    """The build list with the modules ``wanted`` raised to the versions given, or with everything at its newest release.

    A pre-release counts as newest only where a module has nothing else.
    """
    if wanted is not None:
        return build_list(root, provider, extra=wanted)
    current = build_list(root, provider)
    while True:
        raised = [Module(path, _latest(path, version, provider)) for path, version in current.modules if path != root.path]
        following = build_list(root, provider, extra=raised)
        # New versions can require paths that were not there before; those are raised in the next round.
        if following.modules == current.modules:
            return following
        current = following


def downgrade(root: Module, provider: Provider, wanted: Iterable[Module]) -> BuildList:
    """The build list with each of the modules ``wanted`` at most at the version given.

    Whatever requires more than that is lowered too, to its newest version that does not; what has none is dropped, as
    Go does. The root's own requirements are lowered alike, so the caller writes the result down as its new requirements.
    """
    reader = _Reader(provider)
    current = _select(root, reader, {})
    ceiling = {path: version for path, version in current.modules if path != root.path}
    for module in wanted:
        known = ceiling.get(module.path)
        if known is None or _key(module.version) < _key(known):
            ceiling[module.path] = module.version
    excluded = _Excluded(reader, ceiling, root)
    kept: list[Module] = []
    for path, version in current.modules:
        if path == root.path:
            continue
        older: Module | None = Module(path, min(version, ceiling[path], key=_key))
        while older is not None and excluded(older):
            older = _previous(older, provider)
        if older is not None:
            kept.append(older)
    return _select(root, _Replaced(reader, root, tuple(kept)), {})


def minimal_requirements(selected: BuildList, provider: Provider, *, keep: Iterable[str] = ()) -> tuple[Module, ...]:
    """The fewest requirements of the root from which the same build list follows; paths in ``keep`` stay in any case."""
    root, *others = selected.modules
    reader = _Reader(provider)
    reader.load(others)
    chosen = {module.path: module.version for module in others}
    implied: set[Module] = set()

    def imply(module: Module) -> None:
        waiting = [module]
        while waiting:
            current = waiting.pop()
            for required in reader.of(current):
                if required not in implied and required.path != root.path:
                    implied.add(required)
                    reader.load([required])
                    waiting.append(required)

    needed: list[Module] = []
    for path in dict.fromkeys(keep):
        if path in chosen:
            needed.append(Module(path, chosen[path]))
            imply(needed[-1])
    # Those that require others come first, so that what they imply need not be said.
    for module in _dependants_first(others, reader):
        if module not in implied and module not in needed:
            needed.append(module)
            imply(module)
    return tuple(sorted(needed))


class _Requirements(Protocol):
    def load(self, modules: Iterable[Module]) -> list[Module]: ...

    def of(self, module: Module) -> Sequence[Module]: ...


class _Reader:
    """Requirements, asked for once each."""

    def __init__(self, provider: Provider) -> None:
        self._provider = provider
        self._known: dict[Module, Sequence[Module]] = {}

    def load(self, modules: Iterable[Module]) -> list[Module]:
        """Ask for the requirements of all of these; the answer is those that do not exist."""
        wanted = [module for module in modules if module not in self._known]
        if not wanted:
            return []
        answers = self._provider.requirements(wanted)
        for module in wanted:
            if module in answers:
                self._known[module] = tuple(answers[module])
        return [module for module in wanted if module not in answers]

    def of(self, module: Module) -> Sequence[Module]:
        return self._known.get(module, ())


class _Replaced:
    """Requirements in which those of one module are others."""

    def __init__(self, reader: _Reader, module: Module, required: tuple[Module, ...]) -> None:
        self._reader = reader
        self._module = module
        self._required = required

    def load(self, modules: Iterable[Module]) -> list[Module]:
        return self._reader.load(module for module in modules if module != self._module)

    def of(self, module: Module) -> Sequence[Module]:
        return self._required if module == self._module else self._reader.of(module)


def _select(root: Module, reader: _Requirements, extra: Mapping[Module, tuple[Module, ...]]) -> BuildList:
    parents: dict[Module, Module | None] = {root: None}
    newest: dict[str, str] = {root.path: root.version}
    wave = [root]
    while wave:
        missing = reader.load(wave)
        if missing:
            raise UnknownModule(_chain(min(missing), parents))
        following: list[Module] = []
        for module in wave:
            for required in (*reader.of(module), *extra.get(module, ())):
                # The root is what it is: a requirement on another version of it changes nothing.
                if required in parents or required.path == root.path:
                    continue
                parents[required] = module
                following.append(required)
                known = newest.get(required.path)
                if known is None or _key(known) < _key(required.version):
                    newest[required.path] = required.version
        if len(parents) > _MOST_MODULES:
            raise EnvironmentFailure(
                f"{root}: more than {_MOST_MODULES} module versions are required", hint="a registry invents them"
            )
        wave = following
    others = sorted(Module(path, version) for path, version in newest.items() if path != root.path)
    return BuildList((root, *others), parents)


class _Excluded:
    """Whether a module asks, itself or through others, for more than a ceiling allows."""

    def __init__(self, reader: _Reader, ceiling: Mapping[str, str], root: Module) -> None:
        self._reader = reader
        self._ceiling = ceiling
        self._root = root
        self._answers: dict[Module, bool] = {}

    def __call__(self, module: Module) -> bool:
        if module not in self._answers:
            self._explore(module)
        return self._answers[module]

    def _explore(self, start: Module) -> None:
        # Everything that can be reached is looked at first, then "too new" spreads from requirement to dependant: cycles
        # are legal, and an answer in the middle of one would depend on where the walk began.
        reached = [start]
        dependants: dict[Module, list[Module]] = {start: []}
        bad: list[Module] = []
        for module in reached:
            limit = self._ceiling.get(module.path)
            if self._answers.get(module) or (limit is not None and _key(module.version) > _key(limit)):
                bad.append(module)
                continue
            if module in self._answers:
                continue
            if self._reader.load([module]):
                bad.append(module)
                continue
            for required in self._reader.of(module):
                if required.path == self._root.path:
                    continue
                if required not in dependants:
                    dependants[required] = []
                    reached.append(required)
                dependants[required].append(module)
        spoiled = set(bad)
        while bad:
            for dependant in dependants[bad.pop()]:
                if dependant not in spoiled:
                    spoiled.add(dependant)
                    bad.append(dependant)
        for module in reached:
            self._answers[module] = module in spoiled


def _chain(module: Module, parents: Mapping[Module, Module | None]) -> tuple[Module, ...]:
    chain: list[Module] = []
    current: Module | None = module
    while current is not None:
        chain.append(current)
        current = parents[current]
    return tuple(reversed(chain))


def _dependants_first(modules: Sequence[Module], reader: _Reader) -> list[Module]:
    # By falling time at which a depth-first walk leaves them: of a group that requires itself in a circle, the first one
    # comes before everything that the group implies.
    left: list[Module] = []
    seen: set[Module] = set()
    for start in modules:
        stack: list[tuple[Module, bool]] = [(start, False)]
        while stack:
            module, done = stack.pop()
            if done:
                left.append(module)
            elif module not in seen:
                seen.add(module)
                reader.load([module])
                stack.append((module, True))
                stack += [(required, False) for required in reader.of(module)]
    chosen = set(modules)
    return [module for module in reversed(left) if module in chosen]


def _previous(module: Module, provider: Provider) -> Module | None:
    older = [version for version in provider.versions(module.path) if _key(version) < _key(module.version)]
    return Module(module.path, max(older, key=_key)) if older else None


def _latest(path: str, current: str, provider: Provider) -> str:
    known = list(provider.versions(path))
    releases = [version for version in known if (read := read_version(version)) is not None and not read.prerelease]
    return max((current, *(releases or known)), key=_key)


def _key(version: str) -> Any:
    read = read_version(version)
    # What is no version is older than everything: it is asked for by name or not at all.
    return (0, (), version) if read is None else (1, precedence(read), version)
