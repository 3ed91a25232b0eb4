"""Builders: from a repository's files at a commit, versions and digests to artifacts.

A builder is one module with a ``BUILDER`` that :mod:`relgraph.build.registry` lists; others bring theirs by the entry point
group ``relgraph.builders``.
"""
