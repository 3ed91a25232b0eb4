"""Plans: steps, what decides the result of each, and what it made.

The scheduler is topological and its traces are constructive, after Mokhov, Mitchell and Peyton Jones, "Build Systems a la
Carte" (2018): the key of a step is made of what *decides* its result, and a trace leads from a key to what came of it.
"""

from collections.abc import Mapping
from typing import NamedTuple, TypeAlias

__all__ = ["Facts", "Plan", "Step"]

#: What a step made, as words: ``{"digest": "sha256:...", "mediaType": ...}``. Enters the keys of the steps that need it.
Facts: TypeAlias = Mapping[str, str]


class Step(NamedTuple):
    """One unit of work.

    ``id`` is its name in a plan (``build images.web``); ``action`` names the executor that carries it out; ``recipe`` is
    JSON text (sorted keys, no spaces) of everything that decides its result and is neither a file nor a step before it.
    The *facts* of the steps in ``needs`` enter its key; those in ``after`` only come first. ``inputs`` are files it
    reads (paths below the root, or patterns with ``*``, ``**``, ``?``), ``outputs`` files it writes. ``environment`` names the variables
    that it is given; their values enter the key. A step that is not ``kept`` is carried out in every run: what it does
    depends on the world outside, and doing it twice comes to the same. ``limit`` is in seconds, 0 for none;
    ``retries`` is how often a failure is tried again. ``pool`` names what only one step at a time may use.
    """

    id: str
    action: str
    recipe: str = "{}"
    needs: tuple[str, ...] = ()
    after: tuple[str, ...] = ()
    inputs: tuple[str, ...] = ()
    outputs: tuple[str, ...] = ()
    environment: tuple[str, ...] = ()
    node: str = ""
    kept: bool = True
    limit: float = 0.0
    retries: int = 0
    pool: str = ""


class Plan(NamedTuple):
    """Steps in an order in which each comes after everything that it waits for; ``root`` is the folder of their files."""

    name: str
    root: str
    steps: tuple[Step, ...]
