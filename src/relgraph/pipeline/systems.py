"""The systems of pipelines that are followed besides GitHub's workflows. A new one is one module and one line here."""

from relgraph.pipeline import cloud_build, gitlab
from relgraph.pipeline.system import System

__all__ = ["SYSTEMS"]

SYSTEMS: tuple[System, ...] = (gitlab.SYSTEM, cloud_build.SYSTEM)
