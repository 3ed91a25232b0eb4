"""The environment variables of this process: read here and nowhere else."""

import os

__all__ = ["inherited", "variable"]


def variable(name: str) -> str | None:
    """The value of an environment variable; None where it is not set."""
    return os.environ.get(name)


def inherited(*names: str) -> dict[str, str]:
    """Those of the named variables that are set. A name that ends in ``*`` stands for all that begin like it."""
    exact = {name for name in names if not name.endswith("*")}
    prefixes = tuple(name[:-1] for name in names if name.endswith("*"))
    return {name: value for name, value in os.environ.items() if name in exact or (prefixes and name.startswith(prefixes))}
