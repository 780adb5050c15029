"""The form an answer must have: its schema for the wire, what the prompt says about it, and how it is read back."""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from ai_steps.model import ModelRequest
from ai_steps.models.openai.schema import WireSchema, wire_schema
from ai_steps.output import Output

CODES = "ABCDEFGHIJKLMNOPQRST"
"""One token each in every tokenizer seen, so that one position of the answer holds the whole distribution."""
MOST_FALSE_STARTS = 50
"""Opening braces that begin no JSON, after which the rest of an answer is not searched."""
LABEL, ANSWER, CONFIDENCE = "label", "answer", "confidence"


class Misfit(ValueError):
    """An answer that does not fit its form; the message says why, in words the model can act on."""


@dataclass(frozen=True, slots=True)
class Reading:
    """An answer that fits its form."""

    value: Any
    """Of the output type."""
    text: str
    """The JSON that was read, without what may have stood around it."""
    label: str = ""
    """For classification: the label as text."""
    stated: float | None = None
    """The model's own word on its confidence, 0 to 1."""
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, eq=False)
class Form:
    """How one step's answers must look on the wire."""

    name: str
    wire: WireSchema
    output: Output
    labels: tuple[str, ...] = ()
    codes: Mapping[str, str] = field(default_factory=dict)
    """Label by single-token code; empty when the labels themselves are asked for."""
    wrapped: bool = False
    """Whether the value stands under ``answer``, because a root must be an object or a confidence stands beside it."""
    states: bool = False
    """Whether the model is asked for its own confidence."""
    validator: Any = None
    """Checks the keywords taken off the wire; None when there are none that pydantic leaves open."""

    @property
    def root(self) -> str:
        """Return the path of the value in the answer."""
        return LABEL if self.labels else ANSWER if self.wrapped else ""

    def instructions(self, *, with_schema: bool) -> str:
        """Return what the prompt must say about the form; ``with_schema`` when the server does not enforce it."""
        parts = []
        if self.codes:
            legend = "\n".join(f"{code} = {label}" for code, label in self.codes.items())
            parts.append(f'Answer with the code of one label, as JSON like {{"{LABEL}": "A"}}. The codes:\n{legend}')
        elif self.labels:
            parts.append(f'Answer with one label, as JSON like {{"{LABEL}": {json.dumps(self.labels[0])}}}.')
        if self.states:
            parts.append(f'In "{CONFIDENCE}", give the probability from 0 to 1 that your answer is right.')
        if with_schema:
            parts.append(f"Answer only with JSON that fits this JSON Schema:\n{json.dumps(self.wire.schema)}")
        return "\n\n".join(parts)

    def read(self, text: str) -> Reading:
        """Read an answer.

        Raises:
            Misfit: it is no JSON, or does not fit.
        """
        found, notes = _json_in(text)
        if not (self.labels or self.wrapped or self.states or self.validator):
            try:
                return Reading(self.output.parse(found), found, notes=notes)
            except ValueError as error:
                raise Misfit(str(error)) from None
        data = _object_in(found)
        if self.labels:
            label = self._label(data)
            return Reading(self.output.value_of(label), found, label, self._stated(data), notes)
        plain = data.get(ANSWER, data) if self.wrapped else data
        try:
            value = self.output.parse(json.dumps(plain)) if self.wrapped else self.output.parse(found)
        except ValueError as error:
            raise Misfit(str(error)) from None
        self._check(plain)
        return Reading(value, found, "", self._stated(data), notes)

    def sample(self, reading: Reading) -> Any:
        """Return an answer as plain JSON, to compare with other samples; a label as its text."""
        if self.labels:
            return reading.label
        data = json.loads(reading.text)
        return data.get(ANSWER, data) if self.wrapped else data

    def _label(self, data: Mapping[str, Any]) -> str:
        given = data.get(LABEL)
        if isinstance(given, str):
            label = self.codes.get(given, given)
            if label in self.labels:
                return label
        expected = ", ".join(self.codes or self.labels)
        raise Misfit(f'"{LABEL}" must be one of {expected}')

    def _stated(self, data: Mapping[str, Any]) -> float | None:
        given = data.get(CONFIDENCE) if self.states else None
        if isinstance(given, int | float) and not isinstance(given, bool) and 0.0 <= given <= 1.0:
            return float(given)
        return None

    def _check(self, plain: Any) -> None:
        if self.validator is None:
            return
        wrong = [error for error in self.validator.iter_errors(plain) if error.validator in self.wire.removed]
        if wrong:
            raise Misfit("; ".join(map(_told, wrong[:5])))


