"""kill -9 at random moments: nothing half-written is visible, and the next run finishes."""

from pathlib import Path

import killing
from docker_registry import DockerRegistry

KILLS = 10


def test_a_push_that_is_killed(docker: DockerRegistry, tmp_path: Path) -> None:
    assert killing.push(tmp_path, docker.address).run(KILLS, seed=1) >= KILLS


def test_a_pull_into_a_layout_that_is_killed(docker: DockerRegistry, tmp_path: Path) -> None:
    assert killing.pull_layout(tmp_path, docker.address).run(KILLS, seed=2) >= KILLS


def test_a_pull_of_files_that_is_killed(docker: DockerRegistry, tmp_path: Path) -> None:
    assert killing.pull_files(tmp_path, docker.address).run(KILLS, seed=3) >= KILLS


def test_a_collection_of_garbage_that_is_killed(tmp_path: Path) -> None:
    assert killing.garbage(tmp_path).run(KILLS, seed=4) >= KILLS
