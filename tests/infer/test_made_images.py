import pytest

from judged import subject_of
from relgraph.infer.made_images import MadeImages
from relgraph.model.site import Site
from relgraph.model.world import Subject
from relgraph.rules.rule import Commit

MANIFEST = "kind: Deployment\nspec:\n  containers:\n  - image: controller:latest\n"


def image(subject: Subject, path: str) -> Site:
    return next(site for site in subject.sites if site.path == path and site.kind == "image")


def test_a_kustomization_replaces_an_image_by_its_name() -> None:
    files = {
        "config/web.yaml": MANIFEST,
        "config/kustomization.yaml": "images:\n- name: controller\n  newName: quay.io/acme/web\n  newTag: later\n",
    }
    subject = subject_of((Commit(files),))
    assert MadeImages(subject).replaces(image(subject, "config/web.yaml"))


def test_a_command_that_edits_one_does_as_well() -> None:
    files = {"config/web.yaml": MANIFEST, "Makefile": "deploy:\n\tkustomize edit set image controller=$(IMG)\n"}
    subject = subject_of((Commit(files),))
    assert MadeImages(subject).replaces(image(subject, "config/web.yaml"))


def test_without_either_it_is_pulled() -> None:
    subject = subject_of((Commit({"config/web.yaml": MANIFEST}),))
    made = MadeImages(subject)
    assert not made.replaces(image(subject, "config/web.yaml"))
    assert not made.builds(image(subject, "config/web.yaml"))


def test_what_the_same_script_builds_is_its_own() -> None:
    subject = subject_of((Commit({"run.sh": "#!/bin/sh\ndocker run packer\ndocker build -t packer .\n"}),))
    used = next(site for site in subject.sites if site.kind == "image" and site.role == "uses")
    assert MadeImages(subject).builds(used)


REF = "ghcr.io/example/platform/web"


@pytest.mark.parametrize(
    ("path", "content"),
    [
        ("up.sh", f"docker build -t {REF}:9.9.9 . && kind load docker-image {REF}:9.9.9\n"),
        ("up.sh", f"docker tag busybox:1.36 {REF}:9.9.9\ndocker run {REF}:9.9.9\n"),
        ("up.sh", f"IMG={REF}:9.9.9\ndocker build --tag=${{IMG}} .\nkubectl run web --image {REF}:9.9.9\n"),
        ("up.sh", f'TAG=9.9.9\npodman build . -t "{REF}:${{TAG}}"\npodman run {REF}:$TAG\n'),
        ("up.sh", f'images="{REF}:9.9.9"\nfor i in $images; do\n  docker build -t "$i" .\ndone\ndocker run {REF}:9.9.9\n'),
        ("Makefile", f"IMG ?= {REF}:9.9.9\nload:\n\tdocker build -t $(IMG) .\n\tkind load docker-image {REF}:9.9.9\n"),
        ("docs/dev.md", f"```sh\ndocker build -t {REF}:9.9.9 .\nkind load docker-image {REF}:9.9.9\n```\n"),
        ("compose.yaml", f"services:\n  web:\n    build: .\n    image: {REF}:9.9.9\n"),
        ("compose.yaml", f"services:\n  web:\n    image: {REF}:9.9.9\n    build:\n      context: .\n"),
    ],
)
def test_what_a_file_builds_it_need_not_find_published(path: str, content: str) -> None:
    subject = subject_of((Commit({path: content}),))
    used = [site for site in subject.sites if site.kind == "image" and site.name == REF]
    assert used
    assert all(MadeImages(subject).makes(site) for site in used)


def test_what_is_built_at_another_tag_or_in_another_file_is_not_made_here() -> None:
    files = {"up.sh": f"docker build -t {REF}:9.9.8 .\ndocker run {REF}:9.9.9\n", "run.sh": f"docker run {REF}:9.9.8\n"}
    subject = subject_of((Commit(files),))
    used = [site for site in subject.sites if site.role == "uses"]
    assert [MadeImages(subject).makes(site) for site in used] == [False, False]
