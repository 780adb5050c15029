"""The form an answer must have: its schema for the wire, what the prompt says about it, and how it is read back."""

import contextlib
import json
import re
import unicodedata
from collections.abc import Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field, replace
from typing import Any

from handrail_ai_steps.leaves import LENGTH, leaves
from handrail_ai_steps.logprobs import value_spans
from handrail_ai_steps.model import ModelRequest
from handrail_ai_steps.models.openai.candidates import Candidate, find_objects
from handrail_ai_steps.models.openai.schema import WireSchema, wire_schema
from handrail_ai_steps.output import Output
from handrail_ai_steps.strict_json import JsonObject, member
from handrail_ai_steps.voting import Vote, vote
from handrail_guards.confidence import Confidence

LETTERS = "ABCDEFGHIJKLMNOPQRST"
DIGITS = "123456789"
"""One token each in every tokenizer seen, so that one position of the answer holds the whole distribution."""

_WORD = re.compile(r"[^\W_]+")


def codes_for(labels: Sequence[str]) -> Mapping[str, str]:
    """Return the label by its code: letters, or digits where a letter is (a word of) another label, or none at all.

    None where there are too many labels, or where a digit is another label's too: then labels are asked for by name.
    """
    for alphabet in (LETTERS, DIGITS):
        codes = dict(zip(alphabet, labels, strict=False))
        if len(labels) <= len(alphabet) and not crosses(codes):
            return codes
    return {}


def crosses(codes: Mapping[str, str]) -> bool:
    """Return whether the code of one label can be read as another label, or as a word of it (``plan B``)."""
    known = {code.casefold(): label for code, label in codes.items()}
    return any(known.get(word, label) != label for label in codes.values() for word in _words(label))


def _words(label: str) -> list[str]:
    return _WORD.findall(unicodedata.normalize("NFKC", label).casefold())


_EMPTY = re.compile(rb'[^"{]?\{\s*\}\Z')
"""An object without a key, behind whatever stands before it; a text has its quote there."""


def _is_said(path: str, said: AbstractSet[str]) -> bool:
    """Return whether a leaf is one of an answer's, or lies below one, or above some."""
    parts = path.removesuffix(f".{LENGTH}").split(".")
    here = ".".join(parts)
    above = (".".join(parts[:end]) for end in range(1, len(parts) + 1))
    return not said.isdisjoint(above) or any(each.startswith(f"{here}.") for each in said)


LEFT_OUT = "the answer held its reasoning, which was left out"
LABEL, ANSWER, CONFIDENCE = "label", "answer", "confidence"


class FormMisfit(ValueError):
    """An answer that does not fit its form; the message says why, in words the model can act on."""


@dataclass(frozen=True, slots=True)
class Reading:
    """An answer that fits its form."""

    value: object
    """Of the output type."""
    text: str
    """The JSON that was read, without what may have stood around it."""
    start: int = 0
    """Where it begins in the answer, in characters."""
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
            first = next(iter(self.codes))
            legend = "\n".join(f"{code} = {label}" for code, label in self.codes.items())
            by_letter = "" if first.isalpha() else ", and not with the label itself"
            parts.append(
                f'Answer with the code of one label{by_letter}, as JSON like {{"{LABEL}": "{first}"}}. '
                f"The codes:\n{legend}"
            )
        elif self.labels:
            parts.append(f'Answer with one label, as JSON like {{"{LABEL}": {json.dumps(self.labels[0])}}}.')
        if self.states:
            parts.append(f'In "{CONFIDENCE}", give the probability from 0 to 1 that your answer is right.')
        if with_schema:
            parts.append(f"Answer only with JSON that fits this JSON Schema:\n{json.dumps(self.wire.schema)}")
        return "\n\n".join(parts)

    def read(self, text: str) -> Reading:
        """Read an answer: the one object in it that speaks of the form, or several that are equal.

        Raises:
            FormMisfit: it is no JSON, does not fit, or holds several objects that differ.
        """
        found = find_objects(text)
        if found.broken:
            raise FormMisfit(f"the answer is no JSON ({found.broken})")
        if not found.objects:
            raise FormMisfit("the answer is no JSON object" if text.strip() else "the answer is empty")
        # What a model quotes has other keys. One with these that does not fit is an answer too, and no other's proof.
        speaking = list(filter(self._speaks, found.objects))
        readings = [self._read(each) for each in speaking or found.objects]
        if any(self._compared(each) != self._compared(readings[0]) for each in readings[1:]):
            raise FormMisfit("the answer holds several JSON objects that differ; give exactly one")
        last = readings[-1]
        notes = (*((LEFT_OUT,) if found.reasoned else ()), *last.notes)
        if not found.reasoned and len(text.strip()) > len(last.text):
            notes = ("the answer had text around its JSON", *notes)
        return replace(last, notes=notes)

    def _speaks(self, found: Candidate) -> bool:
        """Return whether an object is an answer, right or wrong: it has a key of the form, or the value's own shape."""
        if any(key in found.data for key in self.wire.schema.get("properties", ())):
            return True
        if not self.wrapped:
            return False
        with contextlib.suppress(FormMisfit):
            self._read(found)
            return True
        return False

    def sample(self, reading: Reading) -> object:
        """Return an answer to compare with other samples: a label as its text, anything else as the value it is."""
        return reading.label if self.labels else reading.value

    def vote(self, readings: Sequence[Reading], *, ended: int) -> Vote:
        """Settle several answers of one question.

        Of a field that all of them left out nobody said anything: the value that its default gives has no confidence.

        Args:
            readings: those that fit.
            ended: how many came back, fitting or not, or failed.
        """
        found = vote([self.sample(each) for each in readings], asked=ended)
        if not found.fields:
            return found
        winner = readings[found.winner]
        lead, text = f"{self.root}." if self.root else "", winner.text.encode(errors="surrogatepass")
        # an empty object says nothing of the fields that it might have
        said = {
            path for path, (start, end) in value_spans(text).items() if not _EMPTY.match(text, max(0, start - 1), end)
        }
        silent = {path for path in leaves(winner.value) if not _is_said(f"{lead}{path}", said)}
        fields = {path: each for path, each in found.fields.items() if path not in silent}
        return replace(found, fields=fields or {"": Confidence.none("the answer left out all of its fields")})

    def _compared(self, reading: Reading) -> tuple[object, float | None]:
        return reading.label if self.labels else leaves(reading.value), reading.stated

    def _read(self, found: Candidate) -> Reading:
        data = found.data
        if self.labels:
            label, notes = self._label(data.get(LABEL))
            return Reading(self.output.value_of(label), found.text, found.start, label, self._stated(data), notes)
        inner = member(found.text, ANSWER) if self.wrapped else None
        text = found.text if inner is None else inner
        try:
            value = self.output.parse_strict(text)
        except ValueError as error:
            raise FormMisfit(str(error)) from None
        self._check(data if inner is None else data[ANSWER])
        return Reading(value, found.text, found.start, "", self._stated(data), self.output.oddities(text))

    def _label(self, given: object) -> tuple[str, tuple[str, ...]]:
        """Return the label that an answer gives, by code or by name, and what was odd about its spelling."""
        if isinstance(given, str):
            label = self.codes.get(given, given)
            if label in self.labels:
                return label, ()
            meant = {
                self.codes.get(each, each) for each in (*self.codes, *self.labels) if _folded(each) == _folded(given)
            }
            if len(meant) == 1:
                return meant.pop(), (f"the label was spelled {json.dumps(given)[:80]}",)
        else:
            with contextlib.suppress(ValueError):  # a number, true, false or null, where the label is one
                return self.output.label_of(given), ()
        expected = ", ".join(self.codes or self.labels)
        raise FormMisfit(f'"{LABEL}" must be one of {expected}')

    def _stated(self, data: JsonObject) -> float | None:
        given = data.get(CONFIDENCE) if self.states else None
        if isinstance(given, int | float) and not isinstance(given, bool) and 0.0 <= given <= 1.0:
            return float(given)
        return None

    def _check(self, plain: object) -> None:
        if self.validator is None:
            return
        wrong = [error for error in self.validator.iter_errors(plain) if error.validator in self.wire.removed]
        if wrong:
            raise FormMisfit("; ".join(map(_told, wrong[:5])))


