"""Locks in the form of other tools."""

from datetime import UTC, datetime
from typing import Any

import pytest
import yaml

from relgraph.errors import DeclarationError
from relgraph.resolve.export import chart_lock, chart_lock_digest, images_lock
from relgraph.resolve.lock import Lock, Locked, Pin

_DIGEST = "sha256:" + "a" * 64
_WEB = Locked("web", "oci://registry.example/charts/web", "^1", "1.4.2", "v1.4.2", Pin(_DIGEST, annotations={"team": "yes"}))
_DB = Locked("db", "https://charts.example/stable", ">=0.9.0 <0.10.0", "0.9.1", "0.9.1", Pin("sha256:" + "b" * 64))
_REQUIREMENTS: list[dict[str, Any]] = [
    {"repository": "oci://registry.example/charts", "name": "web", "version": "^1"},
    {
        "name": "db",
        "version": ">=0.9.0 <0.10.0",
        "repository": "https://charts.example/stable",
        "condition": "db.enabled",
        "tags": ["back"],
        "enabled": False,
        "import-values": ["data"],
        "alias": "store",
    },
]
_THEN = datetime(2026, 3, 4, 5, 6, 7, tzinfo=UTC)


def test_an_images_lock_names_every_image_by_digest_and_keeps_annotations() -> None:
    document = yaml.safe_load(images_lock([_WEB, _DB]))
    assert document == {
        "apiVersion": "imgpkg.carvel.dev/v1alpha1",
        "kind": "ImagesLock",
        "images": [
            {
                "image": f"registry.example/charts/web@{_DIGEST}",
                "annotations": {
                    "kbld.carvel.dev/id": "registry.example/charts/web:v1.4.2",
                    "relgraph.dev/name": "web",
                    "team": "yes",
                },
            }
        ],
    }


def test_an_images_lock_without_images_is_still_one() -> None:
    assert yaml.safe_load(images_lock([_DB]))["images"] == []


def test_a_chart_lock_has_the_form_of_helm() -> None:
    text = chart_lock(_REQUIREMENTS, Lock.of([_WEB, _DB]), ["web", "db"], generated=_THEN).decode()
    assert text == (
        "dependencies:\n"
        "- name: web\n  repository: oci://registry.example/charts\n  version: 1.4.2\n"
        "- name: db\n  repository: https://charts.example/stable\n  version: 0.9.1\n"
        f"digest: {chart_lock_digest(_REQUIREMENTS, yaml.safe_load(text)['dependencies'])}\n"
        'generated: "2026-03-04T05:06:07Z"\n'
    )


def test_the_digest_is_over_gos_json_in_the_order_of_helms_struct() -> None:
    import hashlib

    locked = [{"name": "db", "version": "0.9.1", "repository": "r"}]
    expected = (
        b'[[{"name":"db","version":"\\u003e=0.9.0 \\u003c0.10.0","repository":"https://charts.example/stable",'
        b'"condition":"db.enabled","tags":["back"],"import-values":["data"],"alias":"store"}],'
        b'[{"name":"db","version":"0.9.1","repository":"r"}]]'
    )
    assert chart_lock_digest(_REQUIREMENTS[1:], locked) == "sha256:" + hashlib.sha256(expected).hexdigest()


def test_every_requirement_needs_its_entry() -> None:
    with pytest.raises(DeclarationError, match="web is not locked"):
        chart_lock(_REQUIREMENTS[:1], Lock(), ["web"], generated=_THEN)
    with pytest.raises(DeclarationError, match="2 dependencies and 1 lock entries"):
        chart_lock(_REQUIREMENTS, Lock(), ["web"], generated=_THEN)


def test_texts_that_yaml_would_take_for_something_else_are_quoted() -> None:
    odd = _WEB._replace(
        pin=Pin(_DIGEST, annotations={"a": "1.10", "b": "yes", "c": "2026-03-04", "d": "x: y", "e": "", "f": "1e3"})
    )
    annotations = yaml.safe_load(images_lock([odd]))["images"][0]["annotations"]
    assert {key: annotations[key] for key in "abcdef"} == {
        "a": "1.10",
        "b": "yes",
        "c": "2026-03-04",
        "d": "x: y",
        "e": "",
        "f": "1e3",
    }


def test_a_chart_without_dependencies_has_an_empty_lock() -> None:
    assert chart_lock([], Lock(), [], generated=_THEN).startswith(b"dependencies: []\ndigest: sha256:")
