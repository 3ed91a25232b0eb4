"""The order of a release's steps, and that what a name leads to is read back."""

from contextlib import ExitStack, chdir
from pathlib import Path

import pytest

from releases import platform, relgraph
from relgraph.oci.descriptor import Descriptor
from relgraph.oci.local import LocalRepository
from relgraph.release.prepare import Wish, prepare
from relgraph.verify import Request, open_workspace

TO = "layout:../published"
_ORDER = ("build", "check", "push", "sign", "tag", "move", "record")


def test_each_kind_of_step_waits_for_all_of_those_before(tmp_path: Path) -> None:
    root = platform(tmp_path)
    with chdir(root), ExitStack() as stack:
        wish = Wish(tag="v0.30.0", push=True, release=True, sign=True, to=TO)
        steps = prepare(open_workspace(root), Request(), wish, stack).plan.steps
    before: dict[str, set[str]] = {}
    for step in steps:
        waits = {*step.needs, *step.after}
        before[step.id] = waits.union(*(before[one] for one in waits))
    assert {step.action for step in steps} == {*_ORDER}
    for step in steps:
        if step.action in ("build", "sign"):
            continue
        earlier = {one.id for one in steps if _ORDER.index(one.action) < _ORDER.index(step.action)}
        assert earlier <= before[step.id], step.id


def test_a_name_that_leads_to_what_is_not_whole_is_noticed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    root = platform(tmp_path)
    monkeypatch.setattr(LocalRepository, "exists", lambda *_: False)
    ran = relgraph(root, "release", "--to", TO)
    assert ran.status == 3
    assert " lacks sha256:" in ran.err
    assert not (root / "releases").exists()


def test_a_name_that_leads_elsewhere_is_noticed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    root = platform(tmp_path)
    whole = LocalRepository.tag

    def other(self: LocalRepository, descriptor: Descriptor, tag: str, *, replacing: Descriptor | None = None) -> None:
        first = next(entry.descriptor for entry in self.layout.entries() if entry.descriptor.digest != descriptor.digest)
        whole(self, first if tag == "0.30.0" else descriptor, tag, replacing=replacing)

    monkeypatch.setattr(LocalRepository, "tag", other)
    ran = relgraph(root, "release", "--to", TO)
    assert ran.status == 1
    assert " instead of sha256:" in ran.err
    assert not (root / "releases").exists()