def build_form(request: ModelRequest, *, coded: bool, states: bool) -> Form:
    """Build the form of a request's answers; ``coded`` asks for codes instead of labels where there are few enough."""
    output = Output(request.output_type)
    name = re.sub(r"[^a-zA-Z0-9_-]", "_", request.task)[:64] or "answer"
    stated = {CONFIDENCE: {"type": "number"}} if states else {}
    if request.labels:
        codes = codes_for(request.labels) if coded else {}
        label = {"type": "string", "enum": list(codes or request.labels)}
        return Form(name, wire_schema(_object({LABEL: label, **stated})), output, request.labels, codes, states=states)
    schema = dict((output.wire_schema if request.json_schema is not None else None) or {})
    wrapped = states or schema.get("type") != "object"
    if wrapped:
        definitions = {"$defs": schema.pop("$defs")} if "$defs" in schema else {}
        schema = {**_object({ANSWER: schema, **stated}), **definitions}
    wire = wire_schema(schema)
    return Form(name, wire, output, wrapped=wrapped, states=states, validator=_validator(request.json_schema, wire))


_LEFT_TO_PYDANTIC = frozenset({"minLength", "maxLength", "pattern", "format", "oneOf", "allOf", "prefixItems"})


def _validator(schema: JsonObject | None, wire: WireSchema) -> object:
    """Return a validator for what pydantic does not enforce by itself, such as ``uniqueItems``."""
    if schema is None or not wire.removed - _LEFT_TO_PYDANTIC:
        return None
    from jsonschema import Draft202012Validator  # noqa: PLC0415 -- only for schemas that need it

    return Draft202012Validator(schema)


def _object(properties: JsonObject) -> dict[str, object]:
    return {"type": "object", "properties": dict(properties)}


def _folded(label: str) -> str:
    return " ".join(label.split()).casefold()


def _told(error: Any) -> str:
    """Return what a schema error says without the value it speaks of, which may be personal and end in a log."""
    where = ".".join(map(str, error.absolute_path)) or "the answer"
    return f"{where} must satisfy {error.validator}: {json.dumps(error.validator_value)[:200]}"


MOST_FORMS = 512
"""Steps hold a handful; whoever builds types in a loop must not fill the memory."""


class Forms:
    """Remembers the form of each step."""

    def __init__(self) -> None:
        self._known: dict[tuple[object, ...], tuple[ModelRequest, Form]] = {}

    def form(self, request: ModelRequest, *, coded: bool = False, states: bool = False) -> Form:
        """Return the form of a request's answers, as ``build_form`` makes it."""
        key = (request.task, request.prompt_version, request.labels, coded, states)
        known = self._known.get(key)
        if known is not None and _same(known[0], request):
            return known[1]
        if len(self._known) >= MOST_FORMS:
            self._known.clear()
        form = build_form(request, coded=coded, states=states)
        self._known[key] = (request, form)
        return form


def _same(one: ModelRequest, other: ModelRequest) -> bool:
    if one.output_type is not other.output_type and one.output_type != other.output_type:
        return False
    return one.json_schema is other.json_schema or one.json_schema == other.json_schema
