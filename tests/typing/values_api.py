"""How typed values are typed as fields: what must compile, and, on the lines with an ignore, what must not.

Read by mypy and by pyright in strict mode, which both honour ``type: ignore``; one that suppresses nothing is an
error in both.
"""

# pyright: reportUnnecessaryTypeIgnoreComment=true

from datetime import date
from decimal import Decimal
from typing import Literal, assert_type

from pydantic import BaseModel

from handrail import ScriptedModel, confidence, extract
from handrail.ai_steps import AIStep
from handrail.documents import Date, Iban, Identifier, Money, Percentage, VatNumber


class Invoice(BaseModel):
    total: Money
    issued: Date
    due: Date | None = None
    rate: Percentage | None = None
    iban: Iban
    vat: VatNumber | None = None
    tax_number: Identifier[Literal["de.stnr"]] | None = None
    amounts: list[Money] = []


read = extract("read", Invoice, "Read it.", models=ScriptedModel([]), accept=confidence(at_least=0.8))
assert_type(read, AIStep[Invoice])


def amounts(invoice: Invoice) -> None:
    assert_type(invoice.total.amount, Decimal)
    assert_type(invoice.total.readings, tuple[Decimal, ...])
    assert_type(invoice.total.currency, str | None)
    assert_type(invoice.issued.day, date)
    assert_type(invoice.iban.value, str)
    assert_type(Money.read("1.234,56 €"), Money)
    number: Iban = Identifier("iban", "DE02 1203 0000 0000 2020 51")
    invoice.iban = number
    invoice.total = 5.0  # type: ignore[assignment]
    invoice.iban = Identifier("vat", "DE136695976")  # type: ignore[arg-type]
