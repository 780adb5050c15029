"""A stream from an empty start: nobody has labelled anything, and the model is trained on what people decide."""

import asyncio
import json
import random
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from importlib import import_module
from pathlib import Path
from typing import Any, Literal, Self

from handrail import Orchestrator, Run, Workflow, classify, workflow
from handrail.calibration import keep_promises, learn_again
from handrail.guards import promise
from handrail.orchestrator import ReviewQuery, RunRecord
from handrail_ai_steps.models.learning import version_in_force
from handrail_ai_steps.models.local import LocalModel

FILES = ("clinc150.train", "clinc150.val")
NONE = "none of these"
"""The answer to a request out of scope, offered like any other."""
CASES = 10_000
LAST = 1_000
AT_ONCE = 100
"""Requests that come, and are answered by people, between two looks of the keeper."""
TARGET = 0.05
HELD_OUT = 2_500
"""Texts that never come, on which it is seen what a rule truly accepts."""


@dataclass(frozen=True, slots=True)
class Learnt:
    """What a stream came to."""

    accepted: int
    """Requests that were decided without waiting for a person."""
    unseen: int
    """Those of them that nobody was asked about."""
    wrong: int
    """Of the accepted."""
    last_accepted: int
    """Accepted of the last thousand."""
    highest_risk: float
    """The largest share of wrong values that a rule truly had, on texts that never came; 0 to 1."""
    versions: int
    by_thousand: tuple[int, ...]
    """Accepted of each thousand, the last of which may be fewer."""
    asked: int
    """Accepted ones that people were asked about blind."""
    seconds: dict[str, float]
    """Processor time of this process by what it did: loading numpy, the engine with its answers, the keeper, learning
    but for training itself, and looking at what truly holds."""

    @property
    def keepers_part(self) -> float:
        """Return the keeper's processor time, of the engine's."""
        return self.seconds["keeper"] / self.seconds["engine"]

    @property
    def is_broken(self) -> bool:
        """Whether more of what was accepted was wrong than promised."""
        return self.wrong > TARGET * self.accepted

    def as_json(self) -> dict[str, Any]:
        """Return it as JSON data."""
        return asdict(self)

    @classmethod
    def of_json(cls, data: Any) -> Self:
        """Return one from JSON data."""
        return cls(**{**data, "by_thousand": tuple(data["by_thousand"])})


def learning_stream(tickets: Path, *, seed: int, embedding: str = "") -> Learnt:
    """Play one stream of requests, in a store and a folder of models of its own; ``embedding``: as names ask for it."""
    texts = [
        (record["text"], record["label"] or NONE)
        for name in FILES
        for line in (tickets / f"{name}.jsonl").read_text(encoding="utf-8").split("\n")
        if line
        for record in [json.loads(line)]
    ]
    random.Random(seed).shuffle(texts)
    with tempfile.TemporaryDirectory(prefix="handrail-learning-") as folder:
        name = f"route+{embedding}" if embedding else "route"
        return asyncio.run(_Stream(Path(folder) / name, texts[:CASES], texts[CASES:][:HELD_OUT]).play())


class _Stream:
    def __init__(self, model: Path, coming: list[tuple[str, str]], others: list[tuple[str, str]]) -> None:
        self._model, self._coming, self._others = model, coming, others
        self._truth = {f"r-{number}": label for number, (_, label) in enumerate(coming)}
        self._known: dict[str, list[tuple[float, bool]]] = {}
        """The confidence of each version in each of the others, and whether it is right."""
        self._seconds = dict.fromkeys(("loading", "engine", "keeper", "learning", "truth"), 0.0)

    @contextmanager
    def _spent(self, on: str) -> Iterator[None]:
        began = time.process_time()
        yield
        self._seconds[on] += time.process_time() - began

    async def play(self) -> Learnt:
        triage = self._triage()
        accepted, asked = list[str](), set[str]()
        wrong, highest = 0, 0.0
        by_thousand, last = [0] * -(-len(self._coming) // LAST), 0
        address = f"sqlite:///{self._model.parent / 'runs.db'}"
        with self._spent("loading"):  # once a process, and the model that answers needs it as the keeper does
            import_module("numpy")
        async with Orchestrator(address, workflows=[triage]) as orchestrator:  # as who works on a store: all the time
            for start in range(0, len(self._coming), AT_ONCE):
                coming = enumerate(self._coming[start:][:AT_ONCE], start)
                requests = [(f"r-{place}", text) for place, (text, _) in coming]
                with self._spent("engine"):
                    done = await self._decided(orchestrator, triage, requests)
                    asked.update(await self._answered(orchestrator))
                accepted += [run.id for run in done]
                wrong += sum(run.output != self._truth[run.id] for run in done)
                by_thousand[start // LAST] += len(done)
                last += sum(int(run.id.removeprefix("r-")) >= len(self._coming) - LAST for run in done)
                with self._spent("keeper"):
                    await keep_promises(orchestrator)
                with self._spent("learning"):
                    await learn_again(orchestrator, models=self._model.parent)
                with self._spent("keeper"):
                    await keep_promises(orchestrator)
                with self._spent("truth"):
                    highest = max(highest, self._risk(orchestrator.promise("triage/route").threshold))
        versions = len(list(self._model.glob("v*")))
        unseen = len(set(accepted) - asked)
        return Learnt(
            len(accepted), unseen, wrong, last, highest, versions, tuple(by_thousand),
            len(accepted) - unseen, self._seconds,
        )  # fmt: skip

    @staticmethod
    async def _decided(
        orchestrator: Orchestrator, triage: Workflow[str, str], requests: list[tuple[str, str]]
    ) -> list[RunRecord]:
        """Let requests come; returns those that were decided without waiting for a person."""
        await orchestrator.start_many(triage, requests)
        await orchestrator.idle()
        return [run for name, _ in requests if (run := orchestrator.run(name)).status == "completed"]

    async def _answered(self, orchestrator: Orchestrator) -> set[str]:
        """Have people answer all that they are asked; returns which requests that was about."""
        asked: set[str] = set()
        while items := orchestrator.reviews(ReviewQuery(limit=500)):
            asked.update(each.run_id for each in items)
            answers = (orchestrator.decide(each.id, self._truth[each.run_id], by="ann") for each in items)
            await asyncio.gather(*answers)
            await orchestrator.idle()
        return asked

    def _triage(self) -> Workflow[str, str]:
        intents: Any = Literal[tuple(sorted({label for _, label in [*self._coming, *self._others]}))]
        step: Any = classify(
            "route", intents, "What does this ask for?", models=f"learning:{self._model}",
            accept=promise(wrong_at_most=TARGET, sure=0.95),
        )  # fmt: skip

        @workflow(version=1)
        async def triage(run: Run, text: str) -> str:
            answer: str = await run.decide(step, text)
            return answer

        return triage

    def _risk(self, threshold: float | None) -> float:
        """Return the share of wrong values that the version in force has from a threshold on, on the others."""
        version = version_in_force(self._model)
        if threshold is None or version is None:
            return 0.0
        if version not in self._known:
            found = LocalModel.load(self._model / version).predict([text for text, _ in self._others])
            self._known = {
                version: [
                    (said.confidence, said.label == label)
                    for said, (_, label) in zip(found, self._others, strict=True)
                    if said.known
                ]
            }
        taken = [right for confidence, right in self._known[version] if confidence >= threshold]
        return taken.count(False) / len(taken) if taken else 0.0
