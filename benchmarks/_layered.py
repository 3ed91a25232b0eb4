"""The graph that all contenders build: layers of targets, three dependencies a target, and what every file must hold in the end.

A source's first line is a number, all others are comments; a target holds the least number of its dependencies. So a comment changes no
output, and a new number changes few: what has to be made again after an edit is known, and printed as ``needed``.
"""

import random
from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple

#: Makes the first argument from the others with nothing but the shell itself, and notes that it did. With ``CAREFUL`` an output that would
#: be the same is not written, for those who look at its time.
STEP = """\
out=$1; shift
least=
for path; do
    read -r number < "$path" || exit 1
    if [ -z "$least" ] || [ "$number" -lt "$least" ]; then least=$number; fi
done
if [ -n "$CAREFUL" ] && [ -e "$out" ] && read -r old < "$out" && [ "$old" = "$least" ]; then :; else echo "$least" > "$out"; fi
echo "$out" >> ran.log
"""


class Layered(NamedTuple):
    """Targets by name in an order in which each comes after its dependencies, and the first numbers of the sources."""

    targets: dict[str, tuple[str, ...]]
    sources: dict[str, int]

    @property
    def last(self) -> tuple[str, ...]:
        """The targets that no other needs."""
        used = {path for needed in self.targets.values() for path in needed}
        return tuple(path for path in self.targets if path not in used)

    def values(self, sources: dict[str, int] | None = None) -> dict[str, int]:
        """What every target holds."""
        known = dict(sources or self.sources)
        for path, needed in self.targets.items():
            known[path] = min(known[one] for one in needed)
        return {path: known[path] for path in self.targets}

    def above(self, paths: Iterable[str]) -> set[str]:
        """The targets that depend on one of these files, through others too."""
        found: set[str] = set()
        start = set(paths)
        for path, needed in self.targets.items():
            if any(one in start or one in found for one in needed):
                found.add(path)
        return found

    def needed(self, sources: dict[str, int]) -> int:
        """How many targets have to be made again for these numbers, if each stops where its result is the same."""
        before, after = self.values(), self.values(sources)
        changed = {path for path, number in sources.items() if number != self.sources[path]}
        changed |= {path for path in self.targets if before[path] != after[path]}
        return sum(1 for needed in self.targets.values() if any(one in changed for one in needed))

    def write(self, folder: Path) -> None:
        """The sources and the script."""
        (folder / "src").mkdir(parents=True)
        (folder / "out").mkdir()
        for path, number in self.sources.items():
            (folder / path).write_text(f"{number}\n# first\n")
        (folder / "step.sh").write_text(STEP)

    def wrong(self, folder: Path) -> int:
        """How many targets do not hold what they must."""
        return sum(1 for path, value in self.values().items() if content(folder / path) != f"{value}\n")


def content(path: Path) -> str:
    """What a file holds; nothing where there is none."""
    try:
        return path.read_text()
    except FileNotFoundError:
        return ""


def layered(count: int, *, seed: int = 5) -> Layered:
    """``count`` targets in layers of a tenth of them (at least ten)."""
    chance = random.Random(seed)
    width = max(10, count // 10)
    sources = {f"src/s{number}.txt": 1000 + number for number in range(width)}
    numbers = list(sources.values())
    chance.shuffle(numbers)
    sources = dict(zip(sources, numbers, strict=True))
    targets: dict[str, tuple[str, ...]] = {}
    below = list(sources)
    for start in range(0, count, width):
        layer = [f"out/t{number}.txt" for number in range(start, min(start + width, count))]
        for place, path in enumerate(layer):
            # Its own column, so that everything is used; the first layer has one source each.
            others = chance.sample(below, 2) if start else []
            targets[path] = tuple(dict.fromkeys([below[place % len(below)], *others]))
        below = layer
    return Layered(targets, sources)
