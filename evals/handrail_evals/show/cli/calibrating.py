"""``handrail eval calibrate``: set the threshold of a step from labelled cases.

The files it reads are cases, or the texts and labels that ``handrail learn`` takes.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Annotated, Any, Literal, get_args

import typer

from handrail_ai_steps.step import AIStep
from handrail_evals.decide.calibrate.acceptance_file import is_acceptance, write_acceptance
from handrail_evals.decide.calibrate.groups import Workload
from handrail_evals.decide.calibrate.labels import require_blind
from handrail_evals.decide.calibrate.promise import Promise
from handrail_evals.decide.corrections.evenly import evenly
from handrail_evals.decide.corrections.labelled import SHARE
from handrail_evals.decide.corrections.labels import UNEVEN
from handrail_evals.decide.corrections.reading import read_labels
from handrail_evals.decide.judging import Learned
from handrail_evals.decide.step_calibration import (
    CalibrationSettings,
    JudgedCases,
    StepCalibration,
    from_labels,
    judge_cases,
    judge_traffic,
    set_threshold,
)
from handrail_evals.errors import InvalidLabels, InvalidSetting
from handrail_evals.measure.case import AnyCase
from handrail_evals.measure.cases.form import CaseFields
from handrail_evals.measure.cases.read import first_keys, read_cases
from handrail_evals.measure.targets.step import StepTarget
from handrail_evals.show.cli import options
from handrail_evals.show.cli.calibration_told import as_data, told
from handrail_evals.show.cli.exits import CANT_TELL, measuring, printing_aside, run_measured
from handrail_evals.show.cli.stores import from_store, require_answered
from handrail_evals.show.cli.suites import load_step
from handrail_ground.values import json_line
from handrail_guards.guarantee import ScoreName
from handrail_guards.outcome import Judgement

OTHER_WORDS = {"input": "text", "expected": "label"}
"""How the files of ``handrail learn`` call the parts of a case."""

PLAIN = ".txt"
"""A file of texts without labels, one a line."""

StepArgument = Annotated[str, typer.Argument(metavar="STEP", help="MODULE:STEP or FILE.py:STEP, an AI step")]

RiskOption = Annotated[float, typer.Option("--target", help="largest share of wrong values among the accepted, 0 to 1")]

DeltaOption = Annotated[float, typer.Option(help="chance that this is not kept, 0 to 1")]

CasesOption = Annotated[
    Path | None, typer.Option("--cases", metavar="FILE", help="labelled cases, drawn at random before routing")
]

StoreOption = Annotated[str | None, typer.Option("--store", help="take the audits of a store: sqlite:///FILE")]

TrafficOption = Annotated[
    Path | None,
    typer.Option("--traffic", metavar="FILE", help="other cases, without labels, to take the thresholds to try from"),
]

AcceptanceOption = Annotated[Path | None, typer.Option("--out", metavar="FILE", help="the acceptance file to write")]

ModelOption = Annotated[str | None, typer.Option(help="which of the step's models, when it asks several")]

ScoreOption = Annotated[
    str | None, typer.Option(help="confidence, margin or acceptor (default: confidence; the best with --development)")
]

AcceptorOption = Annotated[bool, typer.Option(help="let a score learned from the cases take part")]

DevelopmentOption = Annotated[
    float | None,
    typer.Option(
        help="share of the cases that chooses the score and does not calibrate (default: none; a fifth with an"
        " acceptor)"
    ),
]

FirstErrorsOption = Annotated[
    int | None, typer.Option(help="errors that the first threshold tolerates; set it before you look at the labels")
]

AcceptSeenOption = Annotated[
    bool, typer.Option("--accept-seen", help="take labels that were given with the suggestion in view")
]

NameFieldOption = Annotated[str | None, typer.Option(help="the key of a case's name (default: name, id, or the line)")]

InputFieldOption = Annotated[str | None, typer.Option(help="the key of the input (default: input or text)")]

ExpectedFieldOption = Annotated[
    str | None, typer.Option(help="the key of what is right; null: no label fits (default: expected or label)")
]

PerDayOption = Annotated[int, typer.Option(min=0, help="cases a day, for the view of costs")]

MinutesOption = Annotated[float, typer.Option(min=0, help="what a person takes for one case")]

AuditedOption = Annotated[float, typer.Option(min=0, max=1, help="share of accepted cases that is audited")]


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseKeys:
    """Where the parts of a case stand; None: where the file itself shows it."""

    name: str | None = None
    """Without a name in the first case, cases are called by their lines."""
    input: str | None = None
    expected: str | None = None

    def labelled(self, file: Path, expected: object) -> Sequence[AnyCase]:
        """Return the labelled cases of a file; ``expected`` is the type of a label.

        Raises:
            InvalidCaseFile: it cannot be read, or a case cannot be used.
        """
        return self._read(file, expected, allow_unlabelled=False)

    def inputs(self, file: Path) -> list[Any]:
        """Return the inputs of cases that need no label, or the lines of a text file.

        Raises:
            InvalidCaseFile: it cannot be read, or a case cannot be used.
            OSError: a text file cannot be read.
        """
        if file.suffix.lower() == PLAIN:
            return [line for line in file.read_text(encoding="utf-8-sig").split("\n") if line.strip()]
        return [each.input for each in self._read(file, Any, allow_unlabelled=True)]

    def _read(self, file: Path, expected: Any, *, allow_unlabelled: bool) -> Sequence[AnyCase]:
        there = first_keys(str(file))
        fields = CaseFields(
            name=self.name,
            input=self.input or _shown("input", there),
            expected=self.expected or _shown("expected", there),
            others="ignore",
        )
        named = bool(there.intersection(fields.name_keys)) or not there
        return read_cases(
            str(file),
            input=Any,
            expected=expected,
            fields=fields,
            names="field" if named else "line",
            allow_unlabelled=allow_unlabelled,
        )


def _shown(part: str, there: frozenset[str]) -> str:
    """Return the key of a part: its own name, or the other one where only that is there."""
    other = OTHER_WORDS[part]
    return other if other in there and part not in there else part


def _place(path: Path) -> Path:
    """Return where the acceptance is written; labels, which ``--out`` may have been mistaken for, stay."""
    path.parent.mkdir(parents=True, exist_ok=True)
    if path.is_file() and path.stat().st_size and not is_acceptance(path):
        raise InvalidSetting(f"{path} holds something else, and no acceptance; name another file with --out")
    return path


@measuring
def calibrate(
    target: StepArgument,
    risk: RiskOption,
    delta: DeltaOption,
    cases: CasesOption = None,
    store: StoreOption = None,
    traffic: TrafficOption = None,
    out: AcceptanceOption = None,
    model: ModelOption = None,
    score: ScoreOption = None,
    acceptor: AcceptorOption = False,
    development: DevelopmentOption = None,
    first_errors: FirstErrorsOption = None,
    accept_seen: AcceptSeenOption = False,
    recording: options.RecordingOption = None,
    name_field: NameFieldOption = None,
    input_field: InputFieldOption = None,
    expected_field: ExpectedFieldOption = None,
    per_day: PerDayOption = 1000,
    minutes_each: MinutesOption = 2.0,
    audited: AuditedOption = 0.05,
    concurrency: options.ConcurrencyOption = 20,
    as_json: options.JsonOption = False,
) -> None:
    """Set a step's threshold so that at most TARGET of what it accepts is wrong, with confidence 1 - DELTA.

    Ends with 3 when no threshold keeps the promise on these cases: the file then says that nothing is accepted.
    """
    if (cases is None) == (store is None):
        raise typer.BadParameter("say where the labels are: --cases FILE or --store sqlite:///FILE")
    if traffic is not None and store is not None:
        raise typer.BadParameter("--traffic goes with --cases: a store has traffic of its own")
    settings = CalibrationSettings(
        score=_score(score),
        acceptor=acceptor,
        development=development,
        first_errors=first_errors,
        accept_seen=accept_seen,
    )
    with printing_aside(aside=as_json):
        whole = load_step(target)
        step = chosen(whole, model, recording)
    path = _place(out or Path(f"{step.name}.acceptance.json"))  # before a model is asked for all cases
    promise, day = Promise(target=risk, delta=delta), datetime.now(UTC).date()
    if cases is None:
        found = _from_store(str(store), step, promise, day, settings)
    else:
        keys = CaseKeys(name=name_field, input=input_field, expected=expected_field)
        labelled = _labelled(cases, keys, step, accept_seen=accept_seen)
        others = None if traffic is None else keys.inputs(traffic)
        with printing_aside(aside=as_json):
            judged, judgements = run_measured(_judged(step, labelled, others, concurrency, Learned.of(whole)))
        found = set_threshold(judged, promise, day=day, traffic=judgements, settings=settings)
    write_acceptance(path, found.rule)
    work = Workload(cases=per_day, minutes_each=minutes_each, audited=audited)
    typer.echo(json_line(as_data(found, work, path)) if as_json else "\n".join(told(found, work, path)))
    if found.calibration.threshold is None:
        raise typer.Exit(CANT_TELL)


def _from_store(
    store: str, step: AIStep[Any], promise: Promise, day: date, settings: CalibrationSettings
) -> StepCalibration:
    """Return the rule that the audits of a store vouch for."""
    if settings.fits_acceptor or settings.development:
        raise InvalidSetting("all audits of a store calibrate: an acceptor is fitted in Python (docs/corrections.md)")
    score: Literal["confidence", "margin"] = "margin" if settings.score == "margin" else "confidence"
    labels = from_store(store, lambda client: read_labels(client, step=step, score=score))
    require_answered(labels, store)
    if labels.left_out.evened:
        typer.echo(f"left out: {labels.left_out.evened:,} answers given blind: {UNEVEN}", err=True)
    return from_labels(labels, promise, day=day, first_errors=settings.first_errors)


def _labelled(file: Path, keys: CaseKeys, step: AIStep[Any], *, accept_seen: bool) -> Sequence[AnyCase]:
    """Return the labelled cases of a file, whose labels were given blind unless seen ones are accepted too.

    Exported decisions that were not drawn at random are left out, whatever is accepted: they are the hard cases.
    """
    found = keys.labelled(file, step.output_type | None)
    labelled = [each for each in found if each.metadata.get("drawn") is not False]
    if len(labelled) < len(found):
        typer.echo(
            f"left out: {len(found) - len(labelled):,} decisions that were not drawn at random; they train, and set no"
            " threshold",
            err=True,
        )
    if found and not labelled:
        raise InvalidLabels(
            f"{file}: none of its decisions was drawn at random, and only such cases tell how often accepted values are"
            " wrong; give the step audit=Auditing(0.05) to draw some"
        )
    if not accept_seen:
        require_blind([each.name for each in labelled if each.blind is False], len(labelled), "--accept-seen")
    return _evened(labelled)


def _evened(labelled: list[AnyCase]) -> list[AnyCase]:
    """Return the cases that are an even sample, where a promise asked for some more often than for others."""
    shares = {each.name: _share(each) for each in labelled}
    kept = evenly(shares.items())
    if len(kept) < len(labelled):
        typer.echo(
            f"left out: {len(labelled) - len(kept):,} answers given blind: {UNEVEN}; --store, in place of this file,"
            " leaves out fewer",
            err=True,
        )
    return [each for each in labelled if each.name in kept]


def _share(case: AnyCase) -> float:
    """Return the chance with which people were asked about a case."""
    share = case.metadata.get(SHARE)
    return float(share) if isinstance(share, float | int) and 0 < share <= 1 else 1.0


async def _judged(
    step: AIStep[Any],
    labelled: Sequence[AnyCase],
    others: list[Any] | None,
    concurrency: int,
    learned: Learned,
) -> tuple[JudgedCases, Sequence[Judgement] | None]:
    """Return what the step makes of the labelled cases and of the traffic."""
    judged = await judge_cases(step, labelled, concurrency=concurrency, learned=learned)
    return judged, None if others is None else await judge_traffic(step, others, concurrency=concurrency)


def chosen(step: AIStep[Any], model: str | None, recording: Path | None) -> AIStep[Any]:
    """Return the step asking one model, from a recording if there is one.

    Raises:
        InvalidSetting: it has no such model, or several and none was named.
    """
    names = [each.name for each in step.models]
    wanted = [each for each in step.models if model is None or each.name == model]
    if len(wanted) != 1:
        raise InvalidSetting(
            f"step {step.name!r} asks {', '.join(names)}: name the one to calibrate with --model {names[0]}"
        )
    one = replace(step, models=(wanted[0],))
    return one if recording is None else StepTarget(one).from_recording(recording, record=False).step


def _score(name: str | None) -> ScoreName | None:
    if name is not None and name not in get_args(ScoreName):
        raise InvalidSetting(f"there is no score {name!r}; there are {', '.join(get_args(ScoreName))}")
    return next((each for each in get_args(ScoreName) if each == name), None)
