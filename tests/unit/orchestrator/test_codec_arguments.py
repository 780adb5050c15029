"""The arguments of a call as a codec stores them: by name, as the function takes them."""

import inspect
from collections.abc import Callable
from functools import partial
from typing import Any, Optional

import pytest
from hypothesis import given
from hypothesis import strategies as st

from handrail_orchestrator.codec import InputCodec, signature_codec
from handrail_orchestrator.errors import NotStorable, UnresolvedAnnotation
from handrail_orchestrator.sameness import difference
from tests.unit.orchestrator.codec_samples import Level, Team, Ticket, text, tickets


def call(first: Ticket, level: Level = Level.LOW, *more: str, urgent: bool = False, **rest: float) -> None: ...


def keyword_only(*, team: Team, count: int = 1) -> None: ...


def positional_only(team: Team, count: int = 1, /, note: Optional[str] = None) -> None: ...  # noqa: UP045


def arguments_of(function: Callable[..., Any], **options: bool) -> InputCodec:
    return signature_codec(function, where="step 'call', its input", **options)


@pytest.mark.dear
@given(tickets, st.sampled_from(Level), st.lists(text).map(tuple), st.booleans(), st.dictionaries(text, st.floats()))
def test_arguments_come_back_as_the_function_takes_them(
    ticket: Ticket,
    level: Level,
    more: tuple[str, ...],
    urgent: bool,  # noqa: FBT001 -- hypothesis gives it by position
    rest: dict[str, float],
) -> None:
    under_test = arguments_of(call)
    rest = {name: value for name, value in rest.items() if name not in inspect.signature(call).parameters}
    args, kwargs = under_test.decode(under_test.encode((ticket, level, *more), {"urgent": urgent, **rest}))
    assert difference(((ticket, level, *more), {"urgent": urgent, **rest}), (args, kwargs)) is None


def test_arguments_are_stored_by_parameter_name_without_defaults() -> None:
    under_test = arguments_of(positional_only)
    assert under_test.encode((Team.BILLING,), {}) == '{"team":"billing"}'
    assert under_test.decode('{"team":"billing"}') == ((Team.BILLING,), {})
    assert under_test.encode((Team.BILLING,), {"note": "a"}) == '{"team":"billing","note":"a"}'
    assert under_test.decode('{"team":"billing","note":"a"}') == ((Team.BILLING,), {"note": "a"})


def test_argument_given_by_name_out_of_order_is_the_same_call() -> None:
    under_test = arguments_of(keyword_only)
    data = under_test.encode((), {"count": 2, "team": Team.SHIPPING})
    assert under_test.decode(data) == ((), {"team": Team.SHIPPING, "count": 2})


@pytest.mark.parametrize(
    ("function", "args", "kwargs"),
    [
        (call, (), {}),
        (keyword_only, (), {}),
        (keyword_only, (Team.BILLING,), {}),
        (positional_only, (), {"team": Team.BILLING}),
        (positional_only, (Team.BILLING, 1, None, 4), {}),
        (positional_only, ("billing",), {}),
    ],
)
def test_call_that_does_not_fit_the_function_is_refused(
    function: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any]
) -> None:
    with pytest.raises(NotStorable, match="step 'call', its input"):
        arguments_of(function).encode(args, kwargs)


def test_stored_arguments_of_a_function_that_changed_are_refused() -> None:
    for data in ('{"gone": 1, "team": "billing"}', "{}"):
        with pytest.raises(NotStorable, match="no longer fits"):
            arguments_of(keyword_only).decode(data)


def test_first_parameter_can_be_left_out_even_when_its_type_is_unknown() -> None:
    def workflow(run: "OnlyForTypeCheckers", ticket: int) -> "AlsoUnknown": ...  # type: ignore[name-defined]  # noqa: F821

    assert arguments_of(workflow, skip_first=True).encode((3,), {}) == '{"ticket":3}'
    with pytest.raises(UnresolvedAnnotation, match="OnlyForTypeCheckers"):
        arguments_of(workflow)


def test_parameter_without_annotation_is_refused_by_name() -> None:
    def bare(ticket) -> None: ...  # type: ignore[no-untyped-def]  # noqa: ANN001

    with pytest.raises(NotStorable, match="parameter 'ticket'"):
        arguments_of(bare)


def test_methods_partials_and_callable_objects_have_arguments_too() -> None:
    class Adder:
        def add(self, number: int) -> None: ...

        def __call__(self, word: str) -> None: ...

    assert arguments_of(Adder().add).encode((1,), {}) == '{"number":1}'
    assert arguments_of(Adder()).encode(("a",), {}) == '{"word":"a"}'
    assert arguments_of(partial(positional_only, Team.BILLING)).encode((2,), {}) == '{"count":2}'
