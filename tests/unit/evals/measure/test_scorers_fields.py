"""Fields that are right, wrong, made up and missed, in records of any kind."""

from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from itertools import permutations
from typing import Annotated, Any, Literal, NamedTuple, TypedDict

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel, ConfigDict, RootModel

from handrail_evals.errors import InvalidSetting, InvalidValue
from handrail_evals.measure.case import Case
from handrail_evals.measure.scorer import Answered, Counts, Score
from handrail_evals.measure.scorers.exact import exact
from handrail_evals.measure.scorers.fields import FieldsScorer, fields
from handrail_evals.measure.scorers.list_match import set_match
from handrail_evals.measure.scorers.normalised import normalised
from handrail_evals.measure.scorers.similarity import similarity
from handrail_evals.measure.scorers.within import within
from handrail_evals.measure.target import Observation


class Address(BaseModel):
    city: str
    code: str | None = None


class Line(BaseModel):
    name: str
    total: Decimal | None = None


class Bill(BaseModel):
    shop: str
    address: Address | None = None
    day: date | None = None
    lines: list[Line] = []
    tags: list[str] = []


class Open(BaseModel):
    model_config = ConfigDict(extra="allow")

    shop: str


class Card(BaseModel):
    kind: Literal["card"] = "card"
    digits: str


class Cash(BaseModel):
    kind: Literal["cash"] = "cash"
    given: Decimal


class Pair(NamedTuple):
    left: Address
    right: Address


class Keyed(TypedDict):
    shop: str


class Bills(RootModel[list[Bill]]):
    pass


@dataclass
class Order:
    number: str
    paid: Card | Cash | None = None
    places: dict[str, Address] = field(default_factory=dict)
    pair: Pair | None = None
    note: Annotated[str, "free text"] = ""
    anything: Any = None


BILL = Bill(
    shop="ACME",
    address=Address(city="Leeds", code="LS1"),
    day=date(2024, 5, 1),
    lines=[Line(name="tea", total=Decimal("2.50")), Line(name="milk", total=Decimal("1.20"))],
    tags=["food"],
)

leaves = st.none() | st.integers(0, 2) | st.sampled_from(["a", "b"])
records = st.fixed_dictionaries(
    {},
    optional={
        "one": leaves,
        "two": leaves,
        "inner": st.fixed_dictionaries({}, optional={"x": leaves, "y": leaves}) | leaves,
        "tags": st.lists(leaves, max_size=3) | st.none(),
        "lines": st.lists(st.fixed_dictionaries({}, optional={"n": leaves, "t": leaves}), max_size=4),
    },
)


def score(scorer: FieldsScorer, output: Any, expected: Any) -> Score:
    return scorer(Answered(Case("one", "input", expected), Observation(output)))


def summed(counts: Score) -> Counts:
    return sum(counts.fields.values(), Counts())


def leaves_of(value: Any) -> int:
    if isinstance(value, dict):
        return sum(map(leaves_of, value.values()))
    if isinstance(value, list):
        return sum(map(leaves_of, value))
    return value is not None


def test_a_right_record_hits_every_field() -> None:
    found = score(fields(), BILL, BILL.model_copy(deep=True))

    assert found.value == 1.0
    assert found.reason == ""
    assert found.fields == {
        "shop": Counts(1),
        "address.city": Counts(1),
        "address.code": Counts(1),
        "day": Counts(1),
        "lines[].name": Counts(2),
        "lines[].total": Counts(2),
        "tags[]": Counts(1),
    }


def test_wrong_made_up_and_missed_values_are_counted_apart() -> None:
    expected = {"shop": "ACME", "day": "2024-05-01", "note": None, "code": "LS1", "gone": None}
    found = score(fields(), {"shop": "ACNE", "day": "2024-05-01", "note": "x", "code": None}, expected)

    assert found.fields == {
        "shop": Counts(0, 1, 1),
        "day": Counts(1, 0, 0),
        "note": Counts(0, 1, 0),
        "code": Counts(0, 0, 1),
    }
    assert found.value == pytest.approx(2 / 6)
    assert found.reason == "shop: 'ACNE', not 'ACME', note: 'x' where nothing is expected, code: 'LS1' missed"


@given(records, records)
def test_every_value_of_both_sides_is_counted_once(output: dict[str, Any], expected: dict[str, Any]) -> None:
    found = score(fields(), output, expected)
    counts = summed(found)

    assert counts.hits + counts.extra == leaves_of(output)
    assert counts.hits + counts.missed == leaves_of(expected)
    assert found.value == (1.0 if counts.f1 is None else pytest.approx(counts.f1))
    assert 0.0 <= found.value <= 1.0
    assert (found.value == 1.0) == (found.reason == "")


