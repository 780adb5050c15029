"""Models that are down are passed over, said to be, and tried again by one call."""

import asyncio
from collections.abc import Callable
from typing import Literal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from handrail import Accepted, Doubtful, OpenAIModel, Says, ScriptedModel, classify, confidence
from handrail.ai_steps import Answer, InvalidTask, Limits, Model, ModelBreaker, ModelRequest, NoAnswer
from handrail_ai_steps.routing.circuit import Circuit
from handrail_guards.confidence import Confidence
from handrail_guards.model_circuits import CircuitRule
from tests.stub_server import Stub, completion, error, reply

Team = Literal["billing", "cards"]
SURE = ScriptedModel(lambda _: Says("cards", 0.9), name="large")


class Clock:
    """A clock that goes forward when it is told to."""

    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


class Failing:
    """A model that is down, or answers, as it is told."""

    def __init__(self, result: Literal["failed", "timed_out", "refused", "invalid"] = "failed") -> None:
        self.asked = 0
        self.is_down = True
        self.result = result
        self.outage: bool | None = None
        self.begun = asyncio.Event()
        self.may_end = asyncio.Event()
        self.may_end.set()

    @property
    def name(self) -> str:
        """Return a name."""
        return "small"

    async def answer(self, _: ModelRequest) -> Answer | NoAnswer:
        """Answer as told."""
        self.asked += 1
        self.begun.set()
        await self.may_end.wait()
        if self.is_down:
            return NoAnswer(result=self.result, reason="nobody is there", outage=self.outage)
        return Answer(value="billing", raw="billing", confidence=Confidence(0.95, "decision", "p"), model="small")


def step(*models: Model, breaker: ModelBreaker, limits: Limits | None = None) -> Callable[[str], object]:
    return classify(
        "route",
        Team,
        "Which team?",
        models=models,
        accept=confidence(at_least=0.8),
        breaker=breaker,
        limits=limits or Limits(),
    )


async def accepted(route: Callable[[str], object]) -> Accepted[str]:
    outcome = await route("my card was stolen")  # type: ignore[misc]
    assert isinstance(outcome, Accepted), outcome
    return outcome


async def test_model_that_is_down_is_passed_over_and_tried_again() -> None:
    clock, small = Clock(), Failing()
    breaker = ModelBreaker(failures=3, probe_after_seconds=30, clock=clock)
    route = step(small, SURE, breaker=breaker)

    outcome = [await accepted(route) for _ in range(5)][-1]
    assert small.asked == 3
    assert list(breaker.down()) == ["small"]
    [passed_over, answered] = outcome.judgement.attempts
    assert (passed_over.model, passed_over.result, passed_over.seconds) == ("small", "failed", 0.0)
    assert passed_over.notes == (
        "small was passed over after 3 outages in a row, the last: nobody is there; it is tried again in 30 seconds",
    )
    assert answered.model == "large"

    clock.now += 30
    await accepted(route)  # the probe, which finds it down
    await accepted(route)
    assert small.asked == 4

    clock.now += 30
    small.is_down = False
    assert [(await accepted(route)).judgement.model for _ in range(2)] == ["small", "small"]
    assert breaker.down() == {}


async def test_of_ten_callers_at_once_one_tries_and_the_others_go_on() -> None:
    clock, small = Clock(), Failing()
    route = step(small, SURE, breaker=ModelBreaker(failures=1, probe_after_seconds=30, clock=clock))
    await accepted(route)
    clock.now += 31
    small.is_down = False
    small.begun.clear()
    small.may_end.clear()

    first = asyncio.create_task(accepted(route))
    await small.begun.wait()
    others = await asyncio.gather(*(accepted(route) for _ in range(9)))
    small.may_end.set()

    assert {each.judgement.model for each in others} == {"large"}
    assert "another call tries it" in others[0].judgement.attempts[0].notes[0]
    assert (await first).judgement.model == "small"
    assert small.asked == 2


async def test_probe_that_is_cancelled_lets_another_call_try() -> None:
    clock, small = Clock(), Failing()
    route = step(small, SURE, breaker=ModelBreaker(failures=1, probe_after_seconds=30, clock=clock))
    await accepted(route)
    clock.now += 31
    small.is_down = False
    small.begun.clear()
    small.may_end.clear()
    probe = asyncio.create_task(accepted(route))
    await small.begun.wait()
    probe.cancel()
    await asyncio.gather(probe, return_exceptions=True)
    small.may_end.set()

    assert (await accepted(route)).judgement.model == "small"


async def test_last_model_is_asked_although_it_is_down() -> None:
    small = Failing()
    breaker = ModelBreaker(failures=1, probe_after_seconds=1000)
    alone = step(small, breaker=breaker)

    for _ in range(3):
        outcome = await alone("a")  # type: ignore[misc]
        assert isinstance(outcome, Doubtful)
        assert outcome.code == "unavailable"
    assert small.asked == 3
    small.is_down = False
    await accepted(alone)
    assert breaker.down() == {}


