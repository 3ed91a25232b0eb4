"""YAML as extractors see it: scalars grouped by the collection they stand in, and sites made of them."""

import re
from collections.abc import Iterator, Mapping
from functools import lru_cache

from relgraph.model.site import Kind, Part, Pin, Role, Site
from relgraph.sites.build import extra_of, image_sites, pin_of, template_of
from relgraph.sites.mangle import unmangle
from relgraph.sites.shell import assignment_sites, command_sites
from relgraph.sites.variable import value_sites
from relgraph.syntax.text import Text
from relgraph.syntax.yaml import Path, Scalar, Style, address, scalars, unquote

__all__ = ["Group", "YamlText", "key_words"]

_WORD = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|\d+")


@lru_cache(maxsize=8192)
def key_words(key: str) -> tuple[str, ...]:
    """The words of a key, in lower case: ``minTLSVersion`` is min, tls, version, and so is ``min_tls-version``."""
    return tuple(word.lower() for word in _WORD.findall(key[:200]))


class Group:
    """The scalars directly in one collection, in order; where a template writes a key twice, both are there."""

    __slots__ = ("_by_key", "document", "members", "path")

    def __init__(self, path: Path, document: int) -> None:
        self.path, self.document = path, document
        self.members: list[Scalar] = []
        self._by_key: dict[str | int, Scalar] | None = None

    def get(self, *keys: str) -> Scalar | None:
        """The scalar under the first of the keys that is there."""
        by_key = self.by_key
        for key in keys:
            if key in by_key:
                return by_key[key]
        return None

    @property
    def by_key(self) -> Mapping[str | int, Scalar]:
        """The members by their last key or index; of several under one key the first."""
        if self._by_key is None:
            self._by_key = {}
            for scalar in self.members:
                self._by_key.setdefault(scalar.path[-1], scalar)
        return self._by_key

    @property
    def is_sequence(self) -> bool:
        """Whether its members are items of a list."""
        return isinstance(self.members[0].path[-1], int)

    @property
    def name(self) -> str:
        """The nearest key above the members, or the empty string."""
        return next((part for part in reversed(self.path) if isinstance(part, str)), "")


class YamlText:
    """One YAML text, or a document within one: its scalars, their groups, and sites made of them."""

    def __init__(
        self,
        text: Text,
        syntax: str,
        *,
        wanted: re.Pattern[str] | None = None,
        start: int = 0,
        end: int | None = None,
        base: Path = (),
    ) -> None:
        self.text, self.syntax = text, syntax
        self.source = text.text
        self.scalars = scalars(self.source, start, end, wanted=wanted, base=base)
        self._groups: dict[tuple[int, Path], Group] = {}
        groups = self._groups
        for scalar in self.scalars:
            if scalar.path:
                at = (scalar.document, scalar.path[:-1])
                group = groups.get(at)
                if group is None:
                    group = groups[at] = Group(at[1], at[0])
                group.members.append(scalar)

    def groups(self) -> Iterator[Group]:
        """All groups, in order of their first members."""
        return iter(self._groups.values())

    def group(self, document: int, path: Path) -> Group | None:
        """The scalars directly in the collection at ``path``, or None where there are none."""
        return self._groups.get((document, path))

    def raw(self, scalar: Scalar) -> str:
        """The text of a scalar as written, without quotes."""
        return self.source[scalar.start : scalar.end]

    def value(self, scalar: Scalar | None) -> str:
        """The value of a scalar, escapes undone; empty for None."""
        return "" if scalar is None else unquote(self.source[scalar.start : scalar.end], scalar.style)

    def comment(self, scalar: Scalar) -> str:
        """The text of the comment behind a scalar."""
        return self.source[scalar.comment : scalar.comment_end]

    def key(self, scalar: Scalar) -> str:
        """The address of a scalar, as sites have it."""
        return address(scalar.path)

    def site(
        self,
        scalar: Scalar,
        kind: Kind,
        name: str,
        part: Part,
        *,
        start: int | None = None,
        end: int | None = None,
        role: Role = Role.USES,
        pin: Pin | None = None,
        mangled: bool = True,
        **facts: str,
    ) -> Site:
        """A site on a scalar, or on ``start:end`` within it; ``mangled``: known manglings of versions are undone in its value."""
        first, last = scalar.start if start is None else start, scalar.end if end is None else end
        raw = self.source[first:last]
        templated = "{{" in raw or "$" in raw
        names, form_text = template_of(raw) if templated else ("", "")
        value = unquote(raw, scalar.style) if scalar.style is not Style.PLAIN or "\n" in raw else raw
        if mangled and not templated:
            value = unmangle(value)
        if pin is None:
            pin = Pin.TEMPLATED if templated else pin_of(value)
        return Site(
            self.text.path, self.text.span(first, last), kind, name, part, raw, value, pin, role, address(scalar.path), self.syntax,
            extra_of(vars=names, form_text=form_text, **facts),
        )  # fmt: skip

    def image(self, scalar: Scalar, *, role: Role = Role.USES, **facts: str) -> Iterator[Site]:
        """The sites of a scalar that holds an image reference."""
        return image_sites(
            self.text, scalar.start, scalar.end, syntax=self.syntax, key=address(scalar.path), role=role, **facts
        )  # fmt: skip

    def variable(self, scalar: Scalar, name: str, *, scope: str, role: Role = Role.USES) -> Iterator[Site]:
        """The site of a value under a name, where it says a version, a ref or an image."""
        return value_sites(
            self.text, scalar.start, scalar.end, name, syntax=self.syntax, scope=scope, key=address(scalar.path), role=role
        )  # fmt: skip

    def shell(self, scalar: Scalar, *, files: bool = False) -> Iterator[Site]:
        """The references of a scalar that holds shell commands; files only where the commands are known to run in a checkout."""
        key = address(scalar.path)
        yield from assignment_sites(self.text, scalar.start, scalar.end, syntax=self.syntax, key=key)
        for site in command_sites(self.text, scalar.start, scalar.end, syntax=self.syntax, key=key):
            if files or site.kind is not Kind.FILE:
                yield site
