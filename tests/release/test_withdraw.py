"""``withdraw`` where nothing is published: what it asks of whom."""

from pathlib import Path

import pytest

from releases import platform, relgraph

NOWHERE = "127.0.0.1:1/mirror"


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return platform(tmp_path)


def test_a_local_withdrawal_asks_no_registry(root: Path) -> None:
    words = ("withdraw", "0.29.0", "--reason", "it loses data", "--to", NOWHERE)
    asked = relgraph(root, *words)
    assert asked.status == 3
    assert "the connection was refused" in asked.err
    local = relgraph(root, *words, "--local")
    assert local.status == 2
    assert "platform 0.29.0: no record of such a release\nhint: " in local.err
