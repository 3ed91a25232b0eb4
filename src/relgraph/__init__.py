"""relgraph: the release-graph consistency checker and build orchestrator.

Importing this package imports nothing else; every command imports what it needs when it runs.
"""

__all__ = ["__version__"]

__version__ = "0.1.0.dev0"
