"""Mermaid drawn by a real browser: Debian's Chromium, headless, and the npm package ``mermaid`` from a cache outside the repository.

Run as a program (``python3 tests/support/browser.py``) it brings that package into the cache; it needs nothing but Python and npm.
"""

import base64
import hashlib
import html
import json
import os
import re
import shutil
import subprocess
import sys
import tarfile
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

__all__ = ["MERMAID", "Link", "Shape", "Svg", "missing", "render", "screenshot", "svg"]

#: The package, and the digest of its tarball.
MERMAID = ("11.17.2", "6ad2f42c3fc26bbf9e45cbb6d11898972573ea52b33a5f4ff51952899f950ffd")
_CACHE = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "relgraph-tools" / f"mermaid-{MERMAID[0]}"
_SCRIPT = _CACHE / "mermaid.min.js"
_CHROMIUM = "chromium"
_OPTIONS = (
    "--headless --no-sandbox --disable-gpu --disable-quic --no-first-run --disable-background-networking "
    "--disable-component-update --disable-sync --hide-scrollbars"
).split()

_PAGE = """<!doctype html>
<meta charset="utf-8">
<style>body {{ margin: 8px; background: #fff; font-family: sans-serif }} svg {{ max-width: none !important }}</style>
<div id="drawings"></div>
<script src="{script}"></script>
<script>
const texts = {texts};
const found = [];
const box = (element) => {{ const r = element.getBoundingClientRect(); return [r.left, r.top, r.right, r.bottom]; }};
const label = (element) => element ? element.innerText || element.textContent : "";
(async () => {{
  mermaid.initialize({{ startOnLoad: false, securityLevel: "strict", htmlLabels: {labels}, flowchart: {{ useMaxWidth: false }} }});
  for (let i = 0; i < texts.length; i++) {{
    const id = "drawing" + i;
    try {{
      const made = await mermaid.render(id, texts[i]);
      const div = document.createElement("div");
      div.innerHTML = made.svg;
      document.getElementById("drawings").appendChild(div);
      const style = (element) => {{ const s = getComputedStyle(element); return [s.fill, s.stroke, s.strokeDasharray]; }};
      found.push({{
        svg: made.svg,
        nodes: [...div.querySelectorAll("g.node")].map((g) => ({{
          id: g.id, label: label(g.querySelector(".nodeLabel")), box: box(g), style: style(g.querySelector(".label-container, rect, polygon, path")),
        }})),
        frames: [...div.querySelectorAll("g.cluster")].map((g) => ({{
          id: g.id, label: label(g.querySelector(".nodeLabel")), box: box(g.querySelector("rect")), style: style(g.querySelector("rect")),
        }})),
        links: [...div.querySelectorAll("path[data-edge]")].map((path) => ({{
          id: path.getAttribute("data-id"), dash: getComputedStyle(path).strokeDasharray, end: path.getAttribute("marker-end") || "",
        }})),
      }});
    }} catch (problem) {{
      found.push({{ error: String(problem) }});
    }}
  }}
  const out = document.createElement("script");
  out.type = "application/json";
  out.id = "found";
  out.textContent = btoa(Array.from(new TextEncoder().encode(JSON.stringify(found)), (byte) => String.fromCharCode(byte)).join(""));
  document.body.appendChild(out);
}})();
</script>
"""


class Shape(NamedTuple):
    """A box or a frame as it was drawn: its label, and left, top, right and bottom in pixels; fill, stroke and dashes as CSS has them."""

    label: str
    box: tuple[float, float, float, float]
    style: tuple[str, str, str]

    def holds(self, other: "Shape") -> bool:
        """Whether the other lies within."""
        left, top, right, bottom = self.box
        return left <= other.box[0] and top <= other.box[1] and right >= other.box[2] and bottom >= other.box[3]


class Link(NamedTuple):
    """An arrow: the identifiers at its ends, whether it is dashed, and whether it ends in a circle."""

    tail: str
    head: str
    dashed: bool
    circle: bool


class Svg(NamedTuple):
    """A drawing as the browser made it: nodes and frames by the identifiers of the text, and the links between them."""

    nodes: Mapping[str, Shape]
    frames: Mapping[str, Shape]
    links: frozenset[Link]


def missing() -> str:
    """Why nothing can be rendered here; empty where all is there."""
    if shutil.which(_CHROMIUM) is None:
        return "no chromium here (Debian's package chromium)"
    if not _SCRIPT.is_file():
        return "no mermaid here (`python3 tests/support/browser.py` brings it with npm)"
    return ""


