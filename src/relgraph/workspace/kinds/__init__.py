"""The kinds of nodes, one module each, listed in :mod:`relgraph.workspace.kinds.registry`."""
