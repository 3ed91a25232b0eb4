"""Worlds that resemble real ones and are wrong in any way: examples of rules and snippets, mixed, cut and altered at random.

A world follows from its seed, so that one that fails can be made again.
"""

import random
import re
from collections.abc import Mapping, Sequence

from relgraph.model.example import Commit
from relgraph.rules.registry import RULES
from relgraph.rules.rule import Example

__all__ = ["EXAMPLES", "mutant"]

EXAMPLES: tuple[Example, ...] = tuple(example for rule in RULES for example in (*rule.failing, *rule.passing))

_VERSION = re.compile(r"\bv?\d+\.\d+(?:\.\d+)?(?:-[A-Za-z0-9.]+)?\b")
_VALUES = (
    "1.2.3", "v1.2.3", "1.2.4", "v1.2.4", "v2.0.0", "1.2", "v1", "1.2.3-rc.1", "v1.2.3-rc10", "1.2.3+build.7", "0.0.0", "1.2.3.4",
    "01.02.03", "99999999999999999999.1.0", "latest", "main", "HEAD", "stable", "", "x", "1-2-3", "release-1.2", "${VERSION}", "$(TAG)",
    "{{ .Values.image.tag }}", "{{ .Chart.AppVersion }}", "${{ github.ref_name }}", "$(git describe)", "a" * 40, "sha256:" + "b" * 64,
    "TAG_PLACEHOLDER", ">=1.2.0 <2", "^1.2", "~> 1.2", "1.x", "1.2.*", "v0.0.0-20260101000000-abcdefabcdef", "é", "\udcff", "\x1b[31m",
    "²", "1.²", "9" * 5000, "1.2." + "9" * 5000, "1.2.3-rc" + "9" * 5000, "\\ud83d", "\U000f0000", "0x10", "-1", "+", "v", "a/b", "../..", "~",
)  # fmt: skip
_LINES = (
    "FROM golang:1.24 AS build", "FROM example/base:${BASE_TAG}", "ARG BASE_TAG=1.2.3", "ENV TOOL_VERSION=1.2.3",
    "RUN curl -LO https://github.com/example/engine/releases/download/v1.2.3/engine_1.2.3_linux_amd64.tar.gz",
    "image: ghcr.io/example/platform:1.2.3", "  image: ghcr.io/example/engine/manager:v1.2.3@sha256:" + "c" * 64,
    "image:", "  repository: ghcr.io/example/platform", "  tag: v1.2.3", "version: 1.2.3", "appVersion: v1.2.3", "name: platform",
    "dependencies:", "  - name: engine", "    repository: oci://ghcr.io/example/charts", "    version: 1.2.3",
    "apiVersion: v2", "kind: Deployment", "    controller-gen.kubebuilder.io/version: v0.16.1",
    "on: push", "on: {push: {tags: ['v*']}}", "jobs:", "  release:", "    runs-on: ubuntu-latest", "    steps:", "    env:",
    "      - uses: actions/checkout@v4", "      - uses: example/do@" + "d" * 40 + " # v1.2.3", "        with: {go-version: '1.24'}",
    "      - run: docker build -t ghcr.io/example/platform:${{ github.ref_name }} --build-arg BASE_TAG=1.2.3 .",
    "      - run: docker push ghcr.io/example/platform:${GITHUB_REF_NAME#v}", "      - run: make build IMG=ghcr.io/example/platform:v1",
    "      - run: helm package charts/platform --version ${GITHUB_REF_NAME#v} --app-version v1.2.3",
    "      - run: helm push platform-1.2.3.tgz oci://ghcr.io/example/charts", "      - run: sed -i 's/1.2.3/1.2.4/' charts/platform/Chart.yaml",
    "      - run: |", "          yq -i '.version = \"1.2.3\"' charts/platform/Chart.yaml", "          ko build -B ./cmd/x -t v1.2.3",
    "kos:", "  - id: platform", "    tags: ['{{.Version}}']", "    repository: ghcr.io/example/platform", "release: {prerelease: auto}",
    "IMG ?= ghcr.io/example/platform:$(VERSION)", "VERSION ?= 1.2.3", "build:", "\tdocker build -t ${IMG} .", "\t$(MAKE) push IMG=$(IMG)",
    "export ENGINE_VERSION=${ENGINE_VERSION:-1.2.3}", "helm install x oci://ghcr.io/example/charts/platform --version 1.2.3 --set image.tag=1.2.3",
    "curl -sL https://raw.githubusercontent.com/example/platform/v1.2.3/scripts/install.sh | bash", "kubectl apply -k github.com/example/engine/config?ref=v1.2.3",
    "go install github.com/example/engine/cmd/enginectl@v1.2.3", "git clone -b v1.2.3 https://github.com/example/engine", "kubectl wait deploy/platform",
    "is_installed engine v1.2.3 # 1.2 or higher", "module github.com/example/platform", "go 1.24.0", "toolchain go1.24.2",
    "require github.com/example/engine v1.2.3", "require (", ")", "replace github.com/example/engine => ../engine",
    "const Image = \"ghcr.io/example/platform:1.2.3\"", "[a link](../scripts/install.sh)", "[v1.2.3](https://github.com/example/platform/releases/tag/v1.2.4)",
    "| engine | 1.2.3 |", "## 1.2.3", "Needs Go 1.24 or newer, engine version 1.2.3.", "```sh", "```", "$ helm version", "newTag: v1.2.3", "newName: ghcr.io/example/platform",
    "images:", "- name: controller", "requires-python = \">=3.11\"", "version = \"1.2.3\"", "\"version\": \"1.2.3\",", "{", "}", "&a [*a]", "<<: *a", "{{- if .Values.x }}", "{{- end }}",
    "      - run: cut -d. -f² x; head -n ² x; head -c 9999999999 x; echo ${X:²} ${X:1:99999999999} ${1²} $²; shift ²; grep -m ² x y",
    "      - run: sed -n '²p;s/a/\\²/²' x; echo $((²+1)) ${A[²]}; awk '{print $99999999999}' x; tail -n +² x", "X = $(word ²,a b) $(wordlist ²,9,a)",
    "      - uses: goreleaser/goreleaser-action@v6\n        with: {args: \"release 'x\"}", "        with: {tags: 'type=match,pattern=v(.*),group=²'}",
    "tags: ['{{ trunc ² .Version }}{{ index . ² }}']", "      - run: echo ${{ format('{²} {99999999999}', github.ref) }} ${{ matrix.x[²] }}", 'image: "ghcr.io/a/b\\ud83d:1.2.3"',
    "require github.com/example/engine/v" + "9" * 5000 + " v1.2.3", "exec ²>x 99999999999999999999>y", "- " * 300, "{" * 300, "$(" * 300, "{{" * 300, "((" * 300,
    "'", '"', "\\", "\t", "\r", "\0", "- - - -", "? a", "a: |", "a: >-", "---", "...", "%YAML 1.2", "#", "if true; then", "fi", "for x in 1 2; do", "done", "case $x in", "esac", "cat <<EOF", "EOF", "f() {", "$(", "`",
)  # fmt: skip
_PATHS = (
    "Makefile", "Dockerfile", "docker/Dockerfile", "go.mod", "README.md", "docs/install.md", "CHANGELOG.md", "charts/platform/Chart.yaml",
    "charts/platform/values.yaml", "charts/platform/templates/deployment.yaml", ".github/workflows/release.yml", ".github/workflows/ci.yml",
    ".goreleaser.yaml", "config/manager/kustomization.yaml", "config/crd/bases/x.yaml", "scripts/install.sh", "hack/tools.sh", "pkg/version.go",
    "test/e2e/run.sh", "pyproject.toml", "package.json", "Cargo.toml", "VERSION", ".tool-versions", "deploy/platform.yaml", "vendor/x/y.go",
    ".gitlab-ci.yml", "requirements.txt", "Chart.yaml", "a/b/c/d.yaml", "notes.txt", ".ci/action-versions.json", "examples/values.yaml",
)  # fmt: skip
_TAGS = ("v1.2.3", "1.2.3", "v1.2.4", "v1.2.4-rc.1", "v1", "engine/v1.2.3", "nightly", "v99999999999999999999.0.0", "release-1.2")


