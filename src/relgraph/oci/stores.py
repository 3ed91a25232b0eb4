"""The way in for other packages: the repository that a reference names, and an artifact put into it.

::

    with Stores(variables=inherited("*")) as stores:
        repository = stores.open(parse_reference("ghcr.io/acme/charts/web"))
        put(repository, artifact, "1.2.0")

A layout needs nothing of what talks to registries, so that is loaded when the first registry is opened.
"""

import threading
from collections.abc import Callable, Generator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Self

from relgraph.effects.environment import inherited
from relgraph.oci.codecs.artifact import Artifact
from relgraph.oci.copy import upload
from relgraph.oci.descriptor import Descriptor
from relgraph.oci.layout import Layout
from relgraph.oci.local import LocalRepository
from relgraph.oci.progress import SILENT, Reporter
from relgraph.oci.reference import LayoutReference, Reference, RegistryReference, parse_reference
from relgraph.oci.storage import Repository

if TYPE_CHECKING:
    from relgraph.oci.registries import Registries
    from relgraph.oci.settings import Settings

__all__ = ["Stores", "open_repository", "put"]


class Stores:
    """Opens what references name, registries and layouts alike; safe for several threads. Use it as a context.

    ``settings`` makes the :class:`~relgraph.oci.settings.Settings` (hosts declared insecure, hosts that may have another's
    credentials, limits) when the first registry is opened. ``variables`` are the environment: proxies, and where credentials
    are kept; by default those of this process.
    """

    def __init__(
        self,
        settings: "Callable[[], Settings] | None" = None,
        *,
        variables: Mapping[str, str] | None = None,
        reporter: Reporter = SILENT,
    ) -> None:
        self.reporter = reporter
        self._settings = settings
        self._variables = variables
        self._layouts: dict[str, Layout] = {}
        self._registries: Registries | None = None
        self._open = ExitStack()
        self._lock = threading.Lock()

    def open(self, reference: Reference, *, create: bool = False) -> Repository:
        """The repository of a reference, whatever its tag; nothing is requested yet.

        ``create`` makes a layout where there is none. Raises EnvironmentFailure for a folder that is no layout.
        """
        if isinstance(reference, LayoutReference):
            return LocalRepository(self.layout(reference, create=create), reference.repository)
        return self._open_remote(reference)

    def layout(self, reference: LayoutReference, *, create: bool = False) -> Layout:
        """The layout of a reference; all its repositories share it."""
        with self._lock:
            if reference.path not in self._layouts:
                self._layouts[reference.path] = Layout(Path(reference.path), create=create)
            return self._layouts[reference.path]

    def close(self) -> None:
        """Close what is idle."""
        self._open.close()

    def _open_remote(self, reference: RegistryReference) -> Repository:
        with self._lock:
            if self._registries is None:
                from relgraph.oci.registries import Registries  # noqa: PLC0415 - what talks to registries takes time to load
                from relgraph.oci.settings import Settings  # noqa: PLC0415

                settings = Settings() if self._settings is None else self._settings()
                # Credential helpers are other programs, which may need any of the variables.
                variables = inherited("*") if self._variables is None else self._variables
                self._registries = self._open.enter_context(Registries(settings, variables=variables, reporter=self.reporter))
            return self._registries.open(reference)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


@contextmanager
def open_repository(
    reference: Reference | str, *, create: bool = False, insecure: frozenset[str] = frozenset(), reporter: Reporter = SILENT
) -> Generator[Repository, None, None]:
    """A context with the repository that a reference names, with the credentials that docker and podman keep for it.

    ``reference`` is ``HOST/NAME`` or ``layout:FOLDER[//NAME]``, with or without a tag; ``insecure`` names hosts (with their
    port) that are spoken to over plain HTTP, as loopback hosts always are. For a single one: whoever opens several has
    :class:`Stores`, which shares connections and tokens among them. Raises InvalidReference.
    """
    parsed = parse_reference(reference) if isinstance(reference, str) else reference

    def settings() -> "Settings":
        from relgraph.oci.settings import Settings  # noqa: PLC0415 - only for registries

        return Settings(insecure=insecure)

    with Stores(settings, reporter=reporter) as stores:
        yield stores.open(parsed, create=create)


def put(
    repository: Repository, artifact: Artifact, tag: str = "", *, replacing: Descriptor | None = None, workers: int = 8
) -> Descriptor:
    """Store an artifact that a codec made: blobs several at once, then manifests, the name last. The root's descriptor.

    Without a tag it is stored under its digest only (a codec's own wish is ``artifact.tag``). What is there already is not
    sent; all of it there under that name costs one request. Raises :class:`~relgraph.oci.errors.TagExists`, before anything
    is sent, where the tag names other content than ``replacing``.
    """
    return upload(artifact, repository, artifact.root, tag=tag, replacing=replacing, workers=workers).root
