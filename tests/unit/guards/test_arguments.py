"""What a guard is built of is looked at when it is built, with words that say what to give."""

from collections.abc import Callable
from typing import Any

import pytest

from handrail import grounded, max_length, no_personal_data
from handrail.guards import (
    Check,
    Never,
    Screen,
    agrees,
    dates_in_order,
    forbids,
    json_schema,
    judged,
    matches,
    min_length,
    no_injection,
    no_names,
    one_of,
    pydantic_type,
    satisfies,
    sums,
)
from handrail_guards.errors import InvalidGuard


async def ask(*_: Any) -> Any:
    return None


def built(build: Any, *given: Any, **options: Any) -> Callable[[], object]:
    """Return a call, of which no type checker knows what it gives."""
    return lambda: build(*given, **options)


@pytest.mark.parametrize(
    ("build", "told"),
    [
        (built(max_length, 3, fields=3), "fields is 3; give a field path"),
        (built(min_length, 3, fields=["a", 3]), r"fields is \['a', 3\]; give a field path"),
        (built(grounded, fields=None), "fields is None; give"),
        (built(agrees, ask, fields=3), "fields is 3; give"),
        (built(sums, 3, "total"), "fields is 3; give"),
        (built(sums, "parts", 3), "3 is not a field path"),
        (built(dates_in_order, 3, 4), "3 is not a field path"),
        (built(one_of, 3), r"one_of\(3\).*give the values"),
        (built(matches, 3), "3 .*is not a regular expression; give text"),
        (built(forbids, None), "None .*is not a regular expression; give text"),
        (built(matches, "a", flags="i"), "with flags 'i'"),
        (built(grounded, near=3), "near is 3; give a list of words"),
        (built(grounded, near=[3]), r"near is \[3\]; give a list of words"),
        (built(satisfies, 3, bool, "why"), "the name of a guard is 3"),
        (built(satisfies, "a", bool, None), "has no reason"),
        (built(satisfies, "a", True, "why"), "True is no function"),
        (built(agrees, "a model"), "give a function"),
        (built(agrees, ask, same="=="), "give a function"),
        (built(agrees, ask, on_fail="reveiw"), "on_fail is 'reveiw'; choose one of"),
        (built(judged, None), "give a function"),
        (built(judged, ask, name=3), "the name of a judge is 3"),
        (built(judged, ask, on_fail="ask"), "on_fail is 'ask'; choose one of"),
        (built(no_injection, screen=len), "screen is .*; give Screen"),
        (built(no_injection, stage="inptu"), "stage is 'inptu'; choose one of input, output"),
        (built(Screen, 0.5, fitted_on="mail"), "score is 0.5; give a function"),
        (built(no_personal_data, kinds=3), "kinds of personal data are 3; give a list"),
        (built(no_names, "PERSON"), "give a function"),
        (built(json_schema, {}, documents=[{}]), "documents is .*; give the schemas by their URI"),
        (built(json_schema, {}, draft=["7"]), "draft is .*; give"),
        (built(pydantic_type, {"type": "string"}), r"write json_schema\(...\)"),
        (built(Never, 3), r"Never\(3\): give the reason"),
        (built(Check, name=None, test=ask), "the name of a guard is None"),
        (built(Check, name="a", test=3), "test is 3; give a function"),
        (built(Check, name="a", test=ask, cost="dear"), "cost is 'dear'; choose one of"),
        (built(Check, name="a", test=ask, within="words"), "within is 'words'; choose one of"),
    ],
)
def test_what_cannot_work_is_refused_with_what_to_give(build: Callable[[], object], told: str) -> None:
    with pytest.raises(InvalidGuard, match=told):
        build()
