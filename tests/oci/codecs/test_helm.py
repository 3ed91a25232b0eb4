"""Charts: what is packed, what is written down, what is refused."""

import gzip
import io
import json
import tarfile
from datetime import UTC, datetime
from pathlib import Path

import pytest

from relgraph.errors import DeclarationError, EnvironmentFailure, UsageError
from relgraph.oci.codecs import helm
from relgraph.oci.codecs.chartfile import read_metadata
from relgraph.oci.codecs.codec import Options
from relgraph.oci.codecs.tree import Entry, Kind, Tree, read_folder, tree_of
from relgraph.oci.content import BytesSource
from relgraph.oci.errors import InvalidContent
from relgraph.oci.json import encode
from relgraph.oci.manifest import Manifest
from relgraph.oci.memory import MemoryRepository

_CHART = b"""\
type: application
apiVersion: v2
name: web
version: 1.4.2+build.7
appVersion: 1.10
kubeVersion: ">=1.24 <1.31"
description: |
  A web service,
  with a\ttab
home: https://example.test/web
sources: [https://git.example.test/web, https://mirror.example.test/web]
keywords: [http]
maintainers:
  - {url: https://example.test/anne, name: Anne, email: anne@example.test}
  - {name: Bob}
annotations:
  zeta: "1"
  org.opencontainers.image.title: other
  org.opencontainers.image.licenses: Apache-2.0
dependencies:
  - {repository: "oci://registry.example/charts", name: db, version: ">=0.9.0 <0.10.0", condition: db.enabled, tags: [back]}
deprecated: false
unknown: {ignored: yes}
"""
_FILES = {
    "Chart.yaml": _CHART,
    "values.yaml": b"replicas: 1\n",
    "templates/deployment.yaml": b"kind: Deployment\n",
    "templates/.hidden": b"never packed",
    ".helmignore": b"# notes\n*.md\n/docs/\nci/*.yaml\n",
    "NOTES.md": b"ignored",
    "docs/page.txt": b"ignored",
    "sub/docs/page.txt": b"kept",
    "ci/test.yaml": b"ignored",
    "ci/deep/test.yaml": b"kept",
}


def _names(package: bytes) -> list[str]:
    with tarfile.open(fileobj=io.BytesIO(package)) as archive:
        return archive.getnames()


def _metadata(text: bytes) -> dict[str, object]:
    fields = json.loads(read_metadata({"Chart.yaml": text}.get).config)
    assert isinstance(fields, dict)
    return fields


def test_a_package_has_what_helm_would_pack() -> None:
    metadata, package = helm.pack_chart(tree_of(_FILES))
    assert metadata.name == "web"
    assert _names(package) == [
        "web/.helmignore",
        "web/Chart.yaml",
        "web/ci/deep/test.yaml",
        "web/sub/docs/page.txt",
        "web/templates/deployment.yaml",
        "web/values.yaml",
    ]


def test_the_config_is_the_metadata_in_the_order_of_helms_struct() -> None:
    assert read_metadata(_FILES.get).config == (
        b'{"name":"web","home":"https://example.test/web","sources":["https://git.example.test/web","https://mirror.example.test/web"],'
        b'"version":"1.4.2+build.7","description":"A web service, with a tab ","keywords":["http"],'
        b'"maintainers":[{"name":"Anne","email":"anne@example.test","url":"https://example.test/anne"},{"name":"Bob"}],'
        b'"apiVersion":"v2","appVersion":"1.1","annotations":{"org.opencontainers.image.licenses":"Apache-2.0",'
        b'"org.opencontainers.image.title":"other","zeta":"1"},"kubeVersion":"\\u003e=1.24 \\u003c1.31",'
        b'"dependencies":[{"name":"db","version":"\\u003e=0.9.0 \\u003c0.10.0","repository":"oci://registry.example/charts",'
        b'"condition":"db.enabled","tags":["back"]}],"type":"application"}'
    )


def test_the_manifest_has_no_types_of_its_own_and_annotations_from_the_chart() -> None:
    metadata, package = helm.pack_chart(tree_of(_FILES))
    made = helm.artifact_of(metadata, package, options=Options(created=datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)))
    manifest = json.loads(made.root.raw)
    assert list(manifest) == ["schemaVersion", "config", "layers", "annotations"]
    assert manifest["config"]["mediaType"] == helm.CONFIG
    assert [layer["mediaType"] for layer in manifest["layers"]] == [helm.CONTENT]
    assert manifest["annotations"] == {
        "org.opencontainers.image.authors": "Anne (anne@example.test), Bob",
        "org.opencontainers.image.created": "2026-01-02T03:04:05Z",
        "org.opencontainers.image.description": "A web service, with a tab ",
        "org.opencontainers.image.licenses": "Apache-2.0",
        "org.opencontainers.image.source": "https://git.example.test/web",
        "org.opencontainers.image.title": "web",
        "org.opencontainers.image.url": "https://example.test/web",
        "org.opencontainers.image.version": "1.4.2+build.7",
        "zeta": "1",
    }
    assert made.tag == "1.4.2_build.7"


