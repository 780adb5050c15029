"""Steps, judges and workflows with their codecs, worked out once per process."""

import inspect
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any, TypeVar

from handrail_guards.batching import BatchedJudge
from handrail_guards.escalation import Escalation
from handrail_guards.outcome import Accepted, Doubtful
from handrail_guards.promise import AUDITS, PromiseTerms
from handrail_guards.rollout import Rollout
from handrail_guards.verdict import Verdict
from handrail_orchestrator.coding import codec_for, signature_codec
from handrail_orchestrator.embedded.escapes import called, problem_of
from handrail_orchestrator.errors import InvalidWorkflow, Misuse, NotStorable
from handrail_orchestrator.hooks import Hooks
from handrail_orchestrator.judge import (
    NEEDED,
    AnswerChecking,
    AuditedJudge,
    ChallengedJudge,
    ChecksNamed,
    InputTelling,
    Instructed,
    Judge,
    LimitedJudge,
    Owned,
    PromisedJudge,
    RolledOutJudge,
    require_judge,
)
from handrail_orchestrator.step import AnyStep, Args, Kwargs, Policy, Step, as_step
from handrail_orchestrator.workflow import AnyWorkflow, result_codec

if TYPE_CHECKING:
    from handrail_guards.auditing import AuditRule
    from handrail_guards.promise_rule import PromiseRules
    from handrail_orchestrator.codec import Codec, InputCodec

K = TypeVar("K")
V = TypeVar("V")


@dataclass(frozen=True, slots=True)
class BoundStep:
    """A step with how its inputs and result are stored."""

    step: AnyStep
    inputs: "InputCodec"
    result: "Codec[Any]"
    plain: bool
    """Whether its body is simply called, once ..."""
    awaited: bool
    """... and is an ``async def``."""
    decided_by: str | None


@dataclass(frozen=True, slots=True)
class Rolled:
    """How far a judge is rolled out by its code."""

    rollout: Rollout
    subject: str
    """A mark of what is let loose."""
    escalation: Escalation
    """Who decides where it is not."""


@dataclass(frozen=True, slots=True)
class UnderRules:
    """A judge whose acceptance is a promise, before it is given the rules that keep it."""

    judge: PromisedJudge
    terms: PromiseTerms


@dataclass(frozen=True)
class BoundJudge:
    """A judge with how its inputs, outcome and value are stored."""

    step: AnyStep
    title: str
    encode_inputs: Callable[[tuple[Any, ...], dict[str, Any]], str]
    outcome: "Codec[Any]"
    value: "Codec[Any]"
    audit: "AuditRule | None" = None
    checking: AnswerChecking | None = None
    """Who says whether a person's answer passes; None: it is held to no guard."""
    person_checks: frozenset[str] = frozenset()
    """The guards that a person's answer is held to, as far as they are known."""
    rolled: Rolled | None = None
    """None: it is let loose in every run."""
    challenger: "BoundJudge | None" = None
    """Who is asked beside it."""
    challenger_name: str = ""
    batched: BatchedJudge | None = None
    """Who can be asked in a batch; None: it cannot."""
    under: UnderRules | None = None
    """What makes it judge by the rules of a promise; None: its acceptance is none."""

    @property
    def audits(self) -> Escalation:
        """Return where accepted values are asked blind."""
        return AUDITS if self.audit is None else self.audit.escalation

    @property
    def is_rolled_out(self) -> bool:
        """Whether it is let loose bit by bit, or challenged."""
        return self.rolled is not None or self.challenger is not None

    def outcome_of(self, returned: object) -> Accepted[Any] | Doubtful[Any]:
        """Return what the judge returned.

        Raises:
            NotStorable: it is no outcome.
        """
        if isinstance(returned, Accepted | Doubtful):
            return returned
        problem = f"the judge returned {type(returned).__name__}, not an outcome; return Accepted or Doubtful"
        raise NotStorable(where=self.outcome.where, problem=problem)

    def known_failures(self, outcome: Doubtful[object], value: object) -> list[Verdict]:
        """Return what failed when a suggestion was made that a person takes as it is, of guards not asked again."""
        judgement = outcome.judgement
        if judgement.drawn or outcome.suggestion is None or value != outcome.suggestion:
            return []
        return [verdict for verdict in judgement.verdicts if verdict.blocks and verdict.guard not in self.person_checks]

    def objections(self, value: object, args: Args, kwargs: Kwargs) -> tuple[Verdict, ...]:
        """Return what the judge's guards have against a person's answer to a call; a check that crashes has failed."""
        if self.checking is None:
            return ()
        try:
            return verdicts(called(self.checking.objections, value, *args, **kwargs))
        except Exception as error:  # noqa: BLE001 -- whatever it raised, nobody knows whether the answer passes
            reason = f"the guards could not be asked: {problem_of(error)}"
            return (Verdict(self.step.name, passed=False, reason=reason, crashed=True),)

    @cached_property
    def schema(self) -> str:
        """Return the JSON Schema of a person's answer; made once, since making it takes longer than asking."""
        return self.value.json_schema_text()


