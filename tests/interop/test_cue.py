"""CUE modules, against the real cue."""

import json
import os
import zipfile
from collections.abc import Mapping, Sequence
from pathlib import Path

import pytest

from peers import GetPeer, Peer, Relgraph
from relgraph.cli.command import Values
from relgraph.cli.registries import Stores
from relgraph.cli.terminal import Terminal
from relgraph.oci.codecs.cue import read_module
from relgraph.oci.manifest import Manifest
from relgraph.oci.reference import RegistryReference
from relgraph.oci.storage import read_blob
from relgraph.resolve.mvs import Module, build_list


@pytest.fixture
def cue(peer: GetPeer) -> Peer:
    return peer("cue")


def _environment(registry: str, here: Path) -> dict[str, str]:
    return {"CUE_REGISTRY": f"{registry}/mods+insecure", "CUE_CACHE_DIR": str(here / "cue-cache")}


def _module(folder: Path, path: str, deps: Mapping[str, str] | None = None, files: Mapping[str, str] | None = None) -> Path:
    lines = [f'module: "{path}"', 'language: version: "v0.9.0"', 'source: kind: "self"']
    if deps:
        lines.append("deps: {")
        lines += [f'\t"{name}": v: "{version}"' for name, version in deps.items()]
        lines.append("}")
    content = {"cue.mod/module.cue": "\n".join(lines) + "\n", **(files or {})}
    for name, text in content.items():
        target = folder / name
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(text)
    return folder


def _writable(folder: Path) -> None:
    # The module cache is read-only, and would outlive the test's folder.
    for path in folder.rglob("*"):
        path.chmod(0o755 if path.is_dir() else 0o644)


_SCHEMA = {
    "schema.cue": 'package schemas\n#Port: int & >0 & <65536\nname: "ä"\n',
    "sub/more.cue": "package sub\nx: 1\n",
    "data/notes.txt": "not cue\n",
}


def test_cue_imports_what_relgraph_pushed(relgraph: Relgraph, here: Path, registry: str, cue: Peer) -> None:
    module = _module(here / "schemas", "registry.example/schemas@v0", files=_SCHEMA)
    relgraph("store.push", f"{registry}/mods/registry.example/schemas:v0.1.0", module, "--type", "cue")
    user = _module(
        here / "user",
        "user.example/app@v0",
        {"registry.example/schemas@v0": "v0.1.0"},
        {"app.cue": 'package app\nimport "registry.example/schemas@v0"\nport: schemas.#Port & 8080\nname: schemas.name\n'},
    )
    exported = cue.run("export", ".", cwd=user, **_environment(registry, here))
    assert json.loads(exported) == {"port": 8080, "name": "ä"}
    _writable(here / "cue-cache")


def test_cue_finds_the_versions_that_relgraph_pushed(relgraph: Relgraph, here: Path, docker: str, cue: Peer) -> None:
    module = _module(here / "schemas", "registry.example/schemas@v0", files=_SCHEMA)
    for version in ("v0.9.0", "v0.10.0"):
        relgraph("store.push", f"{docker}/mods/registry.example/schemas:{version}", module, "--type", "cue")
    user = _module(
        here / "user",
        "user.example/app@v0",
        files={"app.cue": 'package app\nimport "registry.example/schemas@v0"\nx: schemas.name\n'},
    )
    cue.run("mod", "tidy", cwd=user, **_environment(docker, here))
    assert read_module((user / "cue.mod/module.cue").read_bytes()).requires == {"registry.example/schemas@v0": "v0.10.0"}
    _writable(here / "cue-cache")


def test_relgraph_pulls_what_cue_published(relgraph: Relgraph, here: Path, registry: str, cue: Peer) -> None:
    module = _module(here / "schemas", "registry.example/schemas@v0", files=_SCHEMA)
    cue.run("mod", "publish", "v0.1.0", cwd=module, **_environment(registry, here))
    pulled = relgraph("store.pull", f"{registry}/mods/registry.example/schemas:v0.1.0", "--output", "got")
    assert pulled["kind"] == "application/vnd.cue.module.v1+json"
    got = {path.relative_to(here / "got").as_posix(): path.read_text() for path in (here / "got").rglob("*") if path.is_file()}
    assert got == {"cue.mod/module.cue": (module / "cue.mod/module.cue").read_text(), **_SCHEMA}


def test_the_manifest_is_that_of_cue_but_for_the_zip(relgraph: Relgraph, here: Path, docker: str, cue: Peer) -> None:
    module = _module(here / "schemas", "registry.example/schemas@v0", files=_SCHEMA)
    cue.run("mod", "publish", "v0.1.0", cwd=module, **_environment(docker, here))
    relgraph("store.push", f"{docker}/ours:v0.1.0", module, "--type", "cue")
    theirs, ours = (_load(docker, name) for name in ("mods/registry.example/schemas", "ours"))
    assert ours.config == theirs.config
    assert ours.layers[1] == theirs.layers[1]
    assert ours.layers[0].media_type == theirs.layers[0].media_type
    shape = [json.loads(manifest.raw) for manifest in (ours, theirs)]
    for document in shape:
        document["layers"][0] |= {"digest": "", "size": 0}
    assert json.dumps(shape[0]) == json.dumps(shape[1])
    files = [_zip(here, docker, name) for name in ("mods/registry.example/schemas", "ours")]
    assert files[0] == files[1]


