"""From what is asked for to exactly one thing each: ranges, newest in line, minimal version selection, the lock file.

Nothing here reaches a network or a file: facts come in by providers, and what was decided goes out as values.
"""
