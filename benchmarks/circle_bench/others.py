"""What people do instead: leave everything as it is, or learn from everything and measure on it too.

These arms need no store: what a model says and a threshold lets pass is the same whether a workflow asks or not.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from circle_bench.circle import fit
from circle_bench.plan import Plan
from circle_bench.played import Round, Story
from circle_bench.triage import Deployed
from circle_bench.world import Request, Truth, World
from handrail_ai_steps.models.local import LabelledText, LocalModel, Prediction
from handrail_evals.decide.calibrate.labels import Scored
from handrail_evals.decide.calibrate.sequence import AcceptedTally


@dataclass(frozen=True, slots=True)
class Answered:
    """A request with what the model said."""

    request: Request
    said: Prediction

    @property
    def right(self) -> bool:
        """Return whether the model was right."""
        return self.said.label == self.request.intent


def play_alone(world: World, first: Round, alone: Deployed, *, seed: int) -> Story:
    """Play with the first model and its threshold for ever, nobody learning and nobody auditing.

    ``first`` is the round of the circle whose audits set that threshold.
    """
    taught = len(world.taught)
    truth = world.reserve.truth(alone.model, alone.threshold)
    rounds = [
        _round(number, _answered(alone.model, requests), alone.threshold, truth, taught)
        for number, requests in enumerate(world.rounds[1:], 2)
    ]
    return Story("no circle", seed, (first, *rounds))


def play_naive(world: World, plan: Plan, first: LocalModel, *, seed: int) -> Story:
    """Play without audits: learn from all that people decided, and measure on the same.

    After each round the threshold is the one with the largest coverage whose observed error, on all that people ever
    decided, meets the target.
    """
    model, threshold = first, None
    decided: list[Request] = []
    rounds: list[Round] = []
    for number, requests in enumerate(world.rounds, 1):
        answered = _answered(model, requests)
        learned = len(world.taught) + len(decided) if rounds else len(world.taught)
        rounds.append(_round(number, answered, threshold, world.reserve.truth(model, threshold), learned))
        if number == plan.rounds:
            break
        new = [each.request for each in answered if not _accepts(threshold, each)]
        decided += new
        if new:
            model = fit((*world.taught, *(LabelledText(each.text, each.intent) for each in decided)))
        threshold = largest_coverage(_answered(model, decided), plan.promise.target)
    return Story("naive", seed, tuple(rounds))


def largest_coverage(answered: Sequence[Answered], target: float) -> float | None:
    """Return the lowest threshold whose observed share of wrong answers meets the target; None if none does."""
    tally = AcceptedTally.of(Scored(each.said.confidence, each.right) for each in answered)
    for threshold in dict.fromkeys(tally.scores):  # rising: the first that meets the target covers most
        counts = tally.at_least(threshold)
        if counts.errors <= target * counts.accepted:
            return threshold
    return None


def _answered(model: LocalModel, requests: Sequence[Request]) -> list[Answered]:
    predictions = model.predict([each.text for each in requests])
    return [Answered(request, said) for request, said in zip(requests, predictions, strict=True)]


def _accepts(threshold: float | None, answered: Answered) -> bool:
    return threshold is not None and answered.said.confidence >= threshold


def _round(number: int, answered: list[Answered], threshold: float | None, truth: Truth, learned: int) -> Round:
    accepted = [each for each in answered if _accepts(threshold, each)]
    return Round(
        number=number,
        requests=len(answered),
        accepted=len(accepted),
        wrong=sum(not each.right for each in accepted),
        decisions=len(answered) - len(accepted),
        audits=0,
        threshold=threshold,
        learned=learned,
        truth=truth,
    )
