"""What came of looking for one value of the data on the page."""

from dataclasses import dataclass
from typing import Literal, TypeAlias

from handrail_guards.verdict import Span

Comparison: TypeAlias = Literal["agrees", "contradicts", "not_printed"]


@dataclass(frozen=True, slots=True, kw_only=True)
class ComparedValue:
    """One value of the data, and what the page says of it."""

    term: str
    """Such as ``grand_total`` or ``lines.2.total``."""
    stated: str
    """What the data says: amounts with a point, days as ISO."""
    result: Comparison
    printed: tuple[str, ...] = ()
    """What the page says instead, as it is printed; empty: it has nothing of the kind."""
    spans: tuple[Span, ...] = ()
    """Where it stands on the page, or where what contradicts it does."""
    reason: str = ""
    """How that was found, in plain words."""

    @property
    def is_expected(self) -> bool:
        """Whether every invoice prints it."""
        return self.term in _EXPECTED or (self.term.startswith("debtor_ibans.") and bool(self.printed))

    def told(self) -> str:
        """Return both values in plain words."""
        what = self.term.replace("_", " ")
        says = f"the page says {' or '.join(map(repr, self.printed))}" if self.printed else "the page does not say so"
        return f"{what}: the data says {self.stated!r}, {says}"


_EXPECTED = frozenset(
    {"number", "issued", "seller.name", "buyer.name", "grand_total", "line_total", "tax_basis", "tax_total",
     "due_payable", "seller.vat_number", "seller.tax_number"}
)  # fmt: skip