@dataclass(frozen=True, slots=True)
class BoundWorkflow:
    """A workflow with how its input and result are stored."""

    workflow: AnyWorkflow
    takes_input: bool
    input: "Codec[Any]"
    output: "Codec[Any]"

    def next_input(self, value: object) -> str:
        """Return the input of a run's next round as it is stored.

        Raises:
            Misuse: it takes none.
            NotStorable: the value does not fit.
        """
        if not self.takes_input and value is not None:
            raise Misuse(f"run.again({value!r}): workflow {self.workflow.name!r} takes no input")
        return self.input.encode(value)


def verdicts(found: Any) -> tuple[Verdict, ...]:
    """Return what a judge's ``objections`` found.

    Raises:
        TypeError: it is no list of verdicts, so that nobody knows whether the answer passes.
    """
    given = (found,) if isinstance(found, str | bytes) else tuple(found)
    for each in given:
        if not isinstance(each, Verdict):
            raise TypeError(f"objections gave a {type(each).__name__} where a list of verdicts belongs")
    return given


MOST = 1_000
"""Objects of one sort that are remembered; then all are forgotten, and those in use are looked up again."""


class Library:
    """Looks each up once; keyed by the object itself, which it keeps alive for a while.

    A workflow may make its steps as it goes (``step.named(...)``, a function within a function): what is remembered
    must not grow with the calls, and a step under another name must not cost what the function's codecs cost.
    """

    def __init__(self, hooks: Hooks | None = None) -> None:
        self._hooks = hooks
        self.rolls_out = hooks is None or hooks.rolls_out
        """Whether what is rolled out bit by bit is let loose as far as it says; otherwise it is used in every run."""
        self._steps: dict[Any, BoundStep] = {}
        self._codecs: dict[Any, tuple[InputCodec, Codec[Any]]] = {}
        """By function."""
        self._judges: dict[int, tuple[Any, BoundJudge]] = {}
        self._asks_guards: dict[str, bool] = {}
        """By the judge's name: whether any judge of that name holds people's answers to guards."""
        self._values: dict[str, list[Codec[Any]]] = {}
        """By the judge's name: the types of its answers."""
        self._workflows: dict[AnyWorkflow, BoundWorkflow] = {}

    def step(self, function: Any) -> BoundStep:
        """Return a step ready to be called and recorded.

        Raises:
            NotStorable: its inputs or result cannot be stored.
            InvalidWorkflow: the function cannot be a step.
        """
        bound = self._steps.get(function)
        if bound is None:
            step = as_step(function)
            codecs = self._step_codecs(step)
            decided_by = "rule" if step.kind == "rule" else None
            executed = step if self._hooks is None else self._hooks.step(step)
            plain = executed.policy.is_plain
            bound = BoundStep(executed, *codecs, plain, plain and executed.is_async, decided_by)
            _remember(self._steps, function, bound)
        return bound

    def _step_codecs(self, step: AnyStep) -> "tuple[InputCodec, Codec[Any]]":
        where = f"step {step.name!r}"
        found = self._codecs.get(step.function)
        if found is None:
            found = signature_codec(step.function, where=where), result_codec(step.function, where=where)
            _remember(self._codecs, step.function, found)
        inputs, result = found
        if inputs.where == where:
            return found
        of_result = replace(result, where=f"{where}, its result")
        return replace(inputs, where=where, codec=replace(inputs.codec, where=where)), of_result

    def judge(self, judge: Judge[..., Any]) -> BoundJudge:
        """Return a judge ready to be called and recorded.

        Raises:
            InvalidWorkflow: it is no judge.
            NotStorable: its inputs or value cannot be stored.
        """
        known = self._judges.get(id(judge))
        if known is None:
            require_judge(judge)
            bound = self._bound(judge if self._hooks is None else self._hooks.judge(judge))
            known = judge, bound
            _remember(self._judges, id(judge), known)
            self._asks_guards[judge.name] = bound.checking is not None or self._asks_guards.get(judge.name, False)
            values = self._values.setdefault(judge.name, [])
            if all(each.type != bound.value.type for each in values):
                values.append(bound.value)
        return known[1]

    def _bound(self, judge: Judge[..., Any]) -> BoundJudge:
        require_judge(judge)
        where = f"step {judge.name!r}"
        encode = judge.input_json if isinstance(judge, InputTelling) else signature_codec(judge, where=where).encode
        kind = judge.output_type
        limit = judge.limit if isinstance(judge, LimitedJudge) else None
        owner = judge.owner if isinstance(judge, Owned) else None
        names_checks = isinstance(judge, ChecksNamed)
        checks = frozenset(judge.person_checks if isinstance(judge, ChecksNamed) else ())
        return BoundJudge(
            step=Step(_awaited(judge), judge.name, "ai", owner=owner, policy=Policy(limit=limit)),
            title=(judge.instructions if isinstance(judge, Instructed) else "") or judge.name,
            encode_inputs=encode,
            outcome=codec_for(_outcome_of(kind), where=f"{where}, its outcome"),
            value=codec_for(kind, where=f"{where}, its value"),
            audit=judge.audit if isinstance(judge, AuditedJudge) else None,
            checking=judge if isinstance(judge, AnswerChecking) and (checks or not names_checks) else None,
            person_checks=checks,
            rolled=self._rolled(judge),
            challenger=self._challenger(judge),
            challenger_name=judge.challenger_name if isinstance(judge, ChallengedJudge) else "",
            batched=judge if isinstance(judge, BatchedJudge) else None,
            under=self._under(judge),
        )

    def under(self, promised: UnderRules, rules: "PromiseRules") -> BoundJudge:
        """Return a judge under a promise as it judges by these rules."""
        return self._bound(promised.judge.with_rules(rules))

    def _under(self, judge: Judge[..., Any]) -> UnderRules | None:
        if not self.rolls_out or not isinstance(judge, PromisedJudge) or judge.promise is None:
            return None
        return UnderRules(judge, judge.promise)

    def _rolled(self, judge: Judge[..., Any]) -> Rolled | None:
        if not self.rolls_out or not isinstance(judge, RolledOutJudge) or judge.rollout is None:
            return None
        return Rolled(judge.rollout, judge.rollout_subject, judge.escalate)

    def _challenger(self, judge: Judge[..., Any]) -> BoundJudge | None:
        if not self.rolls_out or not isinstance(judge, ChallengedJudge) or judge.challenger is None:
            return None
        return self._bound(judge.challenger)

    def asks_no_guards(self, judge: str) -> bool:
        """Return whether a judge of this name was met, and none of that name holds people's answers to guards."""
        return not self._asks_guards.get(judge, True)

    def value_of(self, judge: str) -> "Codec[Any] | None":
        """Return the type of answers of the judges of this name; None when none was met, or they have several."""
        values = self._values.get(judge, [])
        return values[0] if len(values) == 1 else None

    def workflow(self, workflow: AnyWorkflow) -> BoundWorkflow:
        """Return a workflow ready to be started and executed."""
        bound = self._workflows.get(workflow)
        if bound is None:
            bound = BoundWorkflow(workflow, workflow.takes_input, workflow.input_codec, workflow.output_codec)
            _remember(self._workflows, workflow, bound)
        return bound


def _remember(known: dict[K, V], key: K, value: V) -> None:
    if len(known) >= MOST:
        known.clear()
    known[key] = value


def _outcome_of(value_type: object) -> Any:
    accepted: Any = Accepted
    doubtful: Any = Doubtful
    return accepted[value_type] | doubtful[value_type]


def _awaited(judge: Judge[..., Any]) -> Callable[..., Any]:
    """Return the judge as a coroutine function, whatever kind of callable it is."""

    async def ask(*args: object, **kwargs: object) -> Any:
        answer: Any = judge(*args, **kwargs)
        if not inspect.isawaitable(answer):
            raise InvalidWorkflow(f"{judge.name!r} cannot judge: its __call__ is not async. {NEEDED}")
        return await answer

    return ask
