"""A decision model that others trained, behind the server that others wrote: both from one wheel."""

from collections.abc import Iterator
from typing import Annotated, Literal

import pytest
from pydantic import BaseModel, Field

pytest.importorskip("sparrow_decider", reason="no decision model is installed")

from handrail import Accepted, Doubtful, classify, confidence, each_field, extract
from handrail.ai_steps import DecisionModel
from tests.servers.decider import NAME, Decider

Team = Literal["refunds", "flights", "weather"]
LABELS = {"refunds": "refund a payment", "flights": "search and book flights", "weather": "forecasts for a city"}
CHARGED = "I was charged twice for order 1182, I want my money back"


class Ticket(BaseModel):
    team: Team = Field(description="Which team owns this ticket?")
    angry: bool = Field(description="Is the user upset?")
    urgency: Annotated[int, Field(ge=1, le=3, description="How urgent is this?")]


@pytest.fixture(scope="module")
def served() -> Iterator[str]:
    with Decider() as server:
        yield server.url


@pytest.mark.dear
async def test_what_it_says_is_accepted_with_the_probability_of_the_label(served: str) -> None:
    model = DecisionModel(f"systemone:{NAME}", base_url=served)
    route = classify("route", Team, "Which team owns it?", models=model, accept=confidence(at_least=0.5), labels=LABELS)
    outcome = await route(CHARGED)
    assert isinstance(outcome, Accepted)
    assert outcome.value == "refunds"
    assert (outcome.judgement.model, outcome.confidence.source) == (NAME, "decision")
    # what the server calls its confidence is the lead over chance, which makes no 1 with the others
    others = [each.confidence for each in outcome.judgement.alternatives]
    assert sum(filter(None, [outcome.confidence.value, *others])) == pytest.approx(1, abs=1e-3)
    await model.aclose()


async def test_a_label_a_yes_or_no_and_a_level_are_asked_in_one_request(served: str) -> None:
    model = DecisionModel(f"systemone:{NAME}", base_url=served)
    read = extract("read", Ticket, "Judge this ticket.", models=model, accept=each_field(at_least=0.0))
    outcome = await read(CHARGED)
    assert isinstance(outcome, Accepted | Doubtful)
    assert len(outcome.judgement.attempts) == 1
    assert set(outcome.judgement.fields) == {"team", "angry", "urgency"}
    assert all(each.source == "decision" for each in outcome.judgement.fields.values())
    await model.aclose()


@pytest.mark.dear
async def test_it_is_in_doubt_where_no_option_fits(served: str) -> None:
    model = DecisionModel(f"systemone:{NAME}", base_url=served)
    route = classify("route", Literal["a", "b", "c"], "Which?", models=model, accept=confidence(at_least=0.9))
    outcome = await route("the moon is far away")
    assert isinstance(outcome, Doubtful)
    assert "confidence" in outcome.reason
    await model.aclose()
