"""Twelve jobs, three beside each other, of which one fails: what is left of a build that went wrong."""

from itertools import pairwise
from pathlib import Path
from typing import NamedTuple

_WIDTH = 3

# Says three lines with pauses between, writes its output in two halves, and notes when it has begun and when it has ended.
_SCRIPT = """\
name=$1; out=$2; mode=$(cat "mode.$name" 2>/dev/null)
echo "begin $name" >> ran.log
echo "$name: one"; sleep 0.05; echo "$name: two"; sleep 0.05
printf half > "$out"
[ "$mode" = fail ] && { echo "$name: fails" ; exit 1; }
[ "$mode" = slow ] && sleep 2
sleep 0.05; echo "$name: three"
printf 'half and half\\n' > "$out"
echo "end $name" >> ran.log
"""

#: What an output holds that was written to its end.
WHOLE = "half and half\n"


class Job(NamedTuple):
    """One job."""

    name: str
    output: str
    inputs: tuple[str, ...]
    command: str


class Jobs(NamedTuple):
    """The twelve: each needs the one above it."""

    jobs: tuple[Job, ...]

    def write(self, folder: Path, modes: dict[str, str]) -> None:
        """Source, script, and what some jobs are to do."""
        (folder / "src").mkdir(parents=True)
        (folder / "out").mkdir()
        (folder / "src/first.txt").write_text("first\n")
        (folder / "job.sh").write_text(_SCRIPT)
        for name, mode in modes.items():
            (folder / f"mode.{name}").write_text(mode)


def twelve() -> Jobs:
    """``a0`` to ``d2``: four rows of three."""
    jobs = []
    for row, letter in enumerate("abcd"):
        for column in range(_WIDTH):
            name, output = f"{letter}{column}", f"out/{letter}{column}"
            needed = f"out/{'abcd'[row - 1]}{column}" if row else "src/first.txt"
            jobs.append(Job(name, output, (needed,), f"sh job.sh {name} {output}"))
    return Jobs(tuple(jobs))


def noted(folder: Path, what: str) -> list[str]:
    """The jobs that have begun, or have ended, in order."""
    try:
        lines = (folder / "ran.log").read_text().splitlines()
    except FileNotFoundError:
        return []
    return [line.removeprefix(f"{what} ") for line in lines if line.startswith(f"{what} ")]


def switches(output: str, jobs: Jobs) -> int:
    """How often two lines of different jobs follow each other."""
    names = {job.name for job in jobs.jobs}
    speakers = [line.split(":")[0].strip() for line in output.splitlines() if line.split(":")[0].strip() in names]
    return sum(1 for one, other in pairwise(speakers) if one != other)
