"""What Dockerfiles need before they are built."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from buildworld import node_of, part, target_of
from relgraph.build.builder import Part, Target
from relgraph.build.docker import BUILDER
from relgraph.build.dockerfile import check_arguments, read, rewritten
from relgraph.errors import DeclarationError
from relgraph.syntax.text import Text

OWN = part("images.web", "1.2.0")


def images(text: str, given: dict[str, str] | None = None, target: str = "") -> list[str]:
    return [image.reference for image in read(Text("Dockerfile", text.encode()), given or {}, target).images]


def wrong(text: str, given: dict[str, str] | None = None, target: str = "") -> list[str]:
    found = read(Text("Dockerfile", text.encode()), given or {}, target)
    return [*found.problems, *check_arguments(found, given or {})]


def web(text: str, *uses: Part, **options: object) -> Target:
    return target_of(node_of("images.web"), {"Dockerfile": text, "a": "1"}, OWN, *uses, **{"docker": ".", **options})  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("text", "given", "found"),
    [
        ("FROM a:1", {}, ["a:1"]),
        ("ARG V=1\nARG I=acme/base:$V\nFROM ${I}", {}, ["acme/base:1"]),
        ("ARG V=1\nARG I=acme/base:$V\nFROM ${I}", {"V": "2"}, ["acme/base:2"]),
        ('ARG I="acme/base:1"\nFROM $I', {"I": "acme/other:3"}, ["acme/other:3"]),
        ("ARG V\nFROM base:${V:-7}", {}, ["base:7"]),
        ("ARG V\nFROM base:${V:-7}", {"V": ""}, ["base:7"]),
        ("ARG V\nFROM base:${V-7}", {"V": ""}, ["base:"]),
        ("ARG V=1\nFROM base${V:+:$V}", {}, ["base:1"]),
        ("ARG V=1\nFROM base:1${V:+-slim}", {}, ["base:1-slim"]),
        (
            "FROM --platform=$BUILDPLATFORM \\\n  go:1 AS build\nFROM Build\nFROM scratch\nCOPY --from=build /a /\nCOPY --from=0 /a /",
            {},
            ["go:1", "scratch"],
        ),
        ("FROM scratch\nCOPY --chown=0 --from=acme/tool:1 /a /", {}, ["scratch", "acme/tool:1"]),
        ("FROM a AS one\nFROM b AS two\nFROM c", {}, ["a", "b", "c"]),
    ],
)
def test_images_are_named_with_arguments_filled_in(text: str, given: dict[str, str], found: list[str]) -> None:
    assert images(text, {"BUILDPLATFORM": "linux/amd64", **given}) == found


def test_only_stages_up_to_the_target_count() -> None:
    text = "FROM a AS one\nFROM b AS two\nARG NEEDED\nFROM c"
    assert images(text, target="one") == ["a"]
    assert images(text, target="1") == ["a", "b"]
    assert wrong(text, target="one") == []
    assert wrong(text, target="tow") == [
        "Dockerfile: it has no stage 'tow': did you mean two?",
        "Dockerfile:3: ARG NEEDED has no default, and 'args' gives it no value",
    ]


@pytest.mark.parametrize(
    ("text", "given", "found"),
    [
        ("FROM scratch\nARG VERSION", {"VERSION": "1"}, []),
        ("FROM scratch\nARG VERSION=0", {}, []),
        ("ARG VERSION=0\nFROM scratch\nARG VERSION", {}, []),
        ("FROM scratch\nARG TARGETARCH SOURCE_DATE_EPOCH HTTP_PROXY", {"https_proxy": "x"}, []),
        ("FROM scratch\nARG VERSION\nARG VERSION", {}, ["Dockerfile:2: ARG VERSION has no default, and 'args' gives it no value"]),
        ("FROM scratch\nARG VERSION=0", {"VERSON": "1"}, ["Dockerfile: no ARG takes 'VERSON': did you mean VERSION?"]),
        ("RUN x", {}, ["Dockerfile: it has no FROM"]),
        ("FROM", {}, ["Dockerfile:1: FROM names no image"]),
        ("FROM base:$V", {}, ["Dockerfile:1: $V is no ARG that stands before the first FROM"]),
        ("ARG V\nFROM $V", {"V": ""}, ["Dockerfile:2: $V comes to nothing: give its argument a value"]),
        ("FROM scratch\nRUN --mount=type=cache,target=/x x", {}, ["Dockerfile:2: RUN with --mount needs BuildKit"]),
        ("FROM scratch\nCOPY --link a /", {}, ["Dockerfile:2: COPY with --link needs BuildKit"]),
        ("FROM scratch\nCOPY <<E /a\nx\nE", {}, ["Dockerfile:2: COPY with a here-document needs BuildKit"]),
        ("FROM scratch\nRUN <<E\nx\nE", {}, ["Dockerfile:2: RUN with a here-document needs BuildKit"]),
        ("FROM scratch\nRUN cat <<E", {}, []),
    ],
)
def test_arguments_and_instructions_are_checked(text: str, given: dict[str, str], found: list[str]) -> None:
    assert wrong(text, given) == found


@given(st.text("FROMARGCOPY =$\\\n{}:-+ab\"'<", max_size=80), st.dictionaries(st.sampled_from("AB"), st.text("ab$", max_size=3)))
def test_nothing_makes_it_raise_and_bounds_hold_what_is_written(text: str, given: dict[str, str]) -> None:
    found = read(Text("Dockerfile", text.encode()), given)
    for image in found.images:
        assert text[image.start : image.end].strip()
    edits = [(image.start, image.end, "X") for image in found.images] + [(one.start, one.end, "") for one in found.stages]
    assert len(rewritten(text, edits)) == len(text) + sum(len(new) - (end - start) for start, end, new in edits)


def test_a_node_of_the_same_release_is_needed_and_no_other() -> None:
    here = part("images.base", "1.2.0")._replace(repo="repos.acme")
    for text, base, needs in (
        ("FROM registry.example/acme/base:1.2.0", here, ("images.base",)),
        ("FROM registry.example/acme/base:1.1.0", here, ()),
        ("FROM registry.example/acme/base", here, ()),
        ("FROM registry.example/acme/base:1.2.0", here._replace(repo="repos.other"), ()),
        ("FROM registry.example/acme/base2:1.2.0", here, ()),
        ("FROM scratch\nCOPY --from=registry.example/acme/base:1.2.0 /a /", here, ("images.base",)),
    ):
        assert BUILDER.plan(web(text, base)).needs == needs, text


def test_an_image_with_a_digest_is_fetched_before_the_build() -> None:
    pinned = "registry.example/other/base:7@sha256:" + "a" * 64
    assert BUILDER.plan(web(f"FROM {pinned}")).bases == (pinned,)


def test_templates_in_arguments_are_filled_in_and_digests_needed() -> None:
    text = "ARG BASE\nFROM $BASE\nARG VERSION\nARG COMMIT"
    args = {"BASE": "{{ nodes.base.pinned }}", "VERSION": "{{ tag }}", "COMMIT": "{{ commit }}"}
    recipe = BUILDER.plan(web(text, part("images.base", "1.2.0"), args=args))
    assert recipe.needs == ("images.base",)
    assert recipe.bases == ()
    assert recipe.facts["arguments"]["VERSION"] == "1.2.0"  # type: ignore[index]
    assert recipe.pool == "docker"


def test_variables_of_the_environment_are_arguments() -> None:
    recipe = BUILDER.plan(web("FROM scratch\nARG TOKEN", environment=("TOKEN", "HTTPS_PROXY")))
    assert recipe.environment == ("TOKEN", "HTTPS_PROXY")
    with pytest.raises(DeclarationError, match="no ARG takes 'TOKEN'"):
        BUILDER.plan(web("FROM scratch", environment=("TOKEN",)))


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"docker": "images"}, "the repository has no images/Dockerfile"),
        ({"docker": "../x"}, "lies outside"),
        ({"docker": "Dockerfile", "file": "a"}, "is a file, and 'file' names another"),
        ({"flags": ("--squash",)}, "'--squash' is none that an engine takes"),
        ({"platforms": ("amd64",)}, "'amd64' is no platform"),
        ({"platforms": ("linux/amd64", "linux/amd64")}, "linux/amd64 stands twice"),
        ({"args": {"X": "1"}, "environment": ("X",)}, "X is in 'args' and in 'environment'"),
        ({"args": {"X": "{{ verson }}"}}, "verson"),
        ({"config": {"User": "x"}}, "'docker' has no use for 'config'"),
    ],
)
def test_a_declaration_that_cannot_be_built_says_why(options: dict[str, object], words: str) -> None:
    with pytest.raises(DeclarationError, match=words):
        BUILDER.plan(web("FROM scratch\nARG X=0", **options))


def test_all_problems_of_a_dockerfile_are_said_at_once() -> None:
    with pytest.raises(DeclarationError, match="3 problems with Dockerfile") as caught:
        BUILDER.plan(web("FROM scratch\nARG A\nRUN --mount=type=cache,target=/x x", args={"B": "1"}))
    assert len(caught.value.details) == 3
    assert "buildx" in caught.value.hint
