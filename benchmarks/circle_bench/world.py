"""The requests of one seed: those that teach the first model, those that arrive, and those that only tell the truth."""

import json
import random
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from circle_bench.plan import Plan
from handrail_ai_steps.models.local import LabelledText, LocalModel

NONE = "none of these"
"""What people answer when no intent fits. It is offered as a label like any other, so a model may learn to say it."""

FILES = ("clinc150.train", "clinc150.val")


class TooFewRequests(ValueError):
    """The data hold fewer requests than the plan wants to arrive."""


@dataclass(frozen=True, slots=True)
class Request:
    """Something that somebody asked for."""

    id: str
    """Names its run; it holds the seed, so that each seed draws other cases for audits."""
    text: str
    intent: str
    """The truth, which only people know."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Truth:
    """What a model and a threshold come to on requests that were never asked."""

    coverage: float
    """Share that is accepted, 0 to 1."""
    risk: float
    """Share of the accepted that is wrong, 0 to 1; 0 when nothing is accepted."""
    accuracy: float
    """Share of all answers that are right, accepted or not, 0 to 1."""


@dataclass(frozen=True, slots=True)
class Reserve:
    """Requests that never arrive: they say what is true of the traffic, and nothing else."""

    inside: tuple[Request, ...]
    outside: tuple[Request, ...]
    """No intent fits them."""
    share_outside: float
    """Their share of the traffic, 0 to 1; here they are counted by it, however many there are."""

    def truth(self, model: LocalModel, threshold: float | None) -> Truth:
        """Return what a threshold truly comes to; None accepts nothing."""
        covered = wrong = accurate = 0.0
        for requests, share in ((self.inside, 1 - self.share_outside), (self.outside, self.share_outside)):
            weight = share / len(requests)
            for request, said in zip(requests, model.predict([each.text for each in requests]), strict=True):
                right = said.label == request.intent
                accepted = threshold is not None and said.confidence >= threshold
                covered += weight * accepted
                wrong += weight * (accepted and not right)
                accurate += weight * right
        return Truth(coverage=covered, risk=wrong / covered if covered else 0.0, accuracy=accurate)


@dataclass(frozen=True, slots=True)
class World:
    """What one seed makes of the data: no request is in two of its parts."""

    taught: tuple[LabelledText, ...]
    rounds: tuple[tuple[Request, ...], ...]
    reserve: Reserve
    intents: tuple[str, ...]
    """Every answer that people and models may give."""

    @property
    def intent_of(self) -> dict[str, str]:
        """The truth by request id, for the requests that arrive."""
        return {request.id: request.intent for arrived in self.rounds for request in arrived}


def draw_world(requests: Sequence[LabelledText], plan: Plan, *, seed: int) -> World:
    """Return the parts that a seed draws; arrivals and reserve are draws of the same traffic.

    Raises:
        TooFewRequests: nothing would be left for the reserve.
    """
    chance = random.Random(f"circle {seed}")
    taught: list[LabelledText] = []
    inside: list[LabelledText] = []
    outside: list[LabelledText] = []
    seen: Counter[str] = Counter()
    for number in chance.sample(range(len(requests)), len(requests)):
        intent = requests[number].label or NONE
        example = LabelledText(requests[number].text, intent)
        seen[intent] += 1
        if seen[intent] <= plan.taught:
            taught.append(example)
        else:
            (outside if intent == NONE else inside).append(example)
    # Once more: those of an intent that filled early stand first, and arrivals and reserve would not be one traffic.
    chance.shuffle(inside)
    chance.shuffle(outside)
    wanted = plan.rounds * plan.requests
    strange = round(wanted * plan.out_of_scope)
    if len(inside) <= wanted - strange or len(outside) <= strange:
        raise TooFewRequests(
            f"{wanted} requests should arrive, {strange} of them out of scope, and there are {len(inside)} and"
            f" {len(outside)}: plan fewer or shorter rounds"
        )
    arriving = inside[: wanted - strange] + outside[:strange]
    chance.shuffle(arriving)
    named = [Request(f"s{seed}-{number}", each.text, each.label or NONE) for number, each in enumerate(arriving)]
    return World(
        taught=tuple(taught),
        rounds=tuple(tuple(named[start : start + plan.requests]) for start in range(0, wanted, plan.requests)),
        reserve=Reserve(_kept(inside[wanted - strange :]), _kept(outside[strange:]), plan.out_of_scope),
        intents=tuple(sorted(seen)),
    )


def read_requests(tickets: Path) -> list[LabelledText]:
    """Return the requests of CLINC150; the label of those out of scope is None."""
    # Not splitlines(): the texts may hold line separators that JSON leaves as they are, such as U+2028.
    lines = (line for name in FILES for line in (tickets / f"{name}.jsonl").read_text(encoding="utf-8").split("\n"))
    records = (json.loads(line) for line in lines if line)
    return [LabelledText(record["text"], record["label"]) for record in records]


def _kept(examples: Sequence[LabelledText]) -> tuple[Request, ...]:
    return tuple(Request(f"reserve-{number}", each.text, each.label or NONE) for number, each in enumerate(examples))
