"""What an exact source knows of a record: some of its fields, and why others may not be used as they are."""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol, TypeAlias, runtime_checkable

from handrail_ai_steps.leaves import LENGTH
from handrail_ai_steps.model import Answer, ModelRequest, NoAnswer
from handrail_ai_steps.output import Output
from handrail_guards.acceptance import Doubt
from handrail_guards.confidence import Confidence
from handrail_guards.outcome import Alternative, Attempt, AttemptResult

Data: TypeAlias = dict[str, Any]
"""Plain JSON data by the names that the schema has."""

SURE = 1.0
"""The confidence in what was read exactly, and not judged."""


@dataclass(frozen=True, slots=True, kw_only=True)
class KnownFields:
    """The fields that an exact source knows."""

    data: Data = field(default_factory=dict)
    """Plain JSON data by the names that the schema has; only what is known."""
    detail: str = ""
    """Where it is from, in plain words."""
    others: Mapping[str, tuple[Alternative, ...]] = field(default_factory=dict)
    """By field path: what the page says instead."""
    wrong: Mapping[str, str] = field(default_factory=dict)
    """By field path: why it may not be used as it is."""
    alarms: tuple[str, ...] = ()
    """What stands against the whole, whichever fields are asked for."""
    nothing: str = ""
    """Why nothing is known; empty: something is."""

    def doubt(self) -> Doubt | None:
        """Return why a person must look at it, or None."""
        told = (*self.alarms, *(f"{path}: {why}" for path, why in self.wrong.items()))
        return Doubt("contradiction", "; ".join(told)) if told else None


@runtime_checkable
class KnowsFields(Protocol):
    """A model that knows fields exactly, and may know only some of them."""

    def known(self, request: ModelRequest, /) -> KnownFields:
        """Return what it knows of the record that is asked for."""
        ...


class Outputs:
    """Output types, each understood once; by identity, with the type kept alive."""

    def __init__(self) -> None:
        self._known: dict[int, tuple[object, Output]] = {}

    def of(self, output_type: object) -> Output:
        """Return an output type as it is read and written."""
        found = self._known.get(id(output_type))
        if found is None:
            found = self._known[id(output_type)] = (output_type, Output(output_type))
        return found[1]


def exact_answer(name: str, found: KnownFields, output: Output) -> Answer | NoAnswer:
    """Return what an exact source alone answers: the record, if what it knows is a whole one."""
    if found.nothing:
        return no_answer(name, found.nothing)
    raw = json.dumps(found.data, ensure_ascii=False)
    try:
        value = output.parse_strict(raw)
    except ValueError as error:
        return no_answer(name, f"what {found.detail} knows is no whole record: {error}")
    fields = {path: _sure(path, found) for path in leaf_paths(found.data)}
    weakest = next((each for each in fields.values() if each.value is None), Confidence(SURE, "rule", found.detail))
    return Answer(
        value=value,
        raw=raw,
        confidence=weakest,
        model=name,
        fields=fields,
        field_alternatives=found.others,
        attempts=(asked_once(name, "answered"),),
        doubt=found.doubt(),
    )


def no_answer(name: str, reason: str, result: AttemptResult = "refused") -> NoAnswer:
    """Return that an exact source has no answer, and why."""
    return NoAnswer(result=result, reason=reason, attempts=(asked_once(name, result, reason),))


def asked_once(name: str, result: AttemptResult, *notes: str) -> Attempt:
    """Return the record of asking an exact source, which takes no tokens and costs nothing."""
    return Attempt(model=name, result=result, input_tokens=0, output_tokens=0, money=0.0, notes=notes)


def leaf_paths(data: object, path: str = "") -> Iterable[str]:
    """Yield the paths of what stands at the ends of plain JSON data; an empty list or object is an end."""
    if isinstance(data, Mapping) and data:
        for key, below in data.items():
            yield from leaf_paths(below, f"{path}.{key}" if path else str(key))
    elif isinstance(data, list) and data:
        for index, below in enumerate(data):
            yield from leaf_paths(below, f"{path}.{index}" if path else str(index))
        yield f"{path}.{LENGTH}" if path else LENGTH
    elif path:
        yield path


def _sure(path: str, found: KnownFields) -> Confidence:
    why = found.wrong.get(path)
    return Confidence(SURE, "rule", found.detail) if why is None else Confidence.none(why)
