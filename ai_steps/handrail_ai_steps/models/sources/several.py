"""Several sources asked for one record: what they agree on is one answer, what they do not is a person's."""

import json
from collections.abc import Sequence
from dataclasses import replace
from typing import Any, Literal, TypeAlias, get_args

from handrail_ai_steps.errors import InvalidTask
from handrail_ai_steps.fitting import fitting, named
from handrail_ai_steps.model import Answer, Closing, Model, ModelRequest, NoAnswer
from handrail_ai_steps.models.sources.known import SURE, Data, KnowsFields, Outputs, asked_once
from handrail_ai_steps.models.sources.merging import MergedSources, Stating, merged
from handrail_ai_steps.output import Output
from handrail_guards.acceptance import Doubt
from handrail_guards.confidence import Confidence
from handrail_guards.outcome import Attempt

Asking: TypeAlias = Literal["all", "missing"]
"""Whether every source is asked, or only as many as it takes for every field to be stated."""


class SeveralSources:
    """Asks several sources for one record and merges what they state; see ``sources``."""

    def __init__(self, models: Sequence[Model], *, ask: Asking = "all") -> None:
        """Set it up.

        Raises:
            InvalidTask: there are fewer than two sources, or ``ask`` is neither.
        """
        if len(models) < 2:
            raise InvalidTask("sources(...) merges two or more; a single one is a model of its own")
        if ask not in get_args(Asking):
            raise InvalidTask(f"sources(ask={ask!r}): write 'all', or 'missing' to ask on only for what nobody states")
        self._models = tuple(models)
        self._ask = ask
        self._outputs = Outputs()

    @property
    def name(self) -> str:
        """Return the names of the sources, in order."""
        return "+".join(map(named, self._models))

    async def answer(self, request: ModelRequest) -> Answer | NoAnswer:
        """Ask the sources, and merge what they state; or say what nobody states."""
        output = self._outputs.of(request.output_type)
        asked = _Asked(request, output)
        for model in self._models:
            if self._ask == "missing" and asked.is_whole():
                break
            await asked.ask(model)
        return asked.answer(self.name)

    async def aclose(self) -> None:
        """Close the connections of those that have any."""
        for model in self._models:
            if isinstance(model, Closing):
                await model.aclose()


class _Asked:
    """The sources asked so far for one request, and what they state."""

    def __init__(self, request: ModelRequest, output: Output) -> None:
        self._request = request
        self._output = output
        self._stating: list[Stating] = []
        self._doubts: list[Doubt] = []
        self._refusals: list[str] = []
        self._attempts: list[Attempt] = []

    async def ask(self, model: Model) -> None:
        """Ask one source."""
        if isinstance(model, KnowsFields):
            self._know(model, named(model))
            return
        record: list[Attempt] = []
        try:
            given = fitting(await model.answer(self._left(record)), self._output, model)
            record = list(given.attempts)
        finally:
            self._note(*record)
        if isinstance(given, NoAnswer):
            self._refusals.append(f"{named(model)}: {given.reason}")
            return
        if given.doubt is not None:
            self._doubts.append(given.doubt)
        self._stating.append(
            Stating(
                source=named(model),
                data=_said(given, self._output),
                fields=given.fields,
                whole=given.confidence,
                others=given.field_alternatives,
            )
        )

    def _know(self, model: KnowsFields, name: str) -> None:
        found = model.known(self._request)
        result: Literal["answered", "refused"] = "refused" if found.nothing else "answered"
        self._note(asked_once(name, result, *((found.nothing,) if found.nothing else ())))
        if found.nothing:
            self._refusals.append(f"{name}: {found.nothing}")
            return
        if (doubt := found.doubt()) is not None:
            self._doubts.append(doubt)
        self._stating.append(
            Stating(
                source=name,
                data=found.data,
                fields={path: Confidence.none(why) for path, why in found.wrong.items()},
                whole=Confidence(SURE, "rule", found.detail),
                others=found.others,
            )
        )

    def _note(self, *attempts: Attempt) -> None:
        self._attempts += attempts
        if self._request.record is not None:
            self._request.record.extend(attempts)

    def is_whole(self) -> bool:
        """Return whether every field of the schema is stated, and none is in doubt."""
        if self._doubts or not self._stating:
            return False
        properties = (self._output.json_schema or {}).get("properties", {})
        data = merged(self._stating).data
        return all(data.get(name) is not None for name in properties) and self._value(data) is not None

    def answer(self, name: str) -> Answer | NoAnswer:
        """Return what the sources come to."""
        attempts = tuple(self._attempts)
        if not self._stating:
            return NoAnswer(result="refused", reason="; ".join(self._refusals), attempts=attempts)
        made = merged(self._stating)
        raw = json.dumps(made.data, ensure_ascii=False)
        try:
            value = self._output.parse_strict(raw)
        except ValueError as error:
            told = "; ".join([f"what the sources state is no whole record: {error}", *self._refusals])
            return NoAnswer(result="invalid", reason=told, attempts=attempts)
        return Answer(
            value=value,
            raw=raw,
            confidence=_whole(made),
            model=name,
            fields=made.fields,
            field_alternatives=made.others,
            attempts=attempts,
            doubt=_joined([*self._doubts, *([disagreed] if (disagreed := made.doubt()) else [])]),
        )

    def _value(self, data: Data) -> object:
        try:
            return self._output.parse_strict(json.dumps(data))
        except ValueError:
            return None

    def _left(self, record: list[Attempt]) -> ModelRequest:
        """Return the request with what those asked before have left of its budget and time."""
        request = self._request
        money = sum(each.money or 0.0 for each in self._attempts)
        tokens = sum((each.input_tokens or 0) + (each.output_tokens or 0) for each in self._attempts)
        deadline = request.deadline
        return replace(
            request,
            seconds=request.seconds if deadline is None else max(deadline.left, 0.001),
            max_money=None if request.max_money is None else max(request.max_money - money, 0.0),
            max_tokens=None if request.max_tokens is None else max(request.max_tokens - tokens, 0),
            record=record,
        )


def _said(given: Answer, output: Output) -> Data:
    """Return what an answer states, without what a default filled in."""
    shown: Data = json.loads(output.show(given.value))
    try:
        raw = json.loads(given.raw)
    except ValueError:
        return shown
    return _within(shown, raw) if isinstance(raw, dict) else shown


def _within(shown: Data, raw: dict[str, Any]) -> Data:
    """Return the parts of a record that stand in the JSON that was answered, too, where that names any of them."""
    kept = {name: value for name, value in shown.items() if name in raw}
    return {
        name: _within(value, raw[name]) if isinstance(value, dict) and isinstance(raw[name], dict) else value
        for name, value in kept.items()
    } or shown


def _whole(made: MergedSources) -> Confidence:
    """Return how sure the record is: as its least sure field, and not at all where one has no confidence."""
    for path, each in made.fields.items():
        if each.value is None:
            return Confidence.none(f"{each.detail}: {path}" if each.detail else f"no confidence: {path}")
    if not made.fields:
        return Confidence.none("no field is stated")
    path, least = min(made.fields.items(), key=lambda item: item[1].value or 0.0)
    return replace(least, detail=f"the least sure field: {path}")


def _joined(doubts: Sequence[Doubt]) -> Doubt | None:
    if not doubts:
        return None
    return Doubt(doubts[0].code, "; ".join(dict.fromkeys(each.reason for each in doubts)))
