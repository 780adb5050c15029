"""Code that users wrote may raise and return anything: the call ends in doubt and says whose code it was."""

import asyncio
import math
import re
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import replace
from typing import Any, Literal, cast

import pytest
from pydantic import BaseModel, field_validator

from handrail import ScriptedModel, draft, extract
from handrail.ai_steps import Answer, Limits, ModelRequest, NoAnswer
from handrail_ai_steps.batch import Failed
from handrail_ai_steps.errors import GuardRaised, InvalidInput, InvalidPrompt
from handrail_ai_steps.prompt import Prompt
from handrail_guards.acceptance import Always, Doubt
from handrail_guards.check import Check
from handrail_guards.conditions import satisfies
from handrail_guards.confidence import Confidence
from handrail_guards.guard import GuardContext
from handrail_guards.outcome import Accepted, Alternative, Attempt, Doubtful, Judgement
from handrail_guards.second_opinion import Ruling, agrees, judged
from handrail_guards.verdict import OnFail, Verdict
from tests.unit.ai_steps.teams import route


class Abort(BaseException):
    """What some libraries raise to end a program."""


class Mute(Exception):
    """An exception that cannot say what it is."""

    def __str__(self) -> str:
        raise ValueError("no words")


def deep() -> None:
    deep()


RUDE = [
    StopIteration("x"),
    StopAsyncIteration("x"),
    SystemExit(0),
    Abort("x"),
    asyncio.CancelledError("nobody cancelled"),
    GeneratorExit("x"),
    KeyError("x"),
    Mute(),
    RecursionError("x"),
    MemoryError("x"),
    TimeoutError("x"),
]
rude = pytest.mark.parametrize("error", RUDE, ids=lambda each: type(each).__name__)


def raising(error: BaseException) -> Callable[..., Any]:
    def function(*_: Any, **__: Any) -> Any:
        raise error

    return function


def named(error: BaseException) -> str:
    """Return the name that a reason gives; a coroutine turns StopIteration into a RuntimeError by itself."""
    return rf"{type(error).__name__}|RuntimeError: coroutine raised {type(error).__name__}"


def doubtful(outcome: Any) -> Doubtful[Any]:
    assert isinstance(outcome, Doubtful), outcome
    return outcome


# Guards ------------------------------------------------------------------------------------------------------------


@rude
async def test_a_guard_that_raises_has_failed(error: BaseException) -> None:
    step = route(ScriptedModel(["cards"]), guards=[satisfies("mine", raising(error), "no")])
    outcome = doubtful(await step("x"))
    assert outcome.code == "guard"
    assert re.search(rf"mine: the guard crashed: {named(error)}", outcome.reason)


@rude
async def test_an_input_guard_that_raises_lets_nothing_through(error: BaseException) -> None:
    model = ScriptedModel(["cards"])
    guard = Check(name="mine", test=raising(error), stage="input")
    outcome = doubtful(await route(model, guards=[guard])("x"))
    assert outcome.code == "guard"
    assert model.requests == []


@rude
async def test_a_judge_that_raises_approves_of_nothing(error: BaseException) -> None:
    async def ask(*_: Any) -> Any:
        raise error

    for guard in (judged(ask, name="mine"), judged(raising(error), name="mine"), agrees(ask)):
        outcome = doubtful(await route(ScriptedModel(["cards"]), guards=[guard])("x"))
        assert outcome.code == "guard"
        assert re.search(named(error), outcome.reason)


@rude
async def test_a_repair_that_raises_leaves_the_verdict_standing(error: BaseException) -> None:
    step = draft("d", str, "Write.", models=ScriptedModel(["text"]), guards=[Mends(raising(error))])
    assert doubtful(await step("x")).code == "guard"


class Mends:
    """A guard of somebody else's that always fails, and repairs as it is told."""

    name = "mends"
    cost: Literal["free"] = "free"
    on_fail: OnFail = "fix"

    def __init__(self, repair: Callable[..., Any]) -> None:
        self._repair = repair

    def check(self, value: Any, _: GuardContext) -> Verdict:
        return Verdict(self.name, value == "mended", "always", on_fail=self.on_fail)

    def fix(self, value: Any, verdict: Verdict, context: GuardContext) -> Any:
        return self._repair(value, verdict, context)