def test_modules_from_git_say_from_which_commit(
    relgraph: Relgraph, here: Path, docker: str, cue: Peer, monkeypatch: pytest.MonkeyPatch
) -> None:
    import subprocess

    from relgraph.oci.codecs.codec import Options
    from relgraph.oci.codecs.cue import artifact_of
    from relgraph.oci.codecs.tree import read_folder

    module = _module(here / "schemas", "registry.example/schemas@v0", files=_SCHEMA)
    text = (module / "cue.mod/module.cue").read_text().replace('"self"', '"git"')
    (module / "cue.mod/module.cue").write_text(text)
    variables = {"GIT_AUTHOR_DATE": "1700000000 +0000", "GIT_COMMITTER_DATE": "1700000000 +0000", "GIT_CONFIG_GLOBAL": os.devnull}
    who = ("-c", "user.name=A", "-c", "user.email=a@example.test")
    for words in (("init", "-q"), ("add", "."), (*who, "commit", "-q", "-m", "x")):
        subprocess.run(["git", *words], cwd=module, check=True, env={"PATH": cue.variables["PATH"], "HOME": str(here), **variables})
    head = subprocess.run(["git", "rev-parse", "HEAD"], cwd=module, check=True, capture_output=True, text=True).stdout.strip()
    cue.run("mod", "publish", "v0.1.0", cwd=module, **_environment(docker, here))
    theirs = _load(docker, "mods/registry.example/schemas").annotations
    from datetime import UTC, datetime

    made = artifact_of(read_folder(module), "v0.1.0", options=Options(created=datetime.fromtimestamp(1700000000, UTC)), commit=head)
    assert isinstance(made.root, Manifest)
    assert dict(made.root.annotations) == dict(theirs)


_GRAPH: dict[str, dict[str, dict[str, str]]] = {
    # path: version: requirements
    "a.example/a@v0": {"v0.1.0": {}, "v0.2.0": {}, "v0.3.0": {}},
    "b.example/b@v0": {"v0.1.0": {"a.example/a@v0": "v0.2.0"}, "v0.2.0": {"a.example/a@v0": "v0.3.0", "c.example/c@v0": "v0.1.0"}},
    "c.example/c@v0": {"v0.1.0": {"a.example/a@v0": "v0.1.0"}, "v0.2.0": {"b.example/b@v0": "v0.1.0", "a.example/a@v0": "v0.1.0"}},
}
_WANTED = [
    {"b.example/b@v0": "v0.1.0", "c.example/c@v0": "v0.1.0"},
    {"b.example/b@v0": "v0.2.0"},
    {"c.example/c@v0": "v0.2.0", "a.example/a@v0": "v0.3.0"},
]


class _Registry:
    """Requirements as they stand in the module files of a registry."""

    def __init__(self, address: str) -> None:
        self._address = address

    def requirements(self, modules: Sequence[Module]) -> Mapping[Module, Sequence[Module]]:
        return {module: self._read(module) for module in modules}

    def versions(self, path: str) -> Sequence[str]:
        return list(_GRAPH[path])

    def _read(self, module: Module) -> list[Module]:
        name = module.path.partition("@")[0]
        with Stores(Values({"jobs": ("1",)}), Terminal(None, None, {})) as stores:
            repository = stores.open(RegistryReference(self._address, f"mods/{name}"))
            document = repository.load(module.version)
            assert isinstance(document, Manifest)
            data = read_blob(repository, document.layers[1], limit=1 << 20)
        return [Module(path, version) for path, version in read_module(data).requires.items()]


@pytest.mark.parametrize("wanted", _WANTED)
def test_the_same_versions_are_selected(relgraph: Relgraph, here: Path, docker: str, cue: Peer, wanted: dict[str, str]) -> None:
    for path, versions in _GRAPH.items():
        name = path.partition("@")[0]
        package = name.rpartition("/")[2]
        for version, requires in versions.items():
            imports = "".join(f'import {path[0]} "{path}"\n' for path in requires)
            uses = "".join(f"{path[0]}_version: {path[0]}.version\n" for path in requires)
            text = f'package {package}\n{imports}version: "{version}"\n{uses}'
            module = _module(here / f"{package}-{version}", path, requires, {f"{package}.cue": text})
            relgraph("store.push", f"{docker}/mods/{name}:{version}", module, "--type", "cue")
    uses = "".join(f'import {path[0]} "{path}"\n' for path in wanted) + "".join(
        f"{path[0]}v: {path[0]}.version\n" for path in wanted
    )
    root = _module(here / "root", "root.example/app@v0", wanted, {"app.cue": f"package app\n{uses}"})
    cue.run("mod", "tidy", cwd=root, **_environment(docker, here))
    theirs = read_module((root / "cue.mod/module.cue").read_bytes()).requires

    class WithRoot(_Registry):
        def _read(self, module: Module) -> list[Module]:
            return [Module(*item) for item in wanted.items()] if module.path.startswith("root") else super()._read(module)

    ours = build_list(Module("root.example/app@v0", "v0.0.0"), WithRoot(docker))
    assert {module.path: module.version for module in ours.modules[1:]} == dict(theirs)
    _writable(here / "cue-cache")


def _load(address: str, name: str) -> Manifest:
    with Stores(Values({"jobs": ("1",)}), Terminal(None, None, {})) as stores:
        document = stores.open(RegistryReference(address, name)).load("v0.1.0")
    assert isinstance(document, Manifest)
    return document


def _zip(here: Path, address: str, name: str) -> list[tuple[str, bytes]]:
    with Stores(Values({"jobs": ("1",)}), Terminal(None, None, {})) as stores:
        repository = stores.open(RegistryReference(address, name))
        document = repository.load("v0.1.0")
        assert isinstance(document, Manifest)
        path = here / "x.zip"
        path.write_bytes(read_blob(repository, document.layers[0], limit=1 << 20))
    with zipfile.ZipFile(path) as archive:
        return [(item.filename, archive.read(item)) for item in archive.infolist()]
