"""What a trace and the metrics show of models: names of both conventions, tokens, and content only when asked for."""

import json
from types import MappingProxyType
from typing import Any

import pytest

from handrail import Escalation, Orchestrator, Run, Workflow, classify, confidence, workflow
from handrail.ai_steps import Answer, ModelRequest, NoAnswer
from handrail.guards import Attempt, Confidence
from tests.unit.orchestrator.telemetry import flows
from tests.unit.orchestrator.telemetry.seen import Seen, attributes, events, id_of, parent_of

MEMORY = "sqlite:///:memory:"
LATEST = {"OTEL_SEMCONV_STABILITY_OPT_IN": "http,gen_ai_latest_experimental"}
OLD: dict[str, str] = {}


class Server:
    """A model that streams and says what a server says: tokens, those of its cache and its thoughts, why it ended."""

    name = "openai:gpt-5-mini"
    server = "https://models.example.com/v1"
    settings_told = MappingProxyType(
        {
            "temperature": 0.2,
            "seed": 7,
            "max_output_tokens": 90,
            "reasoning_effort": "low",
            "extra": {"top_p": 0.5, "stop": ["."], "user": "ann"},
        }
    )

    async def answer(self, request: ModelRequest) -> Answer | NoAnswer:
        assert request.on_chunk is not None
        for seconds in (0.01, 0.03):
            request.on_chunk(seconds)
        if "refuse" in request.text:
            refused = Attempt(model="gpt-5-mini", result="refused", finish_reason="content_filter")
            return NoAnswer(result="refused", reason="it would not", attempts=(refused,))
        tried = (
            Attempt(model="gpt-5-mini", result="failed"),
            Attempt(
                model="gpt-5-mini-2025-08-07",
                result="answered",
                input_tokens=120,
                output_tokens=7,
                cached_tokens=64,
                written_tokens=32,
                reasoning_tokens=5,
                first_chunk_seconds=0.25,
                finish_reason="stop",
            ),
        )
        return Answer(
            value=True,
            raw='{"value": true}',
            confidence=Confidence(0.9, "logprob"),
            model="gpt-5-mini-2025-08-07",
            attempts=tried,
        )


def flow(**options: Any) -> Workflow[str, bool]:
    urgent = classify(
        "urgent", bool, "Is it urgent?", models=Server(), accept=confidence(at_least=0.8),
        escalate=Escalation(queue="desk"), **options,
    )  # fmt: skip

    @workflow(version=1)
    async def triage(run: Run, text: str) -> bool:
        return await run.decide(urgent, text)

    return triage


async def executed(monkeypatch: pytest.MonkeyPatch, environment: dict[str, str], text: str, **options: Any) -> Seen:
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    seen, triage = Seen(), flow(**options)
    async with Orchestrator(MEMORY, workflows=[triage], telemetry=seen.telemetry) as orchestrator:
        await orchestrator.start(triage, text, id="r1")
        await orchestrator.idle()
    return seen


