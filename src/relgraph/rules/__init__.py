"""The rules, one module each, listed in :mod:`relgraph.rules.registry`."""
