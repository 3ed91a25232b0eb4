"""Resolution of templated values: what ``v{{ .Values.ADDON_VERSION }}`` says with the values that stand in the same tree."""

from collections.abc import Mapping
from typing import NamedTuple

from relgraph.infer.binding import chart_root
from relgraph.model.site import Kind, Pin, Site

__all__ = ["Resolved", "Resolver"]


class Resolved(NamedTuple):
    """A value, and the variables' sites that it was put together from (none for a literal)."""

    value: str
    sources: tuple[Site, ...] = ()


class Resolver:
    """Resolves values within the sites of one repository."""

    def __init__(self, sites: tuple[Site, ...], charts: frozenset[str]) -> None:
        self._charts = charts
        self._variables: dict[tuple[str, str], Site] = {}
        for site in sites:
            if site.kind is Kind.VARIABLE and site.pin is not Pin.TEMPLATED:
                for address in (site.name, site.key):
                    if address:
                        self._variables.setdefault((site.path, address), site)

    @property
    def variables(self) -> Mapping[tuple[str, str], Site]:
        """Literal variables by path and name, and by path and key; the first of several wins."""
        return self._variables

    def resolve(self, site: Site) -> Resolved | None:
        """The literal value of a site; None where a variable of it has no literal value in scope."""
        if site.pin is not Pin.TEMPLATED:
            return Resolved(site.value)
        form, names = site.get("form_text"), site.get("vars").split()
        if not names or form.count("{}") != 1:
            return None
        for name in names:
            found = self._lookup(site, name)
            if found is not None:
                return Resolved(form.replace("{}", found.value), (found,))
        return None

    def _lookup(self, site: Site, variable: str) -> Site | None:
        if variable.startswith(".Values."):
            root = chart_root(site.path, self._charts)
            return (
                None
                if root is None
                else self._variables.get((f"{root}/values.yaml".lstrip("/"), variable.removeprefix(".Values.")))
            )
        if variable.startswith("."):
            return None
        return self._variables.get((site.path, variable)) or self._variables.get((site.path, variable.rsplit(".", 1)[-1]))
