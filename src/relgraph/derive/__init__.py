"""Files that are made from other files of a repository: made again where that is needed, or held against what would be made.

Pure: :mod:`.patterns` and :mod:`.planner`. With effects: everything else.
"""
