"""Setting the threshold of a new model on audits that it has not learned from."""

from datetime import UTC, datetime
from pathlib import Path

from circle_bench.lessons import Lessons
from circle_bench.triage import Deployed, intent_step
from handrail_ai_steps.models.local import LocalModel
from handrail_evals.decide.calibrate.acceptance_file import Subject, guarantee, read_acceptance, write_acceptance
from handrail_evals.decide.calibrate.calibration import calibrate
from handrail_evals.decide.calibrate.labels import audits_of
from handrail_evals.decide.calibrate.promise import Promise
from handrail_evals.decide.step_calibration import judge_cases


async def calibrated(
    model: LocalModel, lessons: Lessons, promise: Promise, *, intents: tuple[str, ...], file: Path
) -> Deployed:
    """Return the model with the threshold that keeps the promise, by way of its acceptance file."""
    step = intent_step(Deployed(model=model, rule=None), intents, audited=0.0)
    judged = await judge_cases(step, lessons.audits)
    audits = audits_of(judged.cases, "confidence")
    found = calibrate(audits, traffic=scores(model, lessons), promise=promise)
    subject = Subject(
        step=step.name,
        prompt_version=step.version,
        model=model.full_name,
        confidence_source="local",
        score="confidence",
    )
    write_acceptance(file, guarantee(found, subject, day=datetime.now(UTC).date()))
    return Deployed(model=model, rule=read_acceptance(file))


def expected_coverage(deployed: Deployed, lessons: Lessons) -> float:
    """Return the share of the cases set aside that would be accepted, 0 to 1: their labels are not looked at."""
    if deployed.threshold is None:
        return 0.0
    found = scores(deployed.model, lessons)
    return sum(score >= deployed.threshold for score in found) / len(found)


def scores(model: LocalModel, lessons: Lessons) -> list[float]:
    """Return how sure the model is of the cases set aside."""
    return [each.confidence for each in model.predict(lessons.set_aside)]
