"""Extractors: one module a syntax, each a pure function from text to sites, listed in :mod:`relgraph.sites.registry`."""
