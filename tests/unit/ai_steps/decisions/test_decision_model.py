"""Decision models: what is asked, what is believed of the answer, and what is refused before anything is asked."""

import json
from typing import Annotated, Any, Literal

import pytest
from hypothesis import given as drawn
from hypothesis import settings
from hypothesis import strategies as st
from pydantic import BaseModel, Field

from handrail import Accepted, classify, draft, extract
from handrail.ai_steps import DecisionModel, InvalidTask, Limits, Price
from handrail_ai_steps.closed_questions.keyed_wire import KeyedWire
from handrail_ai_steps.closed_questions.question import Taken, TypedQuestion, closed_questions
from handrail_ai_steps.errors import ModelNotReady
from handrail_ai_steps.models.openai import response_limit
from handrail_ai_steps.output import Output
from handrail_guards.acceptance import Always, confidence
from tests.stub_server import Stub, error, reply
from tests.unit.ai_steps.decisions.given import TEXT, Assessment, MakeModel, accepted, doubtful, label

AT = {"path": "/v1/systemone"}
SPREAD = {"Billing": 0.15, "cards": 0.8, "süß": 0.05}


def said(answer: Any, **more: Any) -> dict[str, Any]:
    """Return the body of a response to one question."""
    return {
        "model": "stub-decider",
        "answers": {"q1": answer},
        "usage": {"input_tokens": 50, "output_tokens": 0},
    } | more


def choice(probabilities: Any = SPREAD, **more: Any) -> dict[str, Any]:
    return {"type": "choice", "choice": "cards", "confidence": 0.7, "probabilities": probabilities} | more


async def test_label_is_asked_with_what_it_means_and_has_its_probability(stub: Stub, make_model: MakeModel) -> None:
    stub.play(reply(said(choice()), when=AT))
    model = make_model(prices={"stub-decider": Price(0.1, 0.0)}, api_key="k-0123456789")

    outcome = accepted(await label(model, labels={"cards": "lost and stolen ones"}))

    assert (outcome.value, outcome.confidence.value, outcome.confidence.source) == ("cards", 0.8, "decision")
    assert [(each.value, each.confidence) for each in outcome.judgement.alternatives] == [
        ("Billing", 0.15),
        ("süß", 0.05),
    ]
    [attempt] = outcome.judgement.attempts
    assert (attempt.model, attempt.input_tokens) == ("stub-decider", 50)
    assert attempt.money == pytest.approx(0.000005)
    [sent] = stub.requests("/v1/systemone")
    assert sent["headers"]["Authorization"] == "Bearer k-0123456789"
    assert (sent["body"]["model"], sent["body"]["state"]) == ("stub-1", TEXT)
    [(name, question)] = sent["body"]["questions"].items()
    assert (name, question["type"]) == ("q1", "choice")
    assert question["criteria"] == {"Billing": "Billing", "cards": "lost and stolen ones", "süß": "süß"}
    assert "Which team owns this ticket?" in question["instructions"]


class Nested(BaseModel):
    """Closed fields of every shape, one of them in a record of its own."""

    class Sender(BaseModel):
        known: bool | None

    sender: Sender
    stage: Literal[1, 2, 3]
    points: Annotated[int, Field(gt=0, lt=5, multiple_of=2)]
    done: bool


async def test_all_closed_fields_are_asked_in_one_request(stub: Stub, make_model: MakeModel) -> None:
    levels = {"type": "score", "probabilities": {"0": 0.4, "1": 0.6}, "legend": {"0": "2", "1": "4"}}
    answers = {
        "q1": {"type": "choice", "probabilities": {"true": 0.1, "false": 0.2, "none": 0.7}},
        "q2": {"type": "choice", "probabilities": {"3": 0.25, "2": 0.5, "1": 0.25}},
        "q3": levels,
        "q4": {"type": "noul", "noul": 0.1},
    }
    stub.play(reply({"answers": answers}, when=AT))

    outcome = accepted(await extract("read", Nested, "Read it.", models=make_model(), accept=Always())(TEXT))

    assert outcome.value == Nested(sender=Nested.Sender(known=None), stage=2, points=4, done=False)
    sure = {path: each.value for path, each in outcome.judgement.fields.items()}
    assert sure == {"sender.known": 0.7, "stage": 0.5, "points": 0.6, "done": 0.9}
    assert outcome.confidence.value == 0.5
    assert len(stub.requests("/v1/systemone")) == 1


