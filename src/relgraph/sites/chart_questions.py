"""The form that a chart's installer fills: ``questions.yaml`` beside ``values.yaml``, with a default for each value it asks for.

The fields are those of https://ranchermanager.docs.rancher.com (Helm charts, question variable reference): ``variable`` is the address of
the value, ``default`` what is written into it where nobody answers; ``subquestions`` are of the same form.
"""

import re
from collections.abc import Iterator

from relgraph.model.site import Role, Site
from relgraph.sites.extractor import Extractor
from relgraph.sites.yaml_text import YamlText
from relgraph.sites.yaml_versions import version_part
from relgraph.syntax.text import Text

__all__ = ["EXTRACTOR"]

_PATH = re.compile(r"(?:.*/)?questions\.ya?ml")


def _matches(path: str) -> bool:
    return _PATH.fullmatch(path) is not None


def _extract(text: Text) -> Iterator[Site]:
    yaml = YamlText(text, "chart-questions")
    for group in yaml.groups():
        variable, default = group.get("variable"), group.get("default")
        if (
            variable is None
            or default is None
            or group.is_sequence
            or not group.path
            or group.name not in ("questions", "subquestions")
        ):
            continue
        name = yaml.value(variable)
        if version_part(name.rpartition(".")[2]) is not None:
            yield from yaml.variable(default, name, scope="question", role=Role.DEFAULT)


EXTRACTOR = Extractor("chart-questions", _matches, _extract)
