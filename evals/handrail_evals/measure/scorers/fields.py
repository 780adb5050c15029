"""How many of a record's fields are right: precision, recall and F1 by field."""

from collections.abc import Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field
from datetime import date, time
from decimal import Decimal
from enum import Enum
from types import MappingProxyType, UnionType
from typing import Annotated, Any, Final, Literal, Union, get_args, get_origin, get_type_hints

from handrail_evals.errors import InvalidSetting, InvalidValue
from handrail_evals.measure.scorer import AnyAnswer, Score
from handrail_evals.measure.scorers.comparator import Comparator, ComparatorLike, as_comparator
from handrail_evals.measure.scorers.exact import Exact
from handrail_evals.measure.scorers.field_comparison import (
    ITEM,
    FieldComparison,
    FieldNode,
    FieldTally,
    Path,
    field_tree,
    joined_path,
    shape_of,
)

_SCALARS = (str, bytes, int, float, Decimal, date, time, Enum)

NOTHING_NAMED: Final[Mapping[str, ComparatorLike | None]] = MappingProxyType({})


def unknown_field(kind: object, tree: FieldNode) -> str:
    """Return in words which field of the tree a type does not have; empty when it has them all, or nobody can know."""
    return next(unknown_below([kind], tree, ()), "")


def unknown_below(kinds: Sequence[Any], node: FieldNode, path: Path) -> Iterator[str]:
    """Yield what is wrong with the paths below a node, for a value of one of these types."""
    options = [option for kind in kinds for option in alternatives(kind)]
    for part, below in node.below.items():
        found = [inside for option in options for inside in reached(option, part)]
        here = (*path, part)
        if found:
            yield from unknown_below(found, below, here)
            continue
        names = sorted({name for option in options for name in hints(option) or ()})
        has = f"the fields are {', '.join(names)}" if names else "there are no fields"
        hint = "; [] leads into a list" if part != ITEM and any(map(is_list, options)) else ""
        where = joined_path(path) or " or ".join(getattr(kind, "__name__", str(kind)) for kind in kinds)
        yield f"{where} has no {joined_path(here)!r} ({has}{hint})"


def alternatives(kind: Any) -> Iterator[Any]:
    """Yield the types a value may be of, None left out."""
    kind = getattr(kind, "__value__", kind)  # type Alias = ...
    if get_origin(kind) is Annotated:
        yield from alternatives(get_args(kind)[0])
    elif get_origin(kind) in {Union, UnionType}:
        for option in get_args(kind):
            yield from alternatives(option)
    elif getattr(kind, "__pydantic_root_model__", False):
        yield from alternatives(kind.model_fields["root"].annotation)
    elif kind is not type(None):
        yield kind


def reached(kind: object, part: str) -> Iterator[Any]:
    """Yield the types that one part of a path leads to; ``Any`` where nobody can know, none where it is not there."""
    if is_list(kind):
        if part == ITEM:
            yield from [each for each in get_args(kind) if each is not Ellipsis] or [Any]
        return
    named = hints(kind)
    if named is not None:
        if part in named:
            yield named[part]
        elif takes_more(kind):
            yield Any
    elif not (isinstance(kind, type) and issubclass(kind, _SCALARS)):
        arguments = get_args(kind)
        yield arguments[1] if is_mapping(kind) and len(arguments) == 2 and part != ITEM else Any


def hints(kind: object) -> Mapping[str, Any] | None:
    """Return the fields of a record type with their types; None for any other type."""
    plain = get_origin(kind) or kind
    declared = getattr(plain, "model_fields", None)
    if declared is not None:
        return {name: info.annotation for name, info in declared.items()}
    fields = getattr(plain, "__dataclass_fields__", None) or getattr(plain, "_field_defaults", None)
    if fields is None and not hasattr(plain, "__required_keys__"):
        return None
    try:
        return get_type_hints(plain)
    except NameError:  # a type that is only there for type checkers
        return None


def takes_more(kind: object) -> bool:
    """Return whether a pydantic model keeps fields that it does not declare."""
    settings: Mapping[str, Any] = getattr(kind, "model_config", {})
    return settings.get("extra") == "allow"


def is_list(kind: object) -> bool:
    """Return whether a type is that of a list, tuple, set or sequence."""
    plain = get_origin(kind) or kind
    if not isinstance(plain, type) or issubclass(plain, str | bytes) or hasattr(plain, "_fields"):
        return False
    return issubclass(plain, Sequence | AbstractSet)


def is_mapping(kind: object) -> bool:
    """Return whether a type is that of a mapping."""
    plain = get_origin(kind) or kind
    return isinstance(plain, type) and issubclass(plain, Mapping)


@dataclass(frozen=True, slots=True, kw_only=True)
class FieldsScorer:
    """Compares records field by field; built by ``fields``."""

    comparison: FieldComparison
    version: str
    name: str = "fields"
    needs_expected: Literal[True] = True
    counts_fields: Literal[True] = True
    """A case without an answer misses all that it should have found."""
    _known: set[type] = field(default_factory=set, init=False, repr=False, compare=False)
    """Types that have the fields the tree speaks of: each is looked at once."""

    def compare(self, value: object, expected: object, /) -> float:
        """Return the F1 of the fields, 0 to 1.

        Raises:
            InvalidValue: the expected value has no fields, or a type does not have those that are compared.
        """
        return self._tally(value, expected).f1

    def __call__(self, answer: AnyAnswer, /) -> Score:
        """Score an answer, with the counts of every field.

        Raises:
            InvalidValue: the expected value has no fields, or a type does not have those that are compared.
        """
        tally = self._tally(answer.output, answer.expected)
        return Score(tally.f1, reason=tally.reason, fields=tally.counts)

    def _tally(self, value: object, expected: object) -> FieldTally:
        if type(value) not in self._known or type(expected) not in self._known:
            self._look_at(value, expected)
        return self.comparison.tally(value, expected)

    def _look_at(self, value: object, expected: object) -> None:
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
    of: object = None,
    name: str = "fields",
) -> FieldsScorer:
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
    return FieldsScorer(comparison=FieldComparison(tree, rest), version=version, name=name)


def versioned(comparator: Comparator | None) -> str:
    """Return a comparator's version, as part of another."""
    return "left out" if comparator is None else f"({comparator.version})"