def test_the_same_chart_has_the_same_digest_from_a_folder_and_from_memory(tmp_path: Path) -> None:
    for path, data in _FILES.items():
        target = tmp_path / "anything" / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(data)
        target.chmod(0o600)
    from_folder = helm.encode((tmp_path / "anything",), Options())
    metadata, package = helm.pack_chart(tree_of(_FILES))
    assert from_folder.root.digest == helm.artifact_of(metadata, package).root.digest


def test_a_package_is_pushed_as_it_is_with_its_provenance(tmp_path: Path) -> None:
    _, package = helm.pack_chart(tree_of(_FILES))
    (tmp_path / "web-1.4.2.tgz").write_bytes(package)
    alone = helm.encode((tmp_path / "web-1.4.2.tgz",), Options())
    (tmp_path / "web-1.4.2.tgz.prov").write_bytes(b"-----BEGIN PGP SIGNED MESSAGE-----\n")
    signed = helm.encode((tmp_path / "web-1.4.2.tgz",), Options())
    assert isinstance(alone.root, Manifest)
    assert isinstance(signed.root, Manifest)
    assert len(alone.root.layers) == 1
    assert {layer.media_type for layer in signed.root.layers} == {helm.CONTENT, helm.PROVENANCE}
    assert [layer.digest for layer in signed.root.layers] == sorted(layer.digest for layer in signed.root.layers)


def test_a_chart_is_laid_out_as_helm_names_its_files(tmp_path: Path) -> None:
    _, package = helm.pack_chart(tree_of(_FILES))
    (tmp_path / "x.tgz").write_bytes(package)
    (tmp_path / "x.tgz.prov").write_bytes(b"signed")
    made = helm.encode((tmp_path / "x.tgz",), Options())
    repository = MemoryRepository()
    made.push_to(repository)
    assert isinstance(made.root, Manifest)
    parts = helm.decode(repository, made.root)
    assert [part.path for part in parts] == ["web-1.4.2+build.7.tgz", "web-1.4.2+build.7.tgz.prov"]


@pytest.mark.parametrize("config", [b"{}", b"[]", b'{"name":"a/b","version":"1.0.0"}', b'{"name":"a","version":7}', b"no json"])
def test_a_manifest_whose_config_names_no_chart_is_refused(config: bytes) -> None:
    repository = MemoryRepository()
    metadata, package = helm.pack_chart(tree_of(_FILES))
    made = helm.artifact_of(metadata, package)
    made.push_to(repository)
    from relgraph.oci.codecs.artifact import blob_of

    blob = blob_of(helm.CONFIG, config)
    repository.push(blob.descriptor, blob.source)
    assert isinstance(made.root, Manifest)
    with pytest.raises(InvalidContent):
        helm.decode(repository, Manifest.make(blob.descriptor, made.root.layers))


def test_a_manifest_without_a_package_is_refused() -> None:
    repository = MemoryRepository()
    metadata, package = helm.pack_chart(tree_of(_FILES))
    made = helm.artifact_of(metadata, package).root
    assert isinstance(made, Manifest)
    for layers in ((), made.layers * 2):
        with pytest.raises(InvalidContent, match="one package"):
            helm.decode(repository, Manifest.make(made.config, layers))


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        (b"version: 1.0.0", "name is missing"),
        (b"name: web", "version is missing"),
        (b"name: ../web\nversion: 1.0.0", "cannot be a chart's name"),
        (b"name: web\nversion: latest", "no version"),
        (b"name: web\nversion: 1.0.0\ntype: plugin", "type is 'plugin'"),
        (b"name: web\nversion: 1.0.0\nname: other", "stands twice"),
        (b"name: [web]\nversion: 1.0.0", "name: text is expected"),
        (b"name: web\nversion: 1.0.0\nsources: https://x", "sources: a list"),
        (b"name: web\nversion: 1.0.0\nmaintainers: [Anne]", "maintainers: each entry is a mapping"),
        (b"name: web\nversion: 1.0.0\ndeprecated: maybe", "deprecated: true or false"),
        (b"name: web\nversion: 1.0.0\nannotations: [a]", "annotations: a mapping"),
        (b"name: web\nversion: 1.0.0\ndependencies: [{name: a}, {name: a}]", "two dependencies are called 'a'"),
        (b"name: web\nversion: 1.0.0\ndependencies: [{name: a, alias: a b}]", "cannot be an alias"),
        (b"- web", "not a mapping"),
        (b"a: [", "line 2"),
    ],
)
def test_what_helm_refuses_is_refused(text: bytes, reason: str) -> None:
    with pytest.raises(DeclarationError, match=reason):
        read_metadata({"Chart.yaml": text}.get)


