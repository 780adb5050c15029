"""The target of each cell of a sweep: the suite's own, with another model, prompt or other examples."""

import re
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Protocol

from handrail_ai_steps.errors import AIStepError
from handrail_ai_steps.model import Model
from handrail_ai_steps.prompt import Prompt
from handrail_ai_steps.resolve import resolve_model
from handrail_ai_steps.similar import SimilarExamples
from handrail_ai_steps.step import AIStep
from handrail_evals.errors import InvalidSetting
from handrail_evals.measure.case import AnyCase
from handrail_evals.measure.suite import AnySuite
from handrail_evals.measure.sweeping.grid import OWN, CellSettings
from handrail_evals.measure.sweeping.kept_apart import KeptApart, SolvedCases, kept_apart
from handrail_evals.measure.targets.step import StepTarget
from handrail_evals.measure.targets.unseen import require_unseen

TEMPLATES = frozenset({".j2", ".jinja", ".jinja2"})
"""Endings of files that hold the template of a system message; other files hold instructions."""

_AND = re.compile(r"\+(?=[^+]*:)")
"""Between the models of a cascade: a plus before another ``PREFIX:NAME``."""


class InCode(Protocol):
    """Finds what ``FILE.py:NAME`` names."""

    def step(self, target: str) -> AIStep[Any]:
        """Return an AI step."""
        ...

    def model(self, target: str) -> Model:
        """Return a model."""
        ...

    def prompt(self, target: str) -> Prompt:
        """Return a prompt."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class SweepCell:
    """One variant, ready to be measured."""

    settings: CellSettings
    suite: AnySuite
    left_out: tuple[KeptApart, ...] = ()
    """Solved cases that its examples are not chosen from, as they would give a measured case away."""

    @property
    def name(self) -> str:
        """Return what it is called."""
        return self.settings.name


@dataclass(frozen=True, slots=True, kw_only=True)
class Workshop:
    """What cells are built from."""

    suite: AnySuite
    """With all of its cases: what is measured in any cell may be shown in none."""
    solved: tuple[AnyCase, ...]
    """What examples may be chosen from."""
    code: InCode
    embedding: str | None = None
    """What examples are found by; None: words and pieces of words."""
    _unseen: set[str] = field(default_factory=set, init=False, repr=False)
    """Versions of steps whose own examples show no case that is measured."""
    _apart: dict[str, SolvedCases] = field(default_factory=dict, init=False, repr=False)
    """What may be shown, by the template of the user's message, which texts are compared in."""

    def cell(self, settings: CellSettings) -> SweepCell:
        """Build a cell; nobody is asked.

        Raises:
            InvalidSetting: a value that names nothing, or examples without cases to choose them from.
            InvalidSuite: the suite measures no AI step, or the step's examples are cases that are measured.
            AIStepError: a step that cannot be built so.
        """
        step, own = self._own(settings)
        left_out: tuple[KeptApart, ...] = ()
        prompt = settings.value("prompt")
        if prompt != OWN:
            step = self._worded(step, prompt)
        if settings.value("examples") != OWN:
            step, left_out = self._with_examples(step, settings.value("examples"))
        elif step.version not in self._unseen:
            require_unseen(step, self.suite.cases, nearly=True)
            self._unseen.add(step.version)
        if settings.value("model") != OWN:
            step = step.using(*map(self._model, _AND.split(settings.value("model"))))
        return SweepCell(settings=settings, suite=self.suite.with_target(replace(own, step=step)), left_out=left_out)

    def _own(self, settings: CellSettings) -> tuple[AIStep[Any], StepTarget[Any]]:
        target = self.suite.target
        if not isinstance(target, StepTarget):
            raise InvalidSetting(
                f"suite {self.suite.name!r} measures {target.name!r}, which is no AI step: a sweep varies the"
                " model, the prompt and the examples of one"
            )
        named = settings.value("step")
        return (target.step if named == OWN else self.code.step(named)), target

    def _worded(self, step: AIStep[Any], prompt: str) -> AIStep[Any]:
        if _is_code(prompt):
            return step.reworded(prompt=self.code.prompt(prompt))
        path = Path(prompt)
        try:
            text = path.read_text(encoding="utf-8")
        except (OSError, ValueError) as error:
            raise InvalidSetting(
                f"--vary prompt={prompt} cannot be read ({error}): name a file with instructions, a template that"
                " ends in .j2, FILE.py:PROMPT, or own"
            ) from error
        if path.suffix in TEMPLATES:
            return step.reworded(prompt=replace(step.task.templates, system=text))
        return step.reworded(instructions=text.strip())

    def _with_examples(self, step: AIStep[Any], count: str) -> tuple[AIStep[Any], tuple[KeptApart, ...]]:
        if not count.isascii() or not count.isdigit():
            raise InvalidSetting(f"--vary examples={count}: give how many a prompt shows, such as 0,4,8, or own")
        if not int(count):
            return step.reworded(examples=()), ()
        if not self.solved:
            raise InvalidSetting(
                f"--vary examples={count}: from which cases? Give --examples-from FILE with labelled cases that the"
                " suite does not measure"
            )
        template = step.task.templates.user
        if template not in self._apart:
            self._apart[template] = kept_apart(self.solved, self.suite.cases, step)
        found = self._apart[template]
        if len(found.examples) < int(count):
            raise InvalidSetting(
                f"--vary examples={count}: only {len(found.examples):,} of {len(self.solved):,} labelled cases may be"
                f" shown; {why_left_out(found.left_out)}"
            )
        similar = SimilarExamples(found.examples, int(count), embedding=self.embedding)
        return step.reworded(examples=similar), found.left_out

    def _model(self, name: str) -> Model:
        if _is_code(name):
            return self.code.model(name)
        try:
            return resolve_model(name)
        except AIStepError as error:
            raise InvalidSetting(f"--vary model={name}: {error}") from error


def why_left_out(left_out: tuple[KeptApart, ...]) -> str:
    """Return how many solved cases are shown in no prompt, by why, with the first of each."""
    found: dict[str, list[KeptApart]] = {}
    for each in left_out:
        found.setdefault(each.why, []).append(each)
    return ", ".join(f"{len(several):,} {_told(several)}" for several in found.values())


def _told(several: list[KeptApart]) -> str:
    first, one = several[0], len(several) == 1
    others = "" if one else " and the like"
    return f"{'is' if one else 'are'} {first.why} {first.other!r}{others} (the first: {first.case!r})"


def _is_code(value: str) -> bool:
    """Return whether a value is ``FILE.py:NAME`` or ``some.module:NAME``, and no name of a model."""
    place, colon, _ = value.partition(":")
    return bool(colon) and "." in place
