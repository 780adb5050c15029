"""The keys of an answer's mapping are what its type says, though JSON has only texts for them."""

import enum
import json
from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Annotated, Any, Literal

import pytest
from pydantic import Field

from handrail import Orchestrator, Run, workflow
from handrail.orchestrator import ReviewError
from handrail_orchestrator.codec import codec_for
from handrail_orchestrator.review.answers import misfits


class Size(enum.IntEnum):
    SMALL = 1
    LARGE = 2


TYPES: list[tuple[Any, Mapping[Any, str], list[str]]] = [
    (dict[int, str], {1: "x", -22: "y"}, ["abc", "1.5", "01", "1_000", " 1", ""]),
    (dict[float, str], {1.5: "x"}, ["abc", ""]),
    (dict[Decimal, str], {Decimal("1.50"): "x"}, ["abc", "1,5"]),
    (dict[bool, str], {True: "x"}, ["yes", "1"]),
    (dict[Size, str], {Size.LARGE: "x"}, ["3", "LARGE"]),
    (dict[Literal[1, 2], str], {2: "x"}, ["3", "2.0"]),
    (dict[Literal["a", "b"], str], {"a": "x"}, ["c"]),
    (dict[date, str], {date(2024, 2, 29): "x"}, ["2024-02-30", "soon"]),
    (dict[Annotated[str, Field(pattern="^[a-z]+$")], str], {"a": "x"}, ["UP"]),
]


@pytest.mark.parametrize(("kind", "value", "wrong"), TYPES, ids=lambda each: str(each)[:40])
def test_a_key_of_another_form_is_refused_and_named(kind: Any, value: Any, wrong: list[str]) -> None:
    codec = codec_for(kind, where="the answer")
    stored = json.loads(codec.encode(value))

    assert codec.decode(json.dumps(stored)) == value
    assert misfits(codec.json_schema(), stored) == []
    for key in wrong:
        found = misfits(codec.json_schema(), {key: "x"})
        assert found, key
        assert found[0][0] in {(key,), ()}


def test_a_key_that_stands_deep_is_named_with_its_path() -> None:
    schema = codec_for(list[dict[int, str]], where="the answer").json_schema()

    ((path, _),) = misfits(schema, [{"1": "x"}, {"one": "y"}])

    assert path == (1, "one")


@pytest.mark.parametrize(
    ("kind", "answer", "read"),
    [
        (dict[int, str], {"7": "x"}, {7: "x"}), (dict[Size, str], {"1": "x"}, {Size.SMALL: "x"}),
        (dict[Literal[1, 2], str], {"2": "x"}, {2: "x"}), (dict[bool, str], {"false": "x"}, {False: "x"}),
    ],
    ids=["int", "IntEnum", "Literal", "bool"],
)  # fmt: skip
async def test_an_answer_with_such_keys_reaches_the_run(tmp_path: Path, kind: Any, answer: Any, read: Any) -> None:
    seen: list[object] = []

    @workflow(version=1)
    async def keyed(run: Run) -> None:
        seen.append(await run.ask("Which?", kind))

    async with Orchestrator(f"sqlite:///{tmp_path}/keys.db", workflows=[keyed]) as orchestrator:
        await orchestrator.start(keyed, None, id="one")
        await orchestrator.idle()
        (item,) = orchestrator.reviews()
        with pytest.raises(ReviewError, match="nothing"):
            await orchestrator.decide(item.id, {"nothing": "x"}, by="ann")
        await orchestrator.decide(item.id, answer, by="ann")
        await orchestrator.idle()

        assert orchestrator.run("one").status == "completed"
    assert seen == [read]
