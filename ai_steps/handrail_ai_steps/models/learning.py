"""A local model that is trained again while it serves: the version that its folder names answers."""

import re
import time
from pathlib import Path
from typing import TYPE_CHECKING

from handrail_ai_steps.errors import InvalidTask, ModelNotReady, UnknownModel, UnreadableModel
from handrail_ai_steps.model import Answer, ModelRequest, NoAnswer
from handrail_ai_steps.output import Output
from handrail_ground.files import write_whole
from handrail_ground.optional import LaterModule
from handrail_guards.confidence import Confidence
from handrail_guards.outcome import Attempt

if TYPE_CHECKING:
    from handrail_ai_steps.models.local import model as local
    from handrail_ai_steps.models.local.model import LocalModel
else:
    local = LaterModule("handrail_ai_steps.models.local.model")

PREFIX = "learning:"
EMBEDDINGS = ("wordllama", "minilm")
"""Vectors learned elsewhere that a model's name may ask for, behind a plus sign: ``learning:route+wordllama``."""
CURRENT = "current"
"""The file in the model's folder that names the version in force."""
NONE = "none"
"""What that file says where no version is in force any more."""
UNTRAINED = "untrained"
NOTHING_LEARNED = "no version of the model is in force in its folder: none was trained yet, or it is on another machine"

_VERSION = re.compile(r"v[0-9]{4,9}-[0-9a-f]{8}")


class LearningModel:
    """Answers as the version in force does; before there is one, with any label and no confidence at all.

    A promise accepts nothing of that, so people decide, and their answers are what the first version learns from.
    Versions are made and put in force by whoever keeps the promise (``handrail work``, ``handrail promise keep``).
    A name that ends with ``+wordllama`` or ``+minilm`` has them trained with that view of vectors learned elsewhere.
    """

    def __init__(self, folder: Path, name: str) -> None:
        self._folder = folder
        self._name = name
        self._seen: tuple[int, ...] | None = None
        self._model: LocalModel | None = None
        self._outputs: dict[object, Output] = {}

    @property
    def name(self) -> str:
        """The name it is asked for by, such as ``learning:route``; its answers give that of the version in force."""
        return f"{PREFIX}{self._name}"

    async def answer(self, request: ModelRequest) -> Answer | NoAnswer:
        """Return what the version in force answers.

        Raises:
            InvalidTask: the request is no classification.
        """
        try:
            model = self._in_force()
        except (UnreadableModel, ModelNotReady) as error:
            return NoAnswer(result="failed", reason=f"{self.name}: the version in force cannot be used: {error}")
        return self._knows_nothing(request) if model is None else await model.answer(request)

    def _in_force(self) -> "LocalModel | None":
        """Return the version that the folder names, read again when it names another."""
        try:
            found = (self._folder / CURRENT).stat()
        except FileNotFoundError:
            return self._model
        except OSError as error:
            raise UnreadableModel(f"{self._folder / CURRENT}: {error.strerror or error}") from error
        seen = (found.st_mtime_ns, found.st_ino, found.st_size)
        if seen != self._seen:
            version = version_in_force(self._folder)
            self._model = None if version is None else local.LocalModel.load(self._folder / version)
            self._seen = seen
        return self._model

    def _knows_nothing(self, request: ModelRequest) -> Answer:
        started = time.perf_counter()
        output = self._output(request.output_type)
        labels = request.labels or output.labels
        if not labels:
            raise InvalidTask(f"{request.task}: {self.name} can only classify; use an output type with labels")
        model = f"{self.name}@{UNTRAINED}"
        seconds = time.perf_counter() - started
        attempt = Attempt(model=model, result="answered", seconds=seconds, input_tokens=0, output_tokens=0, money=0.0)
        confidence = Confidence(0.0, "local", NOTHING_LEARNED)
        return Answer(
            value=output.value_of(labels[0]), raw=labels[0], confidence=confidence, model=model, attempts=(attempt,)
        )

    def _output(self, output_type: object) -> Output:
        known = self._outputs.get(output_type)
        if known is None:  # the schema of a type takes longer than all the rest of an answer
            known = self._outputs[output_type] = Output(output_type)
        return known


def embedding_named(name: str) -> str:
    """Return the embedding that the name of a model asks for: ``wordllama`` of ``route+wordllama``; empty: none.

    Raises:
        UnknownModel: it asks for one that there is not.
    """
    _, plus, embedding = name.rpartition("+")
    if plus and embedding not in EMBEDDINGS:
        known = " or ".join(f"+{each}" for each in EMBEDDINGS)
        raise UnknownModel(
            f"model {PREFIX}{name}: {plus}{embedding} names no embedding; write {known}, or no plus sign"
        )
    return embedding if plus else ""


def version_in_force(folder: Path) -> str | None:
    """Return the name of the version that a folder says is in force; None: none is.

    Raises:
        UnreadableModel: what is there names no version.
    """
    try:
        named = (folder / CURRENT).read_text(encoding="utf-8").strip()
    except FileNotFoundError:
        return None
    except (OSError, ValueError) as error:
        raise UnreadableModel(f"{folder / CURRENT} cannot be read: {error}") from error
    if named == NONE:
        return None
    if not _VERSION.fullmatch(named):
        raise UnreadableModel(
            f"{folder / CURRENT} names no version: write the name of a folder beside it, as v0001-3fa9c1d2"
        )
    return named


def put_in_force(folder: Path, version: str) -> None:
    """Let a version answer from the next call on, in every process that reads this folder; ``NONE``: let none.

    Raises:
        OSError: it cannot be written; the version before stays in force.
    """
    write_whole(folder / CURRENT, [f"{version}\n".encode()])


def version_name(number: int, model: "LocalModel") -> str:
    """Return the name of the folder of a version, such as ``v0001-3fa9c1d2``."""
    return f"v{number:04d}-{model.version}"