@given(records, records)
def test_extra_on_one_side_is_missed_on_the_other(one: dict[str, Any], other: dict[str, Any]) -> None:
    forth, back = score(fields(), one, other), score(fields(), other, one)

    assert forth.value == pytest.approx(back.value)
    total, mirrored = summed(forth), summed(back)
    assert (total.hits, total.extra, total.missed) == (mirrored.hits, mirrored.missed, mirrored.extra)


rows = st.lists(st.fixed_dictionaries({"n": st.integers(0, 1), "t": st.integers(0, 1), "u": leaves}), max_size=4)


@given(rows, rows)
def test_the_pairing_of_items_makes_as_much_right_as_any(output: list[Any], expected: list[Any]) -> None:
    short, long = sorted((output, expected), key=len)
    best = max(
        sum(left[name] == right[name] is not None for left, right in zip(short, chosen, strict=True) for name in left)
        for chosen in permutations(long, len(short))
    )

    assert summed(score(fields(), {"lines": output}, {"lines": expected})).hits == best


def test_items_in_another_order_are_right() -> None:
    turned = BILL.model_copy(update={"lines": BILL.lines[::-1]})

    assert score(fields(), turned, BILL).value == 1.0


def test_a_missing_item_costs_its_own_fields_only() -> None:
    found = score(fields(), BILL.model_copy(update={"lines": BILL.lines[1:]}), BILL)

    assert found.fields["lines[].name"] == Counts(1, 0, 1)
    assert found.fields["lines[].total"] == Counts(1, 0, 1)


def test_models_dataclasses_and_dicts_are_the_same_record() -> None:
    as_dict = {"number": "7", "paid": {"kind": "card", "digits": "42"}, "places": {"home": {"city": "Leeds"}}}
    order = Order("7", Card(digits="42"), {"home": Address(city="Leeds")}, note="x")

    assert score(fields({"note": None}), order, as_dict).value == 1.0


def test_a_comparator_of_its_own_compares_its_field_only() -> None:
    scorer = fields({"shop": normalised(), "lines[].total": within(absolute=0.05), "tags": set_match()})
    near = BILL.model_copy(update={"shop": "Acme", "lines": [Line(name="TEA", total=Decimal("2.45")), BILL.lines[1]]})
    found = score(scorer, near, BILL)

    assert found.fields["shop"] == found.fields["tags"] == Counts(1)
    assert found.fields["lines[].total"] == Counts(2)
    assert found.fields["lines[].name"] == Counts(1, 1, 1)


def test_a_half_right_value_is_half_a_hit() -> None:
    found = score(fields({"shop": similarity()}), {"shop": "abcd"}, {"shop": "abxx"})

    assert found.fields == {"shop": Counts(0.5, 0.5, 0.5)}
    assert found.value == pytest.approx(0.5)


def test_a_field_without_a_comparator_is_left_out() -> None:
    scorer = fields({"day": None, "lines": None})

    assert score(scorer, BILL.model_copy(update={"day": None, "lines": []}), BILL).value == 1.0


def test_only_named_fields_count_when_the_others_are_left_out() -> None:
    scorer = fields({"shop": exact(), "lines[].name": exact()}, others=None)
    found = score(scorer, BILL.model_copy(update={"day": None, "address": None, "tags": ["x"]}), BILL)

    assert found.fields == {"shop": Counts(1), "lines[].name": Counts(2)}


def test_a_function_compares_a_field() -> None:
    def same_start(value: str, expected: str) -> bool:
        return value[0] == expected[0]

    assert score(fields({"shop": same_start}), {"shop": "AC"}, {"shop": "ACME"}).value == 1.0


@pytest.mark.parametrize(
    ("output", "expected"),
    [({}, {}), ({"a": None, "b": []}, {"b": {}}), ({"lines": [{}]}, {"lines": []}), (None, None)],
)
def test_nothing_where_nothing_is_expected_is_right_and_counts_nothing(output: Any, expected: Any) -> None:
    found = score(fields({"b": set_match()}), output, expected)

    assert (found.value, dict(found.fields)) == (1.0, {})


@pytest.mark.parametrize("output", ["text", 7, [], None])
def test_an_answer_without_fields_misses_all(output: Any) -> None:
    found = score(fields(), output, {"shop": "ACME", "day": "today"})

    assert found.value == 0.0
    assert summed(found).missed == 2
    assert summed(found).extra == (output not in ([], None))


def test_a_value_of_another_shape_is_extra_and_what_was_expected_is_missed() -> None:
    found = score(fields(), {"address": "Leeds LS1"}, {"address": {"city": "Leeds", "code": "LS1"}})

    assert found.fields == {
        "address": Counts(0, 1, 0),
        "address.city": Counts(0, 0, 1),
        "address.code": Counts(0, 0, 1),
    }


