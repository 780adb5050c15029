"""What a step asks as closed questions: yes or no, one of some options, a level; one for each closed field."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, TypeAlias

from handrail_ai_steps.output import NONE_LABEL
from handrail_ai_steps.strict_json import JsonObject

YES_NO = ("true", "false")

QuestionKind: TypeAlias = Literal["predicate", "choice", "score"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Taken:
    """How much a server takes of one question."""

    options: int
    """Options of a choice, 2 or more."""
    levels: int
    """Levels of a score, 2 or more; where there are more, they are the options of a choice."""
    rounds: Literal[1, 2] = 1
    """With 2, options that are too many are asked for in groups, and then for one of those that won theirs."""

    @property
    def most(self) -> int:
        """Return the most options that a question may have."""
        return self.options if self.rounds == 1 else self.options * self.options


@dataclass(frozen=True, slots=True)
class TypedQuestion:
    """One closed question, and the field that it fills."""

    path: str
    """The field, dotted inside of records; empty for the whole value."""
    kind: QuestionKind
    options: tuple[str, ...]
    """The options as the model reads them."""
    about: str = ""
    """What the field means."""
    values: tuple[object, ...] = ()
    """What each option stands for in JSON; empty: its own text."""
    meanings: tuple[str, ...] = ()
    """What each option means; empty: its name says it."""
    keys: tuple[str, ...] = ()
    """The keys that lead to the field, from the outermost record to its own."""

    def value_of(self, option: str) -> object:
        """Return what an option stands for in JSON."""
        return self.values[self.options.index(option)] if self.values else option

    def told(self, instructions: str) -> str:
        """Return the question in words, after the instructions for all of them."""
        return f"{instructions}\n\nThe question: {self.about or self.path}" if self.path else instructions


@dataclass(frozen=True, slots=True)
class OpenQuestion:
    """Why an answer is not one of a few that are known before."""

    reason: str


def closed_questions(
    labels: Sequence[str], schema: JsonObject | None, takes: Taken, meanings: Mapping[str, str] | None = None
) -> tuple[TypedQuestion, ...] | OpenQuestion:
    """Return what is asked as closed questions, or why it cannot be."""
    if labels:
        if set(labels) == set(YES_NO):
            return (TypedQuestion("", "predicate", YES_NO, meanings=_meanings(YES_NO, meanings)),)
        if (wrong := _wrong_number(len(labels), takes)) is not None:
            return wrong
        return (TypedQuestion("", "choice", tuple(labels), meanings=_meanings(labels, meanings)),)
    if schema is None:
        return OpenQuestion("the answer is free text")
    found = list(_of_record(_dereferenced(schema, schema), schema, takes, ()))
    wrong = next((each for each in found if isinstance(each, OpenQuestion)), None)
    asked = tuple(each for each in found if isinstance(each, TypedQuestion))
    return wrong or asked or OpenQuestion("the answer has no field")


DEEPEST = 8
"""Records in records; one that holds itself has no end."""


def _of_record(
    schema: JsonObject, root: JsonObject, takes: Taken, lead: tuple[str, ...]
) -> Iterator[TypedQuestion | OpenQuestion]:
    properties = schema.get("properties") if schema.get("type") == "object" else None
    if not isinstance(properties, Mapping) or len(lead) > DEEPEST:
        yield OpenQuestion(f"{'.'.join(lead) or 'the answer'} is no record of named fields")
        return
    for name, given in properties.items():
        field = _dereferenced(given, root)
        if field.get("type") == "object":
            yield from _of_record(field, root, takes, (*lead, name))
        else:
            about = str(given.get("description") or given.get("title") or name)
            yield _of_field((*lead, name), about, field, root, takes)


def _of_field(
    keys: tuple[str, ...], about: str, schema: JsonObject, root: JsonObject, takes: Taken
) -> TypedQuestion | OpenQuestion:
    path = ".".join(keys)
    values, is_level = _values_of(schema, root)
    if values is None:
        return OpenQuestion(f"{path} has no closed set of values")
    options = tuple(map(_text, values))
    kind: QuestionKind = "score" if is_level and len(options) <= takes.levels else "choice"
    if set(options) == set(YES_NO) and all(isinstance(each, bool) for each in values):
        kind, options, values = "predicate", YES_NO, (True, False)
    if len(set(options)) < len(options):
        return OpenQuestion(f"{path} has two values that read the same")
    if (wrong := _wrong_number(len(options), takes)) is not None:
        return OpenQuestion(f"{path}: {wrong.reason}")
    return TypedQuestion(path, kind, options, about, values, keys=keys)


def _values_of(schema: JsonObject, root: JsonObject) -> tuple[tuple[object, ...] | None, bool]:
    """Return the values of a closed set, and whether they are levels in order; None for an open one."""
    if isinstance(listed := schema.get("enum"), list):
        return (tuple(listed), False) if all(map(_is_plain, listed)) else (None, False)
    if "const" in schema:
        return ((schema["const"],), False) if _is_plain(schema["const"]) else (None, False)
    if isinstance(parts := schema.get("anyOf"), list):
        found = [_values_of(_dereferenced(each, root), root)[0] for each in parts]
        return None if any(each is None for each in found) else tuple(v for each in found for v in each or ()), False
    if schema.get("type") == "integer":
        return _levels_of(schema), True
    return _BY_TYPE.get(str(schema.get("type"))), False


_BY_TYPE: Mapping[str, tuple[object, ...]] = {"boolean": (True, False), "null": (None,)}


def _levels_of(schema: JsonObject) -> tuple[object, ...] | None:
    low, high, step = schema.get("minimum"), schema.get("maximum"), schema.get("multipleOf")
    if isinstance(above := schema.get("exclusiveMinimum"), int):
        low = above + 1
    if isinstance(below := schema.get("exclusiveMaximum"), int):
        high = below - 1
    if not isinstance(low, int) or not isinstance(high, int) or high - low > _MOST_LEVELS:
        return None
    return tuple(each for each in range(low, high + 1) if not step or each % step == 0)


_MOST_LEVELS = 100_000
"""No server takes so many, and a range of numbers may be endless."""


def _is_plain(value: object) -> bool:
    return value is None or isinstance(value, str | int | float | bool)


def _text(value: object) -> str:
    if value is None:
        return NONE_LABEL
    return str(value).lower() if isinstance(value, bool) else str(value)


def _wrong_number(options: int, takes: Taken) -> OpenQuestion | None:
    if options < 2:
        return OpenQuestion(f"a question needs two options, and has {options}")
    if options > takes.most:
        rounds = f" ({takes.options} at a time, in two rounds)" if takes.rounds > 1 else ""
        return OpenQuestion(f"it has {options} options, and the model takes {takes.most}{rounds}")
    return None


def _meanings(labels: Sequence[str], meanings: Mapping[str, str] | None) -> tuple[str, ...]:
    return tuple(meanings.get(label, "") for label in labels) if meanings else ()


def _dereferenced(schema: JsonObject, root: JsonObject) -> JsonObject:
    """Return what a schema refers to, where it refers to something."""
    reference = str(schema.get("$ref") or "")
    if not reference.startswith("#/$defs/"):
        return schema
    found: JsonObject = root.get("$defs", {}).get(reference.removeprefix("#/$defs/"), {})
    return found
