"""The file that carries a threshold from its calibration to its step."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Final

from handrail_evals.decide.calibrate.calibration import Calibration
from handrail_evals.errors import UnreadableAcceptance
from handrail_ground.files import write_whole
from handrail_guards.acceptor import Acceptor
from handrail_guards.confidence import ConfidenceSource
from handrail_guards.errors import InvalidGuard
from handrail_guards.guarantee import FORMAT, GuaranteedThreshold, ScoreName

_BEGINNING: Final = 100
"""Bytes within which an acceptance says that it is one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Subject:
    """What a threshold is set for; when any of it changes, the threshold is stale."""

    step: str
    """The AI step's name."""
    prompt_version: str
    """Hash of the prompt, schema and examples."""
    model: str
    """Who answered, by the answers' own name for it."""
    confidence_source: ConfidenceSource
    """Where the confidence came from."""
    score: ScoreName
    """What the labels were scored by."""
    acceptor: Acceptor | None = None
    """What scored them, when ``score`` is an acceptor's."""
    after: Sequence[GuaranteedThreshold] = ()
    """The rules before it in a cascade, in order: the labels are of cases that all of them had in doubt."""


def guarantee(calibration: Calibration, subject: Subject, *, day: date) -> GuaranteedThreshold:
    """Return what a calibration found as the acceptance rule of a step; without a threshold it accepts nothing.

    Raises:
        InvalidGuard: the score is an acceptor's and there is none, or the other way round.
    """
    return GuaranteedThreshold(
        step=subject.step,
        prompt_version=subject.prompt_version,
        model=subject.model,
        confidence_source=subject.confidence_source,
        score=subject.score,
        threshold=calibration.threshold,
        target=calibration.promise.target,
        delta=calibration.promise.delta,
        labels=calibration.labels,
        accepted=calibration.accepted,
        errors=calibration.errors,
        bound=calibration.bound,
        expected_coverage=calibration.coverage,
        data_hash=calibration.data_hash,
        date=day.isoformat(),
        acceptor=subject.acceptor,
        seen=calibration.seen,
        after=tuple(rule.mark for rule in subject.after),
    )


def write_acceptance(path: Path, rule: GuaranteedThreshold) -> None:
    """Write an acceptance file, whole or not at all; one that was there is replaced."""
    write_whole(path, [rule.to_json().encode()])


def is_acceptance(path: Path) -> bool:
    """Return whether a file is an acceptance of some release, damaged or not, which a new one may replace.

    Raises:
        OSError: it cannot be read.
    """
    with path.open("rb") as file:
        return FORMAT.partition("/")[0].encode() in file.read(_BEGINNING)


def read_acceptance(path: Path) -> GuaranteedThreshold:
    """Return the acceptance rule of a file.

    Raises:
        UnreadableAcceptance: there is none, or it is damaged, foreign, or from a newer release; the message names it.
    """
    try:
        return GuaranteedThreshold.from_json(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise UnreadableAcceptance(
            f"{path} cannot be read ({error.strerror}); write it with `handrail eval calibrate`"
        ) from error
    except UnicodeDecodeError as error:
        raise UnreadableAcceptance(f"{path}: not UTF-8 at byte {error.start}; write it anew") from error
    except InvalidGuard as error:
        raise UnreadableAcceptance(f"{path}: {error}") from error
