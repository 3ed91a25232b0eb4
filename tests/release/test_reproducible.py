"""One tag, released by two people on what might be two machines: the same digests."""

import json
import os
import subprocess
import sys
from pathlib import Path

from releases import git, platform, relgraph

_ELSEWHERE = {
    "TZ": "Pacific/Apia",
    "LANG": "tr_TR.UTF-8",
    "LC_ALL": "C",
    "USER": "somebody",
    "PYTHONHASHSEED": "7",
    "SOURCE_DATE_EPOCH": "1",
}


def digests(root: Path, umask: int, **variables: str) -> dict[str, str]:
    found: dict[str, str] = {}
    for words in (("--repo", "agent", "--tag", "v0.2.0"), ("--tag", "v0.30.0")):
        ran = subprocess.run(
            [sys.executable, "-m", "relgraph", "release", "--offline", "--to", "layout:../published", "--format", "json", *words],
            cwd=root, umask=umask, env={**os.environ, **variables}, capture_output=True, text=True, check=False,
        )  # fmt: skip
        assert ran.returncode == 0, ran.stdout + ran.stderr
        found |= {one["node"]: one["digest"] for one in json.loads(ran.stdout)["artifacts"]}
    return found


def test_charts_and_images_are_the_same_wherever_and_by_whomever_they_are_made(tmp_path: Path) -> None:
    first = platform(tmp_path / "one")
    second = tmp_path / "another place" / "platform"
    (tmp_path / "home").mkdir()
    for name in ("platform", "agent"):
        words = ["git", "clone", "--quiet", "--no-hardlinks", str(first.parent / name), str(second.parent / name)]
        subprocess.run(words, check=True, umask=0o077)
    home = {"HOME": str(tmp_path / "home"), "XDG_CACHE_HOME": str(tmp_path / "home")}
    assert digests(first, 0o022) == digests(second, 0o077, **home, **_ELSEWHERE)
    # The records say so, too: byte for byte, the same.
    here, there = (root / "releases/platform/0.30.0.yaml" for root in (first, second))
    assert here.read_bytes() == there.read_bytes()


def test_a_repository_that_has_no_release_is_told_how_to_get_the_first(tmp_path: Path) -> None:
    root = platform(tmp_path)
    git(root, "tag", "-d", "v0.30.0")
    ran = relgraph(root, "build")
    assert ran.status == 2
    assert "`git tag v0.1.0` makes the first" in ran.err