@pytest.mark.parametrize(
    ("environment", "provider", "operation", "name", "written"),
    [
        (OLD, "gen_ai.system", "invoke_workflow", "gen_ai.workflow.name", "cache_creation"),
        (LATEST, "gen_ai.provider.name", "invoke_agent", "gen_ai.agent.name", "cache_write"),
    ],
)
async def test_names_are_those_of_the_convention_that_is_asked_for(
    monkeypatch: pytest.MonkeyPatch, environment: dict[str, str], provider: str, operation: str, name: str, written: str
) -> None:
    seen = await executed(monkeypatch, environment, "my card was stolen")

    run, step, call = seen.one(operation), seen.one("step urgent"), seen.one("chat gpt-5-mini")
    assert attributes(run)["gen_ai.operation.name"] == operation
    assert attributes(run)[name] == "triage"
    assert (parent_of(step), parent_of(call)) == (id_of(run), id_of(step))
    found = attributes(call)
    assert found[provider] == "openai"
    assert found["gen_ai.request.model"] == "gpt-5-mini"
    assert found["gen_ai.response.model"] == "gpt-5-mini-2025-08-07"
    assert found["gen_ai.response.finish_reasons"] == ("stop",)
    assert found["gen_ai.usage.input_tokens"] == 120
    assert found["gen_ai.usage.output_tokens"] == 7
    assert found["gen_ai.usage.cache_read.input_tokens"] == 64
    assert found[f"gen_ai.usage.{written}.input_tokens"] == 32
    assert found["gen_ai.usage.reasoning.output_tokens"] == 5
    assert found["gen_ai.request.stream"] is True
    assert found["gen_ai.response.time_to_first_chunk"] == 0.25
    assert found["gen_ai.prompt.name"] == "urgent"
    assert found["gen_ai.conversation.id"] == "r1"
    assert (found["server.address"], found["server.port"]) == ("models.example.com", 443)
    sent = {each: value for each, value in found.items() if each.startswith("gen_ai.request.")}
    level = {"gen_ai.request.reasoning.level": "low"} if environment is LATEST else {}
    assert sent == {
        "gen_ai.request.model": "gpt-5-mini",
        "gen_ai.request.stream": True,
        "gen_ai.request.temperature": 0.2,
        "gen_ai.request.seed": 7,
        "gen_ai.request.max_tokens": 90,
        "gen_ai.request.top_p": 0.5,
        "gen_ai.request.stop_sequences": (".",),
        **level,
    }
    assert "error.type" not in found


async def test_tokens_are_counted_once_under_the_names_of_each_convention(monkeypatch: pytest.MonkeyPatch) -> None:
    old = (await executed(monkeypatch, OLD, "my card was stolen")).metrics()
    latest = (await executed(monkeypatch, LATEST, "my card was stolen")).metrics()

    by_kind = {point.attributes["gen_ai.token.type"]: point.sum for point in old["gen_ai.client.token.usage"]}
    assert by_kind == {"input": 120, "output": 7}
    assert old["gen_ai.client.operation.duration"][0].count == 1
    assert old["gen_ai.invoke_workflow.duration"][0].count == 1
    assert "gen_ai.invoke_agent.duration" not in old
    assert old["gen_ai.client.operation.time_to_first_chunk"][0].sum == 0.25
    assert latest["gen_ai.client.inference.time_to_first_chunk"][0].sum == 0.25
    for metrics, name in ((old, "operation"), (latest, "inference")):
        (pieces,) = metrics[f"gen_ai.client.{name}.time_per_output_chunk"]
        assert (pieces.count, round(pieces.sum, 6)) == (2, 0.04)
    (calls,) = latest["gen_ai.invoke_agent.inference_calls"]
    assert (calls.count, calls.sum) == (1, 1)
    assert "gen_ai.invoke_agent.inference_calls" not in old
    counters = {name: points[0].value for name, points in latest.items() if ".usage." in name}
    assert counters == {
        "gen_ai.client.inference.usage.input_tokens": 120,
        "gen_ai.client.inference.usage.output_tokens": 7,
        "gen_ai.client.inference.usage.cache_read.input_tokens": 64,
        "gen_ai.client.inference.usage.cache_write.input_tokens": 32,
        "gen_ai.client.inference.usage.reasoning.output_tokens": 5,
    }
    assert latest["gen_ai.client.inference.duration"][0].count == 1
    assert latest["gen_ai.invoke_agent.duration"][0].count == latest["gen_ai.invoke_workflow.duration"][0].count == 1
    assert "gen_ai.client.token.usage" not in latest


async def test_a_model_that_refuses_is_an_error_by_its_kind(monkeypatch: pytest.MonkeyPatch) -> None:
    seen = await executed(monkeypatch, OLD, "refuse this")

    found = attributes(seen.one("chat gpt-5-mini"))
    assert found["error.type"] == "refused"
    assert found["gen_ai.response.finish_reasons"] == ("content_filter",)
    assert not {each for each in found if "chunk" in each or "request.stream" in each or "cache" in each}
    (point,) = seen.metrics()["gen_ai.client.operation.duration"]
    assert point.attributes["error.type"] == "refused"
    assert attributes(seen.one("step urgent"))["handrail.outcome.code"] == "refused"


