"""Releases: what a tag publishes, in which order, and the record of what was published.

Pure: :mod:`.scope` (which nodes), :mod:`.steps` (which steps), :mod:`.channels`, :mod:`.notes`. With effects: :mod:`.prepare`, :mod:`.preflight`,
:mod:`.run` and its :mod:`.executors`, :mod:`.recording`, and what looks at what is published (:mod:`.observe`, :mod:`.rebuild`).
"""
