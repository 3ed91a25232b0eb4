"""Releases of the demo's platform, end to end into a layout: once, again, gone on with, and refused."""

import json
import shutil
from pathlib import Path

import pytest
import yaml

from releases import git, platform, relgraph
from relgraph.oci.descriptor import Descriptor
from relgraph.oci.layout import Layout
from relgraph.oci.local import LocalRepository
from relgraph.oci.manifest import Index

TO = "layout:../published"


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return platform(tmp_path)


def digests(root: Path) -> dict[str, str]:
    """What is published, by name."""
    return {
        f"{entry.repository}:{entry.tag}": str(entry.descriptor.digest)
        for entry in Layout(root.parent / "published").entries()
        if entry.tag
    }


def released(root: Path, *words: str) -> None:
    ran = relgraph(root, "release", "--to", TO, *words)
    assert ran.status == 0, ran.err


def test_a_release_publishes_names_and_records_everything(root: Path) -> None:
    released(root)
    record = yaml.safe_load((root / "releases/platform/0.30.0.yaml").read_text())
    published = digests(root)
    assert record["metadata"] == {"repo": "platform", "version": "0.30.0"}
    assert record["commit"] == git(root, "rev-parse", "v0.30.0^{commit}")
    for item in record["artifacts"]:
        assert published[f"{item['reference']}:{item['tag']}"] == item["digest"]
    chart = published["registry.example/acme/charts/platform:0.30.0"]
    assert (
        published["registry.example/acme/charts/platform:latest"]
        == published["registry.example/acme/charts/platform:0.30"]
        == chart
    )
    assert "registry.example/acme/releases:relgraph.platform.0.30.0" in published


def test_the_chart_names_the_image_that_was_released_with_it(root: Path) -> None:
    released(root)
    ran = relgraph(root, "store.pull", f"{TO}//registry.example/acme/charts/platform:0.30.0", "--output", "../pulled")
    assert ran.status == 0, ran.err
    shutil.unpack_archive(next((root.parent / "pulled").glob("*.tgz")), root.parent / "chart")
    values = yaml.safe_load((root.parent / "chart/platform/values.yaml").read_text())
    chart = yaml.safe_load((root.parent / "chart/platform/Chart.yaml").read_text())
    image = digests(root)["registry.example/acme/controller:0.30.0"]
    assert values["controller"]["image"] == f"registry.example/acme/controller@{image}"
    assert (chart["version"], chart["appVersion"]) == ("0.30.0", "0.30.0")


def test_an_image_for_several_platforms_is_an_index_of_them(root: Path) -> None:
    released(root)
    store = LocalRepository(Layout(root.parent / "published"), "registry.example/acme/controller")
    index = store.load("0.30.0")
    assert isinstance(index, Index)
    assert sorted(entry.platform["architecture"] for entry in index.manifests if entry.platform) == ["amd64", "arm64"]


def test_no_tracked_file_is_touched(root: Path) -> None:
    released(root)
    assert git(root, "status", "--porcelain") == "?? releases/"


def test_the_same_release_again_does_nothing(root: Path) -> None:
    released(root)
    before = {path: path.stat().st_mtime_ns for path in (root.parent / "published").rglob("*") if path.is_file()}
    ran = relgraph(root, "release", "--to", TO, "--format", "json")
    assert {row["state"] for row in json.loads(ran.out)["artifacts"]} == {"released"}
    assert {path: path.stat().st_mtime_ns for path in before} == before


def test_a_fresh_checkout_reads_the_record_beside_what_was_published(root: Path) -> None:
    released(root)
    record = (root / "releases/platform/0.30.0.yaml").read_bytes()
    shutil.rmtree(root / "releases")
    shutil.rmtree(root / ".relgraph")
    ran = relgraph(root, "release", "--to", TO, "--format", "json")
    assert ran.status == 0
    assert {row["state"] for row in json.loads(ran.out)["artifacts"]} == {"released"}
    assert not (root / ".relgraph/store").exists()
    assert (root / "releases/platform/0.30.0.yaml").read_bytes() == record


def test_with_a_key_a_record_of_strangers_counts_for_nothing(root: Path) -> None:
    assert relgraph(root, "store.keygen", "--plain", "--output", "../release").status == 0
    released(root)
    shutil.rmtree(root / "releases")
    ran = relgraph(root, "release", "--to", TO, "--key", "../release.key", "--format", "json")
    assert ran.status == 0, ran.err
    assert json.loads(ran.out)["steps"]


def test_a_release_that_ended_before_its_record_is_gone_on_with(root: Path) -> None:
    released(root)
    LocalRepository(Layout(root.parent / "published"), "registry.example/acme/releases").untag("relgraph.platform.0.30.0")
    charts = LocalRepository(Layout(root.parent / "published"), "registry.example/acme/charts/platform")
    charts.untag("latest")
    released(root)
    assert "registry.example/acme/charts/platform:latest" in digests(root)
    assert "registry.example/acme/releases:relgraph.platform.0.30.0" in digests(root)


