"""Keys: what decides the result of a step, as one digest.

``sha256`` over the engine's format, the action, the recipe, the declared inputs and outputs, the values of the step's environment
names (the *head*, which no file decides), then a *mark* for each input file and what each needed step *made*.

The mark of a file is a letter for its kind (``-`` plain, ``x`` executable, ``l`` symbolic link) and the sha256 of its content;
:data:`ABSENT` is that of no file. All marks have one length, so that they are joined without separators.
"""

from collections.abc import Iterable, Mapping, Sequence
from hashlib import sha256

from relgraph.model.plan import Facts, Step

__all__ = ["ABSENT", "FORMAT", "Key", "Mark", "digest_of", "head_of", "key_of", "made_of", "words"]

Key = bytes
Mark = bytes

#: Raised when what a key means, or what a trace holds, changes: nothing made before is then found.
FORMAT = 2

#: The mark of what is not there.
ABSENT: Mark = b"?" + bytes(32)


def words(*parts: str) -> bytes:
    """Texts as bytes that no other texts give."""
    return b"".join(b"%d:%s" % (len(data), data) for data in (part.encode("utf-8", "surrogatepass") for part in parts))


def head_of(step: Step) -> bytes:
    """Everything that decides a step and is known from the plan alone."""
    return sha256(
        words(str(FORMAT), step.action, step.recipe)
        + b"i"
        + words(*step.inputs)
        + b"o"
        + words(*step.outputs)
        + b"n"
        + words(*step.needs)
        + b"e"
        + words(*step.environment)
    ).digest()


def digest_of(files: Iterable[tuple[str, Mark]]) -> bytes:
    """What patterns match, paths with marks in order, as one digest that steps with the same patterns share; empty for nothing."""
    # No path holds a NUL, and all marks have one length.
    text = b"".join([b"%s\0%s" % (path.encode("utf-8", "surrogatepass"), mark) for path, mark in files])
    return sha256(text).digest() if text else b""


def key_of(head: bytes, values: Sequence[str | None], files: bytes, literal: Iterable[Mark], made: Iterable[bytes]) -> Key:
    """The key of a step.

    ``values`` are those of its environment names (None where one is not set), ``literal`` the marks of the inputs that it names, in their
    order, ``files`` the digest of what its patterns match, ``made`` what came of the steps it needs, in their order.
    """
    text = head + b"".join(literal) + b"".join(made)
    if values:
        text += b"e" + b"".join(b"-" if value is None else words(value) for value in values)
    if files:
        text += b"f" + files
    return sha256(text).digest()


def made_of(facts: Facts, outputs: Mapping[str, Mark]) -> bytes:
    """What a step made, as one digest: its facts and its files."""
    return sha256(
        b"".join(words(name, facts[name]) for name in sorted(facts))
        + b"".join(b"o" + words(path) + outputs[path] for path in sorted(outputs))
    ).digest()
