"""``verify --published`` and ``withdraw`` on the demo's platform."""

import json
from pathlib import Path

import pytest

from releases import git, platform, relgraph
from relgraph.demo.world import Commit, next_release
from relgraph.demo.write import commit
from relgraph.oci.layout import Layout
from relgraph.oci.local import LocalRepository
from relgraph.oci.manifest import Document

TO = "layout:../published"
CHART = "registry.example/acme/charts/platform"
IMAGE = "registry.example/acme/controller"


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """Everything released, at v0.30.0."""
    root = platform(tmp_path)
    for words in (("--repo", "agent", "--tag", "v0.2.0"), ()):
        ran = relgraph(root, "release", "--to", TO, *words)
        assert ran.status == 0, ran.err
    return root


def published(root: Path, *words: str) -> list[tuple[str, str, str]]:
    ran = relgraph(root, "verify", "--published", "--to", TO, "--format", "json", *words)
    assert ran.status in (0, 1), ran.err
    return [(one["rule"], one["node"], one["message"]) for one in json.loads(ran.out)["findings"]]


def store(root: Path, name: str) -> LocalRepository:
    return LocalRepository(Layout(root.parent / "published"), name)


def rules(root: Path, *words: str) -> list[tuple[str, str]]:
    return [(rule, node) for rule, node, _ in published(root, *words)]


def test_what_was_released_is_there(root: Path) -> None:
    assert published(root) == []


def test_what_is_gone_is_missing(root: Path) -> None:
    store(root, IMAGE).untag("0.30.0")
    assert rules(root) == [("RG701", "images.controller")]


def test_what_is_tagged_and_was_never_published_is_missing(root: Path) -> None:
    commit(root, next_release())
    assert sorted(rules(root)) == [("RG701", "charts.platform-chart"), ("RG701", "images.controller")]


def test_what_was_overwritten_has_moved_and_says_another_version(root: Path) -> None:
    commit(root, next_release())
    assert relgraph(root, "release", "--to", TO).status == 0
    charts = store(root, CHART)
    newer = charts.resolve("0.31.0")
    charts.untag("0.30.0")
    charts.tag(newer, "0.30.0")
    assert [rule for rule, _ in rules(root)] == ["RG702", "RG704", "RG704"]


def test_a_version_that_no_release_recorded_is_extra(root: Path) -> None:
    images = store(root, IMAGE)
    for tag in ("0.30.1", "nightly", "0.30.1-rc.1", "sha256-0.30.9.sig"):
        images.tag(images.resolve("0.30.0"), tag)
    assert published(root) == [
        ("RG703", "images.controller", f"{TO}//{IMAGE}:{tag} is published, and no record says by which release")
        for tag in ("0.30.1", "0.30.1-rc.1")
    ]


def test_what_was_published_before_there_were_records_is_not_extra(root: Path) -> None:
    images = store(root, IMAGE)
    images.tag(images.resolve("0.30.0"), "0.29.0")
    assert published(root) == []


def test_what_was_pushed_to_be_tried_is_not_extra(root: Path) -> None:
    commit(root, Commit("Change", next_release().time, {"cmd/controller.sh": "#!/bin/sh\nexit 1\n"}))
    ran = relgraph(root, "push", "--to", TO)
    assert ran.status == 0, ran.err
    assert "-dev.1_g" in ran.out
    assert published(root) == []


def test_a_git_tag_that_was_moved_is_told_once(root: Path) -> None:
    released = git(root, "rev-parse", "v0.30.0^{commit}")
    commit(root, Commit("Move", next_release().time, {"other": "1"}))
    git(root, "tag", "--force", "v0.30.0", "HEAD")
    found = [one for one in published(root) if one[0] == "RG702"]
    assert found == [("RG702", "repos.platform", "the git tag v0.30.0 of platform was moved after its release")]
    git(root, "tag", "--force", "v0.30.0", released)
    assert "RG702" not in {rule for rule, _ in rules(root)}


def test_a_platform_that_is_missing_is_told(root: Path) -> None:
    graph = root / "graph/platform.yaml"
    graph.write_text(graph.read_text().replace("linux/arm64]", "linux/arm64, linux/riscv64]"))
    assert ("RG705", "images.controller") in rules(root)


def test_what_is_published_is_compared_with_a_build_of_its_commit(root: Path) -> None:
    # Somebody pushed another chart before the release was recorded, and the record names that one.
    foreign = root.parent / "foreign"
    (foreign / "templates").mkdir(parents=True)
    (foreign / "Chart.yaml").write_text("apiVersion: v2\nname: platform\nversion: 0.30.0\nappVersion: 0.30.0\n")
    (foreign / "values.yaml").write_text("controller: {image: evil.example/miner:1}\n")
    charts = store(root, CHART)
    right = str(charts.resolve("0.30.0").digest)
    charts.untag("0.30.0")
    assert relgraph(root, "store.push", f"{TO}//{CHART}:0.30.0", "../foreign", "--type", "helm").status == 0
    record = root / "releases/platform/0.30.0.yaml"
    record.write_text(record.read_text().replace(right, str(charts.resolve("0.30.0").digest)))
    ((rule, node, message),) = published(root)
    assert (rule, node) == ("RG707", "charts.platform-chart")
    assert f"comes to {right}: " in message
    assert "values.yaml" in message


