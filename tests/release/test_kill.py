"""kill -9 at random moments of a release: the next run ends with the same digests and the same record."""

from pathlib import Path

import killing

KILLS = 10


def test_a_release_that_is_killed(tmp_path: Path) -> None:
    assert killing.release(tmp_path).run(KILLS, seed=1) >= KILLS
