"""The lock over real repositories: what is wanted, what registries and layouts know of it, and the file it is kept in.

:mod:`relgraph.resolve` decides, here are the facts that it decides on.
"""
