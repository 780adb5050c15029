"""A guard made from one test, attached to the whole value, to fields of it, or to every text in it."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, TypeAlias, get_args

from handrail_guards import fields as paths
from handrail_guards.chain import require_sound
from handrail_guards.errors import InvalidGuard
from handrail_guards.guard import CostClass, GuardContext
from handrail_guards.numbers import is_text
from handrail_guards.verdict import OnFail, Span, Verdict

Stage: TypeAlias = Literal["input", "output"]
"""Whether a guard looks at what goes to a model or at what comes back."""

Within: TypeAlias = Literal["value", "texts", "leaves"]
"""The value as it is; every string in it; or every string, number, date and time in it."""

Fields: TypeAlias = str | Sequence[str]
"""One field path or several; ``lines.*.total`` means every line."""


@dataclass(frozen=True, slots=True)
class Finding:
    """What a test found in one part of a value."""

    passed: bool
    reason: str = ""
    """Why, in plain words; empty only when it passed."""
    spans: tuple[Span, ...] = ()
    """Evidence: in the source for grounding, in the checked text for everything that looks at text."""
    path: str = ""
    """The field below the checked part, when the test looks deeper than the part it was given."""


def failed(reason: str, spans: tuple[Span, ...] = (), path: str = "") -> Finding:
    """Return the finding that forbids the part, with the reason in plain words."""
    return Finding(passed=False, reason=reason, spans=spans, path=path)


Said: TypeAlias = Finding | Sequence[Finding] | None
"""What a test returns: None is a pass with nothing to say."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """A guard made from one test.

    A field that is absent from a mapping, or None, passes: whether it must be there is for the schema to
    say. An object without the attribute at all is a misspelt field and fails.

    Raises:
        InvalidGuard: an empty name, a malformed field path, an unknown word, or an ``on_fail`` that cannot work here.
    """

    name: str
    """The name that verdicts carry."""
    test: Callable[[Any, GuardContext], Said]
    """Looks at one part of the value; raising counts as failing."""
    on_fail: OnFail = "review"
    fields: tuple[str, ...] = ()
    """Field paths to look at; empty: the whole value."""
    within: Within = "value"
    """Which parts of the value or field the test sees, each on its own."""
    cost: CostClass = "free"
    stage: Stage = "output"
    repair: Callable[[Any, GuardContext], Any] | None = None
    """Returns a part that would pass, for ``on_fail="fix"``; None: this guard cannot fix."""
    reads: tuple[str, ...] = ()
    """Paths that the test itself follows in the whole value, so that a misspelt one is told when a step is built."""
    _passed: Verdict = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        if not is_text(self.name):
            raise InvalidGuard(f"the name of a guard is {self.name!r}; give text: verdicts and reviewers refer to it")
        if not callable(self.test):
            raise InvalidGuard(f"guard {self.name!r}: test is {self.test!r}; give a function of value and context")
        if self.on_fail not in get_args(OnFail):
            raise InvalidGuard(f"on_fail is {self.on_fail!r}; choose one of {', '.join(get_args(OnFail))}")
        for name, given, known in (
            ("stage", self.stage, get_args(Stage)),
            ("within", self.within, get_args(Within)),
            ("cost", self.cost, get_args(CostClass)),
        ):
            if given not in known:
                raise InvalidGuard(f"guard {self.name!r}: {name} is {given!r}; choose one of {', '.join(known)}")
        for path in self.fields:
            paths.check_path(path)
        require_sound(self.on_fail, self.name, can_fix=self.repair is not None, has_field=bool(self.fields))
        only = self.fields[0] if len(self.fields) == 1 else None
        object.__setattr__(self, "_passed", Verdict(self.name, passed=True, field=only, on_fail=self.on_fail))

    def check(self, value: object, context: GuardContext) -> Verdict | tuple[Verdict, ...]:
        """Test the value, its fields or its texts; one verdict, or one for each field that has something to say."""
        if not self.fields and (self.within == "value" or type(value) is str):
            said = self.test(value, context)
            if said is None:
                return self._passed
            verdicts = self._verdicts("", said)
        else:
            verdicts = [
                verdict
                for path, part in self._parts(value)
                if (said := self.test(part, context)) is not None
                for verdict in self._verdicts(path, said)
            ]
        if not verdicts:
            return self._passed
        return verdicts[0] if len(verdicts) == 1 else tuple(verdicts)

    def fix(self, value: object, verdict: Verdict, context: GuardContext) -> Any:
        """Return the value with the part that failed repaired.

        Raises:
            InvalidGuard: this guard cannot fix.
        """
        if self.repair is None:
            raise InvalidGuard(f"guard {self.name!r} cannot fix a value")
        if verdict.field is None:
            return self.repair(value, context)
        _, part = next(paths.find(value, verdict.field))
        return paths.put(value, verdict.field, self.repair(part, context))

    def _parts(self, value: object) -> Iterator[tuple[str, Any]]:
        found = ((path, part) for each in self.fields for path, part in paths.find(value, each))
        for path, part in found if self.fields else (("", value),):
            if self.within == "value":
                yield path, part
            else:
                yield from paths.leaves(part, str if self.within == "texts" else paths.LEAVES, path)

    def _verdicts(self, path: str, said: Finding | Sequence[Finding]) -> list[Verdict]:
        if not isinstance(said, Finding | tuple | list):
            raise TypeError(f"its test returned a {type(said).__name__}; return a Finding, several, or None")
        return [
            Verdict(
                self.name,
                each.passed,
                each.reason,
                (f"{path}.{each.path}" if path and each.path else path or each.path) or None,
                each.spans,
                0.0,
                self.on_fail,
            )
            for each in ((said,) if isinstance(said, Finding) else said)
        ]


def as_paths(fields: Fields) -> tuple[str, ...]:
    """Return field paths as a tuple, given one or several.

    Raises:
        InvalidGuard: they are neither text nor a list of texts.
    """
    given: Any = fields  # whatever somebody without a type checker gave
    if isinstance(given, str):
        return (given,)
    listed = tuple(given) if isinstance(given, Iterable) else (given,)
    if not all(isinstance(each, str) for each in listed):
        raise InvalidGuard(f"fields is {fields!r}; give a field path such as 'total', or a list of them")
    return listed
