"""A model that reads the fields of a form that is filled in: exact, where they can be read in one way only."""

from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from typing import Any

from handrail_ai_steps.documents.document import Document, FormValue
from handrail_ai_steps.documents.embedded.printed import run_together
from handrail_ai_steps.errors import InvalidTask
from handrail_ai_steps.model import Answer, ModelRequest, NoAnswer
from handrail_ai_steps.models.sources.invoice_terms import TERM_OF
from handrail_ai_steps.models.sources.known import Data, KnownFields, Outputs, exact_answer
from handrail_ai_steps.models.sources.schema_fields import SchemaField, fields_of, words_in
from handrail_guards.numbers import is_text
from handrail_guards.values.written_date import read_date
from handrail_guards.values.written_number import read_number

NAME = "form"


class FormModel:
    """Answers an extraction from the form values of the documents that it is given; see ``form_fields``."""

    def __init__(self, fields: Mapping[str, str] | None = None, *, name: str = NAME) -> None:
        """Set it up.

        Raises:
            InvalidTask: the name is none.
        """
        if not is_text(name):
            raise InvalidTask(f"form_fields(name={name!r}): give the name that records show")
        self._told = dict(fields or {})
        self._name = name
        self._outputs = Outputs()

    @property
    def name(self) -> str:
        """Return the name the record shows."""
        return self._name

    async def answer(self, request: ModelRequest) -> Answer | NoAnswer:
        """Answer from the form alone, or say why it is no whole record."""
        return exact_answer(self._name, self.known(request), self._outputs.of(request.output_type))

    def known(self, request: ModelRequest) -> KnownFields:
        """Return the fields that the form has a value for."""
        values = [(each, name) for document in request.documents for each, name in _filled(document)]
        if not values:
            return KnownFields(nothing="the document has no form that is filled in")
        schema = request.json_schema or {}
        wrong: dict[str, str] = {}
        data = self._record(fields_of(schema, schema), "", [each for each, _ in values], wrong)
        if not data and not wrong:
            return KnownFields(nothing="no field of the form is known to be one that is asked for")
        return KnownFields(data=data, detail=f"the form in {values[0][1]}", wrong=wrong)

    def _record(self, fields: list[SchemaField], above: str, values: list[FormValue], wrong: dict[str, str]) -> Data:
        made: Data = {}
        for each in fields:
            path = f"{above}{each.name}"
            if each.inner:
                value: Any = self._record(each.inner, f"{path}.", values, wrong) or None
            else:
                value = self._value(each, path, values, wrong)
            if value is not None:
                made[each.name] = value
        return made

    def _value(self, field: SchemaField, path: str, values: list[FormValue], wrong: dict[str, str]) -> Any:
        mine = [each for each in values if self._is_meant(each.name, path, field.name)]
        texts = list(dict.fromkeys(each.value.strip() for each in mine if each.value.strip()))
        if len(texts) > 1:
            wrong[path] = f"the form has it more than once: {', '.join(map(repr, texts[:4]))}"
        return _shaped(field, texts[0]) if len(texts) == 1 else None

    def _is_meant(self, form_name: str, path: str, field_name: str) -> bool:
        if path in self._told:
            return form_name == self._told[path]
        last = form_name.rpartition(".")[2]
        one, other = words_in(last), words_in(field_name)
        term = TERM_OF.get(other)
        return run_together(one) == run_together(other) or (term is not None and TERM_OF.get(one) == term)


def form_fields(fields: Mapping[str, str] | None = None, *, name: str = NAME) -> FormModel:
    """Return a model that answers from the fields of a form that is filled in.

    They are found by their names; ``fields`` says by record field which field of the form is meant, such as
    ``{"total": "Betrag_2"}``. A date or an amount that can be read in two ways is not taken.

    Raises:
        InvalidTask: the name is none.
    """
    return FormModel(fields, name=name)


def _filled(document: Document) -> list[tuple[FormValue, str]]:
    return [(each, inner.name) for inner in document.walk() for each in inner.form if each.value.strip()]


def _shaped(field: SchemaField, text: str) -> Any:
    """Return a text of a form as the field wants it; None: it can be read in two ways, or is nothing of the kind."""
    kinds = field.kinds
    if "date" in kinds:
        return field.shaped(day) if (day := _day(text)) is not None else None
    if kinds & {"number", "integer"}:
        return field.shaped(amount) if (amount := _amount(text)) is not None else None
    if "boolean" in kinds:
        return {"yes": True, "on": True, "1": True, "true": True, "off": False, "no": False}.get(text.casefold())
    return field.shaped(text)


def _day(text: str) -> date | None:
    found = read_date(text)
    return next(iter(found.readings)) if found is not None and len(found.readings) == 1 else None


def _amount(text: str) -> Decimal | None:
    found = read_number(text)
    if found is None or found.percent or len(found.written) != 1 or len(found.signs) != 1:
        return None
    return Decimal(next(iter(found.written))) * next(iter(found.signs))
