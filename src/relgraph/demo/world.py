"""The demo's repositories as values: files of each commit, and its tag.

Two repositories in the shape of a real platform. ``agent`` publishes an image and a chart. ``platform`` publishes an image, a
command line tool, a hook and the chart that installs all of it, at the versions that belong together; its script and its page
tell users which. It is the workspace, too: its ``graph/`` declares both.
"""

from collections.abc import Mapping
from typing import NamedTuple

__all__ = ["AGENT", "PLATFORM", "Commit", "hurried_commit", "next_release"]

_DAY = 86_400
_START = 1_767_261_600  # 2026-01-01 10:00 UTC


class Commit(NamedTuple):
    """A commit: its message, its time (seconds since the epoch), the files that it writes (None: removes), its tag or empty."""

    message: str
    time: int
    files: Mapping[str, str | None]
    tag: str = ""


_GRAPH = """\
# What the platform consists of, and what refers to what.
apiVersion: relgraph.dev/v1
kind: Graph
metadata: {name: platform}
repos:
  platform: {url: "https://git.example/acme/platform", path: ., self: last-release, records: registry.example/acme/releases}
  agent: {url: "https://git.example/acme/agent", path: ../agent}
images:
  controller:
    title: controller image
    from: platform
    ref: registry.example/acme/controller
    build:
      bundle: {bin/controller: cmd/controller.sh, etc/defaults.yaml: config/defaults.yaml}
      config: {Entrypoint: [/bin/controller]}
      platforms: [linux/amd64, linux/arm64]
      versioned: false
  agent:
    title: agent image
    from: agent
    ref: registry.example/acme/agent
    build:
      bundle: {bin/agent: cmd/agent.sh}
      config: {Entrypoint: [/bin/agent]}
      platforms: [linux/amd64]
charts:
  agent-chart:
    title: agent chart
    from: agent
    ref: oci://registry.example/acme/charts/agent
    tag: "v{version}"
    source: chart
    uses: [agent]
    build: {helm: chart}
    stamp: {set: {values.yaml: {image: "{{ nodes['images.agent'].image }}"}}}
  platform-chart:
    title: platform chart
    from: platform
    ref: oci://registry.example/acme/charts/platform
    source: chart
    channels: ["{major}.{minor}", latest]
    uses: [controller]
    contains: [setup]
    build: {helm: chart}
    stamp:
      set:
        values.yaml:
          controller.image: "{{ nodes['images.controller'].pinned }}"
hooks:
  setup:
    title: setup hook
    from: platform
    source: chart/templates/setup.yaml
    uses: [{node: agent-chart, follow: last-release}]
files:
  scripts: {title: install script, from: platform, paths: ["scripts/**"], uses: [platform-chart]}
  docs: {title: install guide, from: platform, paths: ["docs/**"], uses: [platform-chart, agent-chart]}
"""

_INSTALL = """\
#!/bin/sh
# Installs the platform on the cluster that kubectl talks to.
set -eu
helm upgrade --install platform oci://registry.example/acme/charts/platform --version {version}
"""

_GUIDE = """\
# Install

The agents come with their own chart:

    helm install agent oci://registry.example/acme/charts/agent --version v{agent}

and the platform, whose chart holds its setup hook, with another:

    helm install platform oci://registry.example/acme/charts/platform --version {version}
"""

_VALUES = """\
controller:
  image: registry.example/acme/controller:unstamped  # filled in by each release
  replicas: 2
setup:
  image: registry.example/tools/helm:3.16.4
"""

_DEPLOYMENT = """\
apiVersion: apps/v1
kind: Deployment
metadata:
  name: controller
spec:
  replicas: {{ .Values.controller.replicas }}
  selector:
    matchLabels: {app: controller}
  template:
    metadata:
      labels: {app: controller}
    spec:
      containers:
        - name: controller
          image: {{ .Values.controller.image }}
"""

_SETUP = """\
apiVersion: batch/v1
kind: Job
metadata:
  name: setup
  annotations:
    helm.sh/hook: post-install
spec:
  template:
    spec:
      restartPolicy: Never
      containers:
        - name: setup
          image: {{ .Values.setup.image }}
          args: [upgrade, --install, agent, "oci://registry.example/acme/charts/agent", --version, "v0.2.0"]
"""

AGENT: tuple[Commit, ...] = (
    Commit(
        "Watch, and report",
        _START,
        {
            "README.md": "# agent\n\nRuns on every cluster and reports.\n",
            "cmd/agent.sh": "#!/bin/sh\nexec echo reporting\n",
            "chart/Chart.yaml": "apiVersion: v2\nname: agent\ndescription: The agent\nversion: 0.0.0\nappVersion: 0.0.0\n",
            "chart/values.yaml": "image: registry.example/acme/agent:unstamped\n",
            "chart/templates/daemonset.yaml": _DEPLOYMENT.replace("controller.image", "image")
            .replace("controller", "agent")
            .replace("  replicas: {{ .Values.agent.replicas }}\n", ""),
        },
        "v0.2.0",
    ),
)

PLATFORM: tuple[Commit, ...] = (
    Commit(
        "Begin",
        _START + _DAY,
        {
            "README.md": "# platform\n\nSee docs/install.md.\n",
            ".gitignore": ".relgraph/\n",
            "graph/platform.yaml": _GRAPH,
            "cmd/controller.sh": "#!/bin/sh\nexec echo controlling\n",
            "config/defaults.yaml": "interval: 30s\n",
            "chart/Chart.yaml": "apiVersion: v2\nname: platform\ndescription: The platform\nversion: 0.0.0\nappVersion: 0.0.0\n",
            "chart/values.yaml": _VALUES,
            "chart/templates/controller.yaml": _DEPLOYMENT,
            "chart/templates/setup.yaml": _SETUP,
            "scripts/install.sh": _INSTALL.format(version="0.30.0"),
            "docs/install.md": _GUIDE.format(version="0.30.0", agent="0.2.0"),
        },
        "v0.30.0",
    ),
)


def hurried_commit() -> Commit:
    """What a hurried edit leaves behind: the script names a version that nobody released."""
    return Commit("Tidy the script", _START + 5 * _DAY, {"scripts/install.sh": _INSTALL.format(version="0.3.0")})


def next_release() -> Commit:
    """The next release: the chart and the texts change, the controller does not."""
    return Commit(
        "Run three controllers; prepare 0.31.0",
        _START + 9 * _DAY,
        {
            "chart/values.yaml": _VALUES.replace("replicas: 2", "replicas: 3"),
            "scripts/install.sh": _INSTALL.format(version="0.31.0"),
            "docs/install.md": _GUIDE.format(version="0.31.0", agent="0.2.0"),
        },
        "v0.31.0",
    )
