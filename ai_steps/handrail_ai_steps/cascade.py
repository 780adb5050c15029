"""The models of a step, asked in order until an answer passes its guards and is accepted."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from handrail_ai_steps.call import CALL, REQUEST, Call
from handrail_ai_steps.documents.shown import placed
from handrail_ai_steps.errors import GuardRaised
from handrail_ai_steps.fitting import named
from handrail_ai_steps.guard_set import GuardSet
from handrail_ai_steps.model import Answer, Model, ModelRequest, NoAnswer, Rejection
from handrail_ai_steps.model_outcome import ModelOutcome, best
from handrail_ai_steps.move import Move, after_block
from handrail_ai_steps.pictures.among import recorded
from handrail_ai_steps.promised import answering
from handrail_ai_steps.readings import read_with
from handrail_ai_steps.release import Gate
from handrail_ai_steps.routing.breaker import ModelBreaker, Turn
from handrail_ai_steps.rule import doubt_of, wants_confidence
from handrail_ai_steps.task import Task
from handrail_guards.acceptance import Acceptance, Doubt
from handrail_guards.chain import ChainResult, run_guards, run_guards_async
from handrail_guards.confidence import Confidence
from handrail_guards.guard import GuardContext
from handrail_guards.outcome import THRESHOLD_DECIDES, AttemptResult, DoubtCode, Judgement
from handrail_guards.promise_call import PromiseInCall
from handrail_guards.verdict import Span, Verdict

if TYPE_CHECKING:
    from handrail_ai_steps.documents.document import Document
    from handrail_ai_steps.pictures.image import Image
    from handrail_ai_steps.unchecked import OnData

_CODES: dict[AttemptResult, DoubtCode] = {
    "answered": "invalid",
    "invalid": "invalid",
    "refused": "refused",
    "truncated": "truncated",
    "timed_out": "timed_out",
    "failed": "unavailable",
    "over_budget": "over_budget",
}


@dataclass(slots=True, kw_only=True)
class Cascade:
    """The models of a step for one input, and what their answers must pass."""

    task: Task
    text: str
    """The input as models read it."""
    source: str
    """The input as the record keeps it."""
    documents: "tuple[Document, ...]" = ()
    """The documents among the inputs."""
    pictures: "tuple[Image, ...]" = ()
    """The pictures among them."""
    guards: GuardSet
    accept: Acceptance
    call: Call
    breaker: ModelBreaker = field(default_factory=ModelBreaker)
    """Which models are passed over."""
    gate: Gate | None = None
    """Where pieces of a streamed draft go; None: the answer is wanted whole."""
    on_data: "OnData | None" = None
    """Called with what has arrived of a structured answer."""
    day_first: bool | None = None
    """Whether the day stands first in dates, where the input does not show it; None: nobody knows."""
    verdicts: tuple[Verdict, ...] = ()
    """What the guards said about the input."""
    _ranked: tuple[ChainResult, Mapping[str, tuple[Span, ...]]] | None = None
    read: tuple[Verdict, ...] = ()
    """What decided the typed values of the last answer that could be read in several ways."""

    async def ask_all(self, models: Sequence[Model]) -> ModelOutcome:
        """Ask the models in order until an answer is accepted, and return the best outcome.

        Raises:
            GuardRaised: a guard attached with ``on_fail="raise"`` failed.
        """
        outcomes: list[ModelOutcome] = []
        for left, model in zip(range(len(models), 0, -1), models, strict=True):
            async with self.breaker.turn(model) as turn:
                if turn.way == "pass_over" and left > 1:
                    self.call.pass_over(model, turn.why)
                    outcomes.append(self._nothing(model, Doubt("unavailable", turn.why)))
                    continue
                self.call.begin(model, left)
                outcome = await self._ask(model, turn)
            if outcome.doubt is None:
                return self._released(outcome)
            outcomes.append(outcome)
            if outcome.final or self._streamed() or self._is_promised(outcome):
                break
        return best(outcomes)

    async def _ask(self, model: Model, turn: Turn) -> ModelOutcome:
        """Ask one model, telling it why while guards send its answers back."""
        allowance = self.call.allowance
        rejections: tuple[Rejection, ...] = ()
        told = 0
        while True:
            spent = allowance.exhausted()
            if spent is not None:
                return self._nothing(model, spent, final=True)
            if self.gate is not None:
                self.gate.restart()
            reasks_left = max(0, allowance.limits.reasks - told)
            request = self._request(rejections, reasks_left)
            answer = await self.call.ask(model, request, self.task.output)
            turn.saw(answer)
            if self.gate is not None and self.gate.failure is not None:
                raise self.gate.failure
            if isinstance(answer, NoAnswer):
                return self._nothing(model, Doubt(_CODES[answer.result], answer.reason))
            answer, self.read = read_with(answer, self.text, day_first=self.day_first)
            chain, doubt = await self._judge(answer, request)
            if chain.blocking is None:
                fits = doubt is None or doubt.code != "guard"
                value = chain.value if fits else None
                judgement = self._judgement(answer, chain)
                final = answer.doubt is not None  # another model's answer would settle it without a word
                return ModelOutcome(judgement, doubt, value, has_value=fits, blocked=not fits, final=final)
            told += sum(each.result == "invalid" for each in answer.attempts)
            move = after_block(chain.blocking, 0 if self._streamed() else allowance.limits.reasks - told)
            if move != "reask":
                return self._blocked(move, chain.blocking, answer, chain, tries=len(rejections) + 1)
            told += 1
            reason = _told(chain.blocking)
            rejections = (*rejections, Rejection(answer=answer.raw, reason=reason))
            self.call.note(f"sent back: {reason}")

    def _request(self, rejections: tuple[Rejection, ...], reasks: int) -> ModelRequest:
        allowance = self.call.allowance
        output = self.task.output
        return ModelRequest(
            task=self.task.name,
            prompt_version=self.task.version,
            system=self.task.prompt.system_for(self.text),
            text=self.text,
            documents=self.documents,
            pictures=self.pictures,
            output_type=output.output_type,
            json_schema=output.json_schema,
            labels=output.labels if self.task.kind == "classify" else (),
            meanings=self.task.labels,
            wants_confidence=wants_confidence(self.accept),
            rejections=rejections,
            seconds=allowance.seconds,
            max_money=allowance.purse.money,
            max_tokens=allowance.purse.tokens,
            on_text=self.gate.push if self.gate is not None else None,
            on_data=self.on_data,
            reasks=reasks,
        )

    async def _judge(self, answer: Answer, request: ModelRequest) -> tuple[ChainResult, Doubt | None]:
        """Run the guards and the acceptance rule; paid guards only for a value that is not in doubt without them."""
        context = GuardContext(source=self.text, metadata={CALL: self.call, REQUEST: request})
        chain = run_guards(self.guards.pure, answer.value, context)
        if chain.blocking is not None:
            return chain, None
        judgement = self._judgement(answer, chain)
        unfit = self._unfit(answer, chain) or answer.doubt
        accept = answering(self.accept, self.task, chain.value)
        if not self.guards.paid:
            return chain, unfit or doubt_of(accept, judgement, final=True)
        doubt = unfit or doubt_of(accept, judgement, final=False)
        if doubt is not None:
            return chain, doubt
        chain = await run_guards_async(
            (*self.guards.pure, *self.guards.paid), answer.value, context, within=self.call.within
        )
        accept = answering(self.accept, self.task, chain.value)
        return chain, self._unfit(answer, chain) or answer.doubt or doubt_of(
            accept, self._judgement(answer, chain), final=True
        )

    def _unfit(self, answer: Answer, chain: ChainResult) -> Doubt | None:
        """Return why a value that guards repaired is none of the output type, or None."""
        if chain.value is answer.value or chain.blocking is not None:
            return None
        try:
            self.task.output.validate(chain.value)
        except ValueError as error:
            return Doubt("guard", f"what the guards made of the answer does not fit: {error}")
        return None

    def _blocked(self, move: Move, verdict: Verdict, answer: Answer, chain: ChainResult, *, tries: int) -> ModelOutcome:
        """Return what a value that a guard blocks comes to."""
        reason = f"{verdict.guard}: {_told(verdict)}"
        if move == "raise":
            raise GuardRaised(f"step {self.task.name!r}: guard {reason}", task=self.task.name, verdict=verdict)
        if move == "give_up" and tries > 1:
            reason = f"{reason} (after {tries} answers)"
        doubt = Doubt("guard", reason)
        if answer.doubt is not None:  # louder: another account is why a value is not on the page
            doubt = Doubt(answer.doubt.code, f"{answer.doubt.reason}; {reason}")
        return ModelOutcome(
            self._judgement(answer, chain),
            doubt,
            chain.value,
            has_value=move in {"review", "next_model"},
            blocked=True,
            final=move in {"review", "withhold"} or answer.doubt is not None,
        )

    def _nothing(self, model: Model, doubt: Doubt, *, final: bool = False) -> ModelOutcome:
        judgement = Judgement(
            confidence=Confidence.none(doubt.reason),
            task=self.task.name,
            model=named(model),
            prompt_version=self.task.version,
            verdicts=self.verdicts,
            attempts=tuple(self.call.attempts),
            source=self.source,
            documents=placed(self.documents, self.source),
            pictures=recorded(self.pictures, named=self.call.keeps_source),
        )
        return ModelOutcome(judgement, doubt, final=final)

    def _judgement(self, answer: Answer, chain: ChainResult) -> Judgement:
        return Judgement(
            confidence=answer.confidence,
            task=self.task.name,
            model=answer.model,
            prompt_version=f"{self.task.version}+{answer.asked_as}" if answer.asked_as else self.task.version,
            fields=answer.fields,
            alternatives=answer.alternatives,
            field_alternatives=answer.field_alternatives,
            other_mass=answer.other_mass,
            evidence=_read_first(answer.evidence if chain.value is answer.value else {}, self._evidence(chain)),
            verdicts=self.verdicts + self.read + chain.verdicts,
            attempts=tuple(self.call.attempts),
            source=self.source,
            documents=placed(self.documents, self.source),
            pictures=recorded(self.pictures, named=self.call.keeps_source),
        )

    def _evidence(self, chain: ChainResult) -> Mapping[str, tuple[Span, ...]]:
        """Return where the answer's parts stand: as guards found them, and in documents the likeliest place first."""
        found = _evidence(chain.verdicts)
        if not self.documents:
            return found
        from handrail_ai_steps.documents.evidence import evidence_of, line_heights  # noqa: PLC0415 -- documents alone

        if self._ranked is None or self._ranked[0] is not chain:
            where = placed(self.documents, self.text)
            heights = line_heights(self.documents, where)
            ranked = evidence_of(chain.value, self.text, documents=where, heights=heights, found=found)
            self._ranked = chain, found | ranked
        return self._ranked[1]

    def _is_promised(self, outcome: ModelOutcome) -> bool:
        """Return whether a promise has judged it: whom it lets answer must not depend on how sure somebody else was."""
        return (
            isinstance(self.accept, PromiseInCall)
            and outcome.has_value
            and outcome.doubt is not None
            and outcome.doubt.code in THRESHOLD_DECIDES
        )

    def _streamed(self) -> bool:
        """Return whether a part of the answer is out, so that no other answer can replace it."""
        return self.gate is not None and bool(self.gate.released)

    def _released(self, outcome: ModelOutcome) -> ModelOutcome:
        """Release the rest of an accepted draft; what does not continue the released part is in doubt."""
        if self.gate is None or self.gate.finish(outcome.value):
            return outcome
        doubt = Doubt("guard", "the guards changed a part of the text that was already released")
        return replace(outcome, doubt=doubt, blocked=True, final=True)


def _told(verdict: Verdict) -> str:
    return f"{verdict.field}: {verdict.reason}" if verdict.field else verdict.reason


def _evidence(verdicts: Sequence[Verdict]) -> dict[str, tuple[Span, ...]]:
    found: dict[str, tuple[Span, ...]] = {}
    for verdict in verdicts:
        if verdict.passed and verdict.spans:
            found[verdict.field or ""] = found.get(verdict.field or "", ()) + verdict.spans
    return found


def _read_first(
    read: Mapping[str, tuple[Span, ...]], found: Mapping[str, tuple[Span, ...]]
) -> Mapping[str, tuple[Span, ...]]:
    """Return the places of each field: first where the model says that it read it, then where else it was found."""
    merged = dict(found)
    for path, places in read.items():
        merged[path] = places + tuple(each for each in found.get(path, ()) if each not in places)
    return merged
