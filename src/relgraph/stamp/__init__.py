"""Stamping: versions, references and digests written into files as a build needs them. Pure: from values to values.

What a build stamps is a copy; no tracked file is touched. :mod:`.stamp` is the way in, :mod:`.fill` for texts that are no file.
"""
