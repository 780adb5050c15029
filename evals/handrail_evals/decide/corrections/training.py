"""What a model can learn from what people decided."""

import json
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from handrail_evals.decide.calibrate.labels import Correction
from handrail_evals.decide.corrections.labels import GivenUp
from handrail_evals.errors import InvalidLabels
from handrail_ground.files import write_whole

if TYPE_CHECKING:
    from handrail_ai_steps.models.local import LabelledText


def as_examples(corrections: Iterable[Correction], *, given_up: Iterable[GivenUp] = ()) -> "tuple[LabelledText, ...]":
    """Return what the local model learns from: corrections, and audits that were given up for it.

    An audit that calibrates has no place here: its type says so, and ``Labels.give_up`` takes it out of the others.
    A decision that no label fits becomes an example out of scope. What holds no text and label is left out.

    Raises:
        InvalidLabels: something is neither a correction nor given up, for callers without a type checker.
    """
    from handrail_ai_steps.models.local import LabelledText  # noqa: PLC0415 -- importing evals stays light

    own, given = tuple(corrections), tuple(given_up)
    _require(own, Correction)
    _require(given, GivenUp)
    lessons = (*own, *(each.lesson for each in given if each.lesson is not None))
    return tuple(LabelledText(each.text, each.label) for each in lessons)


def _require(found: Iterable[Any], kind: type) -> None:
    wrong = next((each for each in found if not isinstance(each, kind)), None)
    if wrong is not None:
        raise InvalidLabels(
            f"a {type(wrong).__name__} where a {kind.__name__} belongs: what calibrates may not train; take audits out"
            " with Labels.give_up, and give what it returns as given_up"
        )


def write_examples(path: Path, examples: "Iterable[LabelledText]") -> int:
    """Write the JSON Lines that ``handrail learn --from`` reads, whole or not at all; return how many lines.

    A file that was there is replaced.
    """
    lines = [f"{json.dumps({'text': each.text, 'label': each.label})}\n".encode() for each in examples]
    write_whole(path, lines)
    return len(lines)
