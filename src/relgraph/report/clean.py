"""Text from repositories, made safe to show.

What is reported comes from files that anybody may have written: escape sequences that drive a terminal, characters that
reorder or hide text (https://trojansource.codes), bytes that are no UTF-8, characters that XML forbids. All of them are
shown as escapes, so that a reader sees that they are there.
"""

import re

__all__ = ["decodable", "visible"]

_UNSAFE = re.compile(
    "[\x00-\x1f\x7f-\x9f\u00ad\u061c\u180e\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb\ufffe\uffff"
    "\ud800-\udfff\U000e0000-\U000e007f]"
)
_SURROGATE = re.compile("[\ud800-\udfff]")


def decodable(text: str) -> str:
    r"""The text with ``\xNN`` for every byte that is no UTF-8, and nothing else changed."""
    return text if text.isascii() else _SURROGATE.sub(_escape, text)


def visible(text: str) -> str:
    r"""The text on one line with every control, invisible or undecodable character as an escape.

    ``\xNN`` stands for a byte that is no UTF-8 and for a control character, ``\uNNNN`` for the others. A backslash that is
    in the text stays as it is.
    """
    return _UNSAFE.sub(_escape, text)


def _escape(match: re.Match[str]) -> str:
    character = match.group()
    point = ord(character)
    if character in "\t\n\r":
        return {"\t": "\\t", "\n": "\\n", "\r": "\\r"}[character]
    if 0xDC80 <= point <= 0xDCFF:
        return f"\\x{point - 0xDC00:02x}"
    if point < 0x100:
        return f"\\x{point:02x}"
    return f"\\u{point:04x}" if point < 0x10000 else f"\\U{point:08x}"
