"""The store on the command line: what is written, what is refused, and how it exits."""

import json
import os
import re
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from hostile_registry import HostileRegistry, answered
from relgraph.cli.commands.store_show import by_version
from relgraph.cli.progress import human

Run = Callable[..., "tuple[int, str, str]"]


@pytest.fixture
def hostile() -> Iterator[HostileRegistry]:
    """A registry that does what it is told."""
    with HostileRegistry() as registry:
        yield registry


@pytest.fixture
def files(tmp_path: Path) -> Path:
    """A folder with a file in it, and a file."""
    (tmp_path / "conf").mkdir()
    (tmp_path / "conf" / "a.yaml").write_text("a: 1\n")
    (tmp_path / "tool").write_text("#!/bin/sh\n")
    (tmp_path / "tool").chmod(0o755)
    (tmp_path / "chart").mkdir()
    (tmp_path / "chart" / "Chart.yaml").write_text("apiVersion: v2\nname: web\nversion: 1.2.0\n")
    return tmp_path


def facts(out: str) -> dict[str, Any]:
    value: dict[str, Any] = json.loads(out)
    assert value["schema"] == "relgraph.dev/store/v1"
    return value


@pytest.fixture(params=["registry", "layout"])
def place(request: pytest.FixtureRequest, hostile: HostileRegistry) -> str:
    """A repository to publish to."""
    return f"{hostile.address}/acme/tools" if request.param == "registry" else "layout:out//acme/tools"


def test_what_is_pushed_is_pulled(run: Run, place: str, files: Path) -> None:
    status, out, err = run("store.push", f"{place}:1.0.0", "conf", "tool", "--artifact-type", "application/vnd.acme.tools")
    assert (status, err) == (0, "")
    assert re.fullmatch(rf"pushed {re.escape(place)}:1\.0\.0@sha256:[0-9a-f]{{64}} \(3 blobs, \d+ B\)\n", out)
    status, out, err = run("store.pull", f"{place}:1.0.0", "--output", "got")
    assert (status, err) == (0, "")
    assert out.splitlines()[1:] == ["  got/conf", "  got/tool"]
    assert (files / "got" / "conf" / "a.yaml").read_text() == "a: 1\n"
    assert (files / "got" / "tool").read_text() == "#!/bin/sh\n"


def test_pushing_again_is_said(run: Run, place: str, files: Path) -> None:
    words = ("store.push", f"{place}:1.0.0", "tool", "--format", "json")
    first, second = facts(run(*words)[1]), facts(run(*words)[1])
    assert (first["changed"], second["changed"]) == (True, False)
    assert first["digest"] == second["digest"]
    assert (first["tag"], first["kind"]) == ("1.0.0", "application/vnd.unknown.artifact.v1")


def test_a_tag_with_other_content_is_refused(run: Run, place: str, files: Path) -> None:
    run("store.push", f"{place}:1.0.0", "tool")
    (files / "tool").write_text("other")
    status, out, err = run("store.push", f"{place}:1.0.0", "tool")
    assert (status, out) == (1, "")
    assert "tag 1.0.0 exists with other content" in err
    assert "hint: published tags are never overwritten" in err


def test_a_file_with_other_content_is_refused(run: Run, place: str, files: Path) -> None:
    run("store.push", f"{place}:1.0.0", "tool")
    (files / "tool").write_text("mine")
    status, _, err = run("store.pull", f"{place}:1.0.0")
    assert status == 1
    assert "exists with other content" in err
    assert (files / "tool").read_text() == "mine"


def test_copies_go_anywhere_and_back(run: Run, hostile: HostileRegistry, files: Path) -> None:
    remote = f"{hostile.address}/acme/tools"
    digest = facts(run("store.push", f"{remote}:1.0.0", "tool", "--format", "json")[1])["digest"]
    run("store.push", f"{remote}:1.1.0", "conf")
    status, out, _ = run("store.copy", f"{remote}:1.0.0", "layout:mirror//tools")
    assert status == 0
    assert out.startswith(f"copied layout:mirror//tools:1.0.0@{digest}")
    copied = facts(run("store.copy", remote, "layout:mirror//tools", "--all", "--format", "json")[1])["copied"]
    assert [(item["tag"], item["changed"]) for item in copied] == [("1.0.0", False), ("1.1.0", True)]
    assert run("store.copy", "layout:mirror//tools:1.0.0", f"{hostile.address}/other:x", "--alone")[0] == 0
    assert facts(run("store.inspect", f"{hostile.address}/other:x", "--format", "json")[1])["digest"] == digest
    assert run("store.copy", f"{remote}@{digest}", "layout:mirror//by-digest")[0] == 0
    assert facts(run("store.inspect", f"layout:mirror@{digest}", "--format", "json")[1])["digest"] == digest


