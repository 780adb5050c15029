"""Fields have one name each, the one in Python: in rules, guards and records; a misspelt one is told at build."""

import json
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Annotated, Any, Literal, NamedTuple, NotRequired

import pytest
from pydantic import AliasChoices, AliasPath, BaseModel, ConfigDict, Field, RootModel, computed_field
from typing_extensions import TypedDict

from handrail import Says, ScriptedModel, classify, draft, extract
from handrail.ai_steps import agreement
from handrail_ai_steps.errors import InvalidTask
from handrail_ai_steps.models.recorded import RecordedModel
from handrail_ai_steps.output import Output
from handrail_ai_steps.rule import each_field
from handrail_guards.acceptance import Always
from handrail_guards.cross_field import dates_in_order, sums
from handrail_guards.errors import InvalidGuard
from handrail_guards.field_names import FieldNames
from handrail_guards.grounding import grounded
from handrail_guards.outcome import Accepted, Doubtful
from handrail_guards.text import max_length
from tests.unit.ai_steps.teams import Team


class Node(BaseModel):
    name: str = Field(alias="Name")
    kids: "list[Node]" = []


class Cat(BaseModel):
    kind: Literal["cat"]
    meows: int = Field(validation_alias=AliasChoices("m", "meow"))


class Dog(BaseModel):
    kind: Literal["dog"]
    barks: float


@dataclass
class Line:
    price: Decimal
    day: date


class Extra(TypedDict):
    a: int
    b: NotRequired[Annotated[list[Line], Field(alias="Bee")]]


class Loose(BaseModel):
    model_config = ConfigDict(extra="allow")
    known: int


class Point(NamedTuple):
    x: int
    y: int


class Lines(RootModel[list[Line]]):
    pass


class Bill(BaseModel):
    total: Decimal = Field(alias="Total Amount")
    lines: list[Line] = []
    pet: Annotated[Cat | Dog, Field(discriminator="kind")] | None = None
    extra: Extra | None = None
    by_name: dict[str, Line] = {}
    anything: Any = None
    loose: Loose | None = None
    node: Node | None = None
    point: Point | None = None
    listed: Lines | None = None
    dotted: int = Field(1, alias="a.b")

    @computed_field  # type: ignore[prop-decorator]
    @property
    def twice(self) -> Decimal:
        return self.total * 2


@pytest.mark.parametrize(
    "path",
    [
        "total",
        "lines.*.price",
        "lines.0.price",
        "lines.#",
        "#",
        "pet.meows",
        "pet.barks",
        "extra.b.*.price",
        "by_name.x.price",
        "by_name.*.price",
        "anything.x.y",
        "loose.known",
        "loose.unknown",
        "node.kids.*.kids.0.name",
        "point.x",
        "listed.root.0.price",
        "listed.0.price",
        "twice",
        "lines.*.day.year",
        "*.price",
    ],
)
def test_what_may_be_there_may_be_spoken_of(path: str) -> None:
    assert FieldNames(Bill).problem(path) == ""


@pytest.mark.parametrize(
    ("path", "told"),
    [
        ("totl", "did you mean 'total'?"),
        ("Total Amount", "write 'total'"),
        ("lines.0.prise", "did you mean 'price'?"),
        ("lines.price", "nothing called 'price'"),
        ("pet.woof", "'kind', 'meows', 'barks', and no 'woof'"),
        ("pet.m", "write 'meows'"),
        ("extra.Bee", "write 'b'"),
        ("by_name.*.prce", "did you mean 'price'?"),
        ("node.kids.0.Name", "write 'name'"),
        ("price", "no 'price'"),
    ],
)
def test_what_cannot_be_there_is_told_with_what_may_be_meant(path: str, told: str) -> None:
    assert told in FieldNames(Bill).problem(path)
    model = ScriptedModel([])
    with pytest.raises(InvalidTask, match="each_field") as refused:
        extract("r", Bill, "Read.", models=model, accept=each_field(at_least=0.5, fields={path: 0.9}))
    assert told in str(refused.value)
    for guard in (max_length(9, fields=path), grounded(fields=["total", path]), agreement(model, fields=path)):
        with pytest.raises(InvalidGuard) as wrong:
            extract("r", Bill, "Read.", models=model, accept=Always(), guards=[guard])
        assert told in str(wrong.value)


