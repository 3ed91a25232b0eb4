"""Reading git: objects at a revision, tags, branches, worktree state. Nothing here checks out or writes."""
