"""Passwords from the person at the terminal. They are never echoed, and never part of a command line."""

import getpass
import os
import sys

__all__ = ["ask"]


def ask(prompt: str) -> bytes | None:
    """What is typed after the prompt, or None where nobody can be asked."""
    # Without a terminal getpass would read standard input and show what it reads.
    if not (sys.stdin is not None and sys.stdin.isatty()) and not os.path.exists("/dev/tty"):
        return None
    try:
        return getpass.getpass(prompt).encode()
    except (EOFError, OSError):
        return None
