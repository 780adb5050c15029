"""The header of a table of line items: which columns it has, by the words for them in several languages."""

import re
from dataclasses import dataclass
from typing import Final, Literal, TypeAlias

Column: TypeAlias = Literal["position", "description", "quantity", "price", "tax", "amount"]
"""What stands in a column."""

_WORDS: Final[dict[Column, tuple[str, ...]]] = {
    "position": (
        r"pos\.?(?:ition)?", r"no\.", r"nr\.", r"lfd\.?", r"#", r"item no\.?", r"art\.?-?\s?nr\.?", r"code", r"sku",
    ),
    "description": (
        r"(?:item )?description", r"item", r"product", r"article", r"service", r"details", r"particulars",
        r"bezeichnung", r"beschreibung", r"artikel", r"leistung", r"produkt", r"d[ée]signation", r"libell[ée]",
        r"produit", r"descripci[oó]n", r"concepto", r"art[íi]culo", r"omschrijving", r"descrizione", r"prodotto",
    ),
    "price": (
        r"unit price(?: excl\.? (?:vat|tax))?", r"unit cost", r"price(?: each)?", r"rate",
        r"(?:einzel|netto|stück|e-?)preis", r"preis", r"prix(?: unitaire)?(?: ht)?", r"p\.?u\.?(?: ht)?",
        r"precio(?: unitario)?", r"prijs per stuk", r"(?:stuks?)?prijs", r"prezzo(?: unitario)?",
    ),
    "quantity": (
        r"qty\.?", r"quantity", r"units?", r"hours", r"menge", r"anzahl", r"stk\.?", r"st[üu]ck", r"qt[ée]\.?",
        r"quantit[ée]", r"cant\.?", r"cantidad", r"aantal", r"q\.?t[àa]\.?", r"quantit[àa]",
    ),
    "tax": (
        r"(?:vat|tax|gst)(?: ?%| rate)?", r"mwst\.?(?: ?%)?", r"ust\.?(?: ?%)?", r"steuer(?:satz)?",
        r"t\.?v\.?a\.?(?: ?%)?", r"iva(?: ?%)?", r"btw(?: ?%)?",
    ),
    "amount": (
        r"(?:line )?(?:amount|total)(?: (?:excl\.?|net))?(?: (?:vat|tax))?", r"net(?: amount)?", r"betrag",
        r"gesamt(?:preis|betrag)?", r"summe", r"netto(?:betrag)?", r"montant(?: ht)?", r"total(?: ht)?", r"importe",
        r"bedrag", r"totaal", r"importo", r"totale",
    ),
}  # fmt: skip
"""What columns are called, in English, German, French, Spanish, Dutch and Italian; ``unit price`` before ``unit``."""
_ALL: Final = "|".join(f"(?P<{column}>{'|'.join(words)})" for column, words in _WORDS.items())
_WORD: Final = re.compile(rf"(?<![^\W_])(?:{_ALL})(?![^\W_])", re.IGNORECASE)
_REST: Final = 0.35
"""Most of a header's letters that may stand outside the words for columns: units, currencies."""


@dataclass(frozen=True, slots=True)
class ItemHeader:
    """The columns of a table, from left to right."""

    columns: tuple[Column, ...]

    @property
    def numbers(self) -> tuple[Column, ...]:
        """Return the columns of numbers, from left to right."""
        return tuple(column for column in self.columns if column in {"quantity", "price", "tax", "amount"})


def header_of(line: str) -> ItemHeader | None:
    """Return the columns that a line names, or None: it is no header of line items.

    It has no number, and names what was delivered or how much of it, and what that comes to. One of three columns or
    more may go on in the next line: its last is what it comes to, as is ``Price incl. VAT`` after a price.
    """
    if any(map(str.isdigit, line)):
        return None
    found = [(str(match.lastgroup), match) for match in _WORD.finditer(line)]
    named = [column for column, _ in found]
    if named.count("amount") > 1 and "quantity" not in named:  # Amount, Product, Price, Total
        named[named.index("amount")] = "quantity"
    columns = tuple(dict.fromkeys(named))
    letters = sum(map(str.isalpha, line))
    within = sum(sum(map(str.isalpha, match[0])) for _, match in found)
    if len(columns) < 2 or letters - within > _REST * letters or not set(columns) & {"description", "quantity"}:
        return None
    if "amount" not in columns:
        if len(columns) < 3 or not set(columns) & {"quantity", "price"}:
            return None
        columns = (*columns, "amount")
    return ItemHeader(_typed(columns))


def _typed(columns: tuple[str, ...]) -> tuple[Column, ...]:
    return tuple(column for name in columns for column in _WORDS if column == name)