class Careless(Mends):
    """One that is content with whatever it made."""

    def check(self, value: Any, _: GuardContext) -> Verdict:
        return Verdict(self.name, value != "text", "not that", on_fail=self.on_fail)


async def test_what_a_repair_made_has_to_fit_the_output_type() -> None:
    step = draft("d", str, "Write.", models=ScriptedModel(["text"]), guards=[Careless(lambda *_: 5)])
    outcome = doubtful(await step("x"))
    assert (outcome.code, outcome.suggestion) == ("guard", None)
    assert "what the guards made of the answer does not fit" in outcome.reason
    fine = draft("d", str, "Write.", models=ScriptedModel(["text"]), guards=[Careless(lambda *_: "other")])
    assert isinstance(await fine("x"), Accepted)


async def passes_later(_: Any) -> bool:
    return True


@pytest.mark.parametrize("said", ["yes", 1, None, [], object(), passes_later], ids=lambda each: type(each).__name__)
async def test_a_function_that_says_neither_yes_nor_no_passes_nothing(said: Any) -> None:
    answers: list[Any] = []

    def holds(value: Any) -> Any:
        answers.append(said(value) if callable(said) else said)
        return answers[0]

    step = route(ScriptedModel(["cards"]), guards=[satisfies("mine", holds, "no")])
    assert "the function of guard 'mine' returned" in doubtful(await step("x")).reason
    for each in filter(asyncio.iscoroutine, answers):
        each.close()


@pytest.mark.parametrize(
    "said",
    [
        True,
        None,
        "",
        {},
        iter(()),
        [Verdict("mine", passed=True), "fine"],
        Verdict("mine", passed=cast("bool", "no")),
        Verdict("mine", passed=False, reason="x", on_fail=cast("OnFail", "retry")),
        Verdict("mine", passed=True, spans=cast("Any", [1])),
        Verdict("mine", passed=False, reason=cast("str", 3)),
    ],
    ids=lambda each: type(each).__name__,
)
async def test_a_guard_that_returns_something_else_has_failed(said: Any) -> None:
    class Mine:
        name = "mine"
        cost: Literal["free"] = "free"
        on_fail: OnFail = "review"

        def check(self, *_: Any) -> Any:
            return said

    outcome = doubtful(await route(ScriptedModel(["cards"]), guards=[Mine()])("x"))
    assert "mine: the guard crashed: TypeError: it returned" in outcome.reason


@pytest.mark.dear
async def test_a_judge_that_never_answers_ends_with_the_time() -> None:
    async def ask(*_: Any) -> Ruling:
        await asyncio.Event().wait()
        raise AssertionError

    step = route(ScriptedModel(["cards"]), guards=[judged(ask, name="slow")], limits=Limits(seconds=0.1))
    outcome = doubtful(await step("x"))
    assert outcome.code == "guard"
    assert "slow: the guard crashed: TimeoutError: no verdict within" in outcome.reason


async def test_a_crash_of_a_guard_that_raises_is_raised_as_what_it_is() -> None:
    step = route(ScriptedModel(["cards"]), guards=[satisfies("mine", raising(SystemExit(1)), "no", on_fail="raise")])
    with pytest.raises(GuardRaised, match="SystemExit"):
        await step("x")


# Models ------------------------------------------------------------------------------------------------------------


class Says:
    """A model of somebody else's."""

    name = "theirs"

    def __init__(self, say: Callable[[ModelRequest], Awaitable[Any]]) -> None:
        self._say = say

    async def answer(self, request: ModelRequest) -> Answer | NoAnswer:
        said: Answer | NoAnswer = await self._say(request)
        return said


