"""Which part of a hybrid invoice counts when they differ, by the rule of the seller's country; otherwise one asks."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from types import MappingProxyType
from typing import Final, Literal, TypeAlias

from handrail_ai_steps.documents.invoice import InvoiceData

PrevailingPart: TypeAlias = Literal["data", "page", "neither", "not_known"]
"""``neither``: both must say the same, and an invoice that does not is sent back."""


@dataclass(frozen=True, slots=True)
class Prevailing:
    """Which part counts where they differ, and by what."""

    part: PrevailingPart
    reason: str
    """The rule, with where it is written."""


PrevailingRule: TypeAlias = Callable[[InvoiceData], Prevailing]

_NO_E_INVOICE = frozenset({"minimum", "basicwl"})
_FROM: Final = date(2025, 1, 1)
_BMF = "BMF of 15 October 2024, III C 2 - S 7287-a/23/10001 :007 (BStBl I 2024, 1320), on § 14 UStG"


def germany(invoice: InvoiceData) -> Prevailing:
    """Return what counts by German VAT law: the data, where it is an e-invoice of 2025 or later."""
    if invoice.profile in _NO_E_INVOICE or invoice.standard == "zugferd1":
        level = f"ZUGFeRD 1 {invoice.profile}" if invoice.standard == "zugferd1" else invoice.profile.upper()
        return Prevailing(
            "not_known",
            f"Germany: data of the level {level.strip()} is no e-invoice ({_BMF}): ask the seller which counts",
        )
    if invoice.issued is None or invoice.issued < _FROM:
        return Prevailing(
            "not_known",
            "Germany: before 2025 both parts were copies of one invoice that had to say the same: ask the seller",
        )
    return Prevailing(
        "data",
        f"Germany: the structured part is the invoice; a page that differs may be another invoice, whose tax is owed as"
        f" well (§ 14c UStG): {_BMF}, no. 32. Have it corrected",
    )


def france(invoice: InvoiceData) -> Prevailing:
    """Return what counts for Factur-X in France: both parts must say the same."""
    del invoice
    return Prevailing(
        "neither",
        "France: the issuer of a Factur-X answers for both parts' saying the same (Factur-X 1.0, hybrid invoices;"
        " CGI art. 289 V: integrity and legibility): send it back",
    )


RULES: Final[Mapping[str, PrevailingRule]] = MappingProxyType({"DE": germany, "FR": france})
"""By the seller's country, in two letters."""


def prevailing(invoice: InvoiceData, rules: Mapping[str, PrevailingRule] = RULES) -> Prevailing:
    """Return which part counts where they differ, or that it is not known: nothing chooses between them but a rule."""
    country = invoice.country
    rule = rules.get(country)
    if rule is not None:
        return rule(invoice)
    whose = f"for {country}" if country else "without the seller's country"
    return Prevailing("not_known", f"no rule is known {whose}: ask the seller which part counts")
