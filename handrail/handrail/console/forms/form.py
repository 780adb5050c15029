"""A form for the answer to a question: drawn from its JSON Schema, read back as JSON data or as what is wrong."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any, TypeAlias

from handrail.console.forms.drawing import MOST_IN_ALL, MOST_SENT, Drawing, TooMuch
from handrail.console.forms.fields import (
    AnyField,
    ChoiceField,
    Marks,
    TextBox,
    walk,
)
from handrail.console.forms.finding import nearest, with_problems
from handrail.console.forms.habits import TypingHabits
from handrail.console.forms.labels import label_of
from handrail.console.forms.leaves import Leaves
from handrail.console.forms.missing import MISSING
from handrail.console.forms.names import ROOT, Path, aside
from handrail.console.forms.operations import operated
from handrail.console.forms.order import by_evidence as in_order_of_evidence
from handrail.console.forms.place import FieldPlace
from handrail.console.forms.posted import MOST_PARTS, Posted
from handrail.console.forms.reading import FormReader
from handrail.console.forms.schemas import Schema, Schemas
from handrail.console.forms.sending import carried_of, parts_of
from handrail.console.words import say
from handrail_ground.text import harmless
from handrail_orchestrator.review.answers import misfits

ROOM = 500
"""Parts that are left for rows that people add, and for what else a page sends along."""
LONGEST_PROBLEM = 300
"""Characters of what is wrong: it may repeat what was typed, however long that is."""

Judge: TypeAlias = Callable[[object], Sequence[tuple[Path, str]]]
"""Says where an answer does not fit, and why, by path; nothing: it fits."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FieldProblem:
    """What is wrong with a field."""

    path: Path
    name: str
    """The field's name on the form."""
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class AnswerForm:
    """A form as it is shown; made by ``form_of``."""

    root: AnyField
    carried: tuple[tuple[str, str], ...] = ()
    """What was typed in fields of kinds that are not chosen now: it is sent along, and there again when they are."""
    _plan: "_FormPlan" = field(repr=False)

    def read(self, posted: Iterable[tuple[str, object]]) -> "AnswerReading":
        """Return what was typed: an answer, or what is wrong with it, and the form to be shown again."""
        return self._plan.read(self, posted)

    def leaves(self) -> Iterator[TextBox | ChoiceField]:
        """Yield every field that is filled in, in the order shown."""
        for each in walk(self.root):
            if isinstance(each, TextBox | ChoiceField):
                yield each

    def problems(self) -> tuple[FieldProblem, ...]:
        """Return what is wrong with it, in the order shown."""
        return tuple(
            FieldProblem(path=each.path, name=each.name, text=each.problem) for each in walk(self.root) if each.problem
        )

    def first_to_check(self) -> str | None:
        """Return the name of the first field that is wrong or in doubt."""
        fields = list(walk(self.root))
        wrong = next((each.name for each in fields if each.problem), None)
        return wrong or next((each.name for each in fields if each.mark.state == "check"), None)

    def parts(self) -> list[tuple[str, str]]:
        """Return what a browser sends if nothing is touched."""
        return [*(part for each in walk(self.root) for part in parts_of(each)), *self.carried]


@dataclass(frozen=True, slots=True, kw_only=True)
class AnswerReading:
    """What came of reading a form."""

    value: Any = MISSING
    """The answer as JSON data; ``MISSING`` unless it fits."""
    problems: tuple[FieldProblem, ...] = ()
    redraw: bool = False
    """Whether only the form was changed, by a button of a list: it is shown again, and nothing is decided."""
    form: AnswerForm
    """The form to show again: what is wrong as it was typed, the rest as it was read."""

    @property
    def fits(self) -> bool:
        """Return whether the answer may be decided with."""
        return self.value is not MISSING


