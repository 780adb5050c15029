"""The language of a document by its commonest words, and what that language's writing tells of its dates."""

import re
from collections import Counter
from functools import lru_cache
from typing import Final, Literal, TypeAlias

Language: TypeAlias = Literal["en", "de", "fr", "es", "it", "nl", "pt", "pl", "sv", "da"]

_WORDS: Final[dict[Language, str]] = {
    "en": "the and of to for is your you please this with amount due invoice payment from by tax date receipt number",
    "de": "und der die das mit für von zum zur bitte wir sie ihre rechnung betrag datum nach bis bei nr mwst ust auf",
    "fr": "le les et de du des pour vous votre facture montant avec sur par règlement paiement tva au nous",
    "es": "el los y de del para su factura importe con por pago fecha iva usted una nº cantidad",
    "it": "il e di del della per fattura importo con pagamento data iva si una gli scadenza",
    "nl": "de het en van voor uw factuur bedrag met op te een btw betaling datum bij",
    "pt": "o os e de do da para fatura valor com pagamento data não uma vencimento seu",
    "pl": "i w na do z faktura kwota nip data zapłaty razem sprzedaży nabywca termin",
    "sv": "och att för på med faktura belopp moms att er datum är av",
    "da": "og at til med faktura beløb moms af den dato er på i",
}
_BY_WORD: Final[dict[str, tuple[Language, ...]]] = {}
for _language, _listed in _WORDS.items():
    for _word in _listed.split():
        _BY_WORD[_word] = (*_BY_WORD.get(_word, ()), _language)

_TOKEN = re.compile(r"[^\W\d_]+º?")
_FEWEST = 3
_AHEAD = 1.5
"""How many times the words of the second language there must be."""


@lru_cache(maxsize=64)
def language_of(text: str) -> Language | None:
    """Return the language that most of the common words of a text are of; None: too few, or no clear lead."""
    counts: Counter[Language] = Counter()
    for word in _TOKEN.findall(text.casefold()):
        counts.update(_BY_WORD.get(word, ()))
    leading = counts.most_common(2)
    if not leading or leading[0][1] < _FEWEST:
        return None
    if len(leading) > 1 and leading[0][1] < _AHEAD * leading[1][1]:
        return None
    return leading[0][0]
