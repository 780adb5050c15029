"""What a step makes of labelled cases and of others; texts that its models learned from set no threshold."""

import asyncio
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from handrail_ai_steps.batch import BatchOutcome, Failed
from handrail_ai_steps.models.local import LocalModel
from handrail_ai_steps.step import AIStep
from handrail_evals.decide.calibrate.field_thresholds import fields_right
from handrail_evals.decide.calibrate.labels import JudgedCase
from handrail_evals.errors import InvalidLabels, MissingExpected
from handrail_evals.measure.case import AnyCase
from handrail_evals.measure.fingerprint import as_text, clusters_of, input_key, jsonable
from handrail_evals.measure.targets.unseen import require_unseen
from handrail_guards.acceptance import Threshold
from handrail_guards.outcome import Accepted, Judgement

LOCAL = "local:"
"""How the names of models that learn from labelled texts begin."""


@dataclass(frozen=True, slots=True)
class Learned:
    """What the models of a step learned from, by the names that their answers give."""

    models: Mapping[str, LocalModel]

    @classmethod
    def of(cls, step: AIStep[Any]) -> "Learned":
        """Return what the step's own models learned from; those behind a recording are not known."""
        return cls({each.full_name: each for each in step.models if isinstance(each, LocalModel)})

    def holds(self, judgement: Judgement, text: str | None) -> bool | None:
        """Return whether the model that judged learned from the text; None: nobody can tell.

        ``text`` is what was judged, where the judgement does not hold it; None: it is not one text.
        """
        model = self.models.get(judgement.model)
        if model is None:
            return None if judgement.model.startswith(LOCAL) else False
        found = [model.learned_from(each) for each in (judgement.source, text) if each]
        if True in found:
            return True
        return False if found and None not in found else None


@dataclass(frozen=True, slots=True, kw_only=True)
class JudgedCases:
    """What a step made of labelled cases."""

    cases: tuple[JudgedCase, ...]
    """Those with an answer that passed the guards: only they could ever be accepted."""
    refused: Mapping[str, int]
    """How many others there are, by the reason why they are never accepted."""
    learned: tuple[str, ...] = ()
    """Cases that were left out, and count nowhere, because the model learned from their texts."""
    can_tell: bool = True
    """Whether it is known of every other case that the model did not learn from it."""

    @property
    def total(self) -> int:
        """Return how many cases there were."""
        return len(self.cases) + sum(self.refused.values())


async def judge_cases(
    step: AIStep[Any],
    cases: Sequence[AnyCase],
    *,
    concurrency: int = 20,
    learned: Learned | None = None,
    by_name: bool = False,
) -> JudgedCases:
    """Return a step's judgement of each labelled case, and whether it was right.

    The step's own acceptance rule is left aside: every answer that passes the guards counts. Cases of one cluster, and
    those with the same input, share a cluster. Cases that the model learned from are left out; ``learned`` says which,
    where the step answers from a recording. ``by_name``: the step is called with the fields of each input by name.

    Raises:
        MissingExpected: a case is not labelled.
        InvalidLabels: the step raised on a case, or several models answered.
        InvalidSuite: the step's examples hold one of the cases.
    """
    for case in cases:
        if not case.is_labelled:
            raise MissingExpected(where=case.where, case=repr(case.name), scorer="calibrate")
    require_unseen(step, cases)
    known = learned or Learned.of(step)
    # With the source, which is what the model read.
    anything = replace(step, accept=Threshold(0.0), keep_source=True)
    outcomes = (
        await _named(anything, cases, concurrency)
        if by_name
        else await anything.map([case.input for case in cases], concurrency=concurrency)
    )
    found: list[JudgedCase] = []
    left_out: list[str] = []
    can_tell = True
    refused: Counter[str] = Counter()
    for case, outcome, cluster in zip(cases, outcomes, _clusters(cases), strict=True):
        if not isinstance(outcome, Failed):
            holds = known.holds(outcome.judgement, case.input if isinstance(case.input, str) else None)
            if holds:
                left_out.append(case.name)
                continue
            can_tell = can_tell and holds is not None
        match outcome:
            case Failed(error=error):
                raise InvalidLabels(f"{case.place}: the step raised {type(error).__name__}: {error}") from error
            case Accepted():
                found.append(_judged(case, outcome, cluster))
            case doubtful:
                refused[doubtful.code] += 1
    return JudgedCases(cases=tuple(found), refused=dict(refused), learned=tuple(left_out), can_tell=can_tell)


def _judged(case: AnyCase, outcome: Accepted[Any], cluster: str) -> JudgedCase:
    answer = jsonable(outcome.value, where="the answer")
    label = jsonable(case.expected, where="the expected value")
    return JudgedCase(
        judgement=outcome.judgement,
        right=answer == label,
        case=case.name,
        group=str(case.metadata.get("group", "")),
        cluster=cluster,
        blind=case.blind is not False,
        answer=as_text(answer),
        label=as_text(label),
        fields_right=fields_right(answer, label, outcome.judgement.fields),
    )


async def _named(step: AIStep[Any], cases: Sequence[AnyCase], concurrency: int) -> list[BatchOutcome[Any]]:
    """Return what a step answers to the fields of each input, by name."""
    places = asyncio.Semaphore(concurrency)

    async def one(case: AnyCase) -> BatchOutcome[Any]:
        async with places:
            try:
                return await step(**fields_of(case))
            except Exception as error:  # noqa: BLE001 -- as step.map has it: whoever asked says what to do about it
                return Failed(error)

    return await asyncio.gather(*map(one, cases))


def fields_of(case: AnyCase) -> dict[str, Any]:
    """Return the fields of an input by their names.

    Raises:
        InvalidLabels: it has none, or one that is no name.
    """
    given = case.input
    if not isinstance(given, Mapping) or not given or not all(isinstance(each, str) for each in given):
        raise InvalidLabels(f"{case.place}: the step is called by name, and this input is no object with fields")
    return dict(given)


async def judge_traffic(step: AIStep[Any], inputs: Sequence[Any], *, concurrency: int = 20) -> tuple[Judgement, ...]:
    """Return a step's judgements of cases that need no label; those that could never be accepted are left out.

    Raises:
        InvalidLabels: the step raised on a case.
    """
    anything = replace(step, accept=Threshold(0.0))
    found: list[Judgement] = []
    for number, outcome in enumerate(await anything.map(inputs, concurrency=concurrency), start=1):
        match outcome:
            case Failed(error=error):
                raise InvalidLabels(
                    f"case {number} of the traffic: the step raised {type(error).__name__}: {error}"
                ) from error
            case Accepted(judgement=judgement):
                found.append(judgement)
            case _:
                pass
    return tuple(found)


def _clusters(cases: Sequence[AnyCase]) -> list[str]:
    shared = (
        (f"input {input_key(jsonable(case.input, where=f'{case.place}, input'))}", *_cluster(case)) for case in cases
    )
    return clusters_of(shared)


def _cluster(case: AnyCase) -> tuple[str, ...]:
    return () if case.cluster is None else (f"cluster {case.cluster}",)
