"""kill -9 at random moments: nothing half-written is visible, and the next run finishes."""

from pathlib import Path

import killing
from docker_registry import DockerRegistry

ROUNDS = 10


def test_a_push_that_is_killed(docker: DockerRegistry, tmp_path: Path) -> None:
    assert killing.push(tmp_path, docker.address).run(ROUNDS, seed=1) > 0


def test_a_pull_into_a_layout_that_is_killed(docker: DockerRegistry, tmp_path: Path) -> None:
    assert killing.pull_layout(tmp_path, docker.address).run(ROUNDS, seed=2) > 0


def test_a_pull_of_files_that_is_killed(docker: DockerRegistry, tmp_path: Path) -> None:
    assert killing.pull_files(tmp_path, docker.address).run(ROUNDS, seed=3) > 0


def test_a_collection_of_garbage_that_is_killed(tmp_path: Path) -> None:
    assert killing.garbage(tmp_path).run(ROUNDS, seed=4) > 0