@pytest.mark.parametrize("word", [0.05, 0.7, 0.85, 1.0, 7, None, "sure"])
async def test_what_a_server_calls_confidence_is_not_read(stub: Stub, make_model: MakeModel, word: Any) -> None:
    stub.play(reply(said(choice(confidence=word)), when=AT))

    assert accepted(await label(make_model())).confidence.value == 0.8


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        (choice({"cards": 0.8, "Billing": 0.2}), "1 of 3 options have no probability, such as 'süß'"),
        (choice({**SPREAD, "elsewhere": 0.0}), "'elsewhere' is none of the options"),
        (choice({"cards": 0.8, "CARDS": 0.1, "Billing": 0.05, "süß": 0.05}), "there twice"),
        (choice({**SPREAD, "cards": float("nan")}), "nan is no probability"),
        (choice({**SPREAD, "cards": True}), "True is no probability"),
        (choice({**SPREAD, "cards": -0.1}), "-0.1 is no probability"),
        (choice({**SPREAD, "cards": 0.9}), "come to 1.1 together"),
        (choice({"Billing": 0.0, "cards": 0.0, "süß": 0.0}), "come to 0 together"),
        (choice({"Billing": 0.4, "cards": 0.3, "süß": 0.3}), "it chose 'cards', and 'Billing' is the likeliest"),
        (choice(choice="elsewhere"), "it chose 'elsewhere'"),
        (choice([0.1, 0.8, 0.1]), "no probabilities by option"),
        ({"type": "noul", "noul": 0.9}, "asked for a choice, it answered with a 'noul'"),
        ("cards", "its answer is a str"),
        ({"type": "choice", "choice": "cards", "confidence": 0.99}, "no probabilities by option"),
    ],
)
async def test_what_is_no_distribution_is_no_answer(
    stub: Stub, make_model: MakeModel, answer: Any, reason: str
) -> None:
    stub.play(reply(said(answer), when=AT))

    outcome = doubtful(await label(make_model()))

    assert outcome.code == "invalid"
    assert reason in outcome.reason
    assert outcome.suggestion is None
    assert outcome.judgement.attempts[-1].result == "invalid"


@pytest.mark.dear
async def test_option_said_twice_is_no_answer(stub: Stub, make_model: MakeModel) -> None:
    body = json.dumps(said(choice())).replace('"cards": 0.8', '"cards": 0.1, "cards": 0.8')
    stub.play(reply(body, when=AT))

    assert "says 'cards' twice" in doubtful(await label(make_model())).reason


async def test_rounded_probabilities_are_still_a_distribution(stub: Stub, make_model: MakeModel) -> None:
    stub.play(reply(said(choice({"Billing": 0.17, "cards": 0.67, "süß": 0.17})), when=AT))

    outcome = accepted(await label(make_model()))

    assert outcome.confidence.value == pytest.approx(0.67 / 1.01)


async def test_declined_question_is_a_refusal(stub: Stub, make_model: MakeModel) -> None:
    stub.play(reply(said({"type": "refusal"}), when=AT))

    assert doubtful(await label(make_model())).code == "refused"


async def test_gemini_is_asked_in_its_own_words(stub: Stub, make_model: MakeModel) -> None:
    usage = {"total_input_tokens": 70, "total_output_tokens": 0}
    stub.play(
        reply(
            {"answers": {"q1": choice()}, "usage": usage}, when={"path": "/v1/decisions", "model": "gemini-decision-1"}
        )
    )
    model = make_model("gemini:gemini-decision-1", api_key="g-0123456789")

    outcome = accepted(await label(model))

    assert outcome.judgement.model == "gemini-decision-1"
    assert outcome.judgement.attempts[0].input_tokens == 70
    [sent] = stub.requests("/decisions")
    assert (sent["headers"]["x-goog-api-key"], sent["body"]["input"]) == ("g-0123456789", TEXT)
    assert "Authorization" not in sent["headers"]
    await classify("is_card", bool, "Cards?", models=model, accept=Always(), labels={"true": "yes", "false": "no"})(
        TEXT
    )
    asked = stub.bodies("/decisions")[1]["questions"]["q1"]
    assert asked["criteria"] == {"true_description": "yes", "false_description": "no"}


