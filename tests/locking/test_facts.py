from pathlib import Path

import pytest

from artifacts import publish
from relgraph.locking.facts import RepositoryFacts
from relgraph.oci.layout import Layout
from relgraph.oci.local import LocalRepository
from relgraph.oci.memory import MemoryRepository
from relgraph.resolve.lock import Pin


def test_tags_and_pins_come_from_repositories() -> None:
    web, db = MemoryRepository("web"), MemoryRepository("db")
    first, second = publish(web, "1.0.0"), publish(web, "1.1.0")
    third = publish(db, "2.0.0")
    facts = RepositoryFacts({"oci://r.example/web": web, "oci://r.example/db": db}.__getitem__)
    assert facts.tags(["oci://r.example/web", "oci://r.example/db"]) == {
        "oci://r.example/web": ["1.0.0", "1.1.0"],
        "oci://r.example/db": ["2.0.0"],
    }
    asked = [("oci://r.example/web", "1.0.0"), ("oci://r.example/web", "1.1.0"), ("oci://r.example/db", "2.0.0")]
    pins = facts.pins([*asked, ("oci://r.example/db", "9.9.9"), asked[0]])
    assert {place: pin.digest for place, pin in pins.items()} == dict(
        zip(asked, (str(document.digest) for document in (first, second, third)), strict=True)
    )
    assert pins[asked[0]] == Pin(str(first.digest), len(first.raw), first.media_type)


def test_what_is_held_is_in_a_layout(tmp_path: Path) -> None:
    layout = Layout(tmp_path / "held", create=True)
    document = publish(LocalRepository(layout, "web"), "1.0.0")
    facts = RepositoryFacts(pytest.fail, held=[layout])
    assert facts.holds(str(document.digest))
    assert not facts.holds("sha256:" + "0" * 64)
    assert not facts.holds("0" * 40)  # a commit
