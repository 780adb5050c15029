"""An invoice that was read as data, as JSON between the process that reads and the one that asked."""

from dataclasses import asdict
from datetime import date
from decimal import Decimal
from typing import Any

from handrail_ai_steps.documents.invoice import InvoiceData, NoInvoice


def invoice_as_json(reading: InvoiceData | NoInvoice) -> list[Any]:
    """Return what a message says of an invoice, or of why there is none."""
    return ["none" if isinstance(reading, NoInvoice) else "data", _plain(asdict(reading))]


def invoice_of(kind: str, fields: dict[str, Any]) -> InvoiceData | NoInvoice:
    """Return what such a message means."""
    if kind == "none":
        return NoInvoice(**fields)
    from pydantic import TypeAdapter  # noqa: PLC0415 -- the process that reads has no need of it

    return TypeAdapter(InvoiceData).validate_python(fields)


def _plain(value: Any) -> Any:
    match value:
        case dict():
            return {name: _plain(each) for name, each in value.items()}
        case list() | tuple():
            return [_plain(each) for each in value]
        case Decimal():
            return str(value)
        case date():
            return value.isoformat()
        case _:
            return value
