"""Records of several sources made one: field by field, the first that states it; who disagrees is kept beside it."""

import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from handrail_ai_steps.documents.embedded.printed import run_together
from handrail_ai_steps.leaves import LENGTH
from handrail_ai_steps.models.sources.known import Data
from handrail_guards.acceptance import Doubt
from handrail_guards.confidence import Confidence
from handrail_guards.outcome import Alternative
from handrail_guards.values.currencies import agree
from handrail_guards.values.written_date import read_date
from handrail_guards.values.written_number import Number, read_number

_SHOWN = 80


@dataclass(frozen=True, slots=True, kw_only=True)
class Stating:
    """What one source states."""

    source: str
    data: Data
    """Plain JSON data by the names that the schema has; null and what is left out is not stated."""
    fields: Mapping[str, Confidence] = field(default_factory=dict)
    """By path; a path above holds for what is below it."""
    whole: Confidence
    """Of fields without one of their own."""
    others: Mapping[str, tuple[Alternative, ...]] = field(default_factory=dict)

    def sure(self, path: str) -> Confidence:
        """Return how sure it is of a field."""
        parts = path.split(".")
        for end in range(len(parts), 0, -1):
            found = self.fields.get(".".join(parts[:end]))
            if found is not None:
                return found
        return self.whole


@dataclass(slots=True)
class MergedSources:
    """One record of several."""

    data: Data
    fields: dict[str, Confidence] = field(default_factory=dict)
    others: dict[str, tuple[Alternative, ...]] = field(default_factory=dict)
    disagreements: list[str] = field(default_factory=list)
    """Each in plain words, with who says what."""

    def doubt(self) -> Doubt | None:
        """Return why a person must look at it, or None."""
        return Doubt("contradiction", "; ".join(self.disagreements)) if self.disagreements else None


def merged(sources: Sequence[Stating]) -> MergedSources:
    """Return one record: each field as the first source that states it has it.

    Agreement makes nothing surer. Where others state something else, the field has no confidence, and all that is said
    of it is kept with who says it.
    """
    made = MergedSources(data={})
    made.data = _object(made, [(each, each.data) for each in sources], "")
    for each in sources:
        for path, others in each.others.items():
            known = made.others.get(path, ())
            made.others[path] = (*known, *(one for one in others if one not in known))
    return made


def _object(made: MergedSources, stated: Sequence[tuple[Stating, Data]], path: str) -> Data:
    names = list(dict.fromkeys(name for _, data in stated for name in data))
    return {
        name: _value(made, [(each, data[name]) for each, data in stated if name in data], _below(path, name))
        for name in names
    }


def _value(made: MergedSources, stated: Sequence[tuple[Stating, Any]], path: str) -> Any:
    said = [(each, value) for each, value in stated if _is_said(value)]
    if not said:  # nobody states it: null, as the first of them says
        made.fields[path] = stated[0][0].sure(path)
        return stated[0][1]
    first = said[0][1]
    if all(isinstance(value, dict) for _, value in said):
        return _object(made, said, path)
    if all(isinstance(value, list) for _, value in said) and len({len(value) for _, value in said}) == 1:
        made.fields[_below(path, LENGTH)] = said[0][0].sure(_below(path, LENGTH))
        return [
            _value(made, [(each, value[index]) for each, value in said], _below(path, str(index)))
            for index in range(len(first))
        ]
    _settle(made, said, path)
    return first


def _settle(made: MergedSources, said: Sequence[tuple[Stating, Any]], path: str) -> None:
    """Write down how sure a field is, and who says something else."""
    source, first = said[0]
    others = [(each, value) for each, value in said[1:] if not same_value(first, value)]
    if not others:
        for at in _ends(first, path):
            made.fields[at] = source.sure(at)
        return
    told = "; ".join(f"{each.source} says {_shown(value)}" for each, value in (said[0], *others))
    made.disagreements.append(f"{path}: {told}")
    lacking = Confidence.none(told)
    for at in _ends(first, path):
        made.fields[at] = lacking
    made.others[path] = tuple(
        Alternative(value=_shown(value), confidence=each.sure(path).value or 0.0, source=each.source)
        for each, value in (said[0], *others)
    )


def same_value(one: object, other: object) -> bool:
    """Return whether two values mean the same, however each is written: amounts, dates, numbers and texts."""
    if (
        isinstance(one, bool)
        or isinstance(other, bool)
        or isinstance(one, dict | list)
        or isinstance(other, dict | list)
    ):
        return type(one) is type(other) and one == other
    first, second = str(one), str(other)
    if _plain(first) == _plain(second):
        return True
    if (days := read_date(first)) is not None and (others := read_date(second)) is not None:
        return bool(days.readings & others.readings)
    number, another = read_number(first), read_number(second)
    if number is None or another is None:
        return False
    return _same_number(number, another, are_texts=isinstance(one, str) and isinstance(other, str))


def _same_number(one: Number, other: Number, *, are_texts: bool) -> bool:
    if are_texts and not any("." in each for each in one.written | other.written):
        return False  # 007 and 7 are two numbers of documents
    same = one.values() & other.values() and one.signs & other.signs
    return bool(same) and agree(one.currencies, other.currencies)


def _plain(text: str) -> str:
    """Return a text without what makes no other of it: blanks and case; where no digit is in it, signs as well."""
    if any(map(str.isdigit, text)):
        return "".join(unicodedata.normalize("NFKC", text).casefold().split())
    return run_together(text) or text.strip()


def _is_said(value: object) -> bool:
    return value is not None and value not in ("", [], {})


def _ends(value: object, path: str) -> Iterator[str]:
    if isinstance(value, dict) and value:
        for name, below in value.items():
            yield from _ends(below, _below(path, name))
    elif isinstance(value, list) and value:
        for index, below in enumerate(value):
            yield from _ends(below, _below(path, str(index)))
        yield _below(path, LENGTH)
    else:
        yield path


def _below(path: str, name: str) -> str:
    return f"{path}.{name}" if path else name


def _shown(value: object) -> str:
    if isinstance(value, list):
        return f"{len(value)} items"
    text = " ".join(str(value).split())
    return text if len(text) <= _SHOWN else text[:_SHOWN] + "…"
