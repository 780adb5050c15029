"""A workflow with a promise, and what tests have its keeper say of it."""

from typing import Any, Literal

from handrail import Run, Says, ScriptedModel, classify, workflow
from handrail.guards import promise
from handrail_orchestrator.client import Client
from handrail_orchestrator.store.promises import MovePromise, NewRule, PromiseNote

Letter = Literal["a", "b"]


def sure_of(text: str) -> float:
    """Return the confidence that a text asks for: its last word."""
    return float(text.rpartition(" ")[2])


letter: Any = classify(
    "letter",
    Letter,
    "Which letter?",
    models=ScriptedModel(lambda request: Says("a", sure_of(request.text))),
    accept=promise(wrong_at_most=0.02),
)


@workflow(version=1)
async def promising(run: Run, text: str) -> Letter:
    """Decide under a promise."""
    decided: Letter = await run.decide(letter, text)
    return decided


async def ruled(
    client: Client, threshold: float | None, *, why: str, share: float = 1e-9, action: str = "rule"
) -> None:
    """Have the keeper set a rule of the newest promise, and say so."""
    row = max(client.promise_store.promises(), key=lambda each: each.id)
    rule = NewRule(threshold, share, share, None, cases=10, labels=9, wrong=0, why=why)
    change = MovePromise(
        row.id, row.version, client.now(), "keeper:k", 0, None, rule, notes=[PromiseNote(action, why)]
    )  # fmt: skip
    assert await client.change_promises(change)