@rude
async def test_a_model_that_raises_is_named_and_the_next_is_asked(error: BaseException) -> None:
    async def say(_: ModelRequest) -> Any:
        raise error

    outcome = doubtful(await route(Says(say))("x"))
    assert outcome.code == "unavailable"
    assert re.search(rf"the model theirs raised ({named(error)})", outcome.reason)
    second = await route(Says(say), ScriptedModel(["cards"]))("x")
    assert isinstance(second, Accepted)


@rude
async def test_a_script_that_raises_is_an_outage(error: BaseException) -> None:
    assert doubtful(await route(ScriptedModel(raising(error)))("x")).code == "unavailable"
    assert doubtful(await route(ScriptedModel([error]))("x")).code == "unavailable"


GOOD = Answer(value="cards", raw="cards", confidence=Confidence(0.99, "stated", "x"), model="theirs")


@pytest.mark.parametrize(
    "said",
    [
        None,
        "cards",
        {"value": "cards"},
        NoAnswer(result=cast("Any", "broken"), reason="x"),
        NoAnswer(result="failed", reason=cast("Any", None)),
        Answer(value="cards", raw="cards", confidence=cast("Any", 0.99), model="theirs"),
        Answer(value="cards", raw="cards", confidence=GOOD.confidence, model=cast("Any", None)),
        Answer(value="cards", raw="cards", confidence=GOOD.confidence, model="m", fields=cast("Any", {"a": 0.9})),
        Answer(value="cards", raw="cards", confidence=GOOD.confidence, model="m", fields=cast("Any", None)),
        Answer(value="cards", raw="cards", confidence=GOOD.confidence, model="m", attempts=cast("Any", ["x"])),
        Answer(value="cards", raw="cards", confidence=GOOD.confidence, model="m", alternatives=cast("Any", 3)),
    ],
    ids=lambda each: type(each).__name__,
)
async def test_a_model_that_returns_something_else_gave_no_answer(said: Any) -> None:
    async def say(_: ModelRequest) -> Any:
        return said

    outcome = doubtful(await route(Says(say))("x"))
    assert outcome.code == "unavailable"
    assert "the model theirs" in outcome.reason


def beyond(number: float) -> Confidence:
    """A confidence that its own check has not seen, as code that builds one without ``__init__`` makes it."""
    made = Confidence(0.5, "stated", "x")
    object.__setattr__(made, "value", number)
    return made


@pytest.mark.parametrize("number", [1.7, -0.2, math.nan, math.inf, True, "0.9"])
@pytest.mark.parametrize("part", ["confidence", "fields", "alternatives", "other_mass"])
async def test_a_number_that_is_no_probability_is_refused_with_what_it_was_said_of(part: str, number: Any) -> None:
    wrong: dict[str, Any] = {
        "confidence": beyond(number),
        "fields": {"total": beyond(number)},
        "alternatives": (Alternative(value="fraud", confidence=number),),
        "other_mass": number,
    }
    spent = (Attempt(model="theirs", result="answered", input_tokens=7, output_tokens=3, money=0.25),)

    async def say(_: ModelRequest) -> Answer:
        return replace(GOOD, attempts=spent, **{part: wrong[part]})

    outcome = doubtful(await route(Says(say))("x"))

    assert outcome.code == "unavailable"
    assert f"the model theirs gave {number!r} as " in outcome.reason
    assert {"fields": "'total'", "alternatives": "'fraud'"}.get(part, part) in outcome.reason
    assert outcome.suggestion is None
    [attempt] = outcome.judgement.attempts
    assert (attempt.result, attempt.money) == ("failed", 0.25)  # what it cost is spent all the same


async def test_a_confidence_that_refuses_its_number_is_an_outage_that_says_so() -> None:
    async def say(_: ModelRequest) -> Answer:
        return replace(GOOD, confidence=Confidence(1.7, "stated"))

    outcome = doubtful(await route(Says(say))("x"))

    assert "raised InvalidConfidence: confidence 1.7 from 'stated' is outside 0 to 1" in outcome.reason