async def test_input_that_a_filter_stopped_is_a_refusal(stub: Stub, make_model: MakeModel) -> None:
    stub.play(reply({"prompt_feedback": {"block_reason": "safety"}}, when={"path": "/decisions"}))

    assert doubtful(await label(make_model("gemini:gemini-decision-1"))).code == "refused"


async def test_decisions_of_openai_are_asked_without_a_chat(stub: Stub, make_model: MakeModel) -> None:
    listed = [{"value": option, "probability": each} for option, each in SPREAD.items()]
    answer = {"type": "choice", "name": "route", "choice": "cards", "probabilities": listed}
    stub.play(reply({"model": "gpt-6-luna-1", "answers": [answer]}, when={"path": "/v1/decisions"}))

    outcome = accepted(await label(make_model("openai:gpt-6-luna")))

    assert (outcome.confidence.value, outcome.judgement.model) == (0.8, "gpt-6-luna-1")


async def test_next_model_is_asked_where_a_decision_model_is_in_doubt(stub: Stub, make_model: MakeModel) -> None:
    stub.play(
        reply(said(choice({"Billing": 0.3, "cards": 0.4, "süß": 0.3})), when={**AT, "model": "small"}),
        reply(error("no such thing"), status=400, when={**AT, "model": "gone"}),
        reply(said(choice()), when={**AT, "model": "large"}),
    )
    models = [make_model(f"systemone:{name}") for name in ("small", "gone", "large")]

    outcome = await classify(
        "route", Literal["Billing", "cards", "süß"], "Whose?", models=models, accept=confidence(at_least=0.7)
    )(TEXT)

    assert isinstance(outcome, Accepted)
    assert [each.result for each in outcome.judgement.attempts] == ["answered", "failed", "answered"]


async def test_answer_sent_back_is_told_to_the_model(stub: Stub, make_model: MakeModel) -> None:
    from handrail.guards import one_of  # noqa: PLC0415 -- this test alone

    stub.play(reply(said(choice()), when=AT))
    step = classify(
        "route",
        Literal["Billing", "cards", "süß"],
        "Whose?",
        models=make_model(),
        accept=Always(),
        guards=[one_of(["Billing"])],
        limits=Limits(reasks=1),
    )

    doubtful(await step(TEXT))

    first, second = [each["questions"]["q1"]["instructions"] for each in stub.bodies("/systemone")]
    assert "sent back" not in first
    assert "The answer cards was sent back" in second


async def test_budget_is_kept_before_anything_is_asked(stub: Stub, make_model: MakeModel) -> None:
    outcome = doubtful(await label(make_model(), limits=Limits(tokens=20)))

    assert outcome.code == "over_budget"
    assert not stub.requests()


class Commented(BaseModel):
    urgent: bool
    comment: str


class Listed(BaseModel):
    tags: list[Literal["a", "b"]]


@pytest.mark.parametrize(
    ("output", "reason"),
    [
        (Commented, "comment has no closed set of values"),
        (Listed, "tags has no closed set of values"),
        (Literal["only"], "a question needs two options"),
        (Literal[tuple(map(str, range(17)))], "it has 17 options, and the model takes 16 (4 at a time, in two rounds)"),
    ],
)
def test_what_a_model_could_never_answer_is_refused_when_the_step_is_built(output: Any, reason: str) -> None:
    model = DecisionModel("systemone:small", base_url="http://127.0.0.1:9", most_options=4)
    build = extract if isinstance(output, type) else classify

    with pytest.raises(InvalidTask, match="step 'read': the decision model systemone:small") as refused:
        build("read", output, "Read it.", models=model, accept=Always())

    assert reason in str(refused.value)


def test_free_text_is_no_closed_question() -> None:
    with pytest.raises(InvalidTask, match="the answer is free text"):
        draft("reply", str, "Write.", models=DecisionModel("jev", base_url="http://127.0.0.1:9"), accept=Always())