def test_tags_are_listed_as_versions(run: Run, place: str, files: Path) -> None:
    for tag in ("1.10.0", "1.9.0", "1.9.0-rc.1", "latest", "sha256-" + "a" * 64 + ".sig"):
        run("store.push", f"{place}:{tag}", "tool")
    assert run("store.list", place)[1].split() == ["latest", "1.9.0-rc.1", "1.9.0", "1.10.0"]
    assert len(facts(run("store.list", place, "--all", "--format", "json")[1])["tags"]) == 5
    assert by_version(["b", "2.0.0", "a", "v1.0.0", "1.0.0_g1"]) == ["a", "b", "1.0.0_g1", "v1.0.0", "2.0.0"]


def test_an_artifact_is_shown(run: Run, place: str, files: Path) -> None:
    digest = facts(run("store.push", f"{place}:1.0.0", "tool", "--annotation", "k=v\x1b", "--format", "json")[1])["digest"]
    shown = run("store.inspect", f"{place}:1.0.0")[1]
    assert digest in shown
    assert "tool" in shown
    assert "\x1b" not in shown
    assert facts(run("store.inspect", f"{place}:1.0.0", "--format", "json")[1])["content"][0]["annotations"] == {
        "org.opencontainers.image.title": "tool"
    }
    raw = run("store.inspect", f"{place}:1.0.0", "--raw")[1]
    import hashlib

    assert f"sha256:{hashlib.sha256(raw.encode()).hexdigest()}" == digest


def test_a_layout_is_kept_small_and_carried(run: Run, files: Path) -> None:
    run("store.push", "layout:out//tools:1.0.0", "tool")
    run("store.push", "layout:out//tools:1.1.0", "conf")
    listed = facts(run("store.list", "layout:out", "--format", "json")[1])
    assert [item["tag"] for item in listed["tags"]] == ["1.0.0", "1.1.0"]
    assert "2 of" not in run("store.list", "layout:out")[1]
    assert facts(run("store.export", "all.tar", "layout:out", "--format", "json")[1])["tags"] == 2
    assert run("store.export", "one.tar", "layout:out//tools:1.0.0")[0] == 0
    assert run("store.export", "two.tar", "layout:out//tools")[0] == 0
    dry = facts(run("store.gc", "layout:out", "--drop", "tools:1.1.0", "--grace", "0", "--dry-run", "--format", "json")[1])
    assert dry["removed"]["blobs"] == 2
    done = facts(run("store.gc", "layout:out", "--drop", "tools:1.1.0", "--grace", "0s", "--check", "--format", "json")[1])
    assert (done["removed"]["blobs"], done["removed"]["entries"], done["damaged"]) == (2, 1, [])
    assert run("store.import", "all.tar", "layout:new")[1].startswith("imported all.tar (2 new tags")
    assert run("store.import", "all.tar", "layout:new")[1].startswith("imported all.tar (0 new tags")
    assert run("store.pull", "layout:new//tools:1.1.0", "--output", "got")[0] == 0


def test_an_archive_comes_through_a_pipe(files: Path, run: Run) -> None:
    run("store.push", "layout:out:1.0.0", "tool")
    run("store.export", "all.tar", "layout:out")
    words = [
        sys.executable,
        "-c",
        "from relgraph.cli.main import main; raise SystemExit(main())",
        "store.import",
        "-",
        "layout:new",
    ]
    done = subprocess.run(words, cwd=files, input=(files / "all.tar").read_bytes(), capture_output=True, check=False)
    assert done.returncode == 0, done.stderr
    assert run("store.list", "layout:new")[1].startswith("1.0.0  sha256:")


