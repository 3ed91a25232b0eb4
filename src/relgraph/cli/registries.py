"""What the options on registries come to: settings, and repositories opened by reference."""

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from relgraph.cli.command import Values
from relgraph.cli.progress import TerminalReporter
from relgraph.cli.terminal import Terminal
from relgraph.cli.words import number_of
from relgraph.errors import UsageError
from relgraph.oci import stores
from relgraph.oci.layout import Layout
from relgraph.oci.reference import LayoutReference, parse_reference

if TYPE_CHECKING:
    from relgraph.oci.settings import Settings

__all__ = ["Stores", "layout_of", "pairs_of"]


class Stores(stores.Stores):
    """Opens what references name, as the options of a command have it."""

    def __init__(self, values: Values, terminal: Terminal) -> None:
        self.workers = number_of(values, "jobs", 1, 32)
        # Checked before anything is done, and before anything heavy is loaded.
        trusted = {_api_host(registry): hosts for registry, hosts in _grouped(values).items()}
        self._shown = TerminalReporter(terminal, trace=values.flag("trace"))
        super().__init__(lambda: self._settings_of(values, trusted), reporter=self._shown)

    def close(self) -> None:
        """Close what is idle, and take the progress away."""
        self._shown.clear()
        super().close()

    def _settings_of(self, values: Values, trusted: Mapping[str, tuple[str, ...]]) -> "Settings":
        from relgraph.oci.settings import Settings

        return Settings(
            insecure=frozenset(host.lower() for host in values.many("insecure")),
            secure=frozenset(host.lower() for host in values.many("secure")),
            trusted=trusted,
            workers=self.workers,
            ca_file=values.get("ca-file"),
        )


def layout_of(text: str, *, create: bool = False) -> tuple[Layout, LayoutReference]:
    """The layout that a reference names; raises UsageError for what is in a registry."""
    reference = parse_reference(text)
    if not isinstance(reference, LayoutReference):
        raise UsageError(f"{text}: not a layout", hint="write layout:FOLDER")
    return Layout(Path(reference.path), create=create), reference


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