async def test_what_a_judgement_came_to_is_an_evaluation_of_its_step() -> None:
    seen = Seen()
    async with Orchestrator(MEMORY, workflows=[flows.quick], telemetry=seen.telemetry) as orchestrator:
        assert await (await orchestrator.start(flows.quick, "my card was stolen")).result() is True

    step = seen.one("step sure")
    assert attributes(step)["handrail.outcome"] == "accepted"
    (confidence_of,) = events(step)
    assert confidence_of == {
        "gen_ai.evaluation.name": "confidence",
        "gen_ai.evaluation.score.label": "accepted",
        "gen_ai.evaluation.score.value": 0.95,
    }


async def test_no_content_is_shown_unless_it_is_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    seen = await executed(monkeypatch, OLD, "the customer is furious")

    shown = "".join(span.to_json() for span in seen.spans)
    assert "furious" not in shown
    assert "Is it urgent" not in shown


WANTED = {"OTEL_INSTRUMENTATION_GENAI_CAPTURE_MESSAGE_CONTENT": "true"}


async def test_content_that_is_asked_for_has_no_secret_and_no_personal_data(monkeypatch: pytest.MonkeyPatch) -> None:
    text = "I am furious, ann@example.com, DE89 3704 0044 0532 0130 00, key sk-proj-abcdefghijklmnopqrstuvwx0123"
    seen = await executed(monkeypatch, WANTED, text)

    found = attributes(seen.one("chat"))
    (message,) = json.loads(found["gen_ai.input.messages"])
    content = message["parts"][0]["content"]
    assert message["role"] == "user"
    assert "I am furious" in content
    assert "[EMAIL]" in content
    assert "[IBAN]" in content
    assert "[SECRET]" in content
    (said,) = json.loads(found["gen_ai.output.messages"])
    assert (said["role"], said["finish_reason"]) == ("assistant", "stop")
    shown = "".join(span.to_json() for span in seen.spans)
    for hidden in ("ann@", "3704", "sk-proj"):
        assert hidden not in shown


async def test_an_answer_that_a_guard_refused_shows_no_secret(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(*next(iter(WANTED.items())))
    seen = Seen()
    async with Orchestrator(MEMORY, workflows=[flows.writes], telemetry=seen.telemetry) as orchestrator:
        await orchestrator.start(flows.writes, "help", id="r1")
        await orchestrator.idle()

    step = seen.one("step reply")
    assert attributes(step)["handrail.outcome.code"] == "guard"
    assert {"gen_ai.evaluation.name": "guard:no_secrets"}.items() <= events(step)[-1].items()
    shown = "".join(span.to_json() for span in seen.spans)
    assert "Mail [EMAIL]" in shown
    assert "sk-proj" not in shown
    assert "ann@" not in shown


async def test_a_step_whose_input_must_not_be_kept_shows_none_of_it(monkeypatch: pytest.MonkeyPatch) -> None:
    seen = await executed(monkeypatch, WANTED, "the customer is furious", keep_source=False)

    assert "furious" not in "".join(span.to_json() for span in seen.spans)


async def test_a_step_that_masks_shows_what_the_model_was_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    seen = await executed(monkeypatch, WANTED, "write to ann@example.com", mask=("email",))

    assert "[EMAIL" in attributes(seen.one("chat"))["gen_ai.input.messages"]
    assert "ann@" not in "".join(span.to_json() for span in seen.spans)


@pytest.mark.dear
async def test_names_that_a_workflow_makes_as_it_goes_do_not_become_series_without_end() -> None:
    seen = Seen()
    async with Orchestrator(MEMORY, workflows=[flows.many_names], telemetry=seen.telemetry) as orchestrator:
        await (await orchestrator.start(flows.many_names, 700)).result()

    points = seen.metrics()["handrail.step.duration"]
    names = {point.attributes["handrail.step.name"] for point in points}
    assert len(names) == 501
    assert "other" in names
    assert sum(point.count for point in points) == 700
    assert not any("handrail.run.id" in point.attributes for found in seen.metrics().values() for point in found)
