"""What can go wrong with content and where it is kept.

    RelgraphError
    |-- UsageError
    |   `-- InvalidReference       a reference does not parse; says which part and what to write instead
    |-- Refused
    |   |-- TagExists              a tag names other content already; nothing is overwritten
    |   |-- TagMoved               a tag named one digest, then another, within one run
    |   `-- UnsafeArchive          an archive wants out of its folder, or is larger than allowed
    `-- EnvironmentFailure
        |-- InvalidContent         a manifest, index or layout is malformed
        |   `-- InvalidDigest      a digest does not parse, or its algorithm is not allowed
        |-- ContentMismatch        bytes are not those that their digest and size promise
        |-- NotFound               no such blob, manifest or tag
        `-- RegistryFailure        a registry answered with an error, or not at all (transport)
            `-- Unauthorized       it wants other credentials (401, 403)

Errors carry the objects they speak of, so that a caller need not parse messages.
"""

from relgraph.errors import EnvironmentFailure, Refused, UsageError

__all__ = [
    "ContentMismatch",
    "InvalidContent",
    "InvalidDigest",
    "InvalidReference",
    "NotFound",
    "RegistryFailure",
    "TagExists",
    "TagMoved",
    "Unauthorized",
    "UnsafeArchive",
    "tags_hint",
]


class InvalidReference(UsageError):
    """A reference that cannot be read; ``part`` names the part that is wrong (registry, repository, tag, digest, range)."""

    def __init__(self, message: str, *, part: str, hint: str = "") -> None:
        super().__init__(message, hint=hint)
        self.part = part


class InvalidContent(EnvironmentFailure):
    """A manifest, an index or a layout that is malformed; nothing of it was used."""


class InvalidDigest(InvalidContent):
    """A digest that is malformed or of an algorithm that is not allowed."""


class ContentMismatch(EnvironmentFailure):
    """Bytes other than those asked for. ``expected`` and ``actual`` are digests, or sizes as text, or the word that fits."""

    def __init__(self, message: str, *, expected: str, actual: str, hint: str = "") -> None:
        super().__init__(message, hint=hint or "nothing of it was kept; the source is damaged or was tampered with")
        self.expected = expected
        self.actual = actual


class NotFound(EnvironmentFailure):
    """A blob, manifest or tag that is not there. ``what`` is its digest or tag, ``where`` the storage that was asked."""

    def __init__(self, what: str, *, where: str, hint: str = "") -> None:
        super().__init__(f"{where}: {what} not found", hint=hint)
        self.what = what
        self.where = where


def tags_hint(name: str) -> str:
    """What to do where a repository has no such tag."""
    return f"`relgraph store.list {name}` shows its tags"


class RegistryFailure(EnvironmentFailure):
    """A registry that could not do what was asked.

    ``http_status`` is that of its answer (0 where it had none), ``code`` the distribution specification's (``DENIED``);
    ``passing`` says that the same request may succeed later, ``retry_after`` when, in seconds, where the registry said so.
    """

    def __init__(
        self,
        message: str,
        *,
        status: int = 0,
        code: str = "",
        passing: bool = False,
        retry_after: float | None = None,
        hint: str = "",
    ) -> None:
        super().__init__(message, hint=hint)
        self.http_status = status
        self.code = code
        self.passing = passing
        self.retry_after = retry_after


class Unauthorized(RegistryFailure):
    """A registry that wants other credentials than those it got (401), or forbids it with them (403)."""


class TagExists(Refused):
    """A tag that names other content than that which was to be published under it."""

    def __init__(self, tag: str, *, where: str, existing: str, wanted: str) -> None:
        super().__init__(
            f"{where}: tag {tag} exists with other content: {existing}, not {wanted}",
            hint="published tags are never overwritten; publish under a new version",
        )
        self.tag = tag
        self.where = where
        self.existing = existing
        self.wanted = wanted


class TagMoved(Refused):
    """A tag that named ``before`` and then ``after`` within one run."""

    def __init__(self, tag: str, *, where: str, before: str, after: str) -> None:
        super().__init__(
            f"{where}: tag {tag} moved while it was read: {before}, then {after}",
            hint="somebody publishes to this tag; name the digest you mean",
        )
        self.tag = tag
        self.where = where
        self.before = before
        self.after = after


class UnsafeArchive(Refused):
    """An archive that was not unpacked. ``entry`` is the name of the offending member, or empty."""

    def __init__(self, message: str, *, entry: str = "", hint: str = "") -> None:
        super().__init__(message, hint=hint or "nothing of it was unpacked; do not trust where it came from")
        self.entry = entry
