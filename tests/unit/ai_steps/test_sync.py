import pytest

from handrail import ScriptedModel
from handrail_ai_steps.errors import LoopRunning
from handrail_guards.outcome import Accepted
from tests.unit.ai_steps.teams import route


def test_step_is_usable_without_a_loop_again_and_again() -> None:
    step = route(ScriptedModel(["cards", "fraud"]))

    first, second = step.sync("one"), step.sync("two")

    assert isinstance(first, Accepted)
    assert isinstance(second, Accepted)
    assert (first.value, second.value) == ("cards", "fraud")


async def test_inside_a_loop_the_error_says_to_await() -> None:
    with pytest.raises(LoopRunning, match=r"await route\(\.\.\.\)"):
        route(ScriptedModel(["cards"])).sync("one")


def test_connections_are_closed_with_the_loop_they_belong_to() -> None:
    class Connected(ScriptedModel):
        closed = 0

        async def aclose(self) -> None:
            self.closed += 1

    model = Connected(lambda _: "cards")

    route(model).sync("one")
    route(model).sync("two")

    assert model.closed == 2