@pytest.mark.parametrize(
    ("name", "settings", "reason"),
    [
        ("systemone:jev-latest", {}, "has no key: set TYPESAFE_API_KEY"),
        ("gemini:gemini-decision-1", {}, "has no key: set GEMINI_API_KEY"),
        ("systemone:", {"base_url": "http://127.0.0.1:9"}, "needs a name"),
        ("systemone:x", {"base_url": "http://127.0.0.1:9?key=1"}, "behind its path"),
        ("systemone:x", {"base_url": "http://127.0.0.1:9", "most_options": 1}, "most_options is 1"),
        ("systemone:x", {"base_url": "http://127.0.0.1:9", "together": 1}, "together is 1"),
        ("systemone:x", {"base_url": "http://127.0.0.1:9", "prices": {"x": 3}}, "prices is"),
        ("systemone:x", {"base_url": "http://127.0.0.1:9", "per_minute": 0}, "per_minute is 0"),
    ],
)
def test_model_that_cannot_work_is_not_built(name: str, settings: dict[str, Any], reason: str) -> None:
    with pytest.raises(ModelNotReady) as refused:
        DecisionModel(name, **settings)

    assert reason in str(refused.value)


async def test_key_of_the_environment_goes_to_its_own_server_alone(
    stub: Stub, make_model: MakeModel, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TYPESAFE_API_KEY", "k-of-typesafe-0123")
    stub.play(reply(said(choice()), when=AT))

    await label(make_model())
    monkeypatch.setenv("TYPESAFE_BASE_URL", stub.url)
    await label(make_model(base_url=None))

    other, own = [each["headers"].get("Authorization") for each in stub.requests("/systemone")]
    assert (other, own) == (None, "Bearer k-of-typesafe-0123")


@pytest.mark.parametrize("given", ["", "/v1", "/v1/", "/v1/systemone", "/inference/v1"])
async def test_address_may_leave_out_version_and_route(stub: Stub, make_model: MakeModel, given: str) -> None:
    stub.play(reply(said(choice()), when=AT))

    accepted(await label(make_model(base_url=stub.url.removesuffix("/v1") + given)))


JSON = st.recursive(
    st.none() | st.booleans() | st.floats() | st.integers() | st.sampled_from(["noul", "choice", "score", "cards"]),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                ["type", "noul", "choice", "probabilities", "legend", "0", "1", "cards", "Billing", "q1", "q2"]
            ),
            inner,
            max_size=5,
        )
    ),
    max_leaves=12,
)


@pytest.mark.dear
@settings(max_examples=100)
@drawn(answers=JSON)
def test_whatever_a_server_says_is_a_distribution_or_refused(answers: Any) -> None:
    asked = [
        TypedQuestion("", "predicate", ("true", "false")),
        TypedQuestion("", "choice", ("cards", "Billing")),
        TypedQuestion("", "score", ("5", "6")),
    ]
    for each in asked:
        try:
            [spread] = KeyedWire("state").read({"answers": {"q1": answers}}, [each]).spreads
        except ValueError:
            continue
        assert not spread or (set(spread) == set(each.options) and abs(sum(spread.values()) - 1) <= 0.02)


def test_form_is_closed_as_far_as_its_fields_are() -> None:
    asked = closed_questions((), Output(Assessment).json_schema, Taken(options=255, levels=5))

    assert isinstance(asked, tuple)
    assert [(each.path, each.kind) for each in asked] == [
        ("urgent", "predicate"),
        ("tone", "choice"),
        ("severity", "choice"),
    ]


@pytest.mark.dear
async def test_server_that_is_down_is_said(make_model: MakeModel) -> None:
    outcome = doubtful(
        await classify(
            "route",
            Literal["a", "b"],
            "Which?",
            models=make_model(base_url="http://127.0.0.1:9"),
            accept=Always(),
            limits=Limits(seconds=3),  # for the first of its tries, on a busy machine
        )(TEXT)
    )

    assert outcome.code in {"unavailable", "timed_out"}
    assert "could not be reached" in outcome.reason


@pytest.mark.dear
async def test_page_in_place_of_an_answer_is_an_outage(stub: Stub, make_model: MakeModel) -> None:
    """A gateway that asks to sign in answers every question so: it is down, and passed over."""
    stub.play(reply("<html>Sign in</html>", headers={"Content-Type": "text/html"}, when=AT))
    outcome = doubtful(await label(make_model(), limits=Limits(seconds=10)))
    assert outcome.code == "unavailable"
    assert "no JSON object" in outcome.reason


async def test_answer_that_unpacks_without_end_is_not_read(
    stub: Stub, make_model: MakeModel, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(response_limit, "MOST_BYTES", 2_000_000)
    stub.play(reply(" " * 4_000_000, trap="packed", when=AT))
    outcome = doubtful(await label(make_model()))
    assert "the server sent more than 2 MB" in outcome.reason
    assert len(stub.requests("/v1/systemone")) == 1
