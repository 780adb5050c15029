"""Reading labels from a store."""

from typing import TYPE_CHECKING, Any

from handrail_evals.decide.corrections.answers import Answers
from handrail_evals.decide.corrections.labels import Labels
from handrail_evals.decide.corrections.pile import Group, Pile, Score
from handrail_evals.decide.corrections.record import Judgements, read_records
from handrail_evals.decide.learned import Learned

if TYPE_CHECKING:
    from handrail_ai_steps.step import AIStep


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

    Raises:
        UnknownGroup: a run's input has no such field.
        StoreError: the store cannot be read.
    """
    if isinstance(step, str):
        name, answers, learned = step, Answers(), Learned({})
    else:
        learned = Learned.of(step)
        name, answers, prompt_version = step.name, Answers(step.task.output), prompt_version or step.version
    pile = Pile(answers, score, group, learned)
    for record in read_records(store, step=name, workflow=workflow):
        pile.add(record)
    return pile.labels(name, prompt_version, model)
