"""Free text as it arrives: handed on piece by piece, and read like any other reply at the end."""

from collections.abc import Callable
from typing import Any

from ai_steps.models.openai.exchange import Server
from ai_steps.models.openai.failure import Failure, failure_of
from ai_steps.models.openai.reply import Reply, read_body


class TextStream:
    """Fetches a reply in pieces and hands on each as it arrives."""

    def __init__(self, on_text: Callable[[str], None]) -> None:
        self._on_text = on_text
        self._handed_on = 0

    async def fetch(self, server: Server, body: dict[str, Any]) -> Reply | Failure:
        """Fetch the whole text; what broke after the first piece is not retried, for pieces cannot be taken back."""
        extra: dict[str, Any] = {"stream_options": {"include_usage": True}} if server.can.stream_usage else {}
        self._handed_on = 0
        try:
            stream = await server.connection.client.chat.completions.create(**body, stream=True, **extra)
            async with stream:
                gathered = await self._gather(stream)
        except Exception as error:
            failure = failure_of(error)
            if not self._handed_on:
                raise
            reason = f"the stream broke after {self._handed_on} characters: {failure.reason}"
            return Failure(failure.result, reason, status=failure.status)
        return read_body(gathered, server.settings.model)

    async def _gather(self, stream: Any) -> dict[str, Any]:
        """Return the stream as one body; a server may leave out the usage, the finish reason or both."""
        text, refusal, finish, model, usage = [], [], "", "", None
        tokens: list[Any] = []
        async for chunk in stream:
            model = chunk.model or model
            usage = chunk.usage.model_dump() if chunk.usage is not None else usage
            for choice in chunk.choices or ():
                if choice.logprobs is not None:
                    tokens += [each.model_dump() for each in choice.logprobs.content or ()]
                finish = choice.finish_reason or finish
                refusal.append(getattr(choice.delta, "refusal", None) or "")
                piece = choice.delta.content or ""
                if piece:
                    text.append(piece)
                    self._handed_on += len(piece)
                    self._on_text(piece)
        message = {"content": "".join(text), "refusal": "".join(refusal)}
        # A stream that just ends is one that broke: its text may not be taken for a whole answer.
        choice_body = {"finish_reason": finish or "length", "message": message, "logprobs": {"content": tokens}}
        return {"model": model, "usage": usage, "choices": [choice_body]}