def test_the_same_release_elsewhere_comes_to_the_same_digests(root: Path) -> None:
    released(root)
    first = digests(root)
    shutil.rmtree(root.parent / "published")
    shutil.rmtree(root / ".relgraph")
    released(root)
    assert digests(root) == first


def test_only_what_changed_is_built_for_the_next_release(root: Path) -> None:
    from relgraph.demo.world import next_release
    from relgraph.demo.write import commit

    released(root)
    commit(root, next_release())
    ran = relgraph(root, "release", "--to", TO, "--format", "json")
    states = {step["step"]: step["state"] for step in json.loads(ran.out)["steps"]}
    assert states["build images.controller"] == "cached"
    assert states["build charts.platform-chart"] == "done"
    published = digests(root)
    assert published["registry.example/acme/controller:0.31.0"] == published["registry.example/acme/controller:0.30.0"]
    assert published["registry.example/acme/charts/platform:latest"] == published["registry.example/acme/charts/platform:0.31.0"]


def test_an_older_line_is_released_later_and_moves_no_channel_of_the_newer(root: Path) -> None:
    from relgraph.demo.world import next_release
    from relgraph.demo.write import commit

    commit(root, next_release())
    released(root)
    latest = digests(root)["registry.example/acme/charts/platform:latest"]
    git(root, "checkout", "-q", "v0.30.0")
    released(root, "--tag", "v0.30.0")
    published = digests(root)
    assert published["registry.example/acme/charts/platform:latest"] == latest
    assert published["registry.example/acme/charts/platform:0.30"] == published["registry.example/acme/charts/platform:0.30.0"]


def test_everything_that_forbids_a_release_is_said_at_once(root: Path) -> None:
    (root / "scripts/install.sh").write_text("helm install x oci://registry.example/acme/charts/platform --version 0.3.0\n")
    git(root, "commit", "-qam", "Hurry")
    git(root, "tag", "-f", "v0.30.0")
    git(root, "tag", "v0.30.1")
    (root / "notes.txt").write_text("not committed\n")
    ran = relgraph(root, "release", "--tag", "v0.30.1", "--to", TO)
    assert ran.status == 1
    assert "notes.txt" in ran.err
    assert "scripts/install.sh" in ran.err
    assert "nothing was built or published" in ran.err
    assert not (root.parent / "published").exists() or not digests(root)


def test_a_program_that_a_build_needs_is_missed_before_anything_is_built(root: Path) -> None:
    graph = root / "graph/platform.yaml"
    image = "  tool:\n    from: platform\n    ref: registry.example/acme/tool\n    build: {command: true, outputs: [out], tools: [relgraph-none]}\n"
    graph.write_text(graph.read_text().replace("charts:\n", f"{image}charts:\n", 1))
    git(root, "commit", "-qam", "Add a tool")
    git(root, "tag", "v0.30.1")
    ran = relgraph(root, "release", "--to", TO, "--tag", "v0.30.1")
    assert ran.status == 1
    assert "relgraph-none is not installed, and images.tool cannot be built without it" in ran.err
    assert not (root / ".relgraph/store").exists()


def test_a_tag_that_moved_after_its_release_is_refused(root: Path) -> None:
    released(root)
    git(root, "commit", "--allow-empty", "-qm", "More")
    git(root, "tag", "-f", "v0.30.0")
    ran = relgraph(root, "release", "--to", TO)
    assert ran.status == 1
    assert "has moved" in ran.err


def test_a_tag_that_is_elsewhere_on_the_remote_is_refused(root: Path, tmp_path: Path) -> None:
    git(tmp_path, "clone", "-q", "--bare", str(root), "origin.git")
    git(root, "remote", "add", "origin", str(tmp_path / "origin.git"))
    git(root, "commit", "--allow-empty", "-qm", "More")
    git(root, "tag", "-f", "v0.30.0")
    ran = relgraph(root, "release", "--to", TO)
    assert ran.status == 1
    assert "on the remote" in ran.err
    assert relgraph(root, "release", "--to", TO, "--offline").status == 0


def test_other_content_under_a_published_tag_is_refused_before_anything_is_pushed(root: Path) -> None:
    foreign = f"{TO}//registry.example/acme/charts/platform:0.30.0"
    assert relgraph(root, "store.push", foreign, "README.md").status == 0
    before = digests(root)
    ran = relgraph(root, "release", "--to", TO)
    assert ran.status == 1
    assert "is published as" in ran.err
    assert digests(root) == before


def test_a_published_tag_that_was_overwritten_is_told(root: Path) -> None:
    released(root)
    name = "registry.example/acme/controller"
    layout = Layout(root.parent / "published")
    LocalRepository(layout, name).untag("0.30.0")
    assert relgraph(root, "store.push", f"{TO}//{name}:0.30.0", "README.md").status == 0
    ran = relgraph(root, "release", "--to", TO)
    assert ran.status == 1
    assert "somebody overwrote it" in ran.err


