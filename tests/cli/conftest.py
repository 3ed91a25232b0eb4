"""What tests of commands begin with."""

from collections.abc import Callable
from pathlib import Path

import pytest

from artifacts import FAST
from relgraph.cli.main import main

Run = Callable[..., "tuple[int, str, str]"]


@pytest.fixture
def run(capfd: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    """Runs a command in an empty folder; its exit status, output and complaints."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    for name in ("DOCKER_CONFIG", "REGISTRY_AUTH_FILE", "XDG_RUNTIME_DIR", "SOURCE_DATE_EPOCH"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr("relgraph.oci.settings.Settings.__new__.__defaults__", FAST)

    def run(*words: object) -> tuple[int, str, str]:
        status = main([str(word) for word in words])
        said = capfd.readouterr()
        return status, said.out, said.err

    return run