def build_form(request: ModelRequest, *, coded: bool, states: bool) -> Form:
    """Build the form of a request's answers; ``coded`` asks for codes instead of labels where there are few enough."""
    output = Output(request.output_type)
    name = re.sub(r"[^a-zA-Z0-9_-]", "_", request.task)[:64] or "answer"
    stated = {CONFIDENCE: {"type": "number"}} if states else {}
    if request.labels:
        codes = dict(zip(CODES, request.labels, strict=False)) if coded and len(request.labels) <= len(CODES) else {}
        label = {"type": "string", "enum": list(codes or request.labels)}
        return Form(name, wire_schema(_object({LABEL: label, **stated})), output, request.labels, codes, states=states)
    schema = dict(request.json_schema or {})
    wrapped = states or schema.get("type") != "object"
    if wrapped:
        definitions = {"$defs": schema.pop("$defs")} if "$defs" in schema else {}
        schema = {**_object({ANSWER: schema, **stated}), **definitions}
    wire = wire_schema(schema)
    return Form(name, wire, output, wrapped=wrapped, states=states, validator=_validator(request.json_schema, wire))


_LEFT_TO_PYDANTIC = frozenset({"minLength", "maxLength", "pattern", "format", "oneOf", "allOf", "prefixItems"})


def _validator(schema: Mapping[str, Any] | None, wire: WireSchema) -> Any:
    """Return a validator for what pydantic does not enforce by itself, such as ``uniqueItems``."""
    if schema is None or not wire.removed - _LEFT_TO_PYDANTIC:
        return None
    from jsonschema import Draft202012Validator  # noqa: PLC0415 -- only for schemas that need it

    return Draft202012Validator(schema)


def _object(properties: Mapping[str, Any]) -> dict[str, Any]:
    return {"type": "object", "properties": dict(properties)}


def _json_in(text: str) -> tuple[str, tuple[str, ...]]:
    """Return the JSON in an answer: all of it, or the last object when something stands around it.

    The last, because what a model quotes from its input comes before its own answer.
    """
    bare = text.strip()
    if bare.startswith("{") and bare.endswith("}"):
        return bare, ()
    decoder, position, last, failed = json.JSONDecoder(), bare.find("{"), None, 0
    while position >= 0 and failed < MOST_FALSE_STARTS:
        try:
            _, end = decoder.raw_decode(bare, position)
            last = bare[position:end]
        except (json.JSONDecodeError, RecursionError):
            failed += 1
            end = position + 1
        position = bare.find("{", end)
    if last is None:
        return bare, ()
    return last, ("the answer had text around its JSON",)


def _told(error: Any) -> str:
    """Return what a schema error says without the value it speaks of, which may be personal and end in a log."""
    where = ".".join(map(str, error.absolute_path)) or "the answer"
    return f"{where} must satisfy {error.validator}: {json.dumps(error.validator_value)[:200]}"


def _object_in(text: str) -> Mapping[str, Any]:
    try:
        data = json.loads(text)
    except (json.JSONDecodeError, RecursionError) as error:
        raise Misfit(f"the answer is no JSON ({error})" if text else "the answer is empty") from None
    if not isinstance(data, Mapping):
        raise Misfit(f"the answer is a JSON {type(data).__name__}, not an object")
    return data
