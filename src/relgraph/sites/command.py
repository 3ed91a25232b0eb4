"""What the readers of shell commands share: the range that is read, options by name, the making of sites."""

import re
from functools import cached_property

from relgraph.model.site import Kind, Part, Pin, Role, Site
from relgraph.sites.build import extra_of, pin_of, template_of
from relgraph.sites.mangle import unmangle
from relgraph.syntax.shell import Word
from relgraph.syntax.text import Text

__all__ = ["Command", "Reader", "assigned"]

_CHANGE = re.compile(
    r"(?<![\w./-])(?:cd|pushd|popd)(?![\w./-])[ \t]*(?P<to>\"[^\"\n]*\"|'[^'\n]*'|(?>\$\([^()\n]*+\)|[^\s;|&()])*+)"
)

# What stands before the name of a file that is being written: a redirection, an output option, a copy.
_WRITTEN = re.compile(
    r"(?:>[ \t]*|-[oO][ \t]*|--output[ =]|\btee (?:-a )?|\btouch |\b(?:cp|mv|ln)\b[^\n]*[ \t]|\bcurl\b[^\n]*-[a-zA-Z]*O[^\n]*)[\"']?[\w./${}-]*\Z"
)
_WORD_ON = re.compile(r"[\w./-]")
_MOST_PLACES = 40


def assigned(written: str, start: int) -> tuple[str, int, str]:
    """The parts of ``name=value`` or ``name="value"`` that is written at ``start``: name, offset of the value, value.

    The name is empty where it is no such thing; the offset is -1 where ``start`` is, because quoting hides the place.
    """
    name, equals, value = written.partition("=")
    if not equals:
        return "", -1, ""
    at = start + len(name) + 1 if start >= 0 else -1
    if len(value) > 1 and value[0] == value[-1] and value[0] in "\"'":
        return name, at + 1 if at >= 0 else -1, value[1:-1]
    return name, at, value


class Command:
    """The words of one simple command behind its name, with options and positional arguments told apart by shape."""

    def __init__(self, words: list[Word], flags: frozenset[str] = frozenset()) -> None:
        self.words = words
        self.options: dict[str, list[tuple[int, str]]] = {}
        self.positional: list[Word] = []
        taken = False
        for index, word in enumerate(words):
            if taken:
                taken = False
                continue
            text = word.text
            if not text.startswith("-") or text in ("-", "--"):
                if text != "--":
                    self.positional.append(word)
                continue
            name, offset, value = assigned(text, word.inner)
            if name:
                self.options.setdefault(name, []).append((offset, value))
            elif text not in flags and index + 1 < len(words) and not words[index + 1].text.startswith("-"):
                self.options.setdefault(text, []).append((words[index + 1].inner, words[index + 1].text))
                taken = True

    def values(self, *names: str) -> list[tuple[int, str]]:
        """Offset and text of every value given to options of these names; values whose place quoting hides are left out."""
        return [found for name in names for found in self.options.get(name, ()) if found[0] >= 0 and found[1]]

    def value(self, *names: str) -> str:
        """The first value given to one of these options, or the empty string."""
        return next((found[1] for name in names for found in self.options.get(name, ())), "")


class Reader:
    """Makes sites of what the commands in one range of a text say."""

    def __init__(self, text: Text, start: int, end: int, syntax: str, key: str) -> None:
        self.text, self.start, self.end, self.syntax, self.key = text, start, end, syntax, key
        self._made: dict[str, bool] = {}

    def make(
        self,
        kind: Kind,
        name: str,
        part: Part,
        start: int,
        raw: str,
        *,
        role: Role = Role.USES,
        pin: Pin | None = None,
        **facts: str,
    ) -> Site:
        """A site at ``start`` whose text is ``raw``; the pin class is read off the value unless given."""
        names, form_text = template_of(raw) if ("$" in raw or "{{" in raw) else ("", "")
        value = raw if part is Part.PATH else unmangle(raw)
        if pin is None:
            computed = raw.startswith("`") or ("$(" in raw and " " in raw and not raw.startswith("${{"))
            pin = Pin.COMPUTED if computed else Pin.TEMPLATED if form_text else Pin.EXACT if part is Part.PATH else pin_of(value)
        return Site(
            self.text.path, self.text.span(start, start + len(raw)), kind, name, part, raw, value, pin, role, self.key, self.syntax,
            extra_of(vars=names, form_text="" if pin is Pin.COMPUTED else form_text, **facts),
        )  # fmt: skip

    @cached_property
    def _directories(self) -> list[tuple[int, str]]:
        found = []
        for match in _CHANGE.finditer(self.text.text, self.start, self.end):
            to = match["to"].strip("\"'")
            found.append(
                (match.start(), "?" if not to or to == "-" or "$" in to or "`" in to or to.startswith(("/", "..", "~")) else to)
            )
        return found

    def directory(self, offset: int) -> str:
        """The directory that the range last changed to before ``offset``: relative, ``?`` where it cannot be told, or empty."""
        last = ""
        for start, to in self._directories:
            if start > offset:
                break
            last = to
        return last

    def makes(self, path: str) -> bool:
        """Whether the text writes a file of that name itself: a redirection, a download, a copy."""
        name = path.rstrip("/").rpartition("/")[2]
        if name not in self._made:
            self._made[name] = self._makes(name)
        return self._made[name]

    def _makes(self, name: str) -> bool:
        source, end = self.text.text, min(len(self.text.text), self.end + 2000)
        position = source.find(name, max(0, self.start - 20000), end)
        for _ in range(_MOST_PLACES):
            if position < 0:
                break
            line = max(source.rfind("\n", 0, position) + 1, position - 200)
            if not _WORD_ON.match(source, position + len(name)) and _WRITTEN.search(source[line:position]):
                return True
            position = source.find(name, position + 1, end)
        return False