def test_a_layout_is_served_until_it_is_interrupted(files: Path, run: Run) -> None:
    run("store.push", "layout:out//acme/tools:1.0.0", "tool")
    code = "from relgraph.cli.main import main; raise SystemExit(main())"
    words = [sys.executable, "-c", code, "store.serve", "layout:out", "--port", "0", "--trace"]
    child = subprocess.Popen(words, cwd=files, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    watchdog = threading.Timer(30, child.kill)
    watchdog.start()
    try:
        assert child.stdout is not None
        address = child.stdout.readline().rpartition("http://")[2].strip()
        assert run("store.list", f"{address}/acme/tools")[1] == "1.0.0\n"
        status, _, err = run("store.push", f"{address}/acme/tools:1.1.0", "tool")
        assert (status, "can only be read" in err) == (3, True)
        child.send_signal(signal.SIGINT)
        _, complaints = child.communicate()
    finally:
        watchdog.cancel()
        child.kill()
    assert child.returncode == 0
    assert "relgraph: GET /v2/acme/tools/tags/list?n=1000 200" in complaints


@pytest.mark.parametrize(
    ("words", "status", "said"),
    [
        (["store.push", "layout:out", "tool"], 2, "under which tag?"),
        (["store.push", "layout:out:1", "missing"], 3, "no such file"),
        (["store.push", "layout:out@sha256:" + "a" * 64, "tool"], 2, "under a tag"),
        (["store.push", "layout:out:^1", "tool"], 2, "under one version"),
        (["store.push", "layout:out//web", "chart"], 2, "--type helm publishes a chart under its own version"),
        (["store.push", "layout:out//web:2.0.0", "chart", "--type", "helm"], 2, "the chart says that its version is 1.2.0"),
        (["store.push", "layout:out//web", "chart", "--type", "helm", "--version", "2"], 2, "its version is 1.2.0"),
        (["store.push", "layout:out//c/api", "chart", "--type", "helm"], 2, "write layout:out//c/web"),
        (["store.push", "layout:out:1", "tool", "--platform", "linux/amd64"], 2, "it is for rootfs"),
        (["store.push", "layout:out:1", "tool", "--media-type", "tol=a/b"], 2, "there are tool"),
        (["store.list", "127.0.0.1:5000"], 2, "write 127.0.0.1:5000/NAME"),
        (["store.list", "ghcr.io"], 2, "write ghcr.io/NAME"),
        (["store.push", "https://x/y:1", "tool"], 2, "oci://x/y:1"),
        (["store.push", "layout:out:1", "tool", "--annotation", "x"], 2, "KEY=VALUE"),
        (["store.push", "layout:out:1", "tool", "--annotation", "x=1", "--annotation", "x=2"], 2, "twice"),
        (["store.push", "layout:out:1", "tool", "--jobs", "0"], 2, "from 1 to 32"),
        (["store.push", "layout:out:1", "tool", "--jobs", "many"], 2, "from 1 to 32"),
        (["store.push", "layout:out:1", "tool", "--trust", "x"], 2, "REGISTRY=HOST"),
        (["store.push", "layout:conf:1", "tool"], 3, "something else"),
        (["store.pull", "layout:out:1"], 3, "not an OCI image layout"),
        (["store.pull", "127.0.0.1:1/x:1"], 3, "refused"),
        (["store.list", "layout:out:1"], 2, "not a tag"),
        (["store.copy", "layout:a", "layout:b:1", "--all"], 2, "leave the tags out"),
        (["store.copy", "layout:a:1", "layout:b@sha256:" + "a" * 64], 2, "under a tag"),
        (["store.gc", "ghcr.io/x"], 2, "a whole layout"),
        (["store.gc", "layout:out:1"], 2, "a whole layout"),
        (["store.gc", "layout:out", "--grace", "soon"], 2, "--grace"),
        (["store.export", "x.tar", "layout:a", "layout:b"], 3, "not an OCI image layout"),
        (["store.import", "missing.tar", "layout:new"], 3, "No such file"),
        (["store.serve", "layout:out", "--port", "70000"], 2, "from 0 to 65535"),
        (["store.serve", "layout:out"], 3, "not an OCI image layout"),
        (["store.inspect", "layout:conf:1"], 3, "not an OCI image layout"),
    ],
)
def test_what_cannot_be_done_is_said(run: Run, files: Path, words: list[str], status: int, said: str) -> None:
    got, out, err = run(*words)
    assert (got, out) == (status, "")
    assert said in err
    assert "Traceback" not in err


def test_what_is_not_there_says_where_to_look(run: Run, place: str, files: Path) -> None:
    assert files.is_dir()
    run("store.push", f"{place}:1.0.0", "tool")
    for words in (("store.inspect", place), ("store.pull", f"{place}:2.0.0"), ("store.copy", f"{place}:2.0.0", "layout:copy")):
        status, _, err = run(*words)
        assert status == 3
        assert f"hint: `relgraph store.list {place}` shows its tags" in err


def test_half_a_name_in_a_registry_is_not_listed(run: Run, hostile: HostileRegistry, files: Path) -> None:
    run("store.push", f"{hostile.address}/mirror/acme/tools:1.0.0", "tool")
    status, out, err = run("store.list", f"{hostile.address}/mirror")
    assert (status, out) == (3, "")
    assert "tags of mirror not found\nhint: write the whole name as it was pushed" in err


def test_one_layout_is_exported_at_a_time(run: Run, files: Path) -> None:
    for name in ("a", "b"):
        run("store.push", f"layout:{name}:1", "tool")
    status, _, err = run("store.export", "x.tar", "layout:a", "layout:b")
    assert (status, "only one layout" in err) == (2, True)
    assert run("store.export", "missing/x.tar", "layout:a")[0] == 3
    assert run("store.gc", "layout:a", "--drop", "a b")[0] == 2
    assert run("store.gc", "layout:a", "--drop", "9")[0] == 3


def test_requests_can_be_traced(run: Run, hostile: HostileRegistry, files: Path) -> None:
    err = run("store.push", f"{hostile.address}/x:1", "tool", "--trace")[2]
    assert f"relgraph: HEAD {hostile.url}/v2/x/manifests/1 404" in err
    assert err.count("\n") == len(hostile.seen)


def test_warnings_are_passed_on(run: Run, hostile: HostileRegistry, files: Path) -> None:
    hostile.fault("GET", "/tags/list", answered(200, b'{"tags": []}', {"Warning": '299 - "end of life"'}))
    assert run("store.list", f"{hostile.address}/x") == (0, "", f"relgraph: warning: {hostile.address}: end of life\n")


def test_an_image_is_not_laid_out_as_files(run: Run, files: Path) -> None:
    run("store.push", "layout:out:1", "conf", "--type", "rootfs", "--platform", "linux/amd64")
    status, _, err = run("store.pull", "layout:out:1")
    assert (status, "store.copy" in err) == (2, True)


def test_times_come_from_the_environment_only(run: Run, files: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    run("store.push", "layout:out:1", "tool")
    assert "created" not in run("store.inspect", "layout:out:1", "--raw")[1]
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "86400")
    run("store.push", "layout:out:2", "tool")
    assert '"org.opencontainers.image.created":"1970-01-02T00:00:00Z"' in run("store.inspect", "layout:out:2", "--raw")[1]
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "yesterday")
    assert run("store.push", "layout:out:3", "tool")[0] == 2


def test_sizes_are_for_people() -> None:
    assert [human(size) for size in (0, 1023, 1536, 1 << 20, 5 << 30, 3 << 40)] == [
        "0 B",
        "1023 B",
        "1.5 KiB",
        "1.0 MiB",
        "5.0 GiB",
        "3.0 TiB",
    ]


def test_nothing_of_a_registry_is_loaded_for_layouts(tmp_path: Path) -> None:
    (tmp_path / "tool").write_text("x")
    code = (
        "import sys\n"
        "from relgraph.cli.main import main\n"
        "assert main(['store.push', 'layout:out:1', 'tool']) == 0\n"
        "assert not {'oras', 'requests', 'urllib3', 'ssl'} & set(sys.modules), sys.modules.keys()\n"
    )
    subprocess.run([sys.executable, "-c", code], cwd=tmp_path, check=True, env={"PATH": os.defpath, "HOME": str(tmp_path)})
