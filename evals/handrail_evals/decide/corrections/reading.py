"""Reading labels from a store: judgements are sorted into what may calibrate, what may train, and what is neither."""

from collections import Counter, defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Literal, NamedTuple, TypeAlias

from handrail_evals.decide.calibrate.acceptance_file import Subject
from handrail_evals.decide.calibrate.labels import Audit, Correction, JudgedCase
from handrail_evals.decide.corrections.evenly import EvenSample
from handrail_evals.decide.corrections.labels import UNANSWERED, Decided, Labels, LeftOut, Reason
from handrail_evals.decide.corrections.record import Answers, Judgements, Recorded, read_records
from handrail_evals.decide.judging import Learned
from handrail_evals.errors import UnknownGroup
from handrail_evals.measure.fingerprint import as_text, clusters_of, input_key
from handrail_guards.acceptor import Acceptor
from handrail_guards.confidence import ConfidenceSource
from handrail_guards.guarantee import score_of
from handrail_guards.outcome import Judgement

if TYPE_CHECKING:
    from handrail_ai_steps.step import AIStep


Score: TypeAlias = Literal["confidence", "margin"] | Acceptor
"""What a threshold is set on."""

Group: TypeAlias = str | Callable[[Any], str]
"""The name of a field of the run's input, or a function of the run's input as JSON data."""


class _Origin(NamedTuple):
    """Where judgements came from that may be calibrated together."""

    prompt_version: str
    model: str
    source: ConfidenceSource


@dataclass(slots=True)
class Pile:
    """Judgements as they are read, before it is known which prompt version and model count."""

    answers: Answers
    score: Score
    group: Group | None
    learned: Learned
    even: EvenSample
    newest: tuple[float, str] = (0.0, "")
    """When the newest judgement with a score was made, and its prompt version."""
    judged_by: Counter[_Origin] = field(default_factory=Counter)
    """How many judgements with a score each origin made."""
    traffic: dict[_Origin, list[float]] = field(default_factory=lambda: defaultdict(list))
    labelled: list[tuple[_Origin, Audit, JudgedCase]] = field(default_factory=list)
    unlabelled: list[tuple[_Origin, Reason]] = field(default_factory=list)
    """Drawn cases that are no audits."""
    taught: list[tuple[_Origin, str]] = field(default_factory=list)
    """Those of them that the model learned from, with their names."""
    shared: dict[str, tuple[str, ...]] = field(default_factory=dict)
    """What each labelled case may share with others: its run and its input."""
    decided: list[Decided] = field(default_factory=list)
    no_corrections: Counter[Reason] = field(default_factory=Counter)
    copied: int = 0
    unreadable: int = 0
    evened: int = 0
    """Drawn cases that are no audits, as a promise asked about more of their kind than of others."""

    def add(self, record: Recorded | None) -> None:
        """Put one judgement where it belongs."""
        if record is None:
            self.unreadable += 1
            return
        if record.copied:
            self.copied += 1
            return
        if not self.even.takes(record.case, record.judgement) and record.drawn:
            self.evened += 1
            record = replace(record, judgement=replace(record.judgement, drawn=False))
        origin = _origin(record.judgement)
        found = None if record.blocked else self._score_of(record.judgement)
        if found is not None:
            if record.ended >= self.newest[0]:
                self.newest = record.ended, origin.prompt_version
            self.judged_by[origin] += 1
        decided = None if record.open_because else self._decided(record)
        if decided is not None:
            self.decided.append(decided)
        if record.drawn:
            self._add_drawn(record, origin, found, decided)
            return
        if found is not None:
            self.traffic[origin].append(found)
        if not record.accepted:
            self._add_doubtful(record, decided)

    def _add_drawn(self, record: Recorded, origin: _Origin, found: float | None, decided: Decided | None) -> None:
        if record.blocked:
            self.unlabelled.append((origin, "blocked"))
        elif found is None:
            self.unlabelled.append((origin, "no_score"))
        elif isinstance(self.score, Acceptor) and self.score.knows(record.case):
            self.unlabelled.append((origin, "fitted"))
        elif decided is None:
            self.unlabelled.append((origin, record.open_because or "undecided"))
        elif (learned := self.learned.holds(record.judgement, record.text)) is True:
            self.unlabelled.append((origin, "learned"))
            self.taught.append((origin, record.case))
        else:
            audit = Audit(found, decided.judged.right, decided.judged.case, decided.judged.group, learned=learned)
            judged = decided.judged
            read = record.input if record.text is None else record.text
            self.shared[record.case] = (f"run {record.run_id}", f"input {input_key(read)}")
            self.labelled.append((origin, audit, judged))

    def _add_doubtful(self, record: Recorded, decided: Decided | None) -> None:
        if decided is None:
            self.no_corrections[record.open_because or "undecided"] += 1
        elif decided.lesson is None:
            self.no_corrections["no_text" if record.text is None else "no_label"] += 1

    def _decided(self, record: Recorded) -> Decided:
        right = self.answers.agree(record.decision, record.value)
        return Decided(
            case=record.case,
            run_id=record.run_id,
            workflow=record.workflow,
            step=record.step,
            input=record.input,
            suggestion=record.value,
            decision=record.decision,
            changed=not right,
            drawn=record.drawn,
            judged=JudgedCase(
                judgement=record.judgement,
                right=right,
                case=record.case,
                group=_group_of(record, self.group),
                blind=record.drawn,
                answer=as_text(record.value),
                label=as_text(record.decision),
            ),
            lesson=self._lesson(record),
        )

    def _lesson(self, record: Recorded) -> Correction | None:
        if record.text is None:
            return None
        try:
            return Correction(record.text, self.answers.label_of(record.decision), record.case)
        except ValueError:
            return None

    def _score_of(self, judgement: Judgement) -> float | None:
        if isinstance(self.score, Acceptor):
            return score_of(judgement, "acceptor", self.score)
        return score_of(judgement, self.score)

    def labels(self, step: str, prompt_version: str | None, model: str | None) -> Labels:
        """Return the labels of one prompt version and model; what is of others is counted."""
        version = self.newest[1] if prompt_version is None else prompt_version
        chosen = self._chosen(version, model)
        kept = _clustered([(audit, judged) for origin, audit, judged in self.labelled if origin == chosen], self.shared)
        reasons: Counter[Reason] = Counter()
        for origin, reason in [*((o, None) for o, _, _ in self.labelled), *self.unlabelled]:
            wrong = _mismatch(origin, version, chosen, blocked=reason in {"blocked", "no_score"})
            if (why := wrong or reason) is not None:
                reasons[why] += 1
        drawn = len(kept) + sum(reasons[reason] for reason in UNANSWERED)
        lessons = (each.lesson for each in self.decided if not each.drawn)
        return Labels(
            subject=None if chosen is None else self._subject(step, chosen),
            audits=tuple(audit for audit, _ in kept),
            judged=tuple(judged for _, judged in kept),
            corrections=tuple(lesson for lesson in lessons if lesson is not None),
            learned=tuple(case for origin, case in self.taught if origin == chosen),
            traffic=() if chosen is None else tuple(self.traffic[chosen]),
            decided=tuple(self.decided),
            answered=len(kept) / drawn if drawn else None,
            left_out=LeftOut(
                audits=dict(reasons),
                corrections=dict(self.no_corrections),
                copied=self.copied,
                unreadable=self.unreadable,
                evened=self.evened,
            ),
        )

    def _chosen(self, version: str, model: str | None) -> _Origin | None:
        fitting = [each for each in self.judged_by if _is_of(each, version) and model in {None, each.model}]
        return max(fitting, key=lambda each: (self.judged_by[each], each), default=None)

    def _subject(self, step: str, origin: _Origin) -> Subject:
        acceptor = self.score if isinstance(self.score, Acceptor) else None
        return Subject(
            step=step,
            prompt_version=origin.prompt_version,
            model=origin.model,
            confidence_source=origin.source,
            score="acceptor" if isinstance(self.score, Acceptor) else self.score,
            acceptor=acceptor,
        )


