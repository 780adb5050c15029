"""The code of the workflows that ask, as far as the store says where it is."""

from collections.abc import Iterable
from dataclasses import dataclass, field

import typer

from handrail_ground.text import harmless
from handrail_orchestrator.cli.target import load_workflow
from handrail_orchestrator.engine import EngineClient
from handrail_orchestrator.errors import Misuse, UnknownWorkflow
from handrail_orchestrator.orchestrator import Orchestrator
from handrail_orchestrator.records.item import ReviewItem
from handrail_orchestrator.store.address_text import as_typed
from handrail_orchestrator.store.rows import AUDIT
from handrail_orchestrator.workflow import AnyWorkflow, Workflow


@dataclass(slots=True)
class Code:
    """Loads each workflow once, when it is needed first."""

    store: str
    _found: dict[str, AnyWorkflow | Misuse] = field(default_factory=dict)

    def of(self, client: EngineClient, workflow: str) -> AnyWorkflow | Misuse:
        """Return a workflow, or why it cannot be had."""
        if workflow not in self._found:
            target = client.code_of(workflow)
            try:
                if target is None:
                    raise UnknownWorkflow("the store does not say where its code is")
                self._found[workflow] = load_workflow(target)
            except Misuse as error:
                self._found[workflow] = error
        return self._found[workflow]

    def prepare(self, client: EngineClient, item: ReviewItem) -> None:
        """Let the client check answers to a question of a judge at once, if the code is there."""
        if item.kind not in {"decide", AUDIT}:
            return
        self.of(client, item.workflow)
        client.use(*(each for each in self._found.values() if isinstance(each, Workflow)))

    def resumable(self, client: EngineClient, decided: Iterable[ReviewItem]) -> list[AnyWorkflow]:
        """Return the workflows whose runs go on with these decisions and that nobody else executes."""
        wanted = sorted({item.workflow for item in decided if item.kind != AUDIT})
        if not wanted or client.health().is_worked_on:
            return []
        found: list[AnyWorkflow] = []
        for name in wanted:
            code = self.of(client, name)
            if isinstance(code, Workflow):
                found.append(code)
            else:
                typer.echo(
                    f"recorded; {name!r} goes on when a worker for it is up ({harmless(str(code))}):"
                    f" handrail work MODULE:WORKFLOW --store {as_typed(self.store)}"
                )
        return found


async def go_on(store: str, workflows: list[AnyWorkflow]) -> None:
    """Execute what is due of these workflows."""
    if workflows:
        async with Orchestrator(store, workflows=workflows) as orchestrator:
            await orchestrator.idle()
