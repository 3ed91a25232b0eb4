"""Passwords from the person at the terminal. They are never echoed, and never part of a command line."""

import getpass
import os
import sys
import warnings

__all__ = ["ask"]


def ask(prompt: str) -> bytes | None:
    """What is typed after the prompt, or None where nobody can be asked."""
    # Without a terminal getpass would read standard input and show what it reads.
    if not (sys.stdin is not None and sys.stdin.isatty()) and not os.path.exists("/dev/tty"):
        return None
    try:
        with warnings.catch_warnings():
            # What it only warns of, a password that everybody sees, is no way to ask: /dev/tty may be there and be nobody's.
            warnings.simplefilter("error", getpass.GetPassWarning)
            return getpass.getpass(prompt).encode()
    except (EOFError, OSError, getpass.GetPassWarning):
        return None