async def test_steps_with_one_breaker_know_of_each_others_outages() -> None:
    small, breaker = Failing(), ModelBreaker(failures=2)
    await accepted(step(small, SURE, breaker=breaker))
    await accepted(step(small, SURE, breaker=breaker))

    outcome = await accepted(step(small, SURE, breaker=breaker))

    assert small.asked == 2
    assert "passed over" in outcome.judgement.attempts[0].notes[0]


@pytest.mark.parametrize(
    ("result", "outage", "passed_over"),
    [
        ("failed", None, True),
        ("failed", False, False),
        ("timed_out", None, True),
        ("refused", None, False),
        ("invalid", None, False),
    ],
)
async def test_only_outages_count(
    result: Literal["failed", "timed_out"],
    outage: bool | None,  # noqa: FBT001 -- a parameter of the test
    passed_over: bool,  # noqa: FBT001
) -> None:
    small, breaker = Failing(result), ModelBreaker(failures=2)
    small.outage = outage
    route = step(small, SURE, breaker=breaker)

    for _ in range(4):
        await accepted(route)

    assert (small.asked == 2) is passed_over
    assert bool(breaker.down()) is passed_over


@pytest.mark.dear
async def test_server_says_which_failures_are_its_own() -> None:
    """A server that is overloaded is passed over; one that refuses what it is asked is there."""
    with Stub() as stub:
        stub.play(
            reply(error("overloaded"), status=503, when={"model": "busy"}),
            reply(error("your input is too long"), status=400, when={"model": "strict"}),
            reply(error("no such model"), status=404, when={"model": "gone"}),
            reply(error("You have reached your specified API usage limits."), status=400, when={"model": "spent"}),
            reply(completion("cards"), when={"model": "well"}),
        )
        for name, is_out in (("busy", True), ("strict", False), ("gone", True), ("spent", True)):
            model = OpenAIModel(name, base_url=stub.url, api_key="k", decisions=False, confidence="none")
            breaker = ModelBreaker(failures=1)
            limits = Limits(seconds_each={model.name: 0.3}) if name == "busy" else None  # it would be asked again
            await accepted(step(model, SURE, breaker=breaker, limits=limits))
            assert bool(breaker.down()) is is_out, name
            await model.aclose()


async def test_each_model_has_a_time_of_its_own() -> None:
    slow = Failing()
    slow.may_end.clear()
    limits = Limits(seconds=50, seconds_each={"small": 0.05})

    outcome = await accepted(step(slow, SURE, breaker=ModelBreaker(), limits=limits))

    assert outcome.judgement.attempts[0].result == "timed_out"
    assert "its share of 50" in outcome.judgement.attempts[0].notes[0]


def test_limits_and_breakers_that_cannot_work_are_refused() -> None:
    with pytest.raises(InvalidTask, match="names 'smal', which it does not ask; its models are 'small', 'large'"):
        step(Failing(), SURE, breaker=ModelBreaker(), limits=Limits(seconds_each={"smal": 3}))
    with pytest.raises(InvalidTask, match="seconds_each small=0"):
        Limits(seconds_each={"small": 0})
    for wrong in (
        {"failures": 0},
        {"failures": True},
        {"probe_after_seconds": 0},
        {"probe_after_seconds": float("nan")},
    ):
        with pytest.raises(InvalidTask, match="ModelBreaker"):
            ModelBreaker(**wrong)
    with pytest.raises(InvalidTask, match="breaker is 3"):
        step(SURE, breaker=3)  # type: ignore[arg-type]


RULE = CircuitRule(failures=2, probe_after_seconds=10.0)
MOVES = st.lists(
    st.tuples(st.sampled_from(["enter", "outage", "reached", "nothing"]), st.floats(0, 25), st.integers(0, 5)),
    max_size=40,
)


@pytest.mark.dear
@settings(max_examples=50)
@given(MOVES)
def test_at_most_one_probe_is_on_its_way_and_none_is_waited_for_without_end(
    moves: list[tuple[str, float, int]],
) -> None:
    circuit, now = Circuit(), 0.0
    inside: list[tuple[str, float]] = []
    for what, seconds, which in moves:
        now += seconds
        if what == "enter" or not inside:
            way, circuit = circuit.enter(RULE, now)
            if way == "probe":
                assert not any(each == "probe" and now - since < 100.0 for each, since in inside)
            if way != "pass_over":
                inside.append((way, now))
        else:
            entered, _ = inside.pop(which % len(inside))
            circuit = circuit.left(what, "why", RULE, now, is_probe=entered == "probe")  # type: ignore[arg-type]
        assert circuit.look_at is None or circuit.look_at <= now + 100.0
    assert circuit.enter(RULE, now + 101.0)[0] in {"go", "probe"}
