"""The error tree: what relgraph tells a user instead of a traceback.

    RelgraphError                 exit status, one line (what, where), a hint (what to do)
    |-- UsageError          2     the command line is wrong
    |-- DeclarationError    2     a declaration (graph, waiver, configuration) is wrong
    |-- Refused             1     it could be done, but must not: policy, trust, other content under a published name
    `-- EnvironmentFailure  3     git, a registry, an engine or the file system failed

Exit status 1 without an error says that findings of severity error were reported.
"""

__all__ = ["DeclarationError", "EnvironmentFailure", "Refused", "RelgraphError", "UsageError"]


class RelgraphError(Exception):
    """Something that ends a command; ``str()`` is one line that says what and where.

    ``hint`` says what the user can do about it, or is empty; ``details`` are further lines, one a problem, where there are many.
    """

    status = 3

    def __init__(self, message: str, *, hint: str = "", details: tuple[str, ...] = ()) -> None:
        super().__init__(message)
        self.hint = hint
        self.details = details


class UsageError(RelgraphError):
    """The command line cannot be carried out as it was given."""

    status = 2


class DeclarationError(RelgraphError):
    """A file that declares something to relgraph is wrong."""

    status = 2


class Refused(RelgraphError):
    """Something that relgraph will not do: overwrite what is published, use what is not trusted, unpack what is unsafe."""

    status = 1


class EnvironmentFailure(RelgraphError):
    """Something outside relgraph failed: git, the file system, a registry, an engine."""

    status = 3
