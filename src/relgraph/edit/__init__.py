"""Edits of text: pure functions from content to content that leave every other byte as it was."""