async def test_a_sum_of_probabilities_may_end_a_rounding_beyond_one() -> None:
    async def say(_: ModelRequest) -> Answer:
        return replace(GOOD, other_mass=1 - (0.1 + 0.2 + 0.7 + 2e-16))

    assert isinstance(await route(Says(say))("x"), Accepted)


class Count(BaseModel):
    count: int
    rate: float = 0


async def test_a_number_that_a_model_of_ones_own_returns_as_a_text_is_noted() -> None:
    async def say(_: ModelRequest) -> Answer:
        return replace(GOOD, value={"count": "12", "rate": 1}, attempts=(Attempt(model="m", result="answered"),) * 2)

    step = extract("count", Count, "Count.", models=Says(say), accept=Always())
    outcome = await step("x")
    assert isinstance(outcome, Accepted)
    assert outcome.value == Count(count=12, rate=1)
    assert [each.notes for each in outcome.judgement.attempts] == [(), ("written as a text: count",)]


async def test_a_model_whose_name_raises_is_called_by_its_type() -> None:
    class Nameless:
        built = False

        @property
        def name(self) -> str:
            if self.built:
                raise SystemExit(2)
            return "theirs"

        async def answer(self, _: ModelRequest) -> Answer | NoAnswer:
            raise KeyError("x")

    model = Nameless()
    step = route(model)
    model.built = True
    assert "the model a Nameless raised KeyError" in doubtful(await step("x")).reason


