"""Models by name, such as ``local:NAME`` and ``openai:NAME``, each loaded by the first step that needs it."""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, TypeAlias

from handrail_ai_steps.allowance import Limits
from handrail_ai_steps.errors import InvalidTask, UnknownModel
from handrail_ai_steps.fitting import named
from handrail_ai_steps.model import ClosedOnly, LabelsKnown, Model
from handrail_ai_steps.output import Output
from handrail_ground.errors import is_order
from handrail_guards.numbers import is_text

if TYPE_CHECKING:
    from handrail_ai_steps.models.sources.several import Asking, SeveralSources

ModelLike: TypeAlias = Model | str
"""A model, or the name of one."""

MODELS_FOLDER = Path("models")
"""Where ``local:NAME`` is looked for, under the working directory."""


def resolve_models(models: ModelLike | Sequence[ModelLike]) -> tuple[Model, ...]:
    """Return the models of a step in the order to try.

    Raises:
        InvalidTask: there is none.
        UnknownModel: a name that nothing answers to, or something that is no model.
        ModelNotReady: a model whose file, key or library is missing.
    """
    listed = [models] if isinstance(models, str) or not isinstance(models, Sequence) else list(models)
    if not listed:
        raise InvalidTask("a step needs a model: give models=['local:NAME'], ['openai:NAME'] or a Model object")
    return tuple(resolve_model(each) for each in listed)


def resolve_model(model: ModelLike) -> Model:
    """Return a model, by name or as it is.

    Raises:
        UnknownModel: a name that nothing answers to, or something that is no model.
        ModelNotReady: its file, key or library is missing.
    """
    if not isinstance(model, str):
        if isinstance(model, type) or not isinstance(model, Model):
            raise UnknownModel(
                f"{model!r} is no model: give a name such as 'openai:gpt-5-mini', or an object with name and answer"
            )
        if not is_text(name := _name_of(model)):
            raise UnknownModel(f"the name of {model!r} is {name!r}; give text: records and thresholds go by it")
        return model
    prefix, colon, name = model.partition(":")
    load = _LOADERS.get(prefix)
    if load is None or not colon or not name:
        known = ", ".join(f"{each}:NAME" for each in sorted(_LOADERS))
        raise UnknownModel(f"model {model!r} is unknown; write {known}, or pass a Model")
    return load(name)


def _name_of(model: Model) -> object:
    """Return what a model calls itself, or None where its own code raises."""
    try:
        return model.name
    except BaseException as error:
        if is_order(error):
            raise
        return None


def require_labels(models: Sequence[Model], labels: Sequence[str]) -> None:
    """Let every model that knows its labels (``LabelsKnown``) check that it has these.

    Raises:
        InvalidTask: a model could never answer one of the labels.
    """
    for model in models:
        if isinstance(model, LabelsKnown):
            model.check_labels(labels)


def require_named(step: str, limits: Limits, models: Sequence[Model]) -> None:
    """Check that a limit for each model by its name is for models that the step asks.

    Raises:
        InvalidTask: it names another one, which would never have it.
    """
    each = limits.seconds_each
    names = [named(model) for model in models]
    strange = [name for name in each if name not in names] if isinstance(each, Mapping) else []
    if strange:
        raise InvalidTask(
            f"step {step!r}: Limits(seconds_each=...) names {strange[0]!r}, which it does not ask; its models are "
            f"{', '.join(map(repr, names))}"
        )


def require_closed(step: str, models: Sequence[Model], output: Output) -> None:
    """Let every model that answers closed questions alone (``ClosedOnly``) check that this is one.

    Raises:
        InvalidTask: a model could never answer it.
    """
    for model in models:
        if isinstance(model, ClosedOnly):
            try:
                model.check_output(output)
            except InvalidTask as error:
                raise InvalidTask(f"step {step!r}: {error}") from error


# Each loads its own kind of model: a step has one or two, and there are six.


def _local(name: str) -> Model:
    from handrail_ai_steps.models.extractor.saved_kind import is_extractor  # noqa: PLC0415 -- as above
    from handrail_ai_steps.models.local.model import LocalModel  # noqa: PLC0415 -- as above

    path = Path(name) if "/" in name or "\\" in name else MODELS_FOLDER / name
    if is_extractor(path):
        from handrail_ai_steps.models.extractor.model import LocalExtractor  # noqa: PLC0415 -- as above

        return LocalExtractor.load(path)
    return LocalModel.load(path)


def _learning(name: str) -> Model:
    from handrail_ai_steps.models.learning import LearningModel, embedding_named  # noqa: PLC0415 -- as above
    from handrail_ai_steps.models.local.model import require_embedding  # noqa: PLC0415 -- as above

    folder = Path(name) if "/" in name or "\\" in name else MODELS_FOLDER / name
    if embedding := embedding_named(folder.name):
        require_embedding(embedding)
    return LearningModel(folder, name)


def _openai(name: str) -> Model:
    from handrail_ai_steps.models.openai.model import OpenAIModel  # noqa: PLC0415 -- as above

    return OpenAIModel(name)


def _decisions(prefix: str) -> Callable[[str], Model]:
    def decisions(name: str) -> Model:
        from handrail_ai_steps.models.decisions.model import DecisionModel  # noqa: PLC0415 -- as above

        return DecisionModel(f"{prefix}:{name}")

    return decisions


def _instructor(name: str) -> Model:
    from handrail_ai_steps.models.instructor.model import InstructorModel  # noqa: PLC0415 -- as above

    return InstructorModel(name)


def _recorded(name: str) -> Model:
    from handrail_ai_steps.models.recorded import RecordedModel  # noqa: PLC0415 -- as above

    path, _, recorded = name.partition("#")
    return RecordedModel.replay(Path(path), model=recorded or None)


_LOADERS: Mapping[str, Callable[[str], Model]] = MappingProxyType(
    {
        "gemini": _decisions("gemini"),
        "instructor": _instructor,
        "learning": _learning,
        "local": _local,
        "openai": _openai,
        "recorded": _recorded,
        "systemone": _decisions("systemone"),
    }
)


def sources(*models: ModelLike, ask: "Asking" = "all") -> "SeveralSources":
    """Return one model of several sources, the surest first: embedded data, a form, a local model, a language model.

    Each is asked for the record, and what they state is merged field by field: the first that states a field has it,
    and agreement makes nothing surer. Where two disagree the answer is in doubt, whatever the acceptance rule says,
    with all that was said in ``judgement.field_alternatives``. With ``ask="missing"`` later ones are asked only while
    a field is not stated.

    Raises:
        InvalidTask: there are fewer than two, or ``ask`` is neither.
        UnknownModel: a name that nothing answers to.
        ModelNotReady: a model whose file, key or library is missing.
    """
    from handrail_ai_steps.models.sources.several import SeveralSources  # noqa: PLC0415 -- most steps ask models alone

    return SeveralSources([resolve_model(each) for each in models], ask=ask)
