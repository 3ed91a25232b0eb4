"""The drawings of the page's system have every box and arrow of the page's diagrams, and nothing else but what is said to be more."""

import pytest

from pagedrawings import KUBESTELLAR, MORE, OSA, REPOSITORIES, TOGETHER, Diagram, more_than, page_graph, seen
from relgraph.draw.drawing import View, draw, outline
from relgraph.graph.impact import part

GRAPH = page_graph()


@pytest.mark.parametrize(
    ("name", "page"), [("osa", OSA), ("kubestellar", KUBESTELLAR), ("together", TOGETHER)], ids=["osa", "kubestellar", "together"]
)
def test_what_is_published_is_drawn_as_on_the_page(name: str, page: Diagram) -> None:
    node = {"osa": "repos.ocm-status-addon", "kubestellar": "repos.kubestellar"}.get(name)
    view = View() if node is None else View(*part(GRAPH, node))
    assert more_than(seen(draw(GRAPH, view)), page) == MORE[name]


def test_the_repositories_are_drawn_as_on_the_page() -> None:
    assert more_than(seen(outline(GRAPH)), REPOSITORIES) == MORE["repositories"]


def test_the_names_are_the_pages() -> None:
    names = {box.key: box.lines[0] for box in draw(GRAPH).boxes}
    assert names["charts.osa"] == "published OSA Helm chart"
    assert names["charts.osa#source"] == "OSA Helm chart source"
    assert names["images.osa"] == "OSA container image"
    assert names["repos.ocm-status-addon#code:cmd/ocm-status-addon"] == "OSA source code"
    assert names["repos.clusteradm#code"] == "source code"
    assert names["hooks.ocm"] == "ocm PostCreateHook"
    assert names["images.otp"] == "published OTP ??"