def mutant(seed: int) -> Example:
    """The world of a seed: an example of a rule, altered in one to twelve places."""
    dice = random.Random(seed)
    example = dice.choice(EXAMPLES)
    others = dice.choice(EXAMPLES)
    alterations = dice.choice((0, 1, 2, 3, 5, 8, 12))
    commits = _commits(dice, example.commits, others.commits, alterations)
    siblings = {
        name: _commits(dice, history, others.commits, alterations // 3)
        for name, history in {**example.siblings, **(others.siblings if dice.random() < 0.3 else {})}.items()
    }
    return Example(commits, siblings, example.graph, example.published)


def _commits(dice: random.Random, commits: Sequence[Commit], others: Sequence[Commit], alterations: int) -> tuple[Commit, ...]:
    made: list[Commit] = []
    for commit in commits:
        files = dict(commit.files)
        if others and dice.random() < 0.3:
            files |= dict(dice.choice(others).files)
        tags = commit.tags
        for _ in range(alterations if dice.random() < 0.7 else 0):
            files = _altered(dice, files)
            if dice.random() < 0.1:
                taken = {tag for one in (*made, *commits) for tag in one.tags}
                tags += tuple(tag for tag in (dice.choice(_TAGS),) if tag not in taken and tag not in tags)
        made.append(commit._replace(files=files, tags=tags))
    return tuple(made)


def _altered(dice: random.Random, files: Mapping[str, str | bytes]) -> dict[str, str | bytes]:
    found = dict(files)
    if not found or dice.random() < 0.15:
        return _with(found, dice.choice(_PATHS), "\n".join(dice.choice(_LINES) for _ in range(dice.randrange(1, 12))))
    path = dice.choice(sorted(found))
    kind = dice.random()
    if kind < 0.05:
        del found[path]
        return found
    if kind < 0.12:
        return _with(found, dice.choice(_PATHS), found[path])
    content = found[path]
    text = content if isinstance(content, str) else content.decode("utf-8", "surrogateescape")
    return _with(found, path, _alter_text(dice, text))


def _with(files: dict[str, str | bytes], path: str, content: str | bytes) -> dict[str, str | bytes]:
    # A path cannot be a file and a folder at once.
    if any(other.startswith(path + "/") or path.startswith(other + "/") for other in files):
        return files
    return {**files, path: content}


def _alter_text(dice: random.Random, text: str) -> str:
    kind = dice.random()
    versions = [*_VERSION.finditer(text)]
    if kind < 0.35 and versions:
        match = dice.choice(versions)
        return text[: match.start()] + dice.choice(_VALUES) + text[match.end() :]
    if kind < 0.5:
        place = dice.randrange(len(text) + 1)
        return (
            text[:place]
            + dice.choice(("\n", " ", ":", "'", '"', "{", "}", "$", "\\", "\t", "#", "-", "é", "\udcff", "\0", "\r", "|"))
            + text[place:]
        )
    if kind < 0.56:
        start = dice.randrange(len(text) + 1)
        return text[:start] + text[start + dice.randrange(1, 8) :]
    if kind < 0.6:
        return text[: dice.randrange(len(text) + 1)]
    lines = text.split("\n")
    number = dice.randrange(len(lines))
    if kind < 0.8:
        indent = len(lines[number]) - len(lines[number].lstrip())
        lines.insert(number, " " * indent * dice.randrange(2) + dice.choice(_LINES))
    elif kind < 0.86:
        del lines[number]
    elif kind < 0.92:
        lines.insert(dice.randrange(len(lines)), lines[number])
    else:
        lines[number] = " " * dice.randrange(5) + lines[number].lstrip()
    return "\n".join(lines)
