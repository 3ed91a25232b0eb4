"""The pictures of the documentation, taken of the program as it is: ``docs/pictures/board.svg`` and ``docs/pictures/diagram.svg``.

Run as a program (``invoke pictures``) it takes them anew; with ``--check`` it says which of them are not of today's program. The board is
that of a real run on a terminal (a pty); commands of its steps wait until the picture is taken, so that it shows the same whatever
the machine. The diagram is drawn by a real browser, and holds the text that it was drawn from, by which it is checked.
"""

import os
import pty
import re
import select
import signal
import struct
import sys
import tempfile
import termios
import time
from collections.abc import Callable, Mapping
from fcntl import ioctl
from html import escape
from pathlib import Path
from xml.etree import ElementTree as ET

from gitworld import write_world
from releases import platform, relgraph
from relgraph.model.example import Commit
from screen import Screen, picture, words_of

__all__ = ["BOARD", "DIAGRAM", "board", "differences", "mermaid", "plain"]

_PICTURES = Path(__file__).resolve().parents[2] / "docs/pictures"
BOARD = _PICTURES / "board.svg"
DIAGRAM = _PICTURES / "diagram.svg"

_COLUMNS, _ROWS = 92, 30
_LONGEST = 240.0
_COMMAND = ("build", "--keep-going", "--steps", "4")
_TITLE = "relgraph build: steps that are done, failed and running, with the time that is left"
_HEAD = """\
apiVersion: relgraph.dev/v1
kind: Graph
metadata: {name: shop}
repos:
  shop: {url: https://git.example/acme/shop, tags: "v{version}", path: .}
images:
"""
_IMAGE = (
    "  {0}: {{from: shop, ref: registry.example/acme/{0}, tag: '{{version}}', "
    "build: {{command: 'sh {0}/build {1}', inputs: ['{0}/*'], outputs: [root], versioned: false}}}}\n"
)
_BUILD = "until [ -e $1/{0} ]; do sleep 0.05; done\nmkdir root\ncp {0}/code root/\n"
_MISTAKE = """\
until [ -e $1/report ]; do sleep 0.05; done
echo "report/main.go:31:9: undefined: totals"
echo "make: *** [Makefile:12: image] Error 1"
exit 2
"""
_IMAGES = ("api", "web", "jobs", "report", "base", "proxy")


def board() -> Screen:
    """What a terminal shows in the middle of a run: of six images, two were built before, one is built, one fails and two are under way."""
    with tempfile.TemporaryDirectory() as folder:
        root, gates = Path(folder, "shop"), Path(folder, "gates")
        gates.mkdir()
        graph = _HEAD + "".join(_IMAGE.format(name, gates) for name in _IMAGES)
        code = {f"{name}/code": "one\n" for name in _IMAGES} | {f"{name}/build": _BUILD.format(name) for name in _IMAGES}
        write_world(root, (Commit({"graph/shop.yaml": graph, **code}, tags=("v1.4.0",)),))
        # How long a step takes is known from its last run.
        _run(root, lambda screen: _open(screen, gates, base=0, proxy=0, report=0, jobs=0, web=3, api=4))
        for gate in gates.iterdir():
            gate.unlink()
        for name in ("api", "web", "jobs"):
            (root / name / "code").write_text("two\n")
        (root / "report/build").write_text(_MISTAKE)
        return _run(root, lambda screen: _until_taken(screen, gates))


def mermaid() -> str:
    """The diagram of the demo's platform, as text."""
    with tempfile.TemporaryDirectory() as folder:
        root = platform(Path(folder))
        drawn = relgraph(root, "graph", "--versions", "--rev", "v0.30.0")
        assert drawn.status == 0, drawn.err
        return drawn.out


def plain(line: str) -> str:
    """A line of the board without what differs from run to run: times, the wheel's position, names of log files."""
    line = re.sub(r"(, about|of about)? ?\b\d+(\.\d)? s\b", "", line)
    return " ".join(re.sub(r"^[\u2800-\u28ff]", "*", line).split())


def differences() -> list[str]:
    """Which pictures are not of today's program, and why."""
    found = []
    shown, now = [sorted(map(plain, lines)) for lines in (words_of(BOARD.read_text("utf-8")), _words(board()))]
    if shown != now:
        found.append(f"{BOARD.name} shows {shown}, and the program {now}")
    text, svg = mermaid(), DIAGRAM.read_text("utf-8")
    if _source(svg) != text:
        found.append(f"{DIAGRAM.name} was drawn from another text")
    drawn = "".join("".join(one.itertext()) for one in ET.fromstring(svg).iter() if one.tag.endswith("}text"))
    labels = [line for label in re.findall(r'"([^"]*)"', text) for line in label.split("<br/>")]
    found += [f"{DIAGRAM.name} does not say {label}" for label in labels if "".join(label.split()) not in "".join(drawn.split())]
    return found


