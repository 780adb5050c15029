"""One example: an input, what should come of it, and what is known about it."""

from collections.abc import Mapping, Sequence
from dataclasses import KW_ONLY, dataclass, field
from enum import Enum
from types import MappingProxyType
from typing import Any, Final, Generic, Literal, TypeAlias, TypeVar

from handrail_evals.errors import InvalidCase

In_co = TypeVar("In_co", covariant=True)
Expected_co = TypeVar("Expected_co", covariant=True)

Metadatum: TypeAlias = str | int | float | bool | None
"""What a case may say about itself: to slice a report by, never shown to the target."""

_NOTHING: Final[Mapping[str, Any]] = MappingProxyType({})


class Unlabelled(Enum):
    """The type of ``UNLABELLED``; None would be an answer: for a request that no label fits, it is the right one."""

    UNLABELLED = "unlabelled"


UNLABELLED: Final[Literal[Unlabelled.UNLABELLED]] = Unlabelled.UNLABELLED
"""Nobody has said yet what the right answer is."""


def nothing() -> Mapping[str, Any]:
    """Return the one empty mapping that all fields without content share: 10,000 results hold sixty thousand."""
    return _NOTHING


@dataclass(frozen=True)  # without slots: Case[str, Team](...) does not work with them on Python 3.11
class Case(Generic[In_co, Expected_co]):
    """An example that a target is measured on.

    Raises:
        InvalidCase: it has no name, or its metadata is not plain.
    """

    name: str
    """Unique in its suite; results of two runs are compared by it."""
    input: In_co
    """What the target is called with; a tuple is several arguments."""
    expected: Expected_co | Literal[Unlabelled.UNLABELLED] = UNLABELLED
    """What should come of it; ``UNLABELLED`` where nobody knows."""
    _: KW_ONLY
    steps: Mapping[str, Any] = field(default_factory=nothing)
    """For workflows: what single steps should come to, by name, so that a failure can be traced to one of them."""
    metadata: Mapping[str, Metadatum] = field(default_factory=nothing)
    """What it is like (language, customer, source), for slices of a report."""
    cluster: str | None = None
    """What it shares with other cases (document, sender), which makes them count for less; None: it stands alone."""
    must_pass: bool = False
    """Whether a release may not go out while it fails, whatever the averages say."""
    blind: bool | None = None
    """Whether its label was given without a model's suggestion in view; None: it does not say."""
    where: str = field(default="", compare=False)
    """Where it was read, as errors show it: ``cases.jsonl, line 3``; empty: made in code."""

    def __post_init__(self) -> None:
        name: Any = self.name  # whatever a caller without a type checker gave
        if not isinstance(name, str) or not name.strip():
            raise InvalidCase(where=self.where, case=repr(name), problem="a case needs a name: text, not empty")
        metadata: Mapping[str, Any] = self.metadata
        wrong = [key for key, value in metadata.items() if not isinstance(value, str | int | float | None)]
        if wrong:
            raise InvalidCase(
                where=self.where,
                case=repr(name),
                problem=f"metadata {wrong[0]!r} is a {type(metadata[wrong[0]]).__name__}; give text or a number",
            )

    @property
    def is_labelled(self) -> bool:
        """Whether somebody said what is right."""
        return self.expected is not UNLABELLED

    @property
    def place(self) -> str:
        """Return its name, and where it was read, for errors."""
        return f"{self.where}, case {self.name!r}" if self.where else f"case {self.name!r}"


AnyCase: TypeAlias = Case[Any, Any]
"""A case of any input, with any label."""


def require_distinct(cases: Sequence[AnyCase]) -> None:
    """Check that no two cases have one name.

    Raises:
        InvalidCase: two have; both places are named.
    """
    first: dict[str, AnyCase] = {}
    for case in cases:
        earlier = first.get(case.name)
        first[case.name] = case
        if earlier is not None:
            also = f" in {earlier.where}" if earlier.where else ""
            raise InvalidCase(
                where=case.where, case=repr(case.name), problem=f"its name is already that of a case{also}; rename one"
            )
