"""Putting a case together from the parts of its record."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Generic, Literal, TypeAlias, TypeVar

from handrail_evals.errors import InvalidCase
from handrail_evals.measure.case import UNLABELLED, AnyCase, Case, Metadatum, Unlabelled
from handrail_evals.measure.cases.form import CaseFields
from handrail_evals.measure.cases.record import Record, Unusable, kind_of
from handrail_evals.measure.cases.value_type import ValueType

In = TypeVar("In")
Expected = TypeVar("Expected")

Names: TypeAlias = Literal["field", "line"]
"""Where names come from: the file says them, or they are made of its name and the line."""

TRUTH: Mapping[str, bool] = {"true": True, "false": False, "1": True, "0": False, "yes": True, "no": False}
"""How tables write truth values, in any case of letters."""

SHOWN_KEYS = 8
"""How many of a record's keys a problem names."""


@dataclass(frozen=True, slots=True)
class Assembly(Generic[In, Expected]):
    """Makes cases of records."""

    fields: CaseFields
    input: ValueType[In]
    expected: ValueType[Expected]
    names: Names
    is_label_needed: bool
    """Whether a case has to say what is right."""

    def case(self, record: Record, path: Path) -> Case[In, Expected]:
        """Return the case that a record holds.

        Raises:
            Unusable: it holds none; the field is named, and the case where its name is known.
        """
        name = self._name(record, path)
        try:
            return self._named(name, record, path)
        except InvalidCase as error:
            raise Unusable(error.problem, case=name) from error
        except Unusable as error:
            error.case = name
            raise

    def checked(self, case: AnyCase) -> Case[In, Expected]:
        """Return a case that was made in Python, when its values are of the types.

        Raises:
            Unusable: one is not, or it does not say what is right.
        """
        try:
            self.input.check(case.input, ("input",))
            if case.expected is not UNLABELLED:
                self.expected.check(case.expected, ("expected",))
        except Unusable as error:
            error.case = case.name
            raise
        if self.is_label_needed and not case.is_labelled:
            problem = "it has no expected value: say what is right, or give allow_unlabelled=True"
            raise Unusable(problem, case=case.name)
        return case

    def _named(self, name: str, record: Record, path: Path) -> Case[In, Expected]:
        data, fields = record.data, self.fields
        refusal = fields.refusal(data)
        if refusal:
            raise Unusable(refusal)
        return Case(
            name,
            self._input(record),
            self._expected(record),
            steps=_object_at(data, fields.steps),
            metadata=self._metadata(data),
            cluster=_text_at(data, fields.cluster),
            must_pass=_truth_at(data, fields.must_pass, as_text=record.as_text),
            blind=_truth_at(data, fields.blind, as_text=record.as_text) if data.get(fields.blind) is not None else None,
            where=f"{path}, line {record.line}",
        )

    def _name(self, record: Record, path: Path) -> str:
        keys = [key for key in self.fields.name_keys if key in record.data]
        if self.names == "line":
            return f"{path.name}:{record.line}"
        if len(keys) > 1:
            raise Unusable(f"it has both {keys[0]!r} and {keys[1]!r}; a case has one name")
        if not keys:
            numbered = 'give names="line" to number the cases'
            another = "name another key with CaseFields(name=...) (--name-field)"
            advice = f"add {self.fields.name_keys[0]!r}, or {numbered}, or {another}"
            raise Unusable(f"it has no name; {advice}{_close(record, self.fields)}")
        name = _text_at(record.data, keys[0])
        if name is None or not name.strip():
            raise Unusable("it is empty; a case needs a name", keys)
        return name

    def _input(self, record: Record) -> In:
        key = self.fields.input
        if key is None:
            return self.input.read(self.fields.others_in(record.data), (), as_text=record.as_text)
        if key not in record.data:
            raise Unusable(
                f"it has no {key!r}, which is what the target is called with, but {_there(record)}; name the right key"
                " with CaseFields(input=...) (--input-field)"
            )
        return self.input.read(record.data[key], (key,), as_text=record.as_text)

    def _expected(self, record: Record) -> Expected | Literal[Unlabelled.UNLABELLED]:
        key = self.fields.expected
        if key in record.data:
            return self.expected.read(record.data[key], (key,), as_text=record.as_text)
        if self.is_label_needed:
            raise Unusable(
                f"it has no {key!r}: say what is right, or give allow_unlabelled=True; it has {_there(record)}, and"
                " CaseFields(expected=...) (--expected-field) names another key"
            )
        return UNLABELLED

    def _metadata(self, data: Mapping[str, Any]) -> Mapping[str, Metadatum]:
        keys = self.fields.metadata
        found: dict[str, Metadatum] = (
            _object_at(data, keys) if isinstance(keys, str) else {key: data[key] for key in keys if key in data}
        )
        if self.fields.others == "metadata":
            found = {**self.fields.others_in(data), **found}
        return found


def _object_at(data: Mapping[str, Any], key: str) -> dict[str, Any]:
    found = data.get(key, {})
    if not isinstance(found, dict):
        raise Unusable(f"it is {kind_of(found)}; give an object", (key,))
    return found


def _text_at(data: Mapping[str, Any], key: str) -> str | None:
    """Return a text; a whole number is taken for one, as many systems count what they name."""
    found = data.get(key)
    if found is None or isinstance(found, str):
        return found
    if isinstance(found, int | float) and not isinstance(found, bool) and found == int(found):
        return str(int(found))
    raise Unusable(f"it is {kind_of(found)}; give a text or a whole number", (key,))


def _truth_at(data: Mapping[str, Any], key: str, *, as_text: bool) -> bool:
    found = data.get(key, False)
    if isinstance(found, bool):
        return found
    if as_text and isinstance(found, str) and found.strip().lower() in TRUTH:
        return TRUTH[found.strip().lower()]
    raise Unusable(f"it is {kind_of(found)}; give true or false", (key,))


def _there(record: Record) -> str:
    """Return the first keys that a record has."""
    keys = list(record.data)
    listed = ", ".join(map(repr, keys[:SHOWN_KEYS])) + (", …" if len(keys) > SHOWN_KEYS else "")
    return listed or "no key at all"


def _close(record: Record, fields: CaseFields) -> str:
    refusal = fields.refusal(record.data)
    return f" ({refusal})" if refusal else ""
