"""A model that reads the invoice which a document carries as data: exact, free, and held against the page."""

from collections.abc import Callable, Iterator, Mapping
from typing import Any, TypeVar

from handrail_ai_steps.documents.document import Document
from handrail_ai_steps.documents.embedded.attached import AttachedInvoices, EmbeddedInvoice, invoices_among
from handrail_ai_steps.documents.embedded.comparison import PageComparison
from handrail_ai_steps.documents.embedded.prevailing import RULES, PrevailingRule
from handrail_ai_steps.documents.invoice import InvoiceData, InvoiceParty
from handrail_ai_steps.errors import InvalidTask
from handrail_ai_steps.model import Answer, ModelRequest, NoAnswer
from handrail_ai_steps.models.sources.invoice_terms import (
    IBANS,
    LINE_TERM_OF,
    LINE_TERMS,
    LINES,
    PARTIES,
    PARTY_TERM_OF,
    PARTY_TERMS,
    TAX_TERM_OF,
    TAX_TERMS,
    TAXES,
    TERM_OF,
    TERMS,
    Value,
)
from handrail_ai_steps.models.sources.known import Data, KnownFields, Outputs, exact_answer
from handrail_ai_steps.models.sources.schema_fields import SchemaField, fields_of, words_in
from handrail_guards.numbers import is_text
from handrail_guards.outcome import Alternative

T = TypeVar("T")

NAME = "embedded"
PAGE = "page"
"""The source of what the page says, among a field's alternatives."""


class EmbeddedModel:
    """Answers an extraction from the invoice data in the documents that it is given; see ``embedded``."""

    def __init__(
        self,
        fields: Mapping[str, str] | None = None,
        *,
        rules: Mapping[str, PrevailingRule] = RULES,
        name: str = NAME,
    ) -> None:
        """Set it up.

        Raises:
            InvalidTask: a field is told to be a term that invoices do not have.
        """
        for path, term in (fields or {}).items():
            if term not in TERMS:
                raise InvalidTask(
                    f"embedded(fields={{{path!r}: {term!r}}}): an invoice has no {term!r}; it has {', '.join(TERMS)}"
                )
        if not is_text(name):
            raise InvalidTask(f"embedded(name={name!r}): give the name that records show")
        self._told = dict(fields or {})
        self._rules = rules
        self._name = name
        self._outputs = Outputs()

    @property
    def name(self) -> str:
        """Return the name the record shows."""
        return self._name

    async def answer(self, request: ModelRequest) -> Answer | NoAnswer:
        """Answer from the data alone, or say why it is no whole record."""
        return exact_answer(self._name, self.known(request), self._outputs.of(request.output_type))

    def known(self, request: ModelRequest) -> KnownFields:
        """Return the fields that the data has, with what the page says where it says something else."""
        carried = invoices_among(request.documents)
        if wrong := _wrong_with(carried, request.documents):
            return KnownFields(nothing=wrong)
        [found] = carried.invoices
        schema = request.json_schema or {}
        filler = _Filler(found.invoice, self._told)
        data = filler.record(fields_of(schema, schema))
        if not data:
            return KnownFields(nothing=f"none of the fields is known to be a term of the invoice in {found.name}")
        doubts = _Doubts(found, filler.terms, found.compared(self._rules))
        return KnownFields(
            data=data,
            detail=f"the invoice data in {found.name}",
            others=doubts.others(),
            wrong=doubts.wrong(),
            alarms=tuple(doubts.alarms()),
        )


def embedded(
    fields: Mapping[str, str] | None = None, *, rules: Mapping[str, PrevailingRule] = RULES, name: str = NAME
) -> EmbeddedModel:
    """Return a model that answers from the invoice which a document carries as data, and holds it against the page.

    Fields are found by their names (``invoice_number``, ``total``, ``due_date``, ``lines``); ``fields`` says what the
    others are, such as ``{"betrag": "grand_total"}``. It has no answer where a required field is not in the data. A
    value that the page contradicts is in doubt, with both; another account, payee or invoice is always.

    Raises:
        InvalidTask: a field is told to be a term that invoices do not have.
    """
    return EmbeddedModel(fields, rules=rules, name=name)


def _wrong_with(carried: AttachedInvoices, documents: tuple[Document, ...]) -> str:
    """Return why the documents do not say which invoice is asked for, or nothing."""
    if not documents:
        return "there is no document among the inputs"
    if not carried.invoices:
        told = "; ".join(f"{each.name}: {each.message}" for each in carried.notes)
        return f"the document carries no invoice as data{f' ({told})' if told else ''}"
    if len(carried.invoices) > 1:
        numbers = ", ".join(each.invoice.number or "one without a number" for each in carried.invoices)
        told = "; ".join(each.message for each in carried.notes if each.code == "same_number")
        return f"the document carries several invoices as data ({numbers}){f': {told}' if told else ''}"
    return ""