@pytest.mark.dear
async def test_a_model_that_does_not_let_itself_be_stopped_is_left_behind(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("handrail_ai_steps.deadline.GRACE_SECONDS", 0.1)

    async def say(_: ModelRequest) -> Any:
        while True:
            try:
                await asyncio.sleep(3600)
            except asyncio.CancelledError:
                continue

    outcome = doubtful(await route(Says(say), limits=Limits(seconds=0.1))("x"))
    assert outcome.code == "timed_out"


@pytest.mark.parametrize("swallows", [0, 1])
async def test_a_cancellation_from_outside_still_cancels(swallows: int) -> None:
    asked = asyncio.Event()

    async def say(_: ModelRequest) -> Any:
        asked.set()
        try:
            await asyncio.sleep(3600)
        except asyncio.CancelledError:
            if not swallows:
                raise
        return GOOD

    task = asyncio.create_task(route(Says(say))("x"))
    await asked.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task


async def test_a_cancellation_during_a_judge_still_cancels() -> None:
    asked = asyncio.Event()

    async def ask(*_: Any) -> Ruling:
        asked.set()
        await asyncio.sleep(3600)
        raise AssertionError

    task = asyncio.create_task(route(ScriptedModel(["cards"]), guards=[judged(ask)])("x"))
    await asked.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task


async def test_ctrl_c_in_somebody_elses_code_stays_ctrl_c() -> None:
    step = route(ScriptedModel(["cards"]), guards=[satisfies("mine", raising(KeyboardInterrupt()), "no")])
    coroutine = step("x")
    with pytest.raises(KeyboardInterrupt):
        coroutine.send(None)


def test_a_connection_that_does_not_close_loses_no_outcome() -> None:
    class Clinging(ScriptedModel):
        async def aclose(self) -> None:
            raise SystemExit(3)

    assert isinstance(route(Clinging(["cards"])).sync("x"), Accepted)


# Output types, rules, prompts, inputs ------------------------------------------------------------------------------


def receipt_with(check: Callable[..., Any]) -> type[BaseModel]:
    class Receipt(BaseModel):
        code: str

        @field_validator("code")
        @classmethod
        def _known(cls, value: str) -> Any:
            check(value)
            return value

    return Receipt


@rude
async def test_a_validator_that_raises_is_named(error: BaseException) -> None:
    model = ScriptedModel([{"code": "b"}])
    step = extract("r", receipt_with(raising(error)), "Read.", models=model, accept=Always())
    outcome = doubtful(await step("x"))
    assert outcome.code == "invalid"
    assert "a validator of Receipt raised" in outcome.reason
    assert outcome.judgement.attempts[0].result == "invalid"


@pytest.mark.parametrize("error", [ValueError("unknown"), AssertionError("unknown")])
async def test_what_a_validator_means_to_say_is_said(error: Exception) -> None:
    step = extract("r", receipt_with(raising(error)), "Read.", models=ScriptedModel([{"code": "b"}]), accept=Always())
    assert "code: " in doubtful(await step("x")).reason
    assert "unknown" in doubtful(await step.using(ScriptedModel([{"code": "b"}]))("x")).reason


@rude
async def test_an_acceptance_rule_that_raises_accepts_nothing(error: BaseException) -> None:
    class Mine:
        def doubt(self, _: Judgement, *, final: bool) -> Doubt | None:  # noqa: ARG002 -- the port's shape
            raise error

    outcome = doubtful(await route(ScriptedModel(["cards"]), accept=Mine())("x"))
    assert (outcome.code, outcome.suggestion) == ("rule", "cards")
    assert "the acceptance rule Mine raised" in outcome.reason


@pytest.mark.parametrize(
    "said", [True, False, "", "low", Doubt(cast("Any", "odd"), "x"), Doubt("rule", cast("Any", 3))]
)
async def test_an_acceptance_rule_that_says_something_else_accepts_nothing(said: Any) -> None:
    class Mine:
        def doubt(self, _: Judgement, *, final: bool) -> Any:  # noqa: ARG002 -- the port's shape
            return said

    outcome = doubtful(await route(ScriptedModel(["cards"]), accept=Mine())("x"))
    assert outcome.code == "rule"
    assert "the acceptance rule Mine returned" in outcome.reason


class Odd(BaseModel):
    text: str = "x"

    @property
    def broken(self) -> str:
        raise SystemExit(4)


async def test_a_template_that_cannot_be_rendered_says_so() -> None:
    for user in ("{{ values[0].broken }}", "{{ 1 / 0 }}", "{{ missing }}", "{{ 'a' + 1 }}"):
        step = route(ScriptedModel(["cards"]), prompt=Prompt(user=user))
        with pytest.raises(InvalidPrompt, match="the user template cannot be rendered"):
            await step(Odd())
    with pytest.raises(InvalidPrompt, match="ZeroDivisionError"):
        route(ScriptedModel(["cards"]), prompt=Prompt(system="{{ 1 / 0 }}"))


async def test_an_input_that_cannot_be_shown_says_so() -> None:
    circle: list[Any] = []
    circle.append(circle)
    values: list[Any] = [circle, object(), raising(KeyError())]
    for value in values:
        with pytest.raises(InvalidInput, match="a step cannot be called with"):
            await route(ScriptedModel(["cards"]))(value)


# Batches -----------------------------------------------------------------------------------------------------------


@rude
async def test_one_item_of_a_batch_loses_none_of_the_others(error: BaseException) -> None:
    def say(request: ModelRequest) -> str:
        if request.text == "bad":
            raise error
        return "cards"

    outcomes = await route(ScriptedModel(say)).map(["a", "bad", "b"])
    assert [each.kind for each in outcomes] == ["accepted", "doubtful", "accepted"]


@rude
async def test_what_the_items_themselves_raise_loses_no_outcome(error: BaseException) -> None:
    def items() -> Iterator[str]:
        yield "a"
        yield "b"
        raise error

    outcomes = await route(ScriptedModel(lambda _: "cards")).map(items(), concurrency=1)
    assert [each.kind for each in outcomes] == ["accepted", "accepted", "failed"]
    last = outcomes[-1]
    assert isinstance(last, Failed)
    assert type(last.error) in {type(error), RuntimeError}


@pytest.mark.parametrize("error", [KeyError("x"), SystemExit(5), Abort("x")])
async def test_what_the_receiver_of_a_stream_raises_is_the_callers(error: BaseException) -> None:
    step = draft("d", str, "Write.", models=ScriptedModel(["One sentence. And another. And a third."]))
    with pytest.raises(type(error)):
        await step.stream("x", on_text=raising(error))
