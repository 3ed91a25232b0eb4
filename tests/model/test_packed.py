from hypothesis import given
from hypothesis import strategies as st

from relgraph.model.finding import Finding, Fix, Place, Severity
from relgraph.model.packed import pack, unpack
from relgraph.model.site import Span

TEXT = st.text(st.characters(exclude_categories=()), max_size=8)
PLACES = st.builds(Place, TEXT, TEXT, TEXT, st.builds(Span, *[st.integers(0, 1 << 40)] * 6))
FINDINGS = st.builds(
    Finding,
    TEXT,
    TEXT,
    st.sampled_from(Severity),
    TEXT,
    TEXT,
    PLACES,
    st.none() | TEXT,
    st.none() | TEXT,
    st.lists(TEXT, max_size=3).map(tuple),
    st.lists(PLACES, max_size=2).map(tuple),
    st.none() | st.builds(Fix, TEXT, TEXT),
    TEXT,
)


@given(st.lists(st.lists(FINDINGS, max_size=3), max_size=3))
def test_what_is_packed_comes_out_as_it_was(groups: list[list[Finding]]) -> None:
    found = unpack(pack(groups))
    assert found == groups
    # A severity that is only equal to one would be told wrongly.
    assert {type(one.severity) for group in found for one in group} <= {Severity}
    places = [place for group in found for one in group for place in (one.place, *one.related)]
    assert {(type(place), type(place.span)) for place in places} <= {(Place, Span)}
