"""What a promise may speak of at a step, and what an answer of it says."""

import json
from collections.abc import Sequence
from typing import Any

from handrail_ai_steps.errors import InvalidTask
from handrail_ai_steps.model import Model
from handrail_ai_steps.models.learning import LearningModel
from handrail_ai_steps.task import Task
from handrail_guards.acceptance import Acceptance
from handrail_guards.promise import PromiseTerms
from handrail_guards.promise_call import PromiseInCall

_SHOWN = 12


def require_promise(task: Task, terms: PromiseTerms) -> None:
    """Check that a promise speaks of labels or fields that the answers have.

    Raises:
        InvalidTask: one is misspelt, or the answers have no such thing; the message says what it may have meant.
    """
    bars, output = [name for name in terms.bars if name], task.output
    where = f"step {task.name!r}: promise"
    if task.kind == "classify":
        for label in (*bars, *([terms.label] if terms.label is not None else [])):
            _require_label(where, label, output.labels)
        if terms.label is not None:
            _require_readable(where, terms.label, task)
        if bars and "" in terms.bars:
            raise InvalidTask(f"{where}(wrong_at_most=...): '' is a whole record; a classification has labels alone")
        return
    if terms.label is not None:
        raise InvalidTask(
            f"{where}(missed_at_most=..., label={terms.label!r}) is for classify: this step has no labels"
        )
    if bars and not output.names.has_fields:
        raise InvalidTask(f"{where}(wrong_at_most={{{bars[0]!r}: ...}}): the answer has no fields; give one share")
    if bars and terms.second_looks:
        raise InvalidTask(
            f"{where}(second_looks=True): a second look is at a whole record, and with a bar for each field one case is"
            " about several: give one share (wrong_at_most=0.02), or leave second_looks out; the surest contradictions"
            " are listed by handrail promise show"
        )
    for path in bars:
        if wrong := output.names.problem(path):
            raise InvalidTask(f"{where}(wrong_at_most=...): {wrong}")


def require_trainable(step: str, models: Sequence[Model], terms: PromiseTerms) -> None:
    """Check that a model which learns is behind a promise that it is trained for.

    Raises:
        InvalidTask: the promise has several parts, groups or second looks, so that nobody would ever train it.
    """
    learning = next((each.name for each in models if isinstance(each, LearningModel)), None)
    if learning is None:
        return
    several = set(terms.bars) != {""} or terms.missed_at_most is not None
    asked = {
        "by": terms.by is not None,
        "second_looks": terms.second_looks,
        "bars of labels, or missed_at_most": several,
    }
    if wrong := [name for name, is_asked in asked.items() if is_asked]:
        raise InvalidTask(
            f"step {step!r}: {learning} is trained for a promise about everything that is accepted, and not with"
            f" {', '.join(wrong)}: leave that out, or name a model that is trained already, as in models='local:NAME'"
        )


def _require_label(where: str, label: str, labels: Sequence[str]) -> None:
    if label in labels:
        return
    import difflib  # noqa: PLC0415 -- for what is misspelt alone

    close = difflib.get_close_matches(label, labels, n=1)
    meant = f"; did you mean {close[0]!r}?" if close else ""
    more = ", ..." if len(labels) > _SHOWN else ""
    raise InvalidTask(f"{where}: there is no label {label!r}, but {', '.join(map(repr, labels[:_SHOWN]))}{more}{meant}")


def _require_readable(where: str, label: str, task: Task) -> None:
    """Check that a label can be told from what is recorded of an answer."""
    recorded = json.loads(task.output.dump(task.output.value_of(label)))
    shown = (
        "none" if recorded is None else "true" if recorded is True else "false" if recorded is False else str(recorded)
    )
    if shown != label:
        raise InvalidTask(f"{where}(label={label!r}): it is recorded as {shown!r}; give the enum texts as its values")


def answering(accept: Acceptance, task: Task, value: Any) -> Acceptance:
    """Return an acceptance rule that knows the answer, where it is a promise."""
    return answered(accept, task, value) if isinstance(accept, PromiseInCall) else accept


def answered(accept: PromiseInCall, task: Task, value: Any) -> PromiseInCall:
    """Return a promise in a call that knows which label was answered, where there are labels."""
    if task.kind != "classify":
        return accept
    try:
        label = task.output.label_of(value)
    except ValueError:  # a guard made something else of it, which is in doubt for that
        return accept
    return accept.answered(label)