def test_what_went_missing_is_published_again_as_it_was(root: Path) -> None:
    released(root)
    before = digests(root)
    LocalRepository(Layout(root.parent / "published"), "registry.example/acme/controller").untag("0.30.0")
    released(root)
    assert digests(root) == before


def test_a_release_is_signed_and_says_where_it_comes_from(root: Path) -> None:
    assert relgraph(root, "store.keygen", "--plain", "--output", "../release").status == 0
    released(root, "--key", "../release.key", "--scheme", "both")
    for name in ("controller:0.30.0", "charts/platform:0.30.0", "releases:relgraph.platform.0.30.0"):
        repository = f"registry.example/acme/{name.partition(':')[0]}"
        ran = relgraph(
            root,
            "store.verify",
            f"{TO}//registry.example/acme/{name}",
            "--key",
            "../release.pub",
            "--as",
            repository,
            "--format",
            "json",
        )
        assert ran.status == 0, ran.out + ran.err
        roles = {evidence["role"] for evidence in json.loads(ran.out)["evidence"]}
        assert roles == ({"signature"} if "releases" in name else {"signature", "attestation"})
    record = yaml.safe_load((root / "releases/platform/0.30.0.yaml").read_text())
    assert len(record["signedBy"]) == 1


def test_signing_again_adds_no_signature(root: Path) -> None:
    assert relgraph(root, "store.keygen", "--plain", "--output", "../release").status == 0
    released(root, "--key", "../release.key")
    shutil.rmtree(root / "releases")
    layout = Layout(root.parent / "published")
    LocalRepository(layout, "registry.example/acme/releases").untag("relgraph.platform.0.30.0")
    before = sorted(str(entry.descriptor.digest) for entry in layout.entries())
    released(root, "--key", "../release.key")
    assert len(set(before) - {str(entry.descriptor.digest) for entry in layout.entries()}) == 0


def test_a_repository_declared_as_signed_is_not_released_without_a_key(root: Path) -> None:
    graph = root / "graph/platform.yaml"
    graph.write_text(graph.read_text().replace("self: last-release,", "self: last-release, signed: true,"))
    git(root, "commit", "-qam", "Sign")
    git(root, "tag", "-f", "v0.30.0")
    ran = relgraph(root, "release", "--to", TO)
    assert ran.status == 2
    assert "--key" in ran.err


def test_a_dry_run_lists_the_steps_and_does_none(root: Path) -> None:
    ran = relgraph(root, "release", "--to", TO, "--dry-run", "--format", "json")
    steps = [step["step"] for step in json.loads(ran.out)["steps"]]
    assert steps.index("build images.controller") < steps.index("push images.controller") < steps.index("tag charts.platform-chart")
    assert steps[-2:] == ["move charts.platform-chart", "record"]
    assert not (root.parent / "published/index.json").exists() or not digests(root)
    after = relgraph(root, "release", "--to", TO, "--format", "json")
    assert [step["step"] for step in json.loads(after.out)["steps"]] == steps


def test_a_commit_without_a_tag_is_not_released(root: Path) -> None:
    git(root, "commit", "--allow-empty", "-qm", "More")
    ran = relgraph(root, "release", "--to", TO)
    assert ran.status == 2
    assert "no tag like v{version}" in ran.err


def test_a_channel_that_a_newer_release_moves_meanwhile_stays_there(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from relgraph.demo.world import next_release
    from relgraph.demo.write import commit

    commit(root, next_release())
    released(root, "--tag", "v0.31.0")
    charts = LocalRepository(Layout(root.parent / "published"), "registry.example/acme/charts/platform")
    newer = charts.resolve("0.31.0")
    for tag in ("latest", "0.31", "0.31.0"):
        charts.untag(tag)
    git(root, "checkout", "-q", "v0.30.0")
    whole = LocalRepository.tag

    def meanwhile(self: LocalRepository, descriptor: Descriptor, tag: str, *, replacing: Descriptor | None = None) -> None:
        if tag == "latest" and "0.31.0" not in charts.tags():
            for one in ("0.31.0", "latest"):
                whole(charts, newer, one)
        whole(self, descriptor, tag, replacing=replacing)

    monkeypatch.setattr(LocalRepository, "tag", meanwhile)
    released(root)
    assert charts.resolve("latest").digest == newer.digest
    assert "registry.example/acme/charts/platform:0.30" in digests(root)


def test_a_dry_run_of_what_is_released_has_no_step_and_writes_nothing(root: Path) -> None:
    released(root)
    shutil.rmtree(root / "releases")
    ran = relgraph(root, "release", "--to", TO, "--dry-run", "--format", "json")
    assert ran.status == 0, ran.err
    assert json.loads(ran.out)["schema"] == "relgraph.dev/plan/v1"
    assert json.loads(ran.out)["steps"] == []
    assert not (root / "releases").exists()
    assert "released" in relgraph(root, "release", "--to", TO, "--dry-run").out
