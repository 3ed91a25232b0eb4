"""Positioned text: every syntax here keeps offsets, so that what is read can be pointed at and replaced."""
