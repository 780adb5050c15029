"""The rules of promises as a store has them at one moment, by which a target is measured as it would decide there."""

from dataclasses import dataclass, replace
from typing import Any, Self

from handrail_ai_steps.step import AIStep
from handrail_evals.errors import InvalidSuite
from handrail_evals.measure.fingerprint import hash_of
from handrail_guards.promise_part import PromisePart
from handrail_guards.promise_rule import PromiseRule, PromiseSubject
from handrail_orchestrator.promising.rules import StoredRules
from handrail_orchestrator.store import open_store
from handrail_orchestrator.store.promises import PromiseRow


@dataclass(frozen=True, slots=True)
class RulesOnServers:
    """The rules of what judges on the servers where its own models are asked: a recording of theirs stands for them."""

    rules: StoredRules
    servers: tuple[str, ...]

    def rule(self, part: PromisePart, subject: PromiseSubject) -> PromiseRule:
        """Return the rule in force for a part of a promise and what judged."""
        return self.rules.rule(part, replace(subject, servers=self.servers))


@dataclass(frozen=True, slots=True)
class HeldRules:
    """The promises of a store as they stood at one moment: a measurement is by one rule, whatever the keeper does."""

    rows: tuple[PromiseRow, ...]

    @classmethod
    def of_store(cls, address: str) -> Self:
        """Return the rules in force in a store.

        Raises:
            StoreError: the store cannot be opened or read.
            InvalidSuite: nothing is promised there.
        """
        store = open_store(address, create=False, reading=True)
        try:
            rows = tuple(store.promises())
        finally:
            store.close()
        if not rows:
            raise InvalidSuite(f"nothing is promised in {address}: a promise begins with the first case of its step")
        return cls(rows)

    def promise_of(self, workflow: str, step: str, subject: str, terms: str) -> PromiseRow | None:
        """Return the promise of what judges, under these terms."""
        key = (workflow, step, subject, terms)
        return next((row for row in self.rows if (row.workflow, row.step, row.subject, row.terms) == key), None)

    def promises_of_step(self, workflow: str, step: str) -> list[PromiseRow]:
        """Return the promises of a step."""
        return [row for row in self.rows if (row.workflow, row.step) == (workflow, step)]

    def bound(self, judge: Any, workflows: list[str]) -> Any:
        """Return an AI step under the rules of the first of these workflows that has a promise of it.

        Whoever is under no promise is returned as they are.
        """
        if not isinstance(judge, AIStep) or judge.promise is None:
            return judge
        having = {row.workflow for row in self.rows if row.step == judge.name}
        workflow = next((each for each in workflows if each in having), workflows[0])
        return judge.with_rules(RulesOnServers(StoredRules(self, workflow), judge.servers))

    def workflow_of(self, step: str) -> str:
        """Return the only workflow that has a promise of a step.

        Raises:
            InvalidSuite: none has, or several have.
        """
        having = sorted({row.workflow for row in self.rows if row.step == step})
        match having:
            case [workflow]:
                return workflow
            case []:
                raise InvalidSuite(f"no case of step {step!r} was decided under a promise in this store")
            case _:
                raise InvalidSuite(
                    f"step {step!r} is under a promise in several workflows ({', '.join(having)}): measure one of them,"
                    " with workflow_target(...)"
                )

    def mark(self, workflows: list[str]) -> str:
        """Return a mark of the rules of some workflows: what was measured by others is another measurement."""
        rows = [row for row in self.rows if row.workflow in workflows]
        return hash_of(
            [[row.workflow, row.step, row.subject, row.terms, row.threshold, row.believed, row.why] for row in rows]
        )
