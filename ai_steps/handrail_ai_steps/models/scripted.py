"""A model that follows a script: for tests of steps and workflows, without a network and without chance."""

import asyncio
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, TypeAlias

from handrail_ai_steps.errors import ModelNotReady
from handrail_ai_steps.model import Answer, ModelRequest, NoAnswer
from handrail_ai_steps.output import Output
from handrail_guards.confidence import Confidence
from handrail_guards.numbers import is_text
from handrail_guards.outcome import Alternative, Attempt

if TYPE_CHECKING:
    from handrail_ai_steps.arriving import ArrivedData

SURE = 1.0
"""The confidence of a scripted answer that does not say another."""
PIECE = 4
"""Characters of a structured answer that are shown at a time, where somebody looks on."""


@dataclass(frozen=True, slots=True)
class Says:
    """One scripted answer, with what a real model would say beside it."""

    value: Any
    """A value of the output type, or the label, text or JSON data of one."""
    confidence: float | Confidence | None = SURE
    """0 to 1, or None for an answer without a confidence."""
    fields: Mapping[str, float] | None = None
    """Confidence by field path, 0 to 1."""
    alternatives: Mapping[str, float] | None = None
    """Confidence by other label, 0 to 1, most likely first."""
    other_mass: float | None = None
    input_tokens: int = 0
    output_tokens: int = 0
    money: float = 0.0


Line: TypeAlias = Any
"""What a script may say: a value, ``Says``, a ``NoAnswer``, or an exception, which is raised."""

Script: TypeAlias = "Callable[[ModelRequest], Line] | Mapping[str, Line] | Iterable[Line]"
"""Answers by function of the request, by exact input text, or one after the other."""


class ScriptedModel:
    """Answers by a script and remembers what it was asked.

    A script that has run out, and an input that a mapping does not know, raise ``ModelNotReady``: a test that
    forgot an answer fails instead of escalating.
    """

    def __init__(self, script: Script, *, name: str = "scripted", confidence: float | None = SURE) -> None:
        """Follow a script; ``confidence`` (0 to 1, None for none) is that of every answer that does not say its own.

        Raises:
            ModelNotReady: the name is empty or no text, or the script none.
            InvalidConfidence: the confidence is no number from 0 to 1.
        """
        if not is_text(name):
            raise ModelNotReady(f"ScriptedModel(name={name!r}): give the name that records show, such as 'scripted'")
        if not callable(script) and not isinstance(script, Iterable):
            raise ModelNotReady(
                f"the script of {name!r} is {script!r}; give answers in a list, a mapping or a function"
            )
        _ = _confidence(confidence)  # refuses what is none while the model is being built
        self._name = name
        self._confidence = confidence
        self._say: Callable[[ModelRequest], Line] | None = script if callable(script) else None
        self._by_text: Mapping[str, Line] | None = script if isinstance(script, Mapping) else None
        self._lines: Iterator[Line] = iter(()) if callable(script) or isinstance(script, Mapping) else iter(script)
        self._outputs: dict[Any, Output] = {}
        self.requests: list[ModelRequest] = []
        """Every request, oldest first."""

    @property
    def name(self) -> str:
        """Return the name the record shows."""
        return self._name

    @property
    def sees_pictures(self) -> bool:
        """Return that a script may be about pictures."""
        return True

    async def answer(self, request: ModelRequest) -> Answer | NoAnswer:
        """Say the next line of the script.

        Raises:
            ModelNotReady: the script says nothing about this request.
        """
        self.requests.append(request)
        line = self._line(request)
        if isinstance(line, BaseException):
            raise line
        if isinstance(line, NoAnswer):
            attempts = line.attempts or (Attempt(model=self._name, result=line.result),)
            return replace(line, attempts=attempts)
        if isinstance(line, Answer):
            return line
        return await self._spoken(request, line if isinstance(line, Says) else Says(line, self._confidence))

    def _line(self, request: ModelRequest) -> Line:
        if self._say is not None:
            return self._say(request)
        if self._by_text is not None:
            if request.text in self._by_text:
                return self._by_text[request.text]
            raise ModelNotReady(
                f"the script of {self._name!r} has no answer to {request.text!r}; add one to the mapping"
            )
        for line in self._lines:
            return line
        raise ModelNotReady(
            f"the script of {self._name!r} has run out: request {len(self.requests)}, by step {request.task!r}, "
            "has no answer; add one, or script a function"
        )

    async def _spoken(self, request: ModelRequest, said: Says) -> Answer | NoAnswer:
        attempt = Attempt(
            model=self._name,
            result="answered",
            input_tokens=said.input_tokens,
            output_tokens=said.output_tokens,
            money=said.money,
        )
        output = self._output(request.output_type)
        try:
            value = output.validate(said.value)
        except ValueError as error:
            return NoAnswer(result="invalid", reason=str(error), attempts=(replace(attempt, result="invalid"),))
        raw = output.show(value)
        if request.on_text is not None and output.is_text:
            for piece in _pieces(raw):
                request.on_text(piece)
        if request.on_data is not None and not output.is_text:
            await _shown_in_pieces(raw, request.on_data)
        return Answer(
            value=value,
            raw=raw,
            confidence=_confidence(said.confidence),
            model=self._name,
            fields={path: _confidence(sure) for path, sure in (said.fields or {}).items()},
            alternatives=tuple(Alternative(value=v, confidence=c) for v, c in (said.alternatives or {}).items()),
            other_mass=said.other_mass,
            attempts=(replace(attempt, notes=output.oddities_of(said.value)),),
        )

    def _output(self, output_type: Any) -> Output:
        key = id(output_type)  # Literal["a"] == Literal["a"] but Literal[1] == Literal[True]: identity tells them apart
        if key not in self._outputs:
            self._outputs[key] = Output(output_type)
        return self._outputs[key]


def _confidence(sure: float | Confidence | None) -> Confidence:
    if isinstance(sure, Confidence):
        return sure
    return Confidence.none("the script gives none") if sure is None else Confidence(sure, "stated", "scripted")


async def _shown_in_pieces(raw: str, on_data: "Callable[[ArrivedData], None]") -> None:
    """Show JSON as it would arrive from a server, and let whoever looks at it look each time."""
    from handrail_ai_steps.arriving import arrived  # noqa: PLC0415 -- pydantic takes longest of all to load

    for end in range(PIECE, len(raw), PIECE):
        data = arrived(raw[:end])
        if data is not None:
            on_data(data)
            await asyncio.sleep(0)
            await asyncio.sleep(0)


def _pieces(text: str) -> Iterator[str]:
    """Yield a text word by word, each with the space before it, as a server streams it."""
    start = 0
    for index, sign in enumerate(text):
        if sign == " " and index > start:
            yield text[start:index]
            start = index
    if start < len(text):
        yield text[start:]