def test_values_that_are_no_text_become_what_helm_makes_of_them() -> None:
    fields = _metadata(b"name: web\nversion: 1.0.0\nappVersion: 1.20\ndescription: true\nhome: 7\nicon: 1234567.5\nkeywords: [1]\n")
    assert fields == {
        "name": "web", "home": "7", "version": "1.0.0", "description": "true", "keywords": ["1"], "icon": "1.2345675e+06",
        "apiVersion": "v1", "appVersion": "1.2",
    }  # fmt: skip


def test_what_cannot_be_printed_is_dropped_and_every_space_is_a_blank() -> None:
    fields = _metadata(b'name: web\nversion: 1.0.0\ndescription: "a\\u200bb\\u00a0c\\x1cd\\u2028e\\u0007f"\n')
    assert fields["description"] == "ab cd ef"


def test_requirements_of_an_old_chart_are_its_dependencies() -> None:
    files = {"Chart.yaml": b"name: web\nversion: 1.0.0\n", "requirements.yaml": b"dependencies: [{name: db, version: 1.x.x}]\n"}
    fields = json.loads(read_metadata(files.get).config)
    assert fields["apiVersion"] == "v1"
    assert fields["dependencies"] == [{"name": "db", "version": "1.x.x", "repository": ""}]


def test_links_within_a_chart_are_followed_and_others_refused() -> None:
    def chart(target: str) -> Tree:
        files = [Entry(path, Kind.FILE, 0o644, len(data), BytesSource(data)) for path, data in _FILES.items()]
        return Tree.of([*files, Entry("files", Kind.FOLDER, 0o755), Entry("files/link", Kind.LINK, 0o777, target=target)])

    _, package = helm.pack_chart(chart("../values.yaml"))
    with tarfile.open(fileobj=io.BytesIO(package)) as archive:
        member = archive.extractfile("web/files/link")
        assert member is not None
        assert member.read() == b"replicas: 1\n"
    for target in ("../../secret", "/etc/passwd", "link", "../sub", "absent"):
        with pytest.raises(DeclarationError, match="files/link: a link to"):
            helm.pack_chart(chart(target))


def test_a_file_larger_than_helm_reads_is_refused() -> None:
    with pytest.raises(DeclarationError, match="Helm reads no file above"):
        helm.pack_chart(tree_of({**_FILES, "big": bytes((5 << 20) + 1)}))


def _package(files: dict[str, bytes]) -> bytes:
    from relgraph.oci.codecs.gzipped import gzip_chunks
    from relgraph.oci.codecs.tarball import tar_chunks

    return b"".join(gzip_chunks(tar_chunks(tree_of(files))))


@pytest.mark.parametrize(
    ("package", "reason"),
    [
        (b"", "cut off"),
        (b"no gzip", "not a chart package"),
        (gzip.compress(b"no tar" * 200), "not a chart package"),
        (gzip.compress(b""), "not a chart package"),
        (_package({"web/values.yaml": b""}), "Chart.yaml is missing"),
        (_package({"web/Chart.yaml": b"name: web\nversion: 1.0.0", "other/x": b""}), "below one folder"),
        (_package({"other/Chart.yaml": b"name: web\nversion: 1.0.0"}), "the folder of the package is 'other'"),
        (_package({"web/Chart.yaml": b"name: web\nversion: 1.0.0"})[:-20], "cut off|not a chart package"),
        (gzip.compress(bytes(101 << 20), 1), "unpacks to more than"),
    ],
)
def test_what_is_no_chart_package_is_refused(package: bytes, reason: str) -> None:
    with pytest.raises(DeclarationError, match=reason):
        helm.read_package(package)


def test_one_chart_is_one_path(tmp_path: Path) -> None:
    with pytest.raises(UsageError):
        helm.encode((tmp_path, tmp_path), Options())
    with pytest.raises(EnvironmentFailure, match="No such file"):
        helm.encode((tmp_path / "absent.tgz",), Options())
    with pytest.raises(DeclarationError, match=r"Chart\.yaml is missing"):
        helm.encode((tmp_path,), Options())


def test_a_folder_is_read_with_its_links(tmp_path: Path) -> None:
    (tmp_path / "Chart.yaml").write_bytes(_CHART)
    (tmp_path / "again.yaml").symlink_to("Chart.yaml")
    _, package = helm.pack_chart(read_folder(tmp_path))
    assert _names(package) == ["web/Chart.yaml", "web/again.yaml"]


def test_the_config_has_the_escapes_of_go() -> None:
    assert encode({"a": "<>&"}) == b'{"a":"\\u003c\\u003e\\u0026"}'