def test_guards_over_several_fields_are_read_too() -> None:
    for guard in (sums("lines.*.prise", "total"), sums("lines.*.price", "totl"), dates_in_order("day", "lines.0.day")):
        with pytest.raises(InvalidGuard, match="is no field of the answer"):
            extract("r", Bill, "Read.", models=ScriptedModel([]), accept=Always(), guards=[guard])
    fine = (sums("lines.*.price", "total"), dates_in_order("lines.0.day", "lines.1.day"))
    extract("r", Bill, "Read.", models=ScriptedModel([]), accept=Always(), guards=fine)


def test_an_answer_without_fields_has_none_to_speak_of() -> None:
    with pytest.raises(InvalidTask, match="the answer has none"):
        classify("c", Team, "Which?", models=ScriptedModel([]), accept=each_field(at_least=0.5))
    with pytest.raises(InvalidGuard):
        draft("d", str, "Write.", models=ScriptedModel([]), guards=[max_length(9, fields="text")])
    extract("l", list[Line], "Read.", models=ScriptedModel([]), accept=each_field(at_least=0.5, fields={"*.price": 1}))


def test_what_a_model_says_of_a_field_is_kept_under_its_name_in_python() -> None:
    said = {
        "Total Amount": 1,
        "lines.0.price": 2,
        "pet.m": 3,
        "extra.Bee.0.price": 4,
        "node.kids.0.Name": 5,
        "a.b": 6,
        "lines.#": 7,
        "point.0": 8,
        "listed.0.price": 9,
    }
    renamed = FieldNames(Bill).renamed(said)
    assert list(renamed) == [
        "total",
        "lines.0.price",
        "pet.meows",
        "extra.b.0.price",
        "node.kids.0.name",
        "dotted",
        "lines.#",
        "point.x",
        "listed.0.price",
    ]
    assert FieldNames(Bill).renamed(renamed) == renamed


class Receipt(BaseModel):
    total: float = Field(alias="Total Amount")
    shop: str


@pytest.mark.parametrize("called", ["Total Amount", "total"])
@pytest.mark.parametrize("mask", [(), ("email",)])
async def test_rules_guards_and_records_call_a_field_the_same(called: str, mask: Any) -> None:
    says = Says({"Total Amount": 3.5, "shop": "A"}, fields={called: 0.95, "shop": 0.99})
    step = extract(
        "r",
        Receipt,
        "Read.",
        models=ScriptedModel([says, says]),
        accept=each_field(at_least=0.9, fields={"total": 0.9}),
        guards=[grounded(fields=["total", "shop"])],
        mask=mask,
    )
    outcome = await step("A 3.50")
    assert isinstance(outcome, Accepted), outcome
    assert set(outcome.judgement.fields) == {"total", "shop"}
    assert set(outcome.judgement.evidence) == {"total", "shop"}
    stricter = extract(
        "r", Receipt, "Read.", models=ScriptedModel([says]), accept=each_field(at_least=0.9, fields={"total": 0.99})
    )
    doubt = await stricter("A 3.50")
    assert isinstance(doubt, Doubtful)
    assert doubt.reason.startswith("total: ")


async def test_a_record_with_aliases_is_recorded_and_replayed(tmp_path: Path) -> None:
    says = Says({"Total Amount": 3.5, "shop": "A"}, fields={"total": 0.95, "shop": 0.99})
    live = RecordedModel.record(tmp_path / "kept.jsonl", live=ScriptedModel([says]))
    step = extract("r", Receipt, "Read.", models=live, accept=each_field(at_least=0.9))
    first = await step("A 3.50")
    again = await step.using(RecordedModel.replay(tmp_path / "kept.jsonl"))("A 3.50")
    assert isinstance(first, Accepted)
    assert again == first


