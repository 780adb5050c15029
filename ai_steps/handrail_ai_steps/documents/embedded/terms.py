"""Terms taken out of an XML tree by their paths; what is there and cannot be read is written down, never guessed."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal, localcontext

from handrail_ai_steps.documents.embedded.xml_tree import Node
from handrail_ai_steps.documents.invoice import FindingCode, InvoiceFinding

MOST_FINDINGS = 200
_NUMBER = re.compile(r"[+-]?(?:\d{1,18}(?:\.\d{0,12})?|\.\d{1,12})", re.ASCII)
_ISO_DAY = re.compile(r"(\d{4})-(\d\d)-(\d\d)(?:Z|[+-]\d\d:\d\d)?", re.ASCII)
_DAY = re.compile(r"(\d{4})(\d\d)(\d\d)", re.ASCII)
_SHOWN = 60


@dataclass(slots=True)
class TermReader:
    """Reads terms below a node; elements of other vocabularies are not seen."""

    spaces: frozenset[str]
    """The namespaces of the syntax."""
    findings: list[InvoiceFinding] = field(default_factory=list)

    def all(self, node: Node | None, path: str) -> list[Node]:
        """Return the nodes at a path such as ``Party/Name``, where a step may name two: ``ID|GlobalID``."""
        nodes = [node] if node is not None else []
        for step in path.split("/"):
            names = step.split("|")
            nodes = [
                child for each in nodes for child in each.children if child.name in names and child.space in self.spaces
            ]
        return nodes

    def one(self, node: Node | None, path: str) -> Node | None:
        """Return the first node at a path, or None."""
        return next(iter(self.all(node, path)), None)

    def text(self, node: Node | None, path: str) -> str:
        """Return the text at a path, the first that is not empty."""
        return next((each.text for each in self.all(node, path) if each.text), "")

    def texts(self, node: Node | None, path: str) -> tuple[str, ...]:
        """Return the texts at a path, each once, in order."""
        return tuple(dict.fromkeys(each.text for each in self.all(node, path) if each.text))

    def single(self, node: Node | None, path: str, term: str) -> str:
        """Return the text at a path that may be there once; two that differ are written down, and neither is taken."""
        texts = self.texts(node, path)
        return self._only(texts, term) or ""

    def amount(self, node: Node | None, path: str, term: str) -> Decimal | None:
        """Return the number at a path that may be there once."""
        return self.number_of(self._only(self.texts(node, path), term), term)

    def number_of(self, text: str | None, term: str) -> Decimal | None:
        """Return a number as XML Schema writes it; anything else is written down."""
        if not text:
            return None
        if not _NUMBER.fullmatch(text):
            self.find("unreadable", term, f"{_short(text)} is no number as XML has it (digits and a point)")
            return None
        with localcontext(prec=40):
            return Decimal(text)

    def iso_day(self, text: str, term: str) -> date | None:
        """Return a day as XML Schema writes it."""
        found = _ISO_DAY.fullmatch(text) if text else None
        return self._day(found, text, term)

    def compact_day(self, node: Node | None, term: str) -> date | None:
        """Return a day in the format that its ``format`` says; 102 is the one that is a day."""
        if node is None or not node.text:
            return None
        written = node.attributes.get("format", "102")
        if written != "102":
            self.find("unreadable", term, f"{_short(node.text)} is in format {_short(written)}; only 102 is a day")
            return None
        return self._day(_DAY.fullmatch(node.text) or _ISO_DAY.fullmatch(node.text), node.text, term)

    def find(self, code: FindingCode, term: str, message: str) -> None:
        """Write down what is wrong with a term."""
        if len(self.findings) < MOST_FINDINGS:
            self.findings.append(InvoiceFinding(code=code, term=term, message=message))

    def require(self, **terms: object) -> None:
        """Write down the terms that are missing."""
        told = {each.term for each in self.findings}
        for term, value in terms.items():
            if value in (None, "", ()) and term not in told:
                self.find("missing", term, f"the data has no {term.replace('_', ' ')}")

    def _only(self, texts: tuple[str, ...], term: str) -> str | None:
        if len(texts) > 1:
            self.find("repeated", term, f"it is there more than once: {', '.join(map(_short, texts[:4]))}")
            return None
        return texts[0] if texts else None

    def _day(self, found: re.Match[str] | None, text: str, term: str) -> date | None:
        try:
            if found:
                return date(int(found[1]), int(found[2]), int(found[3]))
        except ValueError:
            pass
        if text:
            self.find("unreadable", term, f"{_short(text)} is no day")
        return None


def leaf_texts(node: Node, *, without: frozenset[str], most: int) -> tuple[str, ...]:
    """Return the short texts below a node, each once, but for those below elements of these names."""
    return tuple(dict.fromkeys(_leaves(node, without)))[:most]


def compact(identifier: str) -> str:
    """Return an identifier without blanks, in capitals."""
    return re.sub(r"\s+", "", identifier).upper()


def distinct(values: Iterable[str]) -> tuple[str, ...]:
    """Return the values that are not empty, each once, in order."""
    return tuple(dict.fromkeys(each for each in values if each))


def _leaves(node: Node, without: frozenset[str]) -> Iterator[str]:
    for child in node.children:
        if child.name in without:
            continue
        if child.children:
            yield from _leaves(child, without)
        elif 1 < len(child.text) <= 80 and child.text not in {"true", "false"}:
            yield child.text


def _short(text: str) -> str:
    text = " ".join(text.split())
    return repr(text if len(text) <= _SHOWN else text[:_SHOWN] + "…")
