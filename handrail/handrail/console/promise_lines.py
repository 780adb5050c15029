"""Promises as lists of the console show them: each with why it accepts what it does."""

from dataclasses import dataclass

from handrail_orchestrator.client import Client
from handrail_orchestrator.records.promise import PromiseRecord, PromiseRuleRecord


@dataclass(frozen=True, slots=True)
class PromiseLine:
    """A promise in a list."""

    record: PromiseRecord
    why: str
    """Why it accepts what it does, or nothing; empty: nobody has said anything yet."""
    set_at: float | None
    """When its rule was set."""


def promise_lines(client: Client, workflow: str = "", *, earlier: bool = False) -> list[PromiseLine]:
    """Return the promises of a workflow, or of all; ``earlier``: those of models and prompts of before, too."""
    found = client.promises(workflow or None, earlier=earlier)
    return [line_of(each, client.promise_rules(str(each.number))) for each in found]


def line_of(record: PromiseRecord, rules: list[PromiseRuleRecord]) -> PromiseLine:
    """Return a promise with the reason of its newest rule, or why it has none."""
    newest = rules[-1] if rules else None
    return PromiseLine(record, record.why or (newest.why if newest else ""), newest.at if newest else None)
