"""Frozen values: versions, places, sites, findings. No I/O, no knowledge of where they come from."""
