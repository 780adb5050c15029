"""``handrail eval calibrate``: set the threshold of a step from labelled cases."""

import asyncio
import json
from dataclasses import asdict, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any, get_args

import typer

from ai_steps.step import AIStep
from evals.calibrate import CostView, Promise, Workload, cost_view, write_acceptance
from evals.cases import CaseFields, read_cases
from evals.cli import options
from evals.cli.exits import CANT_TELL, measuring
from evals.cli.labelling import from_store, require_answered
from evals.cli.suites import load_step
from evals.corrections import read_labels
from evals.errors import InvalidSetting
from evals.step_calibration import DEVELOPMENT, StepCalibration, from_labels, judge_cases, set_threshold
from evals.targets.step import StepTarget
from guards.guarantee import ScoreName


@measuring
def calibrate(
    target: Annotated[str, typer.Argument(metavar="STEP", help="MODULE:STEP or FILE.py:STEP, an AI step")],
    risk: Annotated[float, typer.Option("--target", help="largest share of wrong values among the accepted, 0 to 1")],
    delta: Annotated[float, typer.Option(help="chance that this is not kept, 0 to 1")],
    cases: Annotated[
        Path | None, typer.Option("--cases", metavar="FILE", help="labelled cases, drawn at random before routing")
    ] = None,
    store: Annotated[str | None, typer.Option("--store", help="take the audits of a store: sqlite:///FILE")] = None,
    out: Annotated[Path | None, typer.Option("--out", metavar="FILE", help="the acceptance file to write")] = None,
    model: Annotated[str | None, typer.Option(help="which of the step's models, when it asks several")] = None,
    score: Annotated[
        str | None, typer.Option(help="confidence, margin or acceptor (default: the best of them)")
    ] = None,
    acceptor: Annotated[bool, typer.Option(help="let a score learned from the cases take part")] = False,
    development: Annotated[
        float, typer.Option(help="share of the cases that chooses and does not calibrate")
    ] = DEVELOPMENT,
    recording: options.RecordingOption = None,
    name_field: Annotated[str | None, typer.Option(help="the key of a case's name")] = None,
    input_field: Annotated[str, typer.Option(help="the key of the input")] = "input",
    expected_field: Annotated[str, typer.Option(help="the key of what is right; null: no label fits")] = "expected",
    per_day: Annotated[int, typer.Option(min=0, help="cases a day, for the view of costs")] = 1000,
    minutes_each: Annotated[float, typer.Option(min=0, help="what a person takes for one case")] = 2.0,
    audited: Annotated[float, typer.Option(min=0, max=1, help="share of accepted cases that is audited")] = 0.05,
    concurrency: options.ConcurrencyOption = 20,
    as_json: options.JsonOption = False,
) -> None:
    """Set a step's threshold so that at most TARGET of what it accepts is wrong, with confidence 1 - DELTA.

    Ends with 3 when no threshold keeps the promise on these cases: the file then says that nothing is accepted.
    """
    if (cases is None) == (store is None):
        raise typer.BadParameter("say where the labels are: --cases FILE or --store sqlite:///FILE")
    step = chosen(load_step(target), model, recording)
    path = out or Path(f"{step.name}.acceptance.json")
    path.parent.mkdir(parents=True, exist_ok=True)  # before a model is asked for all cases
    promise, day = Promise(target=risk, delta=delta), datetime.now(UTC).date()
    if store is not None:
        labels = from_store(store, lambda client: read_labels(client.store, step=step))
        require_answered(labels, store)
        found = from_labels(labels, promise, day=day)
    else:
        fields = CaseFields(name=name_field, input=input_field, expected=expected_field, others="ignore")
        read: Any = read_cases(str(cases), input=Any, expected=step.output_type | None, fields=fields)
        judged = asyncio.run(judge_cases(step, read, concurrency=concurrency))
        found = set_threshold(judged, promise, day=day, score=_score(score), acceptor=acceptor, development=development)
    write_acceptance(path, found.rule)
    work = Workload(cases=per_day, minutes_each=minutes_each, audited=audited)
    typer.echo(json.dumps(as_data(found, work, path)) if as_json else "\n".join(told(found, work, path)))
    if found.calibration.threshold is None:
        raise typer.Exit(CANT_TELL)


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


def told(found: StepCalibration, work: Workload, path: Path) -> list[str]:
    """Return what came out as lines for people."""
    calibration, judged, rule = found.calibration, found.judged, found.rule
    cost = _cost(found, work)
    refused = ", ".join(f"{count} {code}" for code, count in judged.refused.items())
    expected = ", ".join(f"{name} {share:.1%}" for name, share in found.expected_coverage.items())
    how = f"  (expected coverage: {expected})" if expected else ""
    lines = [
        f"{rule.step}, answers of {rule.model}: {judged.total:,} labelled cases"
        + (f", {found.development:,} of them to choose with" if found.development else "")
        + (f"; never accepted: {refused}" if refused else ""),
        f"score       {rule.score}{how}",
        f"outcome     {calibration.reason}",
    ]
    if calibration.threshold is not None:
        seen = f"{calibration.errors} wrong of {calibration.accepted:,} accepted"
        sure = f"at most {calibration.bound:.2%} with confidence {1 - calibration.promise.delta:.4g}"
        wrong = f"{cost.expected_wrong:.1f} wrong expected, {cost.promised_wrong:.1f} promised at most"
        lines += [
            f"threshold   {calibration.threshold:.6g}: {seen}, {sure}",
            f"coverage    {found.coverage:.1%} of all cases",
            f"a day       of {work.cases:,} cases people take {cost.human_minutes:,.0f} minutes; {wrong}",
        ]
    return [*lines, f"written     {path}: load it with accept=read_acceptance(Path({str(path)!r}))"]


def _cost(found: StepCalibration, work: Workload) -> CostView:
    """Return what the threshold costs; what the guards hold back goes to people too."""
    return cost_view(replace(found.calibration, coverage=found.coverage), work)


def as_data(found: StepCalibration, work: Workload, path: Path) -> dict[str, Any]:
    """Return what came out as JSON data."""
    return {
        "file": str(path),
        "rule": json.loads(found.rule.to_json()),
        "reason": found.calibration.reason,
        "labels_missing": found.calibration.labels_missing,
        "cases": found.judged.total,
        "never_accepted": dict(found.judged.refused),
        "development": found.development,
        "expected_coverage": dict(found.expected_coverage),
        "coverage": found.coverage,
        "cost": asdict(_cost(found, work)),
    }
