"""Currencies by their signs, codes and names, with what each may mean."""

import re

MEANINGS = {
    "$": frozenset({"USD", "AUD", "CAD", "SGD", "HKD", "NZD", "MXN", "MYR", "TWD"}),
    "US$": frozenset({"USD"}),
    "A$": frozenset({"AUD"}),
    "C$": frozenset({"CAD"}),
    "CA$": frozenset({"CAD"}),
    "AU$": frozenset({"AUD"}),
    "NZ$": frozenset({"NZD"}),
    "HK$": frozenset({"HKD"}),
    "NT$": frozenset({"TWD"}),
    "S$": frozenset({"SGD"}),
    "R$": frozenset({"BRL"}),
    "€": frozenset({"EUR"}),
    "EURO": frozenset({"EUR"}),
    "EUROS": frozenset({"EUR"}),
    "£": frozenset({"GBP"}),
    "POUND STERLING": frozenset({"GBP"}),
    "POUNDS STERLING": frozenset({"GBP"}),
    "¥": frozenset({"JPY", "CNY"}),
    "円": frozenset({"JPY"}),
    "元": frozenset({"CNY", "TWD"}),
    "RMB": frozenset({"CNY"}),
    "₹": frozenset({"INR"}),
    "RS": frozenset({"INR", "PKR", "LKR"}),
    "RM": frozenset({"MYR"}),
    "RP": frozenset({"IDR"}),
    "KR": frozenset({"SEK", "NOK", "DKK", "ISK"}),
    "ZŁ": frozenset({"PLN"}),
    "KČ": frozenset({"CZK"}),
    "₺": frozenset({"TRY"}),
    "₩": frozenset({"KRW"}),
    "원": frozenset({"KRW"}),
    "₽": frozenset({"RUB"}),
    "₴": frozenset({"UAH"}),
    "₪": frozenset({"ILS"}),
    "₫": frozenset({"VND"}),
    "฿": frozenset({"THB"}),
    "₦": frozenset({"NGN"}),
    "₱": frozenset({"PHP"}),
    "FR.": frozenset({"CHF"}),
    "SFR": frozenset({"CHF"}),
    "SFR.": frozenset({"CHF"}),
    "US-DOLLAR": frozenset({"USD"}),
    "US DOLLAR": frozenset({"USD"}),
    "US DOLLARS": frozenset({"USD"}),
    "SCHWEIZER FRANKEN": frozenset({"CHF"}),
}
"""What a sign or name may mean; two agree when their meanings overlap. A code means itself."""

_CODES = (
    "AED|ARS|AUD|BGN|BRL|CAD|CHF|CLP|CNY|COP|CZK|DKK|EGP|EUR|GBP|HKD|HUF|IDR|ILS|INR|ISK|JPY|KRW|LKR|"
    "MXN|MYR|NGN|NOK|NZD|PHP|PKR|PLN|RON|RUB|SAR|SEK|SGD|THB|TRY|TWD|UAH|USD|VND|ZAR"
)
_WORDS = sorted((re.escape(sign) for sign in MEANINGS if sign[0].isalpha() and sign[-1].isalpha()), key=len)[::-1]
_MARKS = sorted((re.escape(sign) for sign in MEANINGS if not (sign[0].isalpha() and sign[-1].isalpha())), key=len)[::-1]

SIGN = rf"(?:{'|'.join(_MARKS)}|(?:{'|'.join(_WORDS)}|{_CODES})(?![^\W\d_]))"
"""The pattern of a sign, code or name."""

FOUND = re.compile(rf"(?<![^\W\d_])(?:{SIGN})", re.IGNORECASE)
"""One in a text; in a longer word there is none."""


def meanings(sign: str) -> frozenset[str]:
    """Return the codes of the currencies that a sign, code or name may mean."""
    upper = " ".join(sign.upper().split())
    return MEANINGS.get(upper, frozenset({upper}))


def agree(one: frozenset[str] | None, other: frozenset[str] | None) -> bool:
    """Return whether two may mean the same currency; None is none, which contradicts nothing."""
    return one is None or other is None or bool(one & other)


def is_currency(text: str) -> bool:
    """Return whether a text is a currency's sign, code or name and nothing else."""
    return FOUND.fullmatch(text.strip()) is not None