def test_a_list_of_records_is_scored_as_a_whole() -> None:
    scorer = fields({"[].shop": normalised()})

    assert score(scorer, Bills([BILL]), [{**BILL.model_dump(), "shop": "acme"}]).value == 1.0


def test_lists_in_lists_are_paired_on_every_level() -> None:
    found = score(fields(), {"grid": [[1, 2], [3]]}, {"grid": [[3], [2, 1]]})

    assert found.fields == {"grid[][]": Counts(3)}


def test_an_expected_value_without_fields_is_an_error() -> None:
    with pytest.raises(InvalidValue, match="has no fields"):
        score(fields(), {"a": 1}, "text")


@pytest.mark.parametrize(
    ("kind", "path", "problem"),
    [
        (Bill, "totl", r"Bill has no 'totl' \(the fields are address, day, lines, shop, tags\)"),
        (Bill, "address.town", r"address has no 'address.town' \(the fields are city, code\)"),
        (Bill, "lines.total", r"no 'lines.total' \(there are no fields; \[\] leads into a list\)"),
        (Bill, "lines[].totl", r"lines\[\] has no"),
        (Bill, "shop[]", "shop has no"),
        (Bill, "shop.name", "shop has no"),
        (Bills, "shop", "Bills has no"),
        (Order, "paid.iban", r"the fields are digits, given, kind"),
        (Order, "places.home.town", r"places.home has no"),
        (Order, "pair.middle", r"the fields are left, right"),
        (Keyed, "town", r"the fields are shop"),
    ],
)
def test_a_field_that_the_type_does_not_have_is_refused_when_it_is_built(kind: Any, path: str, problem: str) -> None:
    with pytest.raises(InvalidSetting, match=problem):
        fields({path: exact()}, of=kind)


@pytest.mark.parametrize(
    ("kind", "path"),
    [
        (Bill, "lines[].total"),
        (Bill | None, "address.city"),
        (Open, "anything.at[].all"),
        (Order, "paid.digits"),
        (Order, "paid.given"),
        (Order, "places.home.city"),
        (Order, "pair.left.city"),
        (Order, "anything.at.all"),
        (Order, "note"),
        (Keyed, "shop"),
        (Bills, "[].lines[].name"),
        (dict, "whatever"),
        (list[Bill], "[].shop"),
        (list[Annotated[Bill, "read"]], "[].lines[].name"),
    ],
)
def test_a_field_that_may_be_there_is_accepted(kind: Any, path: str) -> None:
    assert fields({path: exact()}, of=kind).version


def test_a_type_whose_hints_are_not_there_at_run_time_is_taken_at_its_word() -> None:
    @dataclass
    class Local:
        shop: "OnlyForTypeCheckers"  # type: ignore[name-defined]  # noqa: F821

    assert fields({"shop": exact()}, of=Local).compare(Local("ACME"), {"shop": "ACME"}) == 1.0


def test_a_misspelt_field_is_noticed_at_the_first_answer_of_a_type() -> None:
    scorer = fields({"totl": exact()})

    for _ in range(2):
        with pytest.raises(InvalidValue, match="Bill has no 'totl'"):
            score(scorer, BILL, {"shop": "ACME"})


@pytest.mark.parametrize("path", ["", "a..b", ".a", "lines.*.total", "lines[0]", "lines[].", "a.[]", "[]a", 7])
def test_a_path_that_cannot_be_read_is_refused(path: Any) -> None:
    with pytest.raises(InvalidSetting, match="no path to a field"):
        fields({path: exact()})


def test_a_field_cannot_be_compared_both_as_a_whole_and_by_its_parts() -> None:
    with pytest.raises(InvalidSetting, match="'lines' is compared as a whole"):
        fields({"lines[].total": exact(), "lines": set_match()})


@pytest.mark.parametrize("comparators", [{}, {"note": None}])
def test_comparing_nothing_is_refused(comparators: dict[str, None]) -> None:
    with pytest.raises(InvalidSetting, match="nothing is compared"):
        fields(comparators, others=None)


def test_a_comparator_without_its_brackets_is_refused_and_named() -> None:
    wrong: Any = {"shop": exact}

    with pytest.raises(InvalidSetting, match=r"'shop'.*did you mean exact\(\)"):
        fields(wrong)


def test_the_version_holds_paths_and_comparators_in_one_order() -> None:
    one = fields({"a": exact(), "b": within(absolute=1)})
    other = fields({"b": within(absolute=1), "a": exact()}, name="other")

    assert one.version == other.version
    assert len({one.version, fields({"a": None}).version, fields(others=normalised()).version, fields().version}) == 4
