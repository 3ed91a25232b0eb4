"""Workspaces: finding and loading the declared graphs (``graph/*.yaml``), with errors that say where and what to do."""
