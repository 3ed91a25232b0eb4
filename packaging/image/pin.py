"""Pin what the image gets from pip: `python packaging/image/pin.py` writes requirements.txt beside itself, with versions and hashes.

They are the newest wheels for Debian's Python that the dependencies in pyproject.toml allow, today.
"""

import json
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Any

_HERE = Path(__file__).resolve().parent
_HEAD = "# What relgraph depends on, in its image. Written by packaging/image/pin.py.\n"
_TARGET = (
    "--implementation=cp", "--python-version=3.11", "--abi=cp311", "--abi=abi3", "--abi=none",
    "--platform=manylinux2014_x86_64", "--platform=manylinux_2_28_x86_64",
)  # fmt: skip


def main() -> int:
    """Ask pip, which installs nothing, and write what it would install."""
    project = tomllib.loads((_HERE.parents[1] / "pyproject.toml").read_text())["project"]
    words = ["install", "--quiet", "--dry-run", "--ignore-installed", "--only-binary=:all:", "--target=nowhere", "--report=-"]
    done = subprocess.run(
        [sys.executable, "-m", "pip", *words, *_TARGET, *project["dependencies"]], stdout=subprocess.PIPE, check=True
    )
    rows = sorted(_row(one) for one in json.loads(done.stdout)["install"])
    (_HERE / "requirements.txt").write_text(_HEAD + "".join(rows))
    return 0


def _row(one: dict[str, Any]) -> str:
    name, version = one["metadata"]["name"].lower(), one["metadata"]["version"]
    return f"{name}=={version} --hash=sha256:{one['download_info']['archive_info']['hashes']['sha256']}\n"


if __name__ == "__main__":
    sys.exit(main())
