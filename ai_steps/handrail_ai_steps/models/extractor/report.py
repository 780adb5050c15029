"""How well an extractor reads documents that were kept from it, by field, issuers it met and others apart."""

from collections.abc import Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher

import numpy as np

from handrail_ai_steps.models.extractor.blocks import key_of
from handrail_ai_steps.models.extractor.examples import DocumentSet
from handrail_ai_steps.models.extractor.fit import fit
from handrail_ai_steps.models.extractor.labelled import TrueValue
from handrail_ai_steps.models.extractor.learned import FieldKind, LearnedExtractor
from handrail_ai_steps.models.extractor.prepared import prepared
from handrail_ai_steps.models.extractor.sheet import PieceSheet
from handrail_ai_steps.models.extractor.spots import days_of
from handrail_ai_steps.models.extractor.truth import as_amounts, as_days, is_missing

FORGIVEN = 0.95
"""Texts whose letters and digits are so alike differ by a letter or two: one of them was misread."""
BINS = 10


@dataclass(frozen=True, slots=True)
class KeptOutReading:
    """What was read of a field in one document that was kept out, and whether it is right."""

    document: int
    sure: float
    exact: bool
    """Equal after normalising: the same day, amount, or letters and digits."""
    near: bool
    """Exact, or of a text right but for a letter or two."""
    is_known: bool
    """Whether another document of its issuer was learned from."""


@dataclass(frozen=True, slots=True)
class FieldReport:
    """How well one field was read."""

    name: str
    kind: FieldKind
    readings: tuple[KeptOutReading, ...]

    @property
    def known(self) -> "FieldReport":
        """Return the same of documents whose issuer had been met."""
        return FieldReport(self.name, self.kind, tuple(each for each in self.readings if each.is_known))

    @property
    def unseen(self) -> "FieldReport":
        """Return the same of documents whose issuer had not been met."""
        return FieldReport(self.name, self.kind, tuple(each for each in self.readings if not each.is_known))

    def share(self, *, forgiving: bool = False) -> float | None:
        """Return the share that is right, 0 to 1; None: there was no document."""
        right = self._right(forgiving=forgiving)
        return sum(right) / len(right) if right else None

    def calibration_error(self) -> float:
        """Return the mean distance of the confidence from the share that is exact, in ten equal bins (ECE)."""
        sure = np.array([each.sure for each in self.readings])
        bins = np.minimum((sure * BINS).astype(int), BINS - 1)
        gaps = np.bincount(bins, weights=sure - np.array(self._right(forgiving=False)), minlength=BINS)
        return float(np.abs(gaps).sum() / max(1, len(sure)))

    def coverage(self, risk: float, *, forgiving: bool = False) -> float:
        """Return how many could be accepted, the surest first, before more of them than this share are wrong."""
        right = np.array(self._right(forgiving=forgiving))
        order = np.argsort([-each.sure for each in self.readings], kind="stable")
        wrong = np.cumsum(1 - right[order]) / np.arange(1, len(right) + 1) if len(right) else np.zeros(0)
        fits = np.flatnonzero(wrong <= risk)
        return float((fits[-1] + 1) / len(right)) if len(fits) else 0.0

    def _right(self, *, forgiving: bool) -> list[bool]:
        return [each.near if forgiving else each.exact for each in self.readings]


def report(data: DocumentSet, *, seed: int, folds: int) -> tuple[FieldReport, ...]:
    """Return how well each field is read in documents that are kept out in turn, by chance, in so many folds.

    An issuer of a single document is never met where that is kept out: so unseen ones are measured, too.
    """
    order = np.random.default_rng(seed).permutation(len(data))
    found: dict[str, list[KeptOutReading]] = {}
    kinds: dict[str, FieldKind] = {}
    for fold in range(folds):
        kept_out = order[fold::folds].tolist()
        learned_from = np.setdiff1d(order, kept_out).tolist()
        learned = fit(data.some(learned_from), seed=seed)
        known = {data.issuers[each] for each in learned_from}
        kinds |= {each.name: each.kind for each in learned.fields}
        for index in kept_out:
            read = _read(learned, data.sheets[index])
            for name, (value, sure) in read.items():
                truth = data.fields[name][index]
                if data.told[name][index] and not is_missing(truth):
                    exact = is_exact(kinds[name], value, truth)
                    near = exact or (kinds[name] == "text" and is_near(value, truth))
                    found.setdefault(name, []).append(
                        KeptOutReading(index, sure, exact, near, data.issuers[index] in known)
                    )
    return tuple(FieldReport(name, kinds[name], tuple(readings)) for name, readings in found.items())


def _read(learned: LearnedExtractor, sheet: PieceSheet) -> dict[str, tuple[object, float]]:
    """Return the likeliest value of each field, and how sure it is."""
    made = prepared(sheet, learned.kinds)
    ranked = learned.rank(made, learned.letters(made))
    read: dict[str, tuple[object, float]] = {}
    for field in learned.fields:
        candidates = ranked[field.name].candidates
        read[field.name] = candidates[0].value if candidates else None, field.sure(candidates)
    return read


def is_exact(kind: FieldKind, value: object, truth: TrueValue) -> bool:
    """Return whether the value of a candidate is the true one."""
    if value is None:
        return False
    if kind == "date":
        return isinstance(value, frozenset) and bool(days_of(value) & as_days(truth))
    if kind == "amount":
        return value in as_amounts(truth)
    return value == key_of(str(truth))


def is_near(value: object, truth: TrueValue) -> bool:
    """Return whether a text is the true one but for a letter or two."""
    wanted = key_of(str(truth))
    return isinstance(value, str) and SequenceMatcher(None, value, wanted, autojunk=False).ratio() >= FORGIVEN


def as_table(reports: Sequence[FieldReport]) -> list[str]:
    """Return the lines of a table for people."""
    head = f"{'field':<16} {'kind':<7}{'n':>5} {'exact':>7} {'forgiven':>9} {'known':>13} {'unseen':>13} {'ECE':>6}"
    lines = [f"{head} {'at 2%':>6} {'at 5%':>6}"]
    lines += [
        f"{each.name:<16} {each.kind:<7}{len(each.readings):>5} {_shown(each):>7} {_shown(each, forgiving=True):>9}"
        f" {_part(each.known):>13} {_part(each.unseen):>13} {each.calibration_error():>6.3f}"
        f" {each.coverage(0.02):>6.2f} {each.coverage(0.05):>6.2f}"
        for each in reports
    ]
    return lines


def _shown(each: FieldReport, *, forgiving: bool = False) -> str:
    share = each.share(forgiving=forgiving)
    return "-" if share is None else f"{share:.3f}"


def _part(each: FieldReport) -> str:
    return f"{_shown(each)} of {len(each.readings)}" if each.readings else "-"