def form_of(
    schema: Schema,
    value: object = MISSING,
    *,
    judge: Judge | None = None,
    marks: Marks | None = None,
    habits: TypingHabits | None = None,
    by_evidence: bool = False,
) -> AnswerForm:
    """Return the form for an answer with this JSON Schema, filled with a value, or with the schema's defaults."""
    plan = _FormPlan(
        schema,
        value,
        judge or partial(misfits, schema, keeps_more=True),
        marks or {},
        habits or TypingHabits(),
        by_evidence,
    )
    return AnswerForm(root=plan.draw(None), _plan=plan)


@dataclass(frozen=True, slots=True)
class _FormPlan:
    """What a form is drawn from, to draw it again from what was sent."""

    schema: Schema
    value: Any
    judge: Judge
    marks: Mapping[str, Any]
    habits: TypingHabits
    by_evidence: bool

    def draw(self, posted: Posted | None, fresh: frozenset[str] = frozenset()) -> AnyField:
        """Return the fields, filled from what was sent or from the value."""
        schemas = Schemas(self.schema)
        leaves = Leaves(marks=self.marks, habits=self.habits)
        most = MOST_IN_ALL if posted is None else MOST_SENT
        label = label_of(schemas.resolved(self.schema), None)
        place = FieldPlace(path=(), name=ROOT, label=label, original=self.value, origin=(), posted=posted)
        as_json = replace(place, name=aside(ROOT, "json"))
        if posted is not None and as_json.name in posted:
            return leaves.json(as_json, self.schema)
        try:
            root = Drawing(schemas, leaves, fresh=fresh, most=most).field(place, self.schema)
        except TooMuch:
            if posted is not None:
                raise
            return leaves.json(as_json, self.schema)
        if posted is None and sum(1 for each in walk(root) for _ in parts_of(each)) > MOST_PARTS - ROOM:
            return leaves.json(as_json, self.schema)
        return in_order_of_evidence(root) if self.by_evidence else root

    def read(self, form: AnswerForm, parts: Iterable[tuple[str, object]]) -> AnswerReading:
        posted = Posted(parts)
        if posted.is_too_much:
            return _refused(form, say("forms.too_many", limit=MOST_PARTS))
        try:
            sent = self.draw(posted)
            if posted.operation is not None:
                changed = operated(sent, posted, posted.operation)
                redrawn = self.draw(changed.posted, changed.fresh)
                return AnswerReading(redraw=True, form=self._form(redrawn, changed.posted))
        except TooMuch:
            return _refused(form, say("forms.too_many", limit=MOST_PARTS))
        read = FormReader(habits=self.habits).of(sent)
        root, value = read.field, read.value
        if posted.has_files and not root.problem:
            root = replace(root, problem=say("forms.no_text"))
        again = self._form(root, posted)
        found = again.problems()
        if found:
            return AnswerReading(problems=found, form=again)
        judged = self._judged(root, value)
        again = replace(again, root=judged)
        found = again.problems()
        return AnswerReading(problems=found, form=again, value=MISSING if found else value)

    def _form(self, root: AnyField, posted: Posted) -> AnswerForm:
        return AnswerForm(root=root, carried=carried_of(root, posted), _plan=self)

    def _judged(self, root: AnyField, value: object) -> AnyField:
        """Return the form with what the schema has against the whole answer, each at its field."""
        if value is MISSING:
            return replace(root, problem=say("forms.required"))
        try:
            found = self.judge(value)
        except Exception as error:  # noqa: BLE001 -- a schema that cannot be followed lets nothing through
            reason = harmless(f"{type(error).__name__}: {error}")[:LONGEST_PROBLEM]
            return replace(root, problem=say("forms.unchecked", reason=reason))
        said: dict[str, tuple[AnyField, str]] = {}
        for path, words in found:
            at = nearest(root, path)
            said.setdefault(at.name, (at, harmless(words)[:LONGEST_PROBLEM]))
        return with_problems(root, said)


def _refused(form: AnswerForm, words: str) -> AnswerReading:
    """Return that nothing was read at all."""
    again = replace(form, root=replace(form.root, problem=words))
    return AnswerReading(problems=again.problems(), form=again)
