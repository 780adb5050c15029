"""Exit codes: 0 fine, 1 worse, 2 usage or data, 3 can't tell, 130 stopped by hand."""

from evals.running.evaluation import Evaluation

FINE = 0
WORSE = 1
DATA = 2
CANT_TELL = 3


def code_of(evaluation: Evaluation) -> int:
    """Return what a run ends with: crashed cases could not be measured, and a used up budget tells half the story."""
    if evaluation.crashed:
        return DATA
    if evaluation.result.must_pass_failures:
        return WORSE
    return CANT_TELL if evaluation.stopped else FINE


def complaint(evaluation: Evaluation) -> str:
    """Return what is wrong with a run, empty when nothing is."""
    missing, crashed = evaluation.unrecorded, evaluation.crashed
    if missing:
        first = missing[0]
        return (
            f"{len(missing):,} cases are not in the recording, first {first.case!r}: {first.error}; record them with"
            " --recording FILE --record, which asks the models"
        )
    if crashed:
        first = crashed[0]
        what = first.error or next(iter(first.crashes.values()))
        return (
            f"{len(crashed):,} cases crashed, first {first.case!r} with {what}; see it with `handrail eval show`."
            " The same command asks them again"
        )
    failing = evaluation.result.must_pass_failures
    if failing:
        return f"{len(failing):,} must-pass cases fail, first {failing[0]!r}"
    if evaluation.stopped:
        return f"stopped: {evaluation.stopped}; the same command goes on"
    return ""
