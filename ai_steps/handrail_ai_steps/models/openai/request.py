"""The request on the wire: messages, the schema, and what is asked for beside the answer."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

from handrail_ai_steps.model import ModelRequest
from handrail_ai_steps.models.openai.capabilities import Capabilities
from handrail_ai_steps.models.openai.form import Form
from handrail_ai_steps.models.openai.formats import Format
from handrail_ai_steps.models.openai.ledger import BYTES_PER_TOKEN
from handrail_ai_steps.models.openai.pictures import SentPicture
from handrail_ai_steps.models.openai.sent import MOST_SEED
from handrail_ai_steps.models.openai.settings import ModelSettings

Content: TypeAlias = str | list[dict[str, object]]
Messages: TypeAlias = list[dict[str, Any]]
"""Each with a role and its content."""

VARIED_TEMPERATURE = 1
"""Of samples that vote: the model's own distribution. A server left to its default may always take the likeliest."""
LEAST_ALTERNATIVES = 2
LEAST_OUTPUT_LIMIT = 4096
MOST_OUTPUT = 16384
MOST_THINKING = 32768
UNDERSTOOD = "Understood."
"""What the model is shown to have said between instructions and input, where both come from the user."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ChatRequest:
    """What one model is asked, before it is known what the server takes."""

    messages: Messages
    form: Form | None
    """None: free text."""
    logprobs: bool = False
    varied: bool = False
    """Whether answers should differ where the model is in doubt, as votes need."""
    seed: int | None = None
    """What the server draws this answer with; None: its own choice."""
    input_bytes: int = 0
    """The size of what is sent, for estimates."""


def output_limit(chat: ChatRequest, settings: ModelSettings) -> int:
    """Return the most tokens an answer may take: room for thinking, and for what its schema can hold.

    Without a limit, a model that is held to a schema and loops on white space writes to the end of its context.
    """
    if settings.sent.max_output_tokens is not None:
        return settings.sent.max_output_tokens
    if settings.reasons:
        return MOST_THINKING
    if chat.form is None:
        return MOST_OUTPUT
    return min(MOST_OUTPUT, LEAST_OUTPUT_LIMIT + len(str(chat.form.wire.schema)))


def chat_request(
    request: ModelRequest,
    form: Form | None,
    *,
    pictures: Sequence[SentPicture] = (),
    logprobs: bool = False,
    varied: bool = False,
    seed: int | None = None,
) -> ChatRequest:
    """Put a request into messages: instructions, input and pictures, then every rejected answer with the reason."""
    system = request.system
    told = form.instructions(with_schema=False) if form is not None else ""
    messages: Messages = [{"role": "system", "content": "\n\n".join(filter(None, (system, told)))}]
    messages.append({"role": "user", "content": request.text})
    for rejection in request.rejections:
        messages.append({"role": "assistant", "content": rejection.answer})
        messages.append({"role": "user", "content": f"This answer was sent back: {rejection.reason}\nAnswer again."})
    size = sum(len(message["content"].encode()) for message in messages)
    size += len(str(form.wire.schema)) if form is not None else 0
    size += sum(each.tokens for each in pictures) * BYTES_PER_TOKEN
    messages[1]["content"] = _with_pictures(request.text, pictures)
    return ChatRequest(messages=messages, form=form, logprobs=logprobs, varied=varied, seed=seed, input_bytes=size)


def _with_pictures(text: str, pictures: Sequence[SentPicture]) -> Content:
    if not pictures:
        return text
    shown: list[dict[str, object]] = [{"type": "text", "text": text}]
    for each in pictures:
        if each.word:
            shown.append({"type": "text", "text": each.word})
        shown.append({"type": "image_url", "image_url": {"url": each.url, "detail": "high"}})
    return shown


def sent_back(answer: str, reason: str) -> Messages:
    """Return an answer that did not fit and why, as the model is told."""
    return [
        {"role": "assistant", "content": answer},
        {"role": "user", "content": f"This answer does not fit: {reason}\nAnswer again with JSON that fits."},
    ]


def chat_body(
    chat: ChatRequest,
    messages: Sequence[Mapping[str, Any]],
    settings: ModelSettings,
    can: Capabilities,
    asked: Format,
    *,
    answers: int = 1,
    room: int | None = None,
) -> dict[str, object]:
    """Return the body of a chat completion, with only what the server is known to take.

    The schema is ours: the ``response_format`` that instructor writes has no ``strict``.
    """
    made: dict[str, Any] = {"model": settings.model, "messages": list(messages)}
    if chat.logprobs and can.logprobs:
        # Some servers send nothing without top_logprobs; labels need the alternatives, and the others one beside the
        # token itself, which tells certainty from numbers that were taken after the choice.
        wanted = can.alternatives if chat.form is not None and chat.form.labels else LEAST_ALTERNATIVES
        made |= {"logprobs": True, "top_logprobs": wanted}
    several = answers > 1 and can.several
    if several:
        made["n"] = answers
    made |= _drawn(chat, settings, can, several=several)
    if room is not None:
        made[can.tokens_field] = room
    if chat.form is not None:
        if asked != "text":
            made["response_format"] = _response_format(chat.form, asked)
        if asked != "json_schema":
            made["messages"] = _with_schema(made["messages"], chat.form)
    if not can.system:
        made["messages"] = _from_the_user(made["messages"])
    return made


def _drawn(chat: ChatRequest, settings: ModelSettings, can: Capabilities, *, several: bool) -> dict[str, object]:
    """Return how an answer is to be drawn: as the settings say, and else the likeliest one, or for a vote any."""
    sent, made = settings.sent, dict[str, object](settings.sent.extra)
    if sent.temperature is not None and (sent.temperature or not chat.varied):
        made["temperature"] = sent.temperature
    elif can.temperature and not settings.reasons:
        made["temperature"] = VARIED_TEMPERATURE if chat.varied else 0
    if sent.seed is not None:
        made["seed"] = wrapped_seed(sent.seed + (chat.seed or 1) - 1)
    elif chat.seed is not None and can.seed and not several:  # a server may draw all of one request alike
        made["seed"] = chat.seed
    if sent.reasoning_effort is not None:
        made["reasoning_effort"] = sent.reasoning_effort
    return made


def wrapped_seed(seed: int) -> int:
    """Return a seed within the 64 bits that servers hold."""
    return (seed + MOST_SEED) % (2 * MOST_SEED) - MOST_SEED


def _from_the_user(messages: Sequence[Mapping[str, Any]]) -> Messages:
    """Put the instructions into a message of the user's, apart from the input, for models without a system role."""
    first, *others = messages
    told: Messages = [{"role": "user", "content": first["content"]}, {"role": "assistant", "content": UNDERSTOOD}]
    return [*told, *map(dict, others)]


def _response_format(form: Form, asked: Format) -> dict[str, object]:
    if asked == "json_object":
        return {"type": "json_object"}
    schema = {"name": form.name, "strict": form.wire.strict, "schema": form.wire.schema}
    return {"type": "json_schema", "json_schema": schema}


def _with_schema(messages: Sequence[Mapping[str, Any]], form: Form) -> Messages:
    first = dict(messages[0])
    told = form.instructions(with_schema=True).removeprefix(form.instructions(with_schema=False)).strip()
    first["content"] = f"{first['content']}\n\n{told}"
    return [first, *map(dict, messages[1:])]