def _words(screen: Screen) -> list[str]:
    return words_of(picture(screen, _COLUMNS, ""))


def _source(svg: str) -> str:
    return next((one.text or "" for one in ET.fromstring(svg).iter() if one.tag.endswith("}metadata")), "")


def _open(screen: Screen, gates: Path, **after: int) -> bool:
    """Let steps end once they have been running for so many seconds."""
    for name, seconds in after.items():
        if seconds <= _shown(screen, name):
            (gates / name).touch()
    return False


def _until_taken(screen: Screen, gates: Path) -> bool:
    """Let one image be built and one fail; true when the board shows that, and how long the others have been running."""
    text = "\n".join(screen.lines)
    if "running" in text:
        (gates / "jobs").touch()
    if re.search("^done", text, re.MULTILINE):
        (gates / "report").touch()
    return re.search("^FAILED", text, re.MULTILINE) is not None and min(_shown(screen, "api"), _shown(screen, "web")) >= 1


def _shown(screen: Screen, name: str) -> int:
    """For how many seconds an image is shown to be under way; -1 where it is not, or where a line is but half there."""
    found = re.search(rf"images\.{name} +(\d+)(?:\.\d)? s.*(?:\n.*)?\n.*\bleft", "\n".join(screen.lines))
    return int(found[1]) if found else -1


def _run(root: Path, seen: Callable[[Screen], bool]) -> Screen:
    """Run the command on a terminal of its own until it ends, or until ``seen`` says that what is shown is what was wanted."""
    child, terminal = pty.fork()
    if child == 0:
        os.chdir(root)
        os.execve(sys.executable, [sys.executable, "-m", "relgraph", *_COMMAND], dict(_environment()))
    ioctl(terminal, termios.TIOCSWINSZ, struct.pack("HHHH", _ROWS, _COLUMNS, 0, 0))
    screen, written, looked = Screen(_COLUMNS), b"", 0.0
    until = time.monotonic() + _LONGEST
    try:
        while time.monotonic() < until:
            if select.select([terminal], [], [], 0.5)[0]:
                try:
                    data = os.read(terminal, 1 << 16)
                except OSError:  # how Linux says that nobody holds the other side any more
                    return screen
                if not data:
                    return screen
                written += data
                if select.select([terminal], [], [], 0.05)[0] and time.monotonic() - looked < 1:
                    continue  # reading what is shown takes longer than showing it: on a busy machine not every frame is looked at
                looked = time.monotonic()
                # What is read may end in the middle of a character or of a control sequence.
                whole = re.sub("\x1b[^A-Za-z]*$", "", written.decode("utf-8", "ignore"))
                screen = Screen(_COLUMNS)
                screen.feed(f"\x1b[1m$ relgraph {' '.join(_COMMAND)}\x1b[0m\r\n{whole}")
                if seen(screen):
                    return screen
        raise AssertionError("\n".join(["the board never showed what was wanted:", *screen.lines]))
    finally:
        os.kill(child, signal.SIGTERM)
        os.close(terminal)
        os.waitpid(child, 0)


def _environment() -> Mapping[str, str]:
    kept = {name: os.environ[name] for name in ("PATH", "HOME", "PYTHONPATH") if name in os.environ}
    return {**kept, "TERM": "xterm-256color", "LANG": "C.UTF-8", "RELGRAPH_CACHE": "off"}


def _write() -> None:
    import browser

    _PICTURES.mkdir(exist_ok=True)
    BOARD.write_text(picture(board(), _COLUMNS, _TITLE), "utf-8")
    text = mermaid()
    # Paper below it, for pages that are dark; fractions of a pixel are nobody's.
    drawn = re.sub(r"(?<![\d.])-?\d+\.\d{4,}(?![\d.])", lambda match: f"{float(match.group()):.1f}", browser.svg(text))
    head, tag, rest = drawn.partition(">")
    head = re.sub(' style="[^"]*"', "", head)
    DIAGRAM.write_text(
        f'{head} style="background: #fff"{tag}<metadata>{escape(text, quote=False)}</metadata>{rest}\n'.replace("><", ">\n<"),
        "utf-8",
    )


if __name__ == "__main__":
    if "--check" in sys.argv:
        sys.exit("\n".join(differences()))
    _write()
