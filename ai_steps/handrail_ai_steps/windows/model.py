"""A model that is asked about a long document window by window, and about a short one as it is."""

import asyncio
import json
from collections.abc import Sequence
from dataclasses import replace

from handrail_ai_steps.documents.document import Document
from handrail_ai_steps.documents.windows import PageWindow, windows_of
from handrail_ai_steps.errors import InvalidTask
from handrail_ai_steps.fitting import fitting
from handrail_ai_steps.model import Answer, Closing, Model, ModelRequest, NoAnswer
from handrail_ai_steps.output import Output
from handrail_ai_steps.resolve import ModelLike, resolve_model
from handrail_ai_steps.sight import sees
from handrail_ai_steps.windows.merging import MergedWindows, WindowAnswer, doubt_about, merge, whole
from handrail_ai_steps.windows.partial import partial
from handrail_guards.numbers import is_count
from handrail_guards.outcome import Attempt

AT_ONCE = 4
"""Windows that are asked about at a time."""


def in_windows(model: ModelLike, *, characters: int = 40_000, overlap: int = 1) -> "WindowedModel":
    """Return a model that reads long documents in windows of whole pages, and puts together what it finds in them.

    A window has at most ``characters`` (1,000 or more; four of them are about a token) and begins with the last
    ``overlap`` pages of the one before (0 or more), so that nothing is cut in two. A field that two windows say
    differently is in doubt, with both values; rows are joined by where they stand. Guards and the acceptance rule
    look at the whole. What has no document, or one that fits, is asked as it is.

    Raises:
        InvalidTask: a number that cannot work.
        UnknownModel: a name that nothing answers to.
        ModelNotReady: a model whose file, key or library is missing.
    """
    if not is_count(characters, least=1_000):
        raise InvalidTask(f"in_windows(characters={characters!r}): give a whole number, 1,000 or more")
    if not is_count(overlap, least=0):
        raise InvalidTask(f"in_windows(overlap={overlap!r}): give a whole number of pages, 0 or more")
    return WindowedModel(resolve_model(model), characters, overlap)


class WindowedModel:
    """A model that is asked window by window."""

    def __init__(self, model: Model, characters: int, overlap: int) -> None:
        self._model = model
        self._characters = characters
        self._overlap = overlap

    @property
    def name(self) -> str:
        """Return the model's own name."""
        return self._model.name

    @property
    def sees_pictures(self) -> bool:
        """Return whether the model does; each window is asked about with all of them."""
        return sees(self._model)

    async def aclose(self) -> None:
        """Close what the model holds open."""
        if isinstance(self._model, Closing):
            await self._model.aclose()

    async def answer(self, request: ModelRequest) -> Answer | NoAnswer:
        """Answer the request, or say why there is no answer."""
        document = self._long(request)
        if document is None:
            return await self._model.answer(request)
        output = partial(request.output_type)
        if output is None:
            return NoAnswer(
                result="failed",
                reason=f"{document.name} has {len(document.text):,} characters and is read in windows, which takes a"
                " pydantic model as output type: its fields are what windows agree about",
            )
        windows = windows_of(document, characters=self._characters, overlap=self._overlap)
        said: list[WindowAnswer] = []
        attempts: list[Attempt] = []
        for at in range(0, len(windows), AT_ONCE):
            some = windows[at : at + AT_ONCE]
            requests = [_about(each, document, _left(request, attempts, len(some)), output) for each in some]
            answers = await asyncio.gather(*map(self._model.answer, requests))
            for window, given in zip(some, answers, strict=True):
                answer = fitting(given, output, self._model)
                attempts += answer.attempts
                if isinstance(answer, NoAnswer):
                    return _unread(window, answer, attempts)
                said.append(WindowAnswer(window, answer, json.loads(output.dump(answer.value))))
            if request.record is not None:
                request.record[:] = attempts
        return self._whole(merge(said), said, attempts)

    def _long(self, request: ModelRequest) -> Document | None:
        """Return the document that is too long for one window, if one is and stands in the text."""
        if len(request.text) <= self._characters:
            return None
        long = [each for each in request.documents if len(each.pages) > 1 and each.text in request.text]
        return max(long, key=lambda each: len(each.text), default=None)

    def _whole(self, merged: MergedWindows, said: Sequence[WindowAnswer], attempts: Sequence[Attempt]) -> Answer:
        first = said[0].answer
        pages = f"windows of {self._characters} characters, {self._overlap} pages in common"
        return Answer(
            value=merged.data,
            raw=json.dumps(merged.data, ensure_ascii=False),
            confidence=whole(merged, said),
            model=first.model,
            asked_as=f"{first.asked_as}, {pages}" if first.asked_as else pages,
            fields=merged.fields,
            field_alternatives=merged.field_alternatives,
            attempts=tuple(attempts),
            doubt=doubt_about(merged),
        )


def _about(window: PageWindow, document: Document, request: ModelRequest, output: Output) -> ModelRequest:
    """Return the request about some pages of the document, in which any field may be missing."""
    return replace(
        request,
        text=request.text.replace(document.text, window.document.text, 1),
        documents=tuple(window.document if each is document else each for each in request.documents),
        output_type=output.output_type,
        json_schema=output.json_schema,
        on_data=None,
        record=None,
    )


def _left(request: ModelRequest, attempts: Sequence[Attempt], windows: int) -> ModelRequest:
    """Return the request with what is left for each of so many windows: they share what may be spent."""
    tokens = sum((each.input_tokens or 0) + (each.output_tokens or 0) for each in attempts)
    money = sum(each.money or 0.0 for each in attempts)
    deadline = request.deadline
    return replace(
        request,
        seconds=request.seconds if deadline is None else deadline.left,
        max_tokens=None if request.max_tokens is None else max(0, request.max_tokens - tokens) // windows,
        max_money=None if request.max_money is None else max(0.0, request.max_money - money) / windows,
    )


def _unread(window: PageWindow, answer: NoAnswer, attempts: Sequence[Attempt]) -> NoAnswer:
    """Return that there is no answer to the whole, for want of one to a part of it."""
    return replace(answer, reason=f"{window.pages}: {answer.reason}", attempts=tuple(attempts))
