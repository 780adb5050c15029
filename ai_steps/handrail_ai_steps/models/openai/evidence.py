"""What an answer says about how sure it is: log-probabilities by label or by field, votes, its own word."""

import math
import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field

from handrail_ai_steps.leaves import map_paths, record_paths
from handrail_ai_steps.logprobs import (
    TokenTrace,
    ValueLogprob,
    field_logprobs,
    label_mass,
    one_hot,
    text_logprob,
    token_trace,
    value_spans,
)
from handrail_ai_steps.models.openai.form import LABEL, Form, Reading
from handrail_ai_steps.models.openai.reply import ReplyChoice
from handrail_ai_steps.voting import share_alternatives
from handrail_ground.shares import in_percent
from handrail_guards.confidence import Confidence
from handrail_guards.outcome import Alternative

ONE_HOT = "the log-probabilities are from after the choice: every token is certain, and that says nothing"

_EMPTY_OBJECT = re.compile(rb"[{]\s*[}]")

NOTABLE_OTHER_MASS = 0.5
"""Above this the record notes how much probability was on no label."""
NOTABLE_UNTOLD_MASS = 0.0005
"""Above this it says how much the labels may have besides."""


@dataclass(frozen=True, slots=True)
class Evidence:
    """How sure an answer is, and of what else."""

    confidence: Confidence
    fields: Mapping[str, Confidence] = field(default_factory=dict)
    alternatives: tuple[Alternative, ...] = ()
    other_mass: float | None = None
    notes: tuple[str, ...] = ()


def missing(why: str) -> Evidence:
    """Return no evidence, with the reason."""
    return Evidence(Confidence.none(why))


def logprob_evidence(choice: ReplyChoice, reading: Reading, form: Form, *, among_labels: bool = False) -> Evidence:
    """Read the confidence of a structured answer from its tokens.

    With ``among_labels`` what the labels have, or may have, is shared out among them alone, whatever else the model
    would rather have written.
    """
    trace = token_trace(choice.tokens, reading.text, whole=choice.text, start=reading.start)
    if trace is None:
        return missing(_why_unusable(choice))
    if one_hot(trace):
        return missing(ONE_HOT)
    if form.labels:
        return _label_evidence(trace, reading, form, among_labels=among_labels)
    fields = field_confidences(trace, form.root, set(map_paths(reading.value, form.root)))
    if not fields:
        return missing("the answer has no field")
    weakest = min(fields, key=lambda path: fields[path].value or 0.0)
    whole = fields[weakest].value
    detail = f"lowest of {len(fields)} fields: {weakest}" if len(fields) > 1 else fields[weakest].detail
    empty = _empty_records(trace, form.root, reading.value)
    fields |= dict.fromkeys(empty & fields.keys(), Confidence.none("the answer left out all of its fields"))
    return Evidence(Confidence(whole, "logprob", detail), fields)


def field_confidences(trace: TokenTrace, root: str = "", maps: Collection[str] = ()) -> dict[str, Confidence]:
    """Return the confidence of every field under a path: the joint probability of its tokens.

    A list has that of its end too, as ``lines.#``, and so have the objects at ``maps``, which may have any keys.
    """
    found = field_logprobs(trace, maps)
    if root:
        lead = f"{root}."
        found = {path.removeprefix(lead): each for path, each in found.items() if path.startswith(lead) or path == root}
    return {path: Confidence(math.exp(each.joint), "logprob", _detail(each)) for path, each in found.items()}


def _empty_records(trace: TokenTrace, root: str, value: object) -> set[str]:
    """Return the paths of records of which the answer says ``{}``: how sure that is says nothing of their fields."""
    if not _EMPTY_OBJECT.search(trace.text):
        return set()
    spans = value_spans(trace.text)
    paths = set(record_paths(value))
    said = {path: ".".join(filter(None, (root, path))) for path in paths}
    return {path for path in paths if said[path] in spans and trace.text[slice(*spans[said[path]])].startswith(b"{")}


def text_evidence(choice: ReplyChoice, text: str) -> Evidence:
    """Read the confidence of free text: the mean over its tokens, because any long text is improbable as a whole."""
    trace = token_trace(choice.tokens, text, whole=choice.text, start=max(0, choice.text.rfind(text)))
    if trace is None:
        return missing(_why_unusable(choice))
    if one_hot(trace):
        return missing(ONE_HOT)
    found = text_logprob(trace)
    return Evidence(Confidence(math.exp(found.mean), "logprob", f"geometric mean of {found.tokens} tokens"))


def stated_evidence(reading: Reading) -> Evidence:
    """Take the model's own word."""
    if reading.stated is None:
        return missing("the model stated no confidence from 0 to 1")
    return Evidence(Confidence(reading.stated, "stated", "the model's own word"))


def _label_evidence(trace: TokenTrace, reading: Reading, form: Form, *, among_labels: bool) -> Evidence:
    span = value_spans(trace.text)[LABEL]
    written = trace.text[slice(*span)].decode()
    coded = written in form.codes
    spread = label_mass(trace, span, list(form.codes) if coded else form.labels)
    masses = {form.codes[each] if coded else each: mass for each, mass in spread.masses.items()}
    chosen, total = reading.label, sum(masses.values())
    if chosen not in masses or not total:
        return missing("the tokens do not tell the label from others")
    detail = f"probability of the {'code' if coded else 'label'} among {len(form.labels)} labels"
    if among_labels:
        # what several labels may have is not shared out: a label that nobody saw is not one without probability
        masses = {label: min(1.0, mass / (total + spread.untold)) for label, mass in masses.items()}
        detail += f" alone; {in_percent(spread.other - spread.untold)} was on none"
        if spread.untold > NOTABLE_UNTOLD_MASS:
            detail += f", {in_percent(spread.untold)} may be on labels that are not told apart"
    notes = () if among_labels else _other_note(spread.other)
    return Evidence(
        Confidence(masses[chosen], "logprob", detail), {}, share_alternatives(masses, chosen), spread.other, notes
    )


def _other_note(other: float) -> tuple[str, ...]:
    if other <= NOTABLE_OTHER_MASS:
        return ()
    on_none = f"{in_percent(other)} of the probability was on no label"
    return (f"{on_none}: log-probabilities from before the schema was enforced",)


def _detail(found: ValueLogprob) -> str:
    return f"joint of {found.tokens} tokens" if found.tokens > 1 else "1 token"


def _why_unusable(choice: ReplyChoice) -> str:
    if not choice.tokens:
        return "the server gave no log-probabilities"
    return "the server's log-probabilities do not spell the answer"