def test_a_signature_that_is_gone_is_missed(root: Path) -> None:
    commit(root, next_release())
    assert relgraph(root, "store.keygen", "--plain", "--output", "../release").status == 0
    assert relgraph(root, "release", "--to", TO, "--key", "../release.key", "--scheme", "tag").status == 0
    assert published(root, "--key", "../release.pub") == []
    digest = store(root, IMAGE).resolve("0.31.0").digest
    store(root, IMAGE).untag(f"sha256-{digest.hex}.sig")
    assert rules(root, "--key", "../release.pub") == [("RG706", "images.controller")]


def test_a_key_that_signed_nothing_is_told(root: Path) -> None:
    commit(root, next_release())
    for name in ("release", "other"):
        assert relgraph(root, "store.keygen", "--plain", "--output", f"../{name}").status == 0
    assert relgraph(root, "release", "--to", TO, "--key", "../release.key").status == 0
    ran = relgraph(root, "verify", "--published", "--to", TO, "--key", "../release.pub", "--key", "../other.pub")
    assert ran.status == 0, ran.err
    assert "warning: ../other.pub: no recorded release was signed with this key" in ran.err
    assert "release.pub" not in ran.err


def test_a_registry_that_does_not_answer_is_told_for_every_name(root: Path) -> None:
    ran = relgraph(root, "verify", "--published", "--to", "127.0.0.1:1", "--format", "json")
    assert ran.status == 1
    findings = json.loads(ran.out)["findings"]
    assert {one["rule"] for one in findings} == {"RG701"}
    assert all("cannot be looked at" in one["message"] for one in findings)
    assert len(findings) == 4


def test_a_withdrawn_release_is_told_to_whoever_names_it(root: Path) -> None:
    commit(root, next_release())
    assert relgraph(root, "release", "--to", TO).status == 0
    ran = relgraph(root, "withdraw", "v0.30.0", "--reason", "it loses data", "--replacement", "0.31.0", "--to", TO)
    assert ran.status == 0, ran.err
    assert relgraph(root, "verify").status == 0
    script = root / "scripts/install.sh"
    script.write_text(script.read_text().replace("0.31.0", "0.30.0"))
    findings = json.loads(relgraph(root, "verify", "--format", "json", "--rule", "RG708").out)["findings"]
    assert [(one["site"]["path"], one["expected"]) for one in findings] == [("scripts/install.sh", "0.31.0")]


def test_a_withdrawn_release_may_be_gone_and_is_not_released_again(root: Path) -> None:
    assert relgraph(root, "withdraw", "0.30.0", "--reason", "it loses data", "--to", TO).status == 0
    store(root, IMAGE).untag("0.30.0")
    assert [one for one in rules(root) if one[0] == "RG701"] == []
    ran = relgraph(root, "release", "--to", TO, "--tag", "v0.30.0")
    assert ran.status == 1
    assert "was withdrawn: it loses data" in ran.err


def test_a_fresh_checkout_learns_of_a_withdrawal_from_the_registry(root: Path) -> None:
    assert relgraph(root, "withdraw", "0.30.0", "--reason", "it loses data", "--to", TO).status == 0
    git(root, "clean", "-fdxq")
    ran = relgraph(root, "release", "--to", TO, "--tag", "v0.30.0")
    assert ran.status == 1
    assert "was withdrawn" in ran.err


@pytest.mark.parametrize(
    ("words", "status", "said"),
    [
        (("0.29.0", "--reason", "x"), 2, "no record"),
        (("0.30.0",), 2, "needs its reason"),
        (("0.30.0", "--reason", "x", "--replacement", "0.30.0"), 2, "its own place"),
        (("0.30.0", "--reason", "x", "--replacement", "9.9.9"), 2, "9.9.9: no record of such a release, so that it cannot"),
    ],
)
def test_what_cannot_be_withdrawn_is_said(root: Path, words: tuple[str, ...], status: int, said: str) -> None:
    ran = relgraph(root, "withdraw", *words, "--to", TO)
    assert ran.status == status
    assert said in ran.err


def test_another_reason_does_not_replace_the_first(root: Path) -> None:
    assert relgraph(root, "withdraw", "0.30.0", "--reason", "it loses data", "--to", TO).status == 0
    assert relgraph(root, "withdraw", "0.30.0", "--reason", "it loses data", "--to", TO).status == 0
    ran = relgraph(root, "withdraw", "0.30.0", "--reason", "another", "--to", TO)
    assert ran.status == 1
    assert "it loses data" in ran.err


def test_a_replacement_can_be_named_once_it_is_released(root: Path) -> None:
    words = ("withdraw", "0.30.0", "--reason", "it loses data", "--to", TO)
    assert relgraph(root, *words).status == 0
    commit(root, next_release())
    assert relgraph(root, "release", "--to", TO).status == 0
    assert relgraph(root, *words, "--replacement", "0.31.0").status == 0
    assert relgraph(root, *words).status == 1, "what was said stays"


def test_of_older_releases_it_is_only_asked_where_their_names_lead(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    commit(root, next_release())
    assert relgraph(root, "release", "--to", TO).status == 0
    read: list[str] = []
    whole = LocalRepository.load

    def load(self: LocalRepository, reference: str) -> Document:
        read.append(f"{self.repository}:{reference}")
        return whole(self, reference)

    monkeypatch.setattr(LocalRepository, "load", load)
    assert published(root) == []
    assert f"{CHART}:0.31.0" in read
    assert f"{CHART}:0.30.0" not in read
    store(root, CHART).untag("0.30.0")
    assert rules(root) == [("RG701", "charts.platform-chart")]
