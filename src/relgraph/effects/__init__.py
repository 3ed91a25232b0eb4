"""The one door each to subprocesses, the clock and the environment; tests replace what is here."""
