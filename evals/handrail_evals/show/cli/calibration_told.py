"""What ``handrail eval calibrate`` says, to people and to programs."""

import json
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

from handrail_evals.decide.calibrate.groups import CostView, Workload, cost_view
from handrail_evals.decide.calibrate.labels import shown
from handrail_evals.decide.step_calibration import StepCalibration
from handrail_ground.shares import in_percent


def told(found: StepCalibration, work: Workload, path: Path) -> list[str]:
    """Return what came out as lines for people."""
    calibration, judged, rule = found.calibration, found.judged, found.rule
    cost = _cost(found, work)
    refused = ", ".join(f"{count} {code}" for code, count in judged.refused.items())
    lines = [
        f"{rule.step}, answers of {rule.model}: {judged.total:,} labelled cases"
        + (f", {found.development:,} of them to choose with" if found.development else "")
        + (f"; never accepted: {refused}" if refused else ""),
        *_learned(found),
        f"score       {rule.score}{_competed(found)}",
        f"outcome     {calibration.reason}",
    ]
    if calibration.threshold is not None:
        seen = f"{calibration.errors} wrong of {calibration.accepted:,} accepted"
        sure = f"at most {in_percent(calibration.bound, 2)} with confidence {1 - calibration.promise.delta:.4g}"
        wrong = f"{cost.expected_wrong:.1f} wrong expected, {cost.promised_wrong:.1f} promised at most"
        lines += [
            f"threshold   {calibration.threshold:.6g}: {seen}, {sure}",
            f"coverage    {in_percent(found.coverage, 1)} of all cases",
            f"a day       of {work.cases:,} cases people take {cost.human_minutes:,.0f} minutes; {wrong}",
        ]
    lines += [f"look at     {line}" for line in _sure_errors(found)]
    return [*lines, f"written     {path}: load it with accept=read_acceptance(Path({str(path)!r}))"]


def _learned(found: StepCalibration) -> list[str]:
    """Return what is known of cases that the model was trained on, which would look better than others."""
    judged, model = found.judged, found.rule.model
    if judged.learned:
        return [f"left out    {len(judged.learned):,} cases that {model} learned from ({shown(judged.learned)})"]
    if judged.can_tell:
        return []
    return [f"not known   what {model} learned from: make sure that no labelled case is among it, or train it again"]


def _competed(found: StepCalibration) -> str:
    """Return what each score was expected to let pass, where several competed."""
    shown = ", ".join(
        f"{name} {in_percent(share, 1)} ({' to '.join(map(in_percent, found.spread[name]))} in 8 of 10)"
        for name, share in found.expected_coverage.items()
    )
    return f"  (expected coverage: {shown})" if shown else ""


def _sure_errors(found: StepCalibration) -> list[str]:
    """Return the wrong values that the score is surest of: the first labels to look at."""
    return [
        f"{each.case}: the label is {each.label!r}, the step said {each.answer!r} with {found.rule.score}"
        f" {each.score:.6g}"
        for each in found.sure_errors
    ]


def _cost(found: StepCalibration, work: Workload) -> CostView:
    """Return what the threshold costs; what the guards hold back goes to people too."""
    return cost_view(replace(found.calibration, coverage=found.coverage), work)


def as_data(found: StepCalibration, work: Workload, path: Path) -> dict[str, Any]:
    """Return what came out as JSON data."""
    calibration = found.calibration
    return {
        "file": str(path),
        "rule": json.loads(found.rule.to_json()),
        "reason": calibration.reason,
        "labels_missing": calibration.labels_missing,
        "cases": found.judged.total,
        "copies": calibration.copies,
        "seen": calibration.seen,
        "learned": list(found.judged.learned),
        "learned_known": found.judged.can_tell,
        "distinct_scores": calibration.distinct_scores,
        "sure_errors": [asdict(each) for each in found.sure_errors],
        "never_accepted": dict(found.judged.refused),
        "development": found.development,
        "expected_coverage": dict(found.expected_coverage),
        "spread": {name: list(both) for name, both in found.spread.items()},
        "coverage": found.coverage,
        "cost": asdict(_cost(found, work)),
    }
