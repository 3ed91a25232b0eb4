"""Releases: what a tag publishes, in which order, and the record of what was published.

Pure: :mod:`.scope` (which nodes), :mod:`.steps` (which steps), :mod:`.record` (documents), :mod:`.changelog`. With effects: :mod:`.executors`,
:mod:`.preflight`, :mod:`.run`.
"""
