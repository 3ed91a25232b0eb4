"""Chart folders as they are when they are packaged: ``Chart.yaml``, default values, and the images in the templates.

Templates are read line by line: an ``image:`` whose value is text, ``.Values``, ``.Chart``, ``default``, ``printf`` or an
included helper of such is evaluated, and nothing is guessed about any other.
"""

import re
from collections.abc import Mapping

from relgraph.pipeline.artifacts import ChartImage, Spot
from relgraph.pipeline.chart_fields import chart_field
from relgraph.pipeline.context import Context
from relgraph.pipeline.go_template import MISSING, Template, render
from relgraph.pipeline.references import canonical, image_lines, split_reference
from relgraph.pipeline.state import Files
from relgraph.pipeline.value import is_known
from relgraph.pipeline.yaml_tree import YamlNode, read_yaml
from relgraph.syntax.text import Text

__all__ = ["chart_images"]

_DEFINE = re.compile(
    r"\{\{-?\s*define\s+\"([^\"\n]+)\"\s*-?\}\}(.*?)\{\{-?\s*end\s*-?\}\}(?=\s*(?:\{\{-?\s*(?:/\*|define)|\Z))", re.DOTALL
)
_MAX_IMAGES = 200


def _tree(node: YamlNode) -> object:
    if node.kind == "map":
        return {key: _tree(value) for key, value in node.pairs.items()}
    if node.kind == "list":
        return [_tree(item) for item in node.items]
    return node.text


def chart_images(context: Context, files: Files, folder: str, version: str, app_version: str | None) -> tuple[ChartImage, ...]:
    """The image references in a chart's templates, with the chart's own values as they are in ``files``."""
    prefix = f"{folder}/" if folder else ""
    values_text = files.read(f"{prefix}values.yaml")
    root = read_yaml(values_text) if values_text is not None and not files.is_opaque(f"{prefix}values.yaml") else None
    values = _tree(root) if root is not None else {}
    chart_text = files.read(f"{prefix}Chart.yaml") or ""
    name = chart_field(chart_text, "name")
    chart = {"Name": name.text if name is not None else "", "Version": version, "AppVersion": app_version or ""}
    scope: Mapping[str, object] = {"Values": values, "Chart": chart}
    unknown_values = files.is_opaque(f"{prefix}values.yaml")

    def resolve(path: tuple[str, ...]) -> object:
        if path and (path[0] not in scope or (path[0] == "Values" and unknown_values)):
            return context.holes.mark(f".{'.'.join(path)}")
        value: object = scope
        for key in path:
            value = value.get(key, MISSING) if isinstance(value, Mapping) else MISSING
        return value

    paths = [path for path in files.below(f"{prefix}templates") if path.endswith((".yaml", ".yml", ".tpl", ".txt"))]
    texts = {path: files.read(path) for path in paths}
    includes: dict[str, str] = {}
    for path, text in texts.items():
        if path.endswith(".tpl") and text is not None:
            includes |= {match[1]: match[2] for match in _DEFINE.finditer(text)}
    template = Template(resolve, context.holes, includes)
    found: list[ChartImage] = []
    for path, text in texts.items():
        if text is None or path.endswith((".tpl", ".txt")) or "image" not in text:
            continue
        original = files.subject.text(path) if path not in files.written else None
        for value, start, end in image_lines(text):
            found.append(_image(context, render(value, template), original, start, end))
    found += _value_images(context, files, f"{prefix}values.yaml", root)
    return tuple(found)


def _image(context: Context, rendered: str, original: Text | None, start: int, end: int) -> ChartImage:
    # Quotes within the template's output are YAML's.
    repository, tag, _ = split_reference(rendered.strip().strip("\"'"))
    written = Spot(original.path, original.span(start, end)) if original is not None else None
    stamps = _stamps(context, [f"{repository}:{tag}" if tag else repository, tag, repository])
    return ChartImage(context.value(canonical(repository)), context.value(tag), written, stamps)


def _stamps(context: Context, wanted: list[str]) -> tuple[Spot, ...]:
    """The places of the last edit that wrote one of the texts; the first text that any edit wrote decides."""
    for text in wanted:
        shown = str(context.value(text))
        found = [stamp.places for stamp in context.stamps if shown and any(shown in str(line) for line in stamp.written)]
        if found:
            return found[-1]
    return ()


def _value_images(context: Context, files: Files, path: str, root: YamlNode | None) -> list[ChartImage]:
    # image: {repository: ..., tag: ...} of the defaults, for templates that are not understood.
    found: list[ChartImage] = []
    if root is None:
        return found
    original = files.subject.text(path) if path not in files.written else None
    pending = [root]
    while pending and len(found) < _MAX_IMAGES:
        node = pending.pop()
        pending += [child for child in (*node.pairs.values(), *node.items) if child.kind != "scalar"]
        repository, tag = node.get("repository"), node.get("tag")
        if (
            repository is None
            or tag is None
            or repository.kind != "scalar"
            or tag.kind != "scalar"
            or not is_known(repository.text)
        ):
            continue
        registry = node.string("registry")
        full = f"{registry}/{repository.text}" if registry else repository.text
        if "/" not in full or not tag.text:
            continue
        found.append(_image(context, f"{full}:{tag.text}", original, tag.start, tag.end))
    return found
