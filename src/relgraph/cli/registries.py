"""What the options on registries come to: settings, and repositories opened by reference."""

from pathlib import Path
from typing import Self

from relgraph.cli.command import Values
from relgraph.cli.progress import TerminalReporter
from relgraph.cli.terminal import Terminal
from relgraph.effects.environment import inherited
from relgraph.errors import UsageError
from relgraph.oci.layout import Layout
from relgraph.oci.local import LocalRepository
from relgraph.oci.reference import LayoutReference, Reference, RegistryReference, parse_reference
from relgraph.oci.storage import Repository

__all__ = ["Stores", "layout_of", "number_of", "pairs_of"]


class Stores:
    """Opens what references name. Use it as a context; what talks to registries is loaded when the first is opened."""

    def __init__(self, values: Values, terminal: Terminal) -> None:
        self.workers = number_of(values, "jobs", 1, 32)
        self.reporter = TerminalReporter(terminal, trace=values.flag("trace"))
        self._values = values
        self._layouts: dict[str, Layout] = {}
        # Checked before anything is done, and before anything heavy is loaded.
        self._trusted = {_api_host(registry): hosts for registry, hosts in _grouped(values).items()}
        self._registries: object = None

    def open(self, reference: Reference, *, create: bool = False) -> Repository:
        """The repository of a reference; ``create`` makes a layout where there is none."""
        if isinstance(reference, LayoutReference):
            return LocalRepository(self.layout(reference, create=create), reference.repository)
        return self._open_remote(reference)

    def layout(self, reference: LayoutReference, *, create: bool = False) -> Layout:
        """The layout of a reference."""
        if reference.path not in self._layouts:
            self._layouts[reference.path] = Layout(Path(reference.path), create=create)
        return self._layouts[reference.path]

    def _open_remote(self, reference: RegistryReference) -> Repository:
        from relgraph.oci.registries import Registries
        from relgraph.oci.settings import Settings

        if not isinstance(self._registries, Registries):
            settings = Settings(
                insecure=frozenset(host.lower() for host in self._values.many("insecure")),
                secure=frozenset(host.lower() for host in self._values.many("secure")),
                trusted=self._trusted,
                workers=self.workers,
                ca_file=self._values.get("ca-file"),
            )
            # Credential helpers are other programs, which may need any of the variables.
            self._registries = Registries(settings, variables=inherited("*"), reporter=self.reporter)
        return self._registries.open(reference)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.reporter.clear()
        close = getattr(self._registries, "close", None)
        if close is not None:
            close()


def layout_of(text: str, *, create: bool = False) -> tuple[Layout, LayoutReference]:
    """The layout that a reference names; raises UsageError for what is in a registry."""
    reference = parse_reference(text)
    if not isinstance(reference, LayoutReference):
        raise UsageError(f"{text}: not a layout", hint="write layout:FOLDER")
    return Layout(Path(reference.path), create=create), reference


def number_of(values: Values, name: str, lowest: int, highest: int) -> int:
    """An option that is a number."""
    text = values.get(name) or ""
    if not (text.isascii() and text.isdigit() and len(text) < 9 and lowest <= int(text) <= highest):
        raise UsageError(f"--{name} cannot be {text!r}", hint=f"a number from {lowest} to {highest}")
    return int(text)


def pairs_of(values: Values, name: str) -> dict[str, str]:
    """An option that is given as ``KEY=VALUE``, any number of times."""
    pairs: dict[str, str] = {}
    for text in values.many(name):
        key, equals, value = text.partition("=")
        if not key or not equals:
            raise UsageError(f"--{name} cannot be {text!r}", hint="write KEY=VALUE")
        if key in pairs:
            raise UsageError(f"--{name} gives {key} twice")
        pairs[key] = value
    return pairs


def _grouped(values: Values) -> dict[str, tuple[str, ...]]:
    hosts: dict[str, tuple[str, ...]] = {}
    for text in values.many("trust"):
        registry, equals, host = text.lower().partition("=")
        if not registry or not equals or not host or "/" in text:
            raise UsageError(f"--trust cannot be {text!r}", hint="write REGISTRY=HOST, such as registry.example=auth.example")
        hosts[registry] = (*hosts.get(registry, ()), host)
    return hosts


def _api_host(registry: str) -> str:
    return "registry-1.docker.io" if registry == "docker.io" else registry
