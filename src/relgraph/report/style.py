"""Colours of text on a terminal (ECMA-48, select graphic rendition)."""

__all__ = ["paint"]

_CODES = {"error": "1;31", "warning": "1;33", "note": "1;36", "actual": "31", "expected": "32", "dim": "2", "bold": "1"}


def paint(style: str, text: str, color: bool) -> str:
    """The text in a style: a severity, ``actual``, ``expected``, ``dim`` or ``bold``; as it is where ``color`` is false."""
    return f"\x1b[{_CODES[style]}m{text}\x1b[0m" if color and text else text
