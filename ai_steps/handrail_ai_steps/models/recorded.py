"""Recorded answers: a model is asked once, and replayed from then on without a network."""

import asyncio
from pathlib import Path
from weakref import WeakValueDictionary

from handrail_ai_steps.errors import ModelNotReady, RecordingMissing
from handrail_ai_steps.model import Answer, FullyNamed, Model, ModelRequest, NoAnswer
from handrail_ai_steps.models.recording import Recording, RecordingKey, time_asked
from handrail_ai_steps.output import Output
from handrail_ai_steps.sight import sees

_KEPT = frozenset({"invalid", "refused", "truncated"})
"""What a model says on purpose; an outage, a time-out or an empty purse would say something else next time."""

SHOWN = 200
"""How many characters of the input an error shows."""


class RecordedModel:
    """Answers from a recording, by model, prompt version, JSON Schema and input.

    Built with ``replay``, which never asks anybody, or ``record``, which asks a live model what is not recorded
    yet. The recording holds answers, confidences and usage; neither inputs nor prompts nor keys. A replayed answer
    carries the usage and money of the day it was recorded.
    """

    def __init__(self, recording: Recording, *, model: str, live: Model | None = None) -> None:
        self._recording = recording
        self._model = model
        self._live = live
        self._outputs: dict[int, tuple[object, Output]] = {}
        self._asking: WeakValueDictionary[tuple[int, RecordingKey], asyncio.Lock] = WeakValueDictionary()
        """By event loop and question, who asks the live model just now."""

    @classmethod
    def replay(cls, path: Path, *, model: str | None = None) -> "RecordedModel":
        """Open a recording to replay; ``model`` says whose answers when it holds those of several.

        Raises:
            ModelNotReady: the file is missing, empty, or does not say whose answers to replay.
            InvalidRecording: the file cannot be read.
        """
        _require_path(path)
        if not path.is_file():
            raise ModelNotReady(f"there is no recording {path}; make one with RecordedModel.record(path, live=model)")
        recording = Recording(path)
        models = recording.models
        if not models:
            raise ModelNotReady(f"the recording {path} is empty; make one with RecordedModel.record(path, live=model)")
        if model is None and len(models) > 1:
            raise ModelNotReady(
                f"the recording {path} holds answers of {', '.join(models)}; name one: 'recorded:{path}#{models[0]}'"
            )
        if model is not None and model not in models:
            raise ModelNotReady(
                f"the recording {path} has no answers of {model!r}; it has those of {', '.join(models)}"
            )
        return cls(recording, model=model or models[0])

    @classmethod
    def record(cls, path: Path, *, live: Model) -> "RecordedModel":
        """Open a recording, or begin one, and ask the live model for what it does not hold.

        Raises:
            ModelNotReady: there is no path, or no live model.
            InvalidRecording: the file exists and cannot be read.
        """
        _require_path(path)
        if isinstance(live, type) or not isinstance(live, Model):
            raise ModelNotReady(f"RecordedModel.record(live={live!r}): give the model to ask, such as OpenAIModel(...)")
        return cls(Recording(path), model=live.full_name if isinstance(live, FullyNamed) else live.name, live=live)

    @property
    def name(self) -> str:
        """Return the name of the model whose answers these are."""
        return self._model

    @property
    def sees_pictures(self) -> bool:
        """Return whether the live model sees pictures; without one, an answer is recorded or is not."""
        return self._live is None or sees(self._live)

    async def answer(self, request: ModelRequest) -> Answer | NoAnswer:
        """Return the recorded answer; without one, ask the live model and record what it says.

        Raises:
            RecordingMissing: nothing is recorded and there is no live model.
            InvalidRecording: what is recorded was edited, and is no answer.
        """
        output = self._output(request.output_type)
        key = RecordingKey.of(self._model, request)
        known = self._recording.find(key, output)
        if known is None and self._live is None:
            raise self._missing(key, request)
        if known is None and self._live is not None:
            # Of two that ask the same at once the second would replace the first's answer, which somebody has seen.
            asking = (id(asyncio.get_running_loop()), key)
            lock = self._asking.setdefault(asking, asyncio.Lock())
            async with lock:
                known = self._recording.find(key, output)
                if known is None:
                    return await self._ask_live(self._live, key, request, output)
        if request.on_text is not None and isinstance(known, Answer):
            request.on_text(known.raw)
        assert known is not None  # noqa: S101 -- a question without an answer was asked above
        return known

    async def _ask_live(
        self, live: Model, key: RecordingKey, request: ModelRequest, output: Output
    ) -> Answer | NoAnswer:
        answer = await live.answer(request)
        if isinstance(answer, Answer) or answer.result in _KEPT:
            try:
                self._recording.add(key, request.task, answer, output, pictures=request.pictures)
            except OSError as error:
                reason = f"the answer could not be recorded in {self._recording.path} ({error.strerror or error})"
                return NoAnswer(result="failed", reason=reason, attempts=answer.attempts, outage=False)
        return answer

    def _missing(self, key: RecordingKey, request: ModelRequest) -> RecordingMissing:
        shown = request.text if len(request.text) <= SHOWN else request.text[:SHOWN] + "…"
        why = self._recording.elsewhere(key)
        if time_asked():
            why = why or f"repeat {time_asked()} of it; each repeat is recorded by itself"
        return RecordingMissing(
            f"{self._recording.path} has no answer of {self._model} for step {request.task!r} and input {shown!r}"
            f"{f' ({why})' if why else ''}; record it with RecordedModel.record(path, live=model)",
            task=request.task,
            text=request.text,
        )

    def _output(self, output_type: object) -> Output:
        # By identity, with the type kept alive: Literal[1] and Literal[True] compare equal.
        known = self._outputs.get(id(output_type))
        if known is None:
            known = self._outputs[id(output_type)] = (output_type, Output(output_type))
        return known[1]


def _require_path(path: object) -> None:
    if not isinstance(path, Path):
        raise ModelNotReady(
            f"the recording {path!r} is a {type(path).__name__}; give a Path, such as Path('answers.jsonl')"
        )