def install() -> Path:
    """Bring mermaid's bundle into the cache with npm, and return where it lies."""
    if _SCRIPT.is_file():
        return _SCRIPT
    _CACHE.mkdir(parents=True, exist_ok=True)
    version, digest = MERMAID
    with tempfile.TemporaryDirectory(dir=_CACHE) as folder:
        subprocess.run(["npm", "pack", f"mermaid@{version}", "--silent", "--pack-destination", folder], check=True, cwd=folder)
        (archive,) = Path(folder).glob("*.tgz")
        found = hashlib.sha256(archive.read_bytes()).hexdigest()
        if found != digest:
            raise SystemExit(f"mermaid {version} has the digest {found}, not {digest}")
        with tarfile.open(archive) as packed:
            member = packed.extractfile("package/dist/mermaid.min.js")
            assert member is not None
            draft = Path(folder, "mermaid.min.js")
            draft.write_bytes(member.read())
        draft.replace(_SCRIPT)
    return _SCRIPT


def render(texts: Sequence[str]) -> list[Svg]:
    """What the browser draws of each flowchart. Raises AssertionError with mermaid's message where it cannot read one."""
    return [_svg(number, one) for number, one in enumerate(_found(texts))]


def svg(text: str) -> str:
    """The drawing itself, as a file that stands alone: its labels are SVG's own, which every program that shows pictures knows."""
    (found,) = _found([text], labels=False)
    return str(found["svg"])


def _found(texts: Sequence[str], *, labels: bool = True) -> list[dict[str, Any]]:
    with tempfile.TemporaryDirectory() as folder:
        done = _browse(Path(folder), texts, "--dump-dom", labels=labels)
    match = re.search(r'<script type="application/json" id="found">([^<]*)</script>', done)
    assert match is not None, "the browser did not come to an end"
    found: list[dict[str, Any]] = json.loads(base64.b64decode(html.unescape(match[1])))
    problems = [f"{one['error']}\n{text}" for one, text in zip(found, texts, strict=True) if "error" in one]
    assert not problems, "\n".join(problems)
    return found


def screenshot(text: str, path: Path, width: int = 1800, height: int = 1200) -> None:
    """A picture (PNG) of a flowchart."""
    with tempfile.TemporaryDirectory() as folder:
        _browse(Path(folder), [text], f"--screenshot={path}", f"--window-size={width},{height}")


def _browse(folder: Path, texts: Sequence[str], *options: str, labels: bool = True) -> str:
    page = folder / "page.html"
    # A closing tag within the data would end the script.
    data = json.dumps(list(texts)).replace("</", "<\\/")
    page.write_text(_PAGE.format(script=_SCRIPT.as_uri(), texts=data, labels=json.dumps(labels)), "utf-8")
    words = [_CHROMIUM, *_OPTIONS, f"--user-data-dir={folder / 'profile'}", "--virtual-time-budget=60000", *options, page.as_uri()]
    done = subprocess.run(words, capture_output=True, timeout=300, check=False)
    assert done.returncode == 0, done.stderr.decode(errors="replace")
    return done.stdout.decode("utf-8")


def _svg(number: int, found: Mapping[str, Any]) -> Svg:
    own = f"drawing{number}-"
    frames = {one["id"].removeprefix(own): _shape(one) for one in found["frames"]}
    # The identifier in the text stands between the kind of diagram and a running number.
    nodes = {re.sub(r"^flowchart-|-\d+$", "", one["id"].removeprefix(own)): _shape(one) for one in found["nodes"]}
    names = {*nodes, *frames}
    links = set()
    for one in found["links"]:
        middle = re.sub(r"^L_|_\d+$", "", one["id"])
        ends = [(middle[:cut], middle[cut + 1 :]) for cut, letter in enumerate(middle) if letter == "_"]
        (pair,) = [pair for pair in ends if pair[0] in names and pair[1] in names]
        links.add(Link(*pair, one["dash"] not in ("none", "0", "0px", ""), "circle" in one["end"]))
    return Svg(nodes, frames, frozenset(links))


def _shape(found: Mapping[str, Any]) -> Shape:
    left, top, right, bottom = found["box"]
    fill, stroke, dashes = found["style"]
    return Shape(" ".join(found["label"].split()), (left, top, right, bottom), (fill, stroke, dashes))


if __name__ == "__main__":
    sys.stdout.write(f"{install()}\n")
