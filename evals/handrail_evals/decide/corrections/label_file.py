"""Decisions read back from an exported file: what may calibrate, and what may train."""

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

from handrail_ai_steps.models.local import LabelledText
from handrail_evals.decide.calibrate.labels import Correction
from handrail_evals.decide.corrections.labels import LeftOut, Reason
from handrail_evals.decide.corrections.record import Answers
from handrail_evals.errors import InvalidCaseFile, InvalidSetting
from handrail_evals.measure.cases.form import PROVENANCE
from handrail_evals.measure.cases.jsonl_file import jsonl_records
from handrail_evals.measure.cases.record import Findings, Record
from handrail_evals.measure.fingerprint import clusters_of, input_key
from handrail_guards.auditing import draw_of
from handrail_guards.numbers import is_share


class _Line(NamedTuple):
    """One decision of the step."""

    name: str
    run_id: str
    input: Any
    final: Any
    drawn: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class FileLabels:
    """The decisions about one step in a file of ``handrail review export``; made by ``read_label_file``."""

    audits: tuple[tuple[str, Correction | None], ...]
    """Drawn at random before they were routed: what chance gives them up by, and what a model could learn from each."""
    corrections: tuple[Correction, ...]
    """Doubtful cases that were not drawn."""
    left_out: LeftOut

    def examples(self, *, given_up: float) -> tuple[tuple[LabelledText, ...], int]:
        """Return what a model may learn from, and how many audits were given up for it: this share of them.

        Chance gives up the same as ``Labels.give_up`` does.

        Raises:
            InvalidSetting: the share is outside 0 to 1.
        """
        if not is_share(given_up):
            raise InvalidSetting(f"the share of audits to give up is {given_up!r}; give 0 to 1, such as 0.3")
        gone = [lesson for key, lesson in self.audits if draw_of(f"given up: {key}") < given_up]
        lessons = (*self.corrections, *(each for each in gone if each is not None))
        return tuple(LabelledText(each.text, each.label) for each in lessons), len(gone)


def read_label_file(path: Path, *, step: str) -> FileLabels:
    """Return the decisions about a step in a file that ``handrail review export`` wrote.

    Raises:
        InvalidCaseFile: it cannot be read, a line is no exported decision, or none is of this step.
    """
    lines = list(_lines(path, step))
    drawn = [each for each in lines if each.drawn]
    shared = clusters_of((f"run {each.run_id}", f"input {input_key(each.input)}") for each in drawn)
    audits = ((cluster or each.name, _lesson(each)) for each, cluster in zip(drawn, shared, strict=True))
    corrections: list[Correction] = []
    useless: Counter[Reason] = Counter()
    for each in lines:
        if each.drawn:
            continue
        lesson = _lesson(each)
        if lesson is None:
            useless["no_text" if not isinstance(each.input, str) else "no_label"] += 1
        else:
            corrections.append(lesson)
    return FileLabels(audits=tuple(audits), corrections=tuple(corrections), left_out=LeftOut(corrections=dict(useless)))


def _lesson(line: _Line) -> Correction | None:
    if not isinstance(line.input, str):
        return None
    try:
        return Correction(line.input, Answers().label_of(line.final), line.name)
    except ValueError:
        return None


def _lines(path: Path, step: str) -> Iterator[_Line]:
    findings, steps = Findings(), set[str]()
    for each in jsonl_records(path):
        if not isinstance(each, Record):
            findings.add(each)
            findings.require_none()
            continue
        line, of = _line(each.data)
        if line is None:
            raise InvalidCaseFile(
                path=path,
                line=each.line,
                problem="it does not say where its label comes from; give a file that `handrail review export` wrote",
            )
        steps.add(of)
        if of == step:
            yield line
    if step not in steps:
        there = f"there are decisions of {', '.join(sorted(steps))}" if steps else "it is empty"
        raise InvalidCaseFile(path=path, problem=f"no decision of step {step!r} in it; {there}")


def _line(data: Mapping[str, Any]) -> tuple[_Line | None, str]:
    about = data.get("metadata")
    if not isinstance(data.get(PROVENANCE), dict) or not isinstance(about, dict):
        return None, ""
    if not {"name", "input", "expected"} <= data.keys() or not isinstance(about.get("drawn"), bool):
        return None, ""
    name = str(data["name"])
    return _Line(name, str(data.get("cluster", name)), data["input"], data["expected"], about["drawn"]), str(
        about.get("step", "")
    )