def _clustered(
    kept: Sequence[tuple[Audit, JudgedCase]], shared: Mapping[str, tuple[str, ...]]
) -> list[tuple[Audit, JudgedCase]]:
    """Return the labels with their clusters: those of one run, and those with the same input, count once."""
    clusters = clusters_of(shared[judged.case] for _, judged in kept)
    return [
        (replace(audit, cluster=cluster), replace(judged, cluster=cluster))
        for (audit, judged), cluster in zip(kept, clusters, strict=True)
    ]


def _origin(judgement: Judgement) -> _Origin:
    return _Origin(judgement.prompt_version, judgement.model, judgement.confidence.source)


def _is_of(origin: _Origin, version: str) -> bool:
    """Return whether judgements are of a prompt version; a step's own holds for each way of asking (``a1b2+names``)."""
    return version in {origin.prompt_version, origin.prompt_version.partition("+")[0]}


def _mismatch(origin: _Origin, version: str, chosen: _Origin | None, *, blocked: bool) -> Reason | None:
    """Return what is other than what was chosen; a case without an answer has no model that could be another."""
    if not _is_of(origin, version):
        return "other_version"
    return "other_model" if origin != chosen and not blocked else None


def _group_of(record: Recorded, group: Group | None) -> str:
    if group is None:
        return ""
    if not isinstance(group, str):
        return group(record.run_input)
    data = record.run_input
    if not isinstance(data, dict) or group not in data:
        there = ", ".join(map(repr, data)) if isinstance(data, dict) else f"it is a {type(data).__name__}"
        raise UnknownGroup(case=record.case, field=group, found=there or "it is empty")
    return data[group] if isinstance(data[group], str) else str(data[group])


def read_labels(
    store: Judgements | str,
    *,
    step: "str | AIStep[Any]",
    workflow: str | None = None,
    prompt_version: str | None = None,
    model: str | None = None,
    score: Score = "confidence",
    group: Group | None = None,
) -> Labels:
    """Return what people decided of a step's judgements; the store is only read, page by page.

    It is given as the client or orchestrator that has it open, or as its address.
    ``step`` is the AI step or its name. The step itself knows its prompt version, its labels, which answers are the
    same, and what its local models learned from, which are no audits; with a name, ``prompt_version`` is that of the
    newest judgement unless it is given, answers are compared as JSON, and nobody can tell what a model learned from.
    ``model`` is by default the one that judged most cases of that version. ``group`` says what a promise of its own
    could be about.

    Under a promise people are asked about some cases more often than about others: so many of those answers are left
    out of the audits, by chance, that the rest is an even sample. They are cases that train.

    Raises:
        UnknownGroup: a run's input has no such field.
        StoreError: the store cannot be read.
    """
    if isinstance(step, str):
        name, answers, learned, audit = step, Answers(), Learned({}), None
    else:
        learned, audit = Learned.of(step), step.audit
        name, answers, prompt_version = step.name, Answers(step.task.output), prompt_version or step.version
    pile = Pile(answers, score, group, learned, EvenSample(audit))
    for record in read_records(store, step=name, workflow=workflow):
        pile.add(record)
    return pile.labels(name, prompt_version, model)
