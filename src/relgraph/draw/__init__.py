"""Drawings of a declared graph: pure functions from values to text."""
