"""What a call of a workflow asked for, as JSON recorded beside its answer: a replay must ask for the same.

Steps, judgements and child runs record their inputs. A question, a timer, an event, the time and chance have none, so
what they asked for is written down here, short enough to be read by people and compared as text.
"""

import hashlib
import json
import math
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Any, Final, Literal

from handrail_orchestrator.errors import Misuse

Extra = Literal["allow", "forbid"]
"""What becomes of recorded fields that the type of today does not know, where its own word does not count."""

LONGEST = 300
"""Characters of a context or of a type that are kept as they are; of longer ones a digest is."""

SHOWN = 120
"""Characters of an input or of a part of a call in a message."""

_ANY: Final = "anything"


def question(title: str, context: str, answer: str) -> str:
    """Return what a question asks: its title, the JSON shown beside it, and the form of its answer."""
    shown = "" if context == "null" else f'"context": {_text(_kept(json.loads(context)))}, '
    return f'{{"answer": {answer}, {shown}"question": {_text(title)}}}'


def sleep(seconds: float) -> str:
    """Return what a sleep of some seconds asks for."""
    # the encoder takes ten times as long for a lone number, and a loop of sleeps asks for each on every replay
    return f'{{"seconds": {seconds!r}}}' if math.isfinite(seconds) else _text({"seconds": seconds})


def end_of_sleep(now: float, seconds: float) -> float:
    """Return when a sleep that begins now ends; asked for once, so what is recorded stays as it is.

    Raises:
        Misuse: it never does, or nobody can tell.
    """
    if not math.isfinite(seconds):
        raise Misuse(f"run.sleep({seconds!r}): give a number of seconds, or wait for what has no time with run.event")
    return now + seconds


def sleep_until(when: datetime) -> str:
    """Return what a sleep until a moment asks for; the zone it is said in does not matter."""
    return _text({"until": when.timestamp()})


def keyed_name(name: str, key: str) -> str:
    """Return the name that an event with a key has in the run that waits for it."""
    return f"{name}[{key}]"


def event(
    name: str, payload: str, within: timedelta | None, number: int | None = None, *, key: str | None = None
) -> str:
    """Return what a wait for an event asks for, and which event it took: 1 is the first of its name."""
    asked: dict[str, object] = {"event": name} if key is None else {"event": keyed_name(name, key), "key": key}
    if number is not None:
        asked["number"] = number
    if within is not None:
        asked["within_seconds"] = within.total_seconds()
    return _text({**asked, "payload": json.loads(payload)})


def taken_event(recorded: str | None) -> tuple[str, int] | None:
    """Return which event a recorded wait took, by name and number; stores of format 1 and 2 wrote a list of the two."""
    found = json.loads(recorded or "null")
    if isinstance(found, list):
        return found[0], found[1]
    return (found["event"], found["number"]) if isinstance(found, dict) and "number" in found else None


def place(after: str | None, branch: str | None) -> str:
    """Return where a call without arguments stands: after which call, in which branch of ``run.all``."""
    return _text({"after": after, "branch": branch} if branch is not None else {"after": after})


def place_of(recorded: str) -> tuple[str | None, str | None]:
    """Return where a recorded call without arguments stands: after which call, in which branch."""
    found = json.loads(recorded)
    return found.get("after"), found.get("branch")


def differing(recorded: str, wanted: str) -> list[str]:
    """Return the parts in which two calls differ, as text: 1 is not true. Which event was taken is no part."""
    # earlier versions recorded a context's NaN as it is, which no JSON is; now it is text
    return _differing(json.loads(recorded, parse_constant=str), json.loads(wanted))


def apart(recorded: str, wanted: str) -> tuple[str, str]:
    """Return two calls in words: what is asked and where they differ."""
    mine, theirs = json.loads(recorded), json.loads(wanted)
    parts = [part for part in ("question", "event") if part in theirs]
    parts += [part for part in _differing(mine, theirs) if part not in parts]
    return _said(mine, parts), _said(theirs, parts)


def short(text: str) -> str:
    """Return a text that is not too long for a message."""
    return text if len(text) <= SHOWN else f"{text[: SHOWN - 3]}..."


def _differing(recorded: dict[str, object], wanted: dict[str, object]) -> list[str]:
    parts = sorted({*recorded, *wanted} - {"number"})
    return [part for part in parts if json.dumps(recorded.get(part)) != json.dumps(wanted.get(part))]


def _said(call: dict[str, object], keys: list[str]) -> str:
    words = (
        f"{key} {short(json.dumps(call[key], ensure_ascii=False))}" if key in call else f"no {key}" for key in keys
    )
    return f"with {', '.join(words)}"


def form(schema: Mapping[str, Any]) -> str:
    """Return the form of values that a JSON Schema describes: their types, names and choices, as short JSON.

    Titles, descriptions, defaults and limits are left out: they change without making another question of it.
    """
    return _text(_kept(_form(schema, schema.get("$defs", {}), ())))


def _form(schema: object, definitions: Mapping[str, Any], inside: tuple[str, ...]) -> Any:
    if not isinstance(schema, Mapping):
        return _ANY
    if "$ref" in schema:
        name = str(schema["$ref"]).rsplit("/", 1)[-1]
        return name if name in inside else _form(definitions.get(name, {}), definitions, (*inside, name))
    if "const" in schema or "enum" in schema:
        return {"one of": sorted(schema.get("enum", [schema.get("const")]), key=_text)}
    for key in ("anyOf", "oneOf", "allOf"):
        if key in schema:
            forms = [_form(each, definitions, inside) for each in schema[key]]
            return forms[0] if len(forms) == 1 else {"any of": sorted(forms, key=_text)}
    return _plain_form(schema, lambda part: _form(part, definitions, inside))


def _plain_form(schema: Mapping[str, Any], form_of: Callable[[Any], Any]) -> Any:
    match schema.get("type"):
        case "object" if "properties" in schema:
            needed = schema.get("required", ())
            fields = schema["properties"].items()
            return {name if name in needed else f"{name}?": form_of(each) for name, each in fields}
        case "object":
            return {"by name": form_of(schema.get("additionalProperties"))}
        case "array" if "prefixItems" in schema:
            return [form_of(each) for each in schema["prefixItems"]]
        case "array":
            return [form_of(schema.get("items")), "..."]
        case kind:
            return schema.get("format", _ANY if kind is None else kind)


def _kept(value: object) -> Any:
    """Return a value, or a digest of one that is long."""
    text = _text(value)
    if len(text) <= LONGEST:
        return value
    digest = hashlib.blake2s(text.encode(errors="surrogatepass"), digest_size=16).hexdigest()
    return {"digest": digest, "characters": len(text)}


# Every call of every replay is written so: an encoder made once takes half the time of json.dumps with its options.
_text = json.JSONEncoder(sort_keys=True, ensure_ascii=False).encode
