"""The second front end: an invoke collection generated from the command table.

``from relgraph.tasks import namespace`` in a workspace's ``tasks.py`` gives ``invoke scan`` and the other commands.
"""

from relgraph.tasks.collection import namespace

__all__ = ["namespace"]
