"""How many of a record's fields are right: precision, recall and F1 by field."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any, Final, Literal

from handrail_evals.errors import InvalidSetting
from handrail_evals.measure.scorer import Answered, Score
from handrail_evals.measure.scorers.comparator import Comparator, ComparatorLike, as_comparator
from handrail_evals.measure.scorers.errors import InvalidValue
from handrail_evals.measure.scorers.exact import Exact
from handrail_evals.measure.scorers.field_comparison import FieldComparison, shape_of
from handrail_evals.measure.scorers.field_tree import field_tree
from handrail_evals.measure.scorers.field_types import unknown_field
from handrail_evals.measure.scorers.tally import Tally

NOTHING_NAMED: Final[Mapping[str, ComparatorLike | None]] = MappingProxyType({})


@dataclass(frozen=True, slots=True, kw_only=True)
class Fields:
    """Compares records field by field; built by ``fields``."""

    comparison: FieldComparison
    version: str
    name: str = "fields"
    needs_expected: Literal[True] = True
    counts_fields: Literal[True] = True
    """A case without an answer misses all that it should have found."""
    _known: set[type] = field(default_factory=set, init=False, repr=False, compare=False)
    """Types that have the fields the tree speaks of: each is looked at once."""

    def compare(self, value: Any, expected: Any, /) -> float:
        """Return the F1 of the fields, 0 to 1.

        Raises:
            InvalidValue: the expected value has no fields, or a type does not have those that are compared.
        """
        return self._tally(value, expected).f1

    def __call__(self, answer: Answered[Any, Any, Any], /) -> Score:
        """Score an answer, with the counts of every field.

        Raises:
            InvalidValue: the expected value has no fields, or a type does not have those that are compared.
        """
        tally = self._tally(answer.output, answer.expected)
        return Score(tally.f1, reason=tally.reason, fields=tally.counts)

    def _tally(self, value: Any, expected: Any) -> Tally:
        if type(value) not in self._known or type(expected) not in self._known:
            self._look_at(value, expected)
        return self.comparison.tally(value, expected)

    def _look_at(self, value: Any, expected: Any) -> None:
        if shape_of(expected)[0] == "leaf":
            raise InvalidValue(
                scorer=self.name,
                problem=f"the expected value is a {type(expected).__name__}, which has no fields; use exact()",
            )
        for each in (expected, value):
            if shape_of(each)[0] in {"record", "list"} and type(each) not in self._known:
                problem = unknown_field(type(each), self.comparison.tree)
                if problem:
                    raise InvalidValue(scorer=self.name, problem=f"{problem}; correct the path")
                self._known.add(type(each))


def fields(
    comparators: Mapping[str, ComparatorLike | None] = NOTHING_NAMED,
    *,
    others: ComparatorLike | None = Exact(),  # noqa: B008 -- frozen
    of: Any = None,
    name: str = "fields",
) -> Fields:
    """Score the F1 of a record's fields: pydantic models, dataclasses and dicts, nested, with lists of records.

    ``comparators`` says by path how a field is compared (``{"total": within(absolute=0.01), "lines[].name":
    normalised()}``), ``others`` how all the rest is; None leaves it out. ``of`` is the record's type, when paths are to
    be checked right away.

    A right value is a hit; a wrong one is extra and missed; one where none is expected is extra; none where one is
    expected is missed; none on both sides is nothing. None, a missing key and an empty list are none; an empty text is
    a value. The items of a list are paired so that most is right. Half-right values count as half.

    Raises:
        InvalidSetting: a path cannot be read, ends where another goes on, or speaks of a field that ``of`` does not
            have; or a comparator compares nothing.
    """
    compared = {
        path: None if each is None else as_comparator(each, where=f"{name}, {path!r}")
        for path, each in comparators.items()
    }
    tree = field_tree(compared, scorer=name)
    rest = None if others is None else as_comparator(others, where=f"{name}, others")
    if rest is None and not any(compared.values()):
        raise InvalidSetting(f"{name}: nothing is compared; give a field a comparator, or leave out others=None")
    problem = "" if of is None else unknown_field(of, tree)
    if problem:
        raise InvalidSetting(f"{name}: {problem}; correct the path")
    settings = [f"{path}={versioned(each)}" for path, each in sorted(compared.items())]
    version = " ".join(["fields/1", *settings, f"others={versioned(rest)}"])
    return Fields(comparison=FieldComparison(tree, rest), version=version, name=name)


def versioned(comparator: Comparator | None) -> str:
    """Return a comparator's version, as part of another."""
    return "left out" if comparator is None else f"({comparator.version})"
