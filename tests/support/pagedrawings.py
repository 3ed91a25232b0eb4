"""The diagrams of KubeStellar's packaging page as it was on 2024-02-15, stated as data in the keys of drawings of ``graph/kubestellar-page.yaml``.

The page draws four: the repositories, the publishing of the status add-on, the publishing of KubeStellar, and those two together. What
our drawings have besides (``MORE``) finishes the last one: the page says it in words, or leaves it to do.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple, TypeAlias

from relgraph.draw.drawing import Drawing
from relgraph.model.graph import EdgeKind, Graph
from relgraph.workspace.load import load_graphs

__all__ = ["KUBESTELLAR", "MORE", "OSA", "REPOSITORIES", "TOGETHER", "Diagram", "more_than", "page_graph", "seen"]

Pairs: TypeAlias = frozenset[tuple[str, str]]


class Diagram(NamedTuple):
    """Boxes by the frame around them (the empty string: none), solid arrows, dashed arrows."""

    boxes: Mapping[str, frozenset[str]]
    solid: Pairs
    dashed: Pairs


_OSA_CODE = "repos.ocm-status-addon#code:cmd/ocm-status-addon"
_KCM_CODE = "repos.kubestellar#code:cmd/kubestellar-operator"
_CLUSTERADM_CODE = "repos.clusteradm#code"
_SCRIPT = "repos.kubestellar#script:hack/build-clusteradm-image.sh"

REPOSITORIES = Diagram(
    {"": frozenset({"repos.kubestellar", "repos.kubeflex", "repos.ocm-status-addon", "repos.ocm-transport-plugin"})},
    frozenset({("repos.kubestellar", "repos.kubeflex"), ("repos.ocm-transport-plugin", "repos.kubestellar")}),
    frozenset(),
)

OSA = Diagram(
    {"repos.ocm-status-addon": frozenset({_OSA_CODE, "charts.osa#source"}), "": frozenset({"images.osa", "charts.osa"})},
    frozenset({("images.osa", _OSA_CODE), ("charts.osa", "charts.osa#source")}),
    frozenset({("charts.osa#source", "images.osa"), ("charts.osa", "images.osa")}),
)

KUBESTELLAR = Diagram(
    {
        "repos.clusteradm": frozenset({_CLUSTERADM_CODE}),
        "repos.kubestellar": frozenset({_KCM_CODE, "charts.kcm#source", "hooks.kubestellar", "hooks.ocm", "files.ks_scripts"}),
        "": frozenset({"images.clusteradm", "images.kcm", "charts.kcm", "charts.osa", "images.otp", "tools.kubeflex"}),
    },
    frozenset({("images.clusteradm", _CLUSTERADM_CODE), ("images.kcm", _KCM_CODE), ("charts.kcm", "charts.kcm#source")}),
    frozenset(
        {
            ("files.ks_scripts", "hooks.ocm"),
            ("files.ks_scripts", "hooks.kubestellar"),
            ("files.ks_scripts", "charts.osa"),
            ("files.ks_scripts", "images.otp"),
            ("files.ks_scripts", "tools.kubeflex"),
            ("hooks.ocm", "images.clusteradm"),
            ("hooks.kubestellar", "charts.kcm"),
            ("charts.kcm#source", "images.kcm"),
            ("charts.kcm", "images.kcm"),
        }
    ),
)

TOGETHER = Diagram(
    {**KUBESTELLAR.boxes, **OSA.boxes, "": KUBESTELLAR.boxes[""] | OSA.boxes[""]},
    KUBESTELLAR.solid | OSA.solid,
    KUBESTELLAR.dashed | OSA.dashed,
)

_BUILT_HERE = Diagram(
    # "a script ... that creates and publishes a container image", and the image that the hook for KubeStellar runs.
    {"repos.kubestellar": frozenset({_SCRIPT}), "": frozenset({"images.helm"})},
    frozenset({("images.clusteradm", _SCRIPT)}),
    frozenset({("hooks.kubestellar", "images.helm")}),
)

#: What our drawings have and the page's have not.
MORE: Mapping[str, Diagram] = {
    # The page's arrows are of code; that scripts use what two other repositories publish follows from its other diagrams.
    "repositories": Diagram(
        {},
        frozenset(),
        frozenset({("repos.kubestellar", "repos.ocm-status-addon"), ("repos.kubestellar", "repos.ocm-transport-plugin")}),
    ),
    "osa": Diagram({}, frozenset(), frozenset()),
    "kubestellar": _BUILT_HERE,
    # Where the rest comes from: the repositories of its first diagram, and the source of the helm image.
    "together": Diagram(
        {
            **_BUILT_HERE.boxes,
            "repos.helm": frozenset({"repos.helm#code"}),
            "repos.kubeflex": frozenset({"repos.kubeflex#code"}),
            "repos.ocm-transport-plugin": frozenset({"repos.ocm-transport-plugin#code"}),
        },
        _BUILT_HERE.solid
        | REPOSITORIES.solid
        | {
            ("images.helm", "repos.helm#code"),
            ("tools.kubeflex", "repos.kubeflex#code"),
            ("images.otp", "repos.ocm-transport-plugin#code"),
        },
        _BUILT_HERE.dashed,
    ),
}


def page_graph() -> Graph:
    """The page's system as it is declared."""
    path = Path(__file__).parents[2] / "graph/kubestellar-page.yaml"
    return load_graphs([("graph/kubestellar-page.yaml", path.read_bytes())])["kubestellar-page"]


def seen(drawing: Drawing) -> Diagram:
    """A drawing as such data."""
    boxes: dict[str, set[str]] = {}
    for box in drawing.boxes:
        boxes.setdefault(box.frame, set()).add(box.key)
    arrows = {
        solid: frozenset((a.tail, a.head) for a in drawing.arrows if (a.kind is EdgeKind.BUILDS_FROM) is solid)
        for solid in (True, False)
    }
    return Diagram({frame: frozenset(keys) for frame, keys in boxes.items()}, arrows[True], arrows[False])


def more_than(drawn: Diagram, page: Diagram) -> Diagram:
    """What is drawn beside the page's; everything of the page must be there."""
    assert drawn.boxes.keys() >= page.boxes.keys()
    for frame, keys in page.boxes.items():
        assert drawn.boxes[frame] >= keys
    assert drawn.solid >= page.solid
    assert drawn.dashed >= page.dashed
    boxes = {frame: keys - page.boxes.get(frame, frozenset()) for frame, keys in drawn.boxes.items()}
    return Diagram({frame: keys for frame, keys in boxes.items() if keys}, drawn.solid - page.solid, drawn.dashed - page.dashed)
