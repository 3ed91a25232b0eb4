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
