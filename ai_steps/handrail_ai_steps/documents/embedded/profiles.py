"""Which standard and level a guideline's identifier names."""

import re

from handrail_ai_steps.documents.invoice import InvoiceStandard

_CORE = "urn:cen.eu:en16931"
_STANDARDS: tuple[tuple[str, InvoiceStandard], ...] = (
    ("xrechnung", "xrechnung"),
    ("xoev-de", "xrechnung"),
    ("peppol", "peppol"),
    ("factur-x", "factur-x"),
    ("zugferd", "zugferd2"),
    (_CORE, "en16931"),
)
"""By a part of the identifier, the more special first."""
_LEVELS = ("minimum", "basicwl", "basic", "comfort", "extended", "en16931", "xrechnung")


def profile_of(guideline: str, *, zugferd1: bool = False) -> tuple[InvoiceStandard, str]:
    """Return the standard and the level that an identifier such as ``urn:factur-x.eu:1p0:basicwl`` names."""
    text = guideline.lower()
    tail = re.split(r"[:#]", text)[-1]
    level = next((each for each in _LEVELS if tail.startswith(each)), "")
    standard: InvoiceStandard = (
        "zugferd1" if zugferd1 else next((named for part, named in _STANDARDS if part in text), "other")
    )
    if standard == "xrechnung":
        level = "extension" if "extension" in text else "xrechnung"
    elif standard == "peppol":
        level = "billing"
    elif standard == "en16931" and text.startswith(_CORE):
        level = "en16931"
    return standard, level


def _standard(text: str, *, zugferd1: bool) -> InvoiceStandard:
    if zugferd1:
        return "zugferd1"
    return next((named for part, named in _STANDARDS if part in text), "other")
