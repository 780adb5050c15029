"""How much a text is like the expected one."""

import unicodedata
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING, Final, Literal, TypeAlias, get_args

from handrail_evals.errors import InvalidSetting, InvalidValue
from handrail_evals.measure.scorer import AnyAnswer, Score
from handrail_evals.measure.scorers.normalised import text_of
from handrail_ground.optional import OptionalLibrary
from handrail_guards.grounding.words import read_words

if TYPE_CHECKING:
    from rapidfuzz import distance
else:
    distance = OptionalLibrary("rapidfuzz.distance", extra="evals")

Measure: TypeAlias = Literal["edits", "words"]
"""``edits``: 1 minus the Levenshtein distance over the longer text's length. ``words``: the F1 of the words."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Similarity:
    """Compares texts by how much they have in common; built by ``similarity``."""

    measure: Measure
    at_least: float | None
    name: str = "similarity"
    needs_expected: Literal[True] = True

    def __post_init__(self) -> None:
        if self.measure not in get_args(Measure):
            raise InvalidSetting(f"{self.name}: measure is {self.measure!r}; give 'edits' or 'words'")
        if self.at_least is not None and not 0.0 < self.at_least <= 1.0:
            raise InvalidSetting(f"{self.name}: at_least is {self.at_least!r}; give a similarity above 0 and up to 1")

    @property
    def version(self) -> str:
        """Return the kind and the settings."""
        return f"similarity/1 measure={self.measure} at_least={self.at_least}"

    def compare(self, value: object, expected: object, /) -> float:
        """Return the similarity, 0 to 1, or 1 or 0 by ``at_least``.

        Raises:
            InvalidValue: the expected value is no text.
            LibraryMissing: ``edits`` are counted by rapidfuzz, which is not installed.
        """
        return self._judged(self._measured(value, expected))

    def __call__(self, answer: AnyAnswer, /) -> Score:
        """Score an answer; with ``at_least`` a wrong one says how similar it is.

        Raises:
            InvalidValue: the expected value is no text.
            LibraryMissing: ``edits`` are counted by rapidfuzz, which is not installed.
        """
        found = self._measured(answer.output, answer.expected)
        score = self._judged(found)
        wanted = f"similarity {found:.3f}, at least {self.at_least} is right"
        return Score(score, reason=wanted if self.at_least is not None and not score else "")

    def _judged(self, found: float) -> float:
        if self.at_least is None:
            return found
        return 1.0 if found >= self.at_least else 0.0

    def _measured(self, value: object, expected: object) -> float:
        if value is None or expected is None:
            return 1.0 if value is expected else 0.0
        text, right = text_of(value), text_of(expected)
        if right is None:
            raise InvalidValue(
                scorer=self.name,
                problem=f"the expected value is a {type(expected).__name__}, which is no text; use exact() or fields()",
            )
        if text is None:
            return 0.0
        return 1.0 if text == right else MEASURES[self.measure](text, right)


def similarity(measure: Measure = "edits", *, at_least: float | None = None, name: str = "similarity") -> Similarity:
    """Score how much a text is like the expected one, 0 to 1; with ``at_least`` it is right (1) or wrong (0).

    ``edits`` counts the characters to insert, delete or replace (Levenshtein), over the longer text's length; letter
    case and white space count. ``words`` is the F1 of the words without case and punctuation, in any order, as question
    answering is scored (SQuAD; articles count here). Neither knows what a text means: "is" and "is not" are similar.

    Raises:
        InvalidSetting: an unknown measure, or ``at_least`` outside 0 to 1.
    """
    return Similarity(measure=measure, at_least=at_least, name=name)


def edits(text: str, expected: str) -> float:
    """Return 1 minus the Levenshtein distance over the length of the longer text, composed as NFC.

    Raises:
        LibraryMissing: rapidfuzz is not installed.
    """
    return distance.Levenshtein.normalized_similarity(
        unicodedata.normalize("NFC", text), unicodedata.normalize("NFC", expected)
    )


def words(text: str, expected: str) -> float:
    """Return the F1 of the words, each counted as often as it is there; 1 when neither has any."""
    found, wanted = words_of(text), words_of(expected)
    total = found.total() + wanted.total()
    return 2 * (found & wanted).total() / total if total else 1.0


def words_of(text: str) -> Counter[str]:
    """Return how often each word is in a text, without case, width and composition."""
    read = read_words(text)
    return Counter(read.letters[start:end] for start, end in zip(read.starts, read.ends, strict=True))


MEASURES: Final[Mapping[str, Callable[[str, str], float]]] = MappingProxyType({"edits": edits, "words": words})
