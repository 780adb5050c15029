"""A workflow that a webhook starts, for a server process."""

from handrail import Run, action, workflow
from handrail.orchestrator import Delivery, from_environment, hmac_sha256, stripe, webhook


@action
def booked(number: int) -> int:
    return number + 1


@workflow(version=1)
async def book(run: Run, delivery: Delivery) -> int:
    data = delivery.data
    assert isinstance(data, dict)
    number = data["number"]
    assert isinstance(number, int)
    return await run.step(booked, number)


def triggers() -> list[object]:
    """Return the webhooks; a function, so that the secret is asked for where they are served."""
    secret = from_environment("HOOK_SECRET")
    return [
        webhook("/hooks/stripe", workflow=book, scheme=stripe(secret)),
        webhook("/hooks/large", workflow=book, scheme=hmac_sha256(secret), most_bytes=3_000_000),
    ]