class _Filler:
    """Fills the fields of a record with the terms that they mean."""

    def __init__(self, invoice: InvoiceData, told: Mapping[str, str]) -> None:
        self._invoice = invoice
        self._told = told
        self.terms: dict[str, str] = {}
        """The term by the path of each field that was filled."""

    def record(self, fields: list[SchemaField], above: str = "") -> Data:
        made: Data = {}
        for each in fields:
            path = f"{above}{each.name}"
            value = self._list(each, path) if each.is_list else self._field(each, path)
            self._put(made, each, path, value)
        return made

    def _put(self, made: Data, field: SchemaField, path: str, value: Any) -> None:
        """Put in a value; null where the data has no such term, and the field may be it."""
        if value is not None:
            made[field.name] = value
        elif path in self.terms and field.nullable:
            made[field.name] = None

    def _list(self, field: SchemaField, path: str) -> Any:
        word = words_in(field.name)
        if word in LINES and field.items:
            return self._rows(field, path, "lines", self._invoice.lines, LINE_TERM_OF, LINE_TERMS)
        if word in TAXES and field.items:
            return self._rows(field, path, "taxes", self._invoice.taxes, TAX_TERM_OF, TAX_TERMS)
        if word in IBANS and field.lists_texts:
            self.terms |= {f"{path}.{index}": f"ibans.{index}" for index in range(len(self._invoice.ibans))}
            return list(self._invoice.ibans) or None
        return None

    def _field(self, field: SchemaField, path: str) -> Any:
        word = words_in(field.name)
        term = self._told.get(path) or (None if field.inner else TERM_OF.get(word))
        if term is not None:
            return self._leaf(field, path, term, TERMS[term](self._invoice))
        if word in PARTIES and field.inner:
            return self._party(field, path, PARTIES[word])
        return self.record(field.inner, f"{path}.") or None

    def _party(self, field: SchemaField, path: str, which: str) -> Data | None:
        party: InvoiceParty | None = getattr(self._invoice, which)
        if party is None:
            return None
        return self._named(field.inner, path, which, party, PARTY_TERM_OF, PARTY_TERMS) or None

    def _rows(
        self,
        field: SchemaField,
        path: str,
        term: str,
        rows: tuple[T, ...],
        names: Mapping[str, str],
        terms: Mapping[str, Callable[[T], Value]],
    ) -> list[Data] | None:
        made = [
            self._named(field.items, f"{path}.{index}", f"{term}.{index}", row, names, terms)
            for index, row in enumerate(rows)
        ]
        return made or None

    def _named(
        self,
        fields: list[SchemaField],
        path: str,
        term: str,
        thing: T,
        names: Mapping[str, str],
        terms: Mapping[str, Callable[[T], Value]],
    ) -> Data:
        made: Data = {}
        for each in fields:
            part = names.get(words_in(each.name))
            if part is None:
                continue
            at = f"{path}.{each.name}"
            self._put(made, each, at, self._leaf(each, at, f"{term}.{part}", terms[part](thing)))
        return made

    def _leaf(self, field: SchemaField, path: str, term: str, value: Value) -> Any:
        if value is None or value == "":
            self.terms[path] = term
            return None
        shaped = field.shaped(value, self._invoice.currency)
        if shaped is not None:
            self.terms[path] = term
        return shaped


class _Doubts:
    """What stands against the fields that were filled."""

    def __init__(self, found: EmbeddedInvoice, terms: Mapping[str, str], comparison: PageComparison | None) -> None:
        self._invoice = found.invoice
        self._asked = frozenset(terms.values())
        self._terms = {path: "ibans.0" if term == "iban" else term for path, term in terms.items()}
        self._comparison = comparison
        self._contradicted = {each.term: each for each in comparison.contradictions} if comparison else {}

    def others(self) -> dict[str, tuple[Alternative, ...]]:
        """Return what the page says instead, beside what the data says."""
        return {
            path: (
                Alternative(value=one.stated, confidence=0.0, source=NAME),
                *(Alternative(value=each, confidence=0.0, source=PAGE) for each in one.printed),
            )
            for path, term in self._terms.items()
            if (one := self._contradicted.get(term)) is not None
        }

    def wrong(self) -> dict[str, str]:
        """Return why fields may not be used: the page contradicts them, or the data does itself."""
        findings = {each.term: each.message for each in self._invoice.findings if each.code in _AGAINST}
        if len(self._invoice.due_dates) > 1:
            findings["due"] = f"the data has several: {', '.join(map(str, self._invoice.due_dates))}"
        if len(self._invoice.ibans) > 1 and "iban" in self._asked:
            findings["ibans.0"] = f"the data has several accounts: {', '.join(self._invoice.ibans)}"
        made = {}
        for path, term in self._terms.items():
            if term in self._contradicted:
                made[path] = self._contradicted[term].told()
            elif term in findings:
                made[path] = findings[term]
        return made

    def alarms(self) -> Iterator[str]:
        """Yield what stands against the whole."""
        comparison = self._comparison
        if comparison is not None and comparison.alarms:
            yield comparison.told()
        elif comparison is not None and set(self._terms.values()) & self._contradicted.keys():
            yield f"Which counts: {comparison.prevails.reason}"
        for each in self._invoice.findings:
            if each.code in {"sum", "test_invoice"} and each.term not in self._terms.values():
                yield each.message


_AGAINST = frozenset({"sum", "tax_sum", "wrong_number", "repeated", "unreadable", "wrong_currency"})
