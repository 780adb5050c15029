"""The AI step: one judgement by a model, made safe by guards, a confidence and a rule."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import KW_ONLY, dataclass, field, replace
from typing import TYPE_CHECKING, Any, Literal, TypeVar

from handrail_ai_steps import inputs
from handrail_ai_steps.allowance import Allowance, Limits
from handrail_ai_steps.batch import DEFAULT_CONCURRENCY, BatchOutcome, require_items, run_batch
from handrail_ai_steps.batching import desk
from handrail_ai_steps.batching.judging import JudgesInBatches
from handrail_ai_steps.call import Call
from handrail_ai_steps.cascade import Cascade
from handrail_ai_steps.documents.shown import documents_among, has_text, placed, unreadable
from handrail_ai_steps.errors import GuardRaised, InvalidInput, InvalidTask, LoopRunning
from handrail_ai_steps.fitting import named
from handrail_ai_steps.guard_set import GuardSet
from handrail_ai_steps.inputs import Input
from handrail_ai_steps.model import Model, OnServer
from handrail_ai_steps.model_outcome import ModelOutcome
from handrail_ai_steps.option_types import require_defaults
from handrail_ai_steps.pictures.among import pictures_among, told_in_words
from handrail_ai_steps.promise_group import group_of
from handrail_ai_steps.promised import answered, require_promise, require_trainable
from handrail_ai_steps.prompt import Prompt
from handrail_ai_steps.readings import clear_values
from handrail_ai_steps.release import Gate
from handrail_ai_steps.resolve import ModelLike, require_closed, require_labels, require_named, resolve_models
from handrail_ai_steps.rolling import require_challenger, require_rollout, subject_of
from handrail_ai_steps.routing.breaker import ModelBreaker
from handrail_ai_steps.rule import accepted_by, require_fields, require_rule
from handrail_ai_steps.task import Examples, Task
from handrail_ai_steps.unchecked import OnData, ShowsPartials
from handrail_guards.acceptance import Acceptance, Always, Doubt
from handrail_guards.auditing import AuditRule
from handrail_guards.batching import Batching
from handrail_guards.chain import ChainResult, run_guards
from handrail_guards.confidence import Confidence
from handrail_guards.escalation import Escalation
from handrail_guards.field_names import FieldNames
from handrail_guards.guard import Guard, GuardContext, PaidGuard
from handrail_guards.objections import objections
from handrail_guards.outcome import THRESHOLD_DECIDES, Accepted, Doubtful, Judgement
from handrail_guards.promise import PromiseTerms
from handrail_guards.promise_call import NO_GROUPS, PromiseInCall
from handrail_guards.promise_rule import PromiseRules
from handrail_guards.rollout import Rollout
from handrail_guards.values.written import Written
from handrail_guards.verdict import Verdict

if TYPE_CHECKING:
    from handrail_ai_steps.documents.document import Document
    from handrail_guards.personal_data.find import PersonalDataKind
    from handrail_guards.promise_part import PromisePart

T_co = TypeVar("T_co", covariant=True)


@dataclass(frozen=True, slots=True, eq=False)
class AIStep(JudgesInBatches[T_co], ShowsPartials[T_co]):
    """A judgement by a model: awaited with the input, it returns ``Accepted`` or ``Doubtful``.

    Built by ``classify``, ``extract`` and ``draft``. Whatever the models do, a call ends in an outcome; it raises
    only for misuse, and for a guard attached with ``on_fail="raise"``.
    """

    task: Task
    _: KW_ONLY
    models: tuple[Model, ...]
    """In the order to try; the first accepted answer wins."""
    accept: Acceptance
    """Turns the confidence of an answer that passed the guards into accepted or doubtful."""
    guards: tuple[Guard | PaidGuard, ...] = ()
    """What an answer must pass, and, where a guard's ``stage`` says so, the input before any model is asked."""
    escalate: Escalation = Escalation()
    """Who decides when the outcome is in doubt."""
    audit: AuditRule | None = None
    """Which cases people judge blind, accepted or not; drawn by the run that decides them, never by a bare call."""
    rollout: Rollout | None = None
    """For which runs its accepted values may be used; decided by the run, never by a bare call. None: for all."""
    challenger: "AIStep[Any] | None" = None
    """Who is asked beside it in runs, for comparison alone."""
    limits: Limits = Limits()  # noqa: RUF009 -- frozen
    breaker: ModelBreaker = field(default_factory=ModelBreaker)
    """Which of its models are passed over; the same object in several steps: what one learns, all know."""
    limit: str | None = None
    """The limit of the orchestrator that its calls in runs pass; a bare call passes none."""
    batching: Batching = Batching()  # noqa: RUF009 -- frozen
    """How its questions are sent together, by ``batch`` and by runs that ask so."""
    mask: "tuple[PersonalDataKind, ...]" = ()
    """The personal data that no model is shown; answers come back with it restored."""
    keep_source: bool = True
    """Whether the judgement carries the input as text, for reviewers."""
    day_first: bool | None = None
    """Whether the day stands first in ``03/04/2024``, where the input does not show it; None: nobody knows."""
    rules: PromiseRules | None = None
    """Who knows what a promise accepts now; a run that decides fills it from its store. None: nobody keeps it."""
    kind: Literal["ai"] = "ai"

    _guard_set: GuardSet = field(init=False, repr=False)

    def __post_init__(self) -> None:
        require_rule(self.name, self.accept)
        _require_audit(self.name, self.audit)
        require_rollout(self.name, self.rollout)
        require_defaults(self.name, self.escalate, self.task.output)
        names = self.task.output.names
        require_fields(self.name, self.accept, names)
        if self.promise is not None:
            require_promise(self.task, self.promise)
            require_trainable(self.name, self.models, self.promise)
        guards = (*_on_readings(names, self.models), *self.guards)
        guard_set = GuardSet.of(self.name, guards, models=len(self.models), limits=self.limits, problem=names.problem)
        object.__setattr__(self, "_guard_set", guard_set)
        require_named(self.name, self.limits, self.models)
        require_closed(self.name, self.models, self.task.output)
        if self.task.kind == "classify":
            require_labels(self.models, self.task.output.labels)
        if self.challenger is not None:
            require_challenger(self.name, self.output_type, self.challenger.output_type)

    @property
    def name(self) -> str:
        """Return the step's name."""
        return self.task.name

    @property
    def instructions(self) -> str:
        """Return what is asked, as people read it who decide instead."""
        return self.task.instructions

    @property
    def output_type(self) -> Any:
        """Return the type of an accepted value."""
        return self.task.output.output_type

    @property
    def version(self) -> str:
        """Return the prompt version, which changes with the prompt, labels, examples and schema."""
        return self.task.version

    @property
    def rollout_subject(self) -> str:
        """Return a mark of what a rollout of it lets loose: the prompt, the models, the guards, what is accepted."""
        return subject_of(self.version, self.models, self.guards, self.accept)

    @property
    def challenger_name(self) -> str:
        """Return the names of the models that are asked beside its own; empty: none are."""
        return "" if self.challenger is None else ", ".join(named(each) for each in self.challenger.models)

    def using(self, *models: ModelLike) -> "AIStep[T_co]":
        """Return the same step asking other models: scripted ones in tests, a stronger one in a comparison."""
        return replace(self, models=resolve_models(models))

    def reworded(
        self, *, instructions: str | None = None, examples: "Examples | None" = None, prompt: Prompt | None = None
    ) -> "AIStep[T_co]":
        """Return the same step asking in other words: with other instructions, examples or templates of the prompt.

        What is None stays as it is. Its version is another then, for which acceptance files and recordings do not hold.

        Raises:
            InvalidTask: a part cannot work, with the fix in the message.
        """
        task = self.task.reworded(instructions=instructions, examples=examples, prompt=prompt)
        return replace(self, task=task)

    @property
    def promise(self) -> PromiseTerms | None:
        """Return what is promised of the values that it accepts; None: its rule is no promise."""
        return self.accept if isinstance(self.accept, PromiseTerms) else None

    @property
    def promise_parts(self) -> "tuple[PromisePart, ...]":
        """Return what is promised of the values that it accepts, one by one."""
        return () if self.promise is None else self.promise.parts(by_field=self.task.kind != "classify")

    @property
    def servers(self) -> tuple[str, ...]:
        """Return where its models are asked, as far as they say so."""
        return tuple(each.server for each in self.models if isinstance(each, OnServer))

    def with_rules(self, rules: PromiseRules) -> "AIStep[T_co]":
        """Return the same step, whose promise is kept by these rules, such as those of a store."""
        return replace(self, rules=rules)

    async def __call__(self, *values: Input, **named: Input) -> Accepted[T_co] | Doubtful[T_co]:
        """Judge an input: one text or value, or several shown together.

        Raises:
            InvalidInput: a value that cannot be shown to a model.
            GuardRaised: a guard attached with ``on_fail="raise"`` failed.
            RecordingMissing: a recording holds no answer to this input.
        """
        return await self._outcome(values, named)

    async def stream(
        self: "AIStep[str]", *values: Input, on_text: Callable[[str], None], **named: Input
    ) -> Accepted[str] | Doubtful[str]:
        """Draft a text, handing it over piece by piece as the guards let it pass.

        Sentences are released when they and their successor have passed the guards. An acceptance rule other than
        ``Always`` and guards that ask a model need the whole text, so with them it is released at the end. A
        doubtful text is never released further; once a part is out, no other answer replaces it.

        Raises:
            InvalidInput: the step does not draft free text, or a value cannot be shown to a model.
        """
        if not self.task.output.is_text:
            raise InvalidInput(f"step {self.name!r} answers with a structure; only a draft of str can be streamed")
        return await self._outcome(values, named, on_text=on_text)

    async def map(
        self, items: Iterable[Any], *, concurrency: int = DEFAULT_CONCURRENCY, progress: bool = False
    ) -> list[BatchOutcome[T_co]]:
        """Judge many inputs and return one outcome each, in order; an item that raises is ``Failed``.

        An item is one value, or a tuple of the values of one call. ``concurrency`` is how many are judged at a
        time, 1 or more; ``progress`` shows a bar.

        Raises:
            InvalidTask: the items are one text.
        """
        require_items(self.name, items)

        async def judge(item: Any) -> Accepted[T_co] | Doubtful[T_co]:
            return await (self(*item) if isinstance(item, tuple) else self(item))

        return [*await run_batch(judge, items, concurrency=concurrency, title=self.name if progress else None)]

    def sync(self, *values: Input, **named: Input) -> Accepted[T_co] | Doubtful[T_co]:
        """Judge from code without an event loop.

        Raises:
            LoopRunning: a loop runs in this thread; await the step instead.
        """
        import asyncio  # noqa: PLC0415 -- a step is also defined where nothing is asked

        try:
            asyncio.get_running_loop()
        except RuntimeError:
            return asyncio.run(self._alone(values, named))
        raise LoopRunning(
            f"an event loop is running: write 'await {self.name}(...)' instead of '{self.name}.sync(...)'"
        )

    @property
    def person_checks(self) -> tuple[str, ...]:
        """Return the names of the guards that a person's answer is held to: those of answers that cost nothing."""
        return tuple(guard.name for guard in self._guard_set.free)

    def objections(self, value: Any, *values: Input, **named: Input) -> tuple[Verdict, ...]:
        """Return what the guards have against a value that a person gives for these inputs; no model is asked.

        Raises:
            InvalidInput: an input that cannot be shown.
        """
        shown = self._shown(values, named)
        checked = run_guards(self._guard_set.before, shown, GuardContext(source=shown, stage="input"))
        source = shown if checked.blocking is not None else checked.value
        return objections(self._guard_set.free, value, GuardContext(source=source))

    def input_json(self, args: Sequence[Input], kwargs: dict[str, Input]) -> str:
        """Return the inputs of a call as the JSON that a record keeps: ``{"values": [...], "named": {...}}``."""
        return inputs.as_json(args, kwargs)

    async def _alone(self, values: tuple[Input, ...], named: dict[str, Input]) -> Accepted[T_co] | Doubtful[T_co]:
        """Judge in a loop that ends with this call: connections cannot outlive it."""
        call = self._new_call()
        try:
            return await self._outcome(values, named, call)
        finally:
            await call.close()

    async def _outcome(
        self,
        values: tuple[Input, ...],
        named: dict[str, Input],
        call: Call | None = None,
        *,
        on_text: Callable[[str], None] | None = None,
        on_data: "OnData | None" = None,
    ) -> Accepted[T_co] | Doubtful[T_co]:
        shown = self._shown(values, named)
        documents = documents_among((*values, *named.values()))
        illegible = unreadable(documents)
        if illegible is not None and not has_text(documents):
            return self._unread(illegible, documents, shown)
        call = call or self._new_call()
        checked = run_guards(self._guard_set.before, shown, GuardContext(source=shown, stage="input"))
        if checked.blocking is not None:
            return self._refused(checked.blocking, checked, shown)
        if not isinstance(checked.value, str):
            made = f"an input guard made a {type(checked.value).__name__} of the text"
            return self._refused(Verdict("input", passed=False, reason=made), checked, shown)
        accept = self._accept_now(values, named)
        gate = None
        if on_text is not None:
            context = GuardContext(source=checked.value)
            gate = Gate(on_text, self._guard_set.pure, context, early=self._can_stream_early())
        cascade = Cascade(
            task=self.task,
            text=checked.value,
            source=shown if self.keep_source else "",
            documents=documents,
            pictures=pictures_among((*values, *named.values())),
            guards=self._guard_set,
            accept=accept,
            call=call,
            breaker=self.breaker,
            gate=gate,
            on_data=on_data,
            day_first=self.day_first,
            verdicts=checked.verdicts,
        )
        outcome = await cascade.ask_all(self.models)
        if illegible is not None:
            outcome = replace(outcome, doubt=_both(illegible, outcome.doubt))
        return self._settled(outcome, accept)

    def _accept_now(self, values: Sequence[Input], named: Mapping[str, Input]) -> Acceptance:
        """Return what one call accepts by: a promise, by the rule that is in force now."""
        terms = self.promise
        if terms is None or self.rules is None:
            return self.accept
        group, kind = (
            NO_GROUPS if name is None else group_of(name, values, named) for name in (terms.by, terms.once_per)
        )
        return PromiseInCall(terms, self.rules, self.servers, self.promise_parts, group, kind)

    def _shown(self, values: Sequence[Input], named: Mapping[str, Input]) -> str:
        """Return the input as models and reviewers read it."""
        values, named = told_in_words(values, named)
        return inputs.whole_characters(self.task.prompt.text(inputs.as_text(values, named), tuple(values), named))

    def _new_call(self) -> Call:
        return Call(Allowance(self.limits), self.mask, self.keep_source, desk=desk.here())

    def _can_stream_early(self) -> bool:
        """Return whether parts may be out before the whole is known: paid guards and acceptance look at the whole."""
        return isinstance(self.accept, Always) and not self._guard_set.paid

    def _settled(self, outcome: ModelOutcome, accept: Acceptance) -> Accepted[T_co] | Doubtful[T_co]:
        could_pass = outcome.doubt is None or (outcome.has_value and outcome.doubt.code in THRESHOLD_DECIDES)
        if could_pass and isinstance(accept, PromiseInCall):
            accept = answered(accept, self.task, outcome.value)
            outcome = replace(outcome, judgement=accept.told(outcome.judgement))
        if outcome.doubt is None:
            told = accepted_by(accept, outcome.judgement)
            return Accepted(outcome.value, replace(outcome.judgement, accepted_by=told))
        suggestion = outcome.value if outcome.has_value else None
        return Doubtful(suggestion, outcome.doubt.code, outcome.doubt.reason, outcome.judgement, self.escalate)

    def _unread(self, doubt: Doubt, documents: "tuple[Document, ...]", shown: str) -> Doubtful[T_co]:
        """Return what documents without any text come to: no model was asked."""
        source = shown if self.keep_source else ""
        judgement = Judgement(
            confidence=Confidence.none(doubt.reason),
            task=self.name,
            prompt_version=self.version,
            source=source,
            documents=placed(documents, source),
        )
        return Doubtful(None, doubt.code, doubt.reason, judgement, self.escalate)

    def _refused(self, verdict: Verdict, checked: ChainResult, shown: str) -> Doubtful[T_co]:
        """Return what an input that a guard blocks comes to: no model was asked."""
        reason = f"{verdict.guard}: {verdict.reason}"
        if verdict.on_fail == "raise":
            raise GuardRaised(f"step {self.name!r}: input guard {reason}", task=self.name, verdict=verdict)
        judgement = Judgement(
            confidence=Confidence.none(reason),
            task=self.name,
            prompt_version=self.version,
            verdicts=checked.verdicts,
            source=shown if self.keep_source else "",
        )
        return Doubtful(None, "guard", reason, judgement, self.escalate)


def _on_readings(names: FieldNames, models: Sequence[Model]) -> tuple[Guard, ...]:
    """Return the guard on typed values, where the answers hold any; another model may read what one misread."""
    return (clear_values("fallback" if len(models) > 1 else "review"),) if names.holds(Written) else ()


def _require_audit(step: str, audit: Any) -> None:
    if audit is not None and (isinstance(audit, type) or not isinstance(audit, AuditRule)):
        raise InvalidTask(f"step {step!r}: audit is {audit!r}; write Auditing(0.05) to have 5% of the cases audited")


def _both(illegible: Doubt, other: Doubt | None) -> Doubt:
    """Return the doubt about an answer from a document that is not wholly legible: that comes before what it led to."""
    if other is None:
        return illegible
    if other.code == "contradiction":  # may be fraud, which is louder
        return Doubt(other.code, f"{other.reason}; {illegible.reason}")
    return Doubt(illegible.code, f"{illegible.reason}; {other.reason}")
