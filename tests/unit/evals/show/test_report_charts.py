"""Charts are well-formed, accessible pictures of plain data, whatever the data hold."""

import math
from xml.etree import ElementTree as ET

import pytest
from hypothesis import given
from hypothesis import strategies as st

from handrail_evals.show.report.charts import (
    Axis,
    Bar,
    Bucket,
    StackPart,
    Whisker,
    bars,
    decade_ticks,
    histogram,
    round_end,
    scale,
    stack,
    strip,
)
from handrail_evals.show.report.confidence import Bin, Operating, Point, reliability, risk_coverage
from handrail_evals.show.report.labels import STEPS, Matrix, confusion, heat
from handrail_evals.show.report.writing import seconds

SVG = "{http://www.w3.org/2000/svg}"
SHARES = st.floats(0.0, 1.0)
NAMES = st.text(max_size=80)


def parsed(svg: str) -> ET.Element:
    """Return the chart as XML; an error is a chart that a browser would repair in its own way."""
    return ET.fromstring(svg)  # noqa: S314 -- our own output


def texts(svg: str) -> list[str]:
    return ["".join(each.itertext()) for each in parsed(svg).iter(f"{SVG}text")]


@st.composite
def whiskers(draw: st.DrawFn) -> Whisker:
    low, estimate, high = sorted(draw(st.tuples(SHARES, SHARES, SHARES)))
    return Whisker(estimate, low, high)


@st.composite
def bins(draw: st.DrawFn) -> Bin:
    low, mean, high = sorted(draw(st.tuples(SHARES, SHARES, SHARES)))
    return Bin(low, high, mean, draw(whiskers()), draw(st.integers(1, 10**6)))


@given(st.lists(bins(), min_size=1, max_size=15))
def test_a_reliability_diagram_has_a_point_for_each_bin(found: list[Bin]) -> None:
    svg = reliability(found)

    assert len([each for each in parsed(svg).iter(f"{SVG}circle") if each.get("class") == "dot mark"]) == len(found)


@given(
    st.lists(st.builds(Point, SHARES, SHARES), max_size=30),
    st.none() | st.builds(Operating, SHARES, whiskers()),
    st.none() | SHARES,
)
def test_a_risk_coverage_curve_is_drawn_for_any_data(
    curve: list[Point], operating: Operating | None, target: float | None
) -> None:
    said = " ".join(texts(risk_coverage(curve, operating=operating, target=target)))

    assert ("now:" in said) == (operating is not None)
    assert ("target" in said) == (target is not None)


@given(NAMES, SHARES, whiskers())
def test_text_from_outside_is_text_in_a_chart(name: str, value: float, whisker: Whisker) -> None:
    row = Bar(name, value, name, whisker)

    svg = bars([row], title=name, description=name, longest=1.0, name="bars")

    assert {each.tag for each in parsed(svg).iter()} <= {
        f"{SVG}{tag}" for tag in ("svg", "title", "desc", "g", "text", "rect", "line", "circle")
    }


@given(st.integers(1, 12), st.data())
def test_a_confusion_matrix_shows_every_count(size: int, data: st.DataObject) -> None:
    counts = data.draw(
        st.lists(st.lists(st.integers(0, 999), min_size=size, max_size=size).map(tuple), min_size=size, max_size=size)
    )
    names = tuple(f"label {place}" for place in range(size))

    svg = confusion(Matrix(names, names, tuple(counts)))

    shown = [each.text for each in parsed(svg).iter(f"{SVG}text") if (each.get("class") or "").startswith("cell")]
    assert shown == [str(each) for row in counts for each in row if each]


def test_heat_never_hides_a_single_case_and_never_passes_the_last_step() -> None:
    assert [heat(cases, 1000) for cases in (0, 1, 1000)] == [0, 1, STEPS]


def test_a_chart_says_in_words_what_it_shows() -> None:
    svg = parsed(
        stack([StackPart("rules", 0.25, "p1"), StackPart("people", 0.75, "p3")], title="Who decides", name="who")
    )

    names = [each.get("id") for each in svg.iter() if each.tag in {f"{SVG}title", f"{SVG}desc"} and each.get("id")]
    assert svg.get("role") == "img"
    assert (svg.get("aria-labelledby") or "").split() == names
    assert [each.text for each in svg.iter(f"{SVG}desc")] == ["rules 25.0%, people 75.0%"]


def test_a_histogram_marks_its_percentiles_with_their_units() -> None:
    buckets = [Bucket(0.01, 0.1, 5), Bucket(0.1, 1.0, 90), Bucket(1.0, 10.0, 5)]

    said = texts(histogram(buckets, title="time", write=seconds, marks={"p50": 0.25, "p95": 2.5}))

    assert "p50 250 ms" in said
    assert "p95 2.50 s" in said


@given(st.floats(0.011, 9.9), st.floats(1.0, 1.2))
def test_the_words_of_two_marks_near_each_other_never_meet(first: float, ratio: float) -> None:
    buckets = [Bucket(0.01, 0.1, 5), Bucket(0.1, 1.0, 90), Bucket(1.0, 10.0, 5)]

    svg = histogram(buckets, title="time", write=seconds, marks={"p50": first, "p95": min(10.0, first * ratio)})

    boxes = []
    for each in parsed(svg).iter(f"{SVG}text"):
        if "own" in each.get("class", ""):
            wide, x = 7.0 * len("".join(each.itertext())), float(each.get("x", "nan"))
            left = x - wide if each.get("text-anchor") == "end" else x
            boxes.append((left, left + wide, float(each.get("y", "nan"))))
    (left, right, upper), (other_left, other_right, lower) = boxes
    assert min(left, other_left) >= 0.0
    assert max(right, other_right) <= 340.0
    assert right <= other_left or lower - upper >= 15.0


def test_a_strip_stands_where_its_number_is() -> None:
    svg = parsed(strip(Whisker(0.5, 0.25, 0.75), scale(0.0, 1.0), "half"))

    circle = svg.find(f"{SVG}circle")
    assert circle is not None
    assert float(circle.get("cx", "nan")) == pytest.approx(float((svg.get("viewBox") or "").split()[2]) / 2)


@given(st.floats(-1e9, 1e9), st.floats(1e-3, 1e9), st.floats(-1e12, 1e12))
def test_a_number_never_leaves_its_axis(low: float, wide: float, value: float) -> None:
    axis = Axis(low, low + wide, 10.0, 300.0)

    assert 10.0 <= axis.at(value) <= 300.0


@given(st.floats(1e-6, 1e9))
def test_a_scale_ends_at_or_above_what_it_shows(value: float) -> None:
    end = round_end(value)

    assert value <= end * (1 + 1e-9)
    assert end <= value * 2


@given(st.floats(1e-6, 1e6), st.floats(1.5, 1e6))
def test_decade_ticks_lie_on_their_scale(low: float, times: float) -> None:
    ticks = decade_ticks(low, low * times)

    assert len(ticks) <= 5
    assert all(low <= tick <= low * times for tick in ticks)
    assert all(math.log10(tick) == pytest.approx(round(math.log10(tick)), abs=0.7) for tick in ticks)
