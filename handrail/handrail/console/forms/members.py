"""Which of several kinds a value is of."""

from collections.abc import Mapping
from typing import Any

from handrail.console.forms.schemas import Offer, Schema, Schemas, key_of


def member_of(value: object, offer: Offer, schemas: Schemas) -> int | None:
    """Return the place of the first kind that a value fits, the one that its discriminator names before all others."""
    order = list(range(len(offer.kinds)))
    if offer.discriminator is not None and isinstance(value, Mapping) and offer.discriminator in value:
        key, told = offer.discriminator, value[offer.discriminator]
        order.sort(key=lambda at: not _is_named(offer.kinds[at], key, told, schemas))
    return next((at for at in order if _fits(value, offer.kinds[at], schemas)), None)


def _is_named(kind: Schema, key: str, told: object, schemas: Schemas) -> bool:
    part = kind.get("properties", {}).get(key)
    _, offer = schemas.understood(part)
    return key_of(told) in {key_of(each) for each in offer.closed or ()}


def _fits(value: object, kind: Schema, schemas: Schemas) -> bool:
    from jsonschema import Draft202012Validator, FormatChecker  # noqa: PLC0415 -- 60 ms that only a union needs
    from referencing import Registry  # noqa: PLC0415 -- comes with jsonschema

    whole: dict[str, Any] = {**kind, "$defs": schemas.root.get("$defs", {})}
    try:
        return bool(Draft202012Validator(whole, registry=Registry(), format_checker=FormatChecker()).is_valid(value))
    except Exception:  # noqa: BLE001 -- a schema that cannot be followed tells no kind
        return False
