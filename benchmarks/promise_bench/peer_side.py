"""What three packages accept of a pool, run by an interpreter that has them: tasks on its input, answers on its output.

``bargain`` chooses which cases to have labelled; ``jevapi`` and ``jev-eval`` get labels that were drawn at random.
"""

import json
import sys
from importlib import import_module
from typing import Any

DELTA = 0.05
FIELD = "label"
STEP = 20
"""Of the scores each so many-th is tried, as a decision is slow."""


def bargain(task: dict[str, Any]) -> dict[str, list[int]]:
    """Let BARGAIN_P spend as many labels as it wants, up to those of the others."""
    np, models = import_module("numpy"), import_module("BARGAIN")

    class Known(models.Proxy):  # type: ignore[misc, name-defined] # the package has no types
        def get_preds_and_scores(self, indxs: Any, data_records: Any) -> Any:  # noqa: ARG002 -- its protocol
            return np.ones(len(indxs), dtype=int), np.asarray([task["scores"][each] for each in indxs])

    class Truth(models.Oracle):  # type: ignore[misc, name-defined] # as above
        def get_pred(self, data_records: Any, indxs: Any = None) -> Any:  # noqa: ARG002 -- its protocol
            looked.update(int(each) for each in indxs)
            return np.asarray([int(task["right"][int(each)]) for each in indxs])

    looked: set[int] = set()
    side = models.BARGAIN_P(
        Known(), Truth(), delta=DELTA, target=1 - task["target"], budget=len(task["looked"]), seed=task["seed"]
    )
    accepted = side.process([str(each) for each in range(len(task["scores"]))])
    return {"accepted": [int(each) for each in accepted], "looked": sorted(looked)}


def jevapi(task: dict[str, Any]) -> float | None:
    """Return the least score that it fills by itself."""
    module = import_module("jevapi")
    labelled = [
        {"field": FIELD, "confidence": task["scores"][place], "correct": task["right"][place]}
        for place in task["looked"]
    ]
    profile = module.calibrate(labelled, {"maxRisk": task["target"]})
    found = None
    for score in sorted(set(task["scores"]), reverse=True)[::STEP]:
        said = module.decide(profile, {"field": FIELD, "value": "x", "confidence": score})
        if said["action"] != "fill":
            break
        found = score
    return found


def jev_eval(task: dict[str, Any]) -> float | None:
    """Return the threshold that it recommends for a target accuracy."""
    score, thresholds = import_module("jev_eval.score"), import_module("jev_eval.thresholds")
    rows = []
    for place in task["looked"]:
        share, right = task["scores"][place], task["right"][place]
        rows.append(score.Scored(place, "choice", share, right, share, right, "a", "a" if right else "b"))
    point = thresholds.recommend_threshold(rows, target_accuracy=1 - task["target"])
    return None if point is None else float(point.threshold)


if __name__ == "__main__":
    answers = [
        {"bargain": bargain(task), "jevapi": jevapi(task), "jev-eval": jev_eval(task)} for task in json.load(sys.stdin)
    ]
    json.dump(answers, sys.stdout)