def test_an_example_is_shown_as_the_schema_has_it() -> None:
    step = extract(
        "r",
        Receipt,
        "Read.",
        models=ScriptedModel([]),
        accept=Always(),
        examples=[("A 3.50", {"Total Amount": 3.5, "shop": "A"})],
    )
    assert '{"Total Amount":3.5,"shop":"A"}' in step.task.prompt.system


class Sum(BaseModel):
    model_config = ConfigDict(populate_by_name=True)
    amount: Decimal = Field(alias="Betrag")


class Slip(BaseModel):
    model_config = ConfigDict(populate_by_name=True)
    total: float = Field(alias="Total Amount")
    sums: list[Sum] = []
    by: dict[str, Sum] = {}
    paid: str = Field(
        default="",
        validation_alias=AliasChoices("paid", "settled", AliasPath("states", 0), AliasPath("log", "last", -1, "state")),
    )


def slip(paid: str = "") -> Slip:
    """Make one as it is called in Python."""
    return Slip.model_validate({"total": 1, "paid": paid})


class Tags(BaseModel):
    """What is a field of its own may say something else than its first item is said to be."""

    first: str = Field(validation_alias=AliasChoices("first", AliasPath("tags", 0)))
    tags: list[str] = []


class Swapped(BaseModel):
    a: int = Field(alias="b")
    b: int = Field(alias="a")


@pytest.mark.parametrize(
    ("data", "field"),
    [
        ({"total": 1, "Total Amount": 2}, "total"),
        ({"Total Amount": 2, "total": "2"}, "total"),
        ({"total": 1, "sums": [{"amount": "1"}, {"amount": "1", "Betrag": "2"}]}, "sums.1.amount"),
        ({"total": 1, "by": {"ann": {"amount": "1", "Betrag": "1.0"}}}, "by.ann.amount"),
        ({"total": 1, "paid": "yes", "settled": "no"}, "paid"),
        ({"total": 1, "paid": "yes", "states": ["no", "more"]}, "paid"),
        ({"total": 1, "states": ["no"], "log": {"last": [{"state": "yes"}]}}, "paid"),
        ({"total": 1, "settled": "yes", "log": {"last": [{}, {"state": "no"}]}}, "paid"),
    ],
)
async def test_a_field_that_is_given_by_two_names_is_a_contradiction(data: dict[str, Any], field: str) -> None:
    step = extract("slip", Slip, "Read the slip.", models=ScriptedModel(lambda _: Says(data)), accept=Always())
    outcome = await step("A slip.")
    assert isinstance(outcome, Doubtful)
    assert f"{field} is given twice, as " in outcome.reason


@pytest.mark.parametrize(
    ("kind", "data", "value"),
    [
        (Slip, {"total": 1, "Total Amount": 1.0}, slip()),
        (Slip, {"total": 1, "settled": "no", "paid": "no"}, slip("no")),
        (Slip, {"total": 1, "paid": "yes", "states": ["yes", "more"]}, slip("yes")),
        (Slip, {"total": 1, "paid": "yes", "states": [], "log": {"last": {"state": "no"}}}, slip("yes")),
        (Tags, {"first": "a", "tags": ["b"]}, Tags(first="a", tags=["b"])),
        (Swapped, {"a": 1, "b": 2}, Swapped.model_validate({"a": 1, "b": 2})),
        (Cat | Dog, {"kind": "dog", "barks": 1.0}, Dog(kind="dog", barks=1.0)),
    ],
)
def test_what_is_said_once_or_the_same_twice_is_none(kind: Any, data: dict[str, Any], value: object) -> None:
    assert Output(kind).validate(data) == value
    assert Output(kind).parse(json.dumps(data)) == value
