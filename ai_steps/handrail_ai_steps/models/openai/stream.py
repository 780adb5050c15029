"""Free text as it arrives: handed on piece by piece, and read like any other reply at the end."""

import time
from collections.abc import Callable, Mapping
from contextlib import aclosing
from dataclasses import replace

from handrail_ai_steps.models.openai.failure import Failure, failure_of
from handrail_ai_steps.models.openai.reasoning import Spoken
from handrail_ai_steps.models.openai.reply import Reply, content_text, ending_of, read_body
from handrail_ai_steps.models.openai.server import Server
from handrail_ai_steps.models.openai.tries import PATH
from handrail_ai_steps.strict_json import JsonObject


class TextStream:
    """Fetches a reply in pieces and hands on each as it arrives, but for what the model thinks aloud.

    Whether a server leaves out the opening tag of its reasoning shows only at the closing one, when it is too late. So
    nothing is handed on before the end as long as no whole text of this server has come without.
    """

    def __init__(self, on_text: Callable[[str], None], on_chunk: Callable[[float], None] | None = None) -> None:
        self._on_text = on_text
        self._on_chunk = on_chunk
        self._handed_on = 0

    async def fetch(self, server: Server, body: dict[str, object]) -> Reply | Failure:
        """Fetch the whole text; what broke after the first piece is not retried, for pieces cannot be taken back."""
        extra: dict[str, object] = {"stream_options": {"include_usage": True}} if server.can.stream_usage else {}
        self._handed_on = 0
        spoken = Spoken(hold=server.can.unmarked_reasoning is not False)
        gathered = GatheredEvents(self._on_chunk)
        try:
            async with aclosing(server.connection.stream(PATH, {**body, "stream": True, **extra})) as events:
                async for event in events:
                    self._hand_on(spoken.push(gathered.add(event)))
            # A text that is not whole is not handed on any further than it already is.
            self._hand_on(spoken.finish() if gathered.is_whole else "")
        except Exception as error:
            failure = failure_of(error)
            if not self._handed_on:
                raise
            reason = f"the stream broke after {self._handed_on} characters: {failure.reason}"
            return Failure(failure.result, reason, status=failure.status)
        if spoken.leaked:
            server.can.unmarked_reasoning = True
            return Failure("failed", f"{self._handed_on} characters that were handed on turned out to be reasoning")
        return gathered.read(server.settings.model)

    def _hand_on(self, piece: str) -> None:
        if piece:
            self._handed_on += len(piece)
            self._on_text(piece)


class GatheredEvents:
    """The events of a stream as one body; a server may leave out the usage, the finish reason or both.

    It is made when the request goes out; ``on_chunk`` is told the seconds from each event to the next.
    """

    def __init__(self, on_chunk: Callable[[float], None] | None = None) -> None:
        self._begun = self._last = time.monotonic()
        self._on_chunk = on_chunk
        self._first_chunk_seconds: float | None = None
        self._text: list[str] = []
        self._half = ""
        """The first half of a character whose second one has not come yet."""
        self._refusal: list[str] = []
        self._finishes: list[str] = []
        self._tokens: list[object] = []
        self._model: object = ""
        self._usage: object = None
        self._index: object = None
        self._error: object = None
        self._calls: list[object] = []

    def add(self, event: object) -> str:
        """Add an event and return the text that it brings; of several choices only the first one counts."""
        last, self._last = self._last, time.monotonic()
        if self._first_chunk_seconds is None:
            self._first_chunk_seconds = self._last - self._begun
        elif self._on_chunk is not None:
            self._on_chunk(self._last - last)
        if not isinstance(event, Mapping):
            return ""
        self._model = event.get("model") or self._model
        self._usage = event.get("usage") or self._usage
        listed = event.get("choices")
        pieces = (
            [self._choice(each) for each in listed if isinstance(each, Mapping)] if isinstance(listed, list) else []
        )
        piece = self._half + "".join(pieces)
        self._half = piece[-1:] if "\ud800" <= piece[-1:] <= "\udbff" else ""
        piece = _paired(piece.removesuffix(self._half))
        self._text.append(piece)
        return piece

    @property
    def is_whole(self) -> bool:
        """Return whether the stream has said that its text ended by itself."""
        return all(ending_of(each) == "whole" for each in self._all_finishes()) and not (self._error or self._calls)

    def read(self, asked: str) -> Reply | Failure:
        """Return what a reply in one piece would have been read as."""
        if self._first_chunk_seconds is None:
            return Failure("failed", "the server answered 200 and sent no stream; ask it without one", status=200)
        reply = read_body(self._body(), asked)
        return reply if isinstance(reply, Failure) else replace(reply, first_chunk_seconds=self._first_chunk_seconds)

    def _body(self) -> dict[str, object]:
        worst = next((each for each in self._all_finishes() if ending_of(each) != "whole"), self._all_finishes()[-1])
        choice = {
            "finish_reason": worst,
            "message": {
                "content": "".join(self._text) + self._half,
                "refusal": "".join(self._refusal),
                "tool_calls": self._calls,
            },
            "logprobs": {"content": self._tokens},
            "error": self._error,
        }
        return {"model": self._model, "usage": self._usage, "choices": [choice]}

    def _all_finishes(self) -> list[str]:
        # A stream that just ends is one that broke: its text may not be taken for a whole answer.
        return self._finishes or ["length"]

    def _choice(self, choice: JsonObject) -> str:
        index = choice.get("index", 0)
        self._index = index if self._index is None else self._index
        if index != self._index:
            return ""
        logprobs, finish, delta = choice.get("logprobs"), choice.get("finish_reason"), choice.get("delta")
        tokens = logprobs.get("content") if isinstance(logprobs, Mapping) else None
        self._tokens += tokens if isinstance(tokens, list) else []
        self._error = choice.get("error") or self._error
        if finish:
            self._finishes.append(str(finish))
        if not isinstance(delta, Mapping):
            return ""
        calls = delta.get("tool_calls")
        self._calls += calls if isinstance(calls, list) else []
        self._refusal.append(str(delta.get("refusal") or ""))
        return content_text(delta.get("content"))


def _paired(text: str) -> str:
    """Return a text in which both halves of a character, if they came apart, are one again."""
    if text.isascii():
        return text
    return text.encode("utf-16", "surrogatepass").decode("utf-16", "surrogatepass")
