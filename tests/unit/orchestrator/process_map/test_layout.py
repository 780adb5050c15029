"""Where activities stand on a map."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from handrail_orchestrator.process_map.layout import Link, lay_out

NAMES = [f"s{number}" for number in range(9)]

links = st.lists(
    st.builds(Link, st.sampled_from(NAMES), st.sampled_from(NAMES), st.integers(1, 1000)),
    max_size=30,
    unique_by=lambda link: (link.source, link.target),
)


@given(links)
def test_every_activity_has_a_place_of_its_own_and_every_way_its_ends(given_links: list[Link]) -> None:
    found = lay_out(NAMES, given_links, first=("s0",), last=("s8",))

    assert set(found.places) == set(NAMES)
    for column in range(found.columns):
        downs = sorted(place.down for place in found.places.values() if place.column == column)
        assert all(b - a > 0.99 for a, b in pairwise(downs))
    assert set(found.ways) == {(link.source, link.target) for link in given_links}
    for (source, target), points in found.ways.items():
        assert (points[0], points[-1]) == (found.places[source], found.places[target])
    assert min(place.down for place in found.places.values()) >= 0


@given(links)
def test_a_way_leads_on_or_back_column_by_column(given_links: list[Link]) -> None:
    for points in lay_out(NAMES, given_links).ways.values():
        steps = {b.column - a.column for a, b in pairwise(points)}
        assert len(points) == 1 or steps in ({1}, {-1})


@given(links)
def test_the_same_map_is_always_laid_out_the_same_way(given_links: list[Link]) -> None:
    assert lay_out(NAMES, given_links) == lay_out(NAMES, given_links[::-1])


def test_what_leads_on_stands_after_what_it_leads_from() -> None:
    chain = [Link(a, b, 100) for a, b in pairwise(NAMES)] + [Link("s6", "s2", 3)]
    found = lay_out(NAMES, chain)

    assert [found.places[name].column for name in NAMES] == list(range(9))
    assert {found.places[name].down for name in NAMES} == {0.0} or found.height < 1.1
    assert found.ways["s6", "s2"][0].column == 6


def test_ends_stand_in_the_last_column() -> None:
    found = lay_out(["a", "b", "done", "failed"], [Link("a", "failed"), Link("a", "b"), Link("b", "done")],
                    last=("done", "failed"))  # fmt: skip

    assert found.places["failed"].column == found.places["done"].column == 2


@pytest.mark.dear
def test_three_hundred_activities_in_circles_are_laid_out() -> None:
    names = [f"s{number}" for number in range(300)]
    ring = [Link(a, b) for a, b in pairwise([*names, names[0]])]
    more = [Link(names[i * 7 % 300], names[i * 31 % 300], i + 1) for i in range(300)]
    found = lay_out(names, {(link.source, link.target): link for link in [*ring, *more]}.values())

    assert len(found.places) == 300


def test_nothing_is_laid_out_as_nothing() -> None:
    assert lay_out([], []).columns == 0
