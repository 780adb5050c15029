"""A workflow that asks urgent questions, and a plan that mails them, for the commands of the acceptance tests."""

from handrail import Escalation, Run, workflow
from handrail.orchestrator import Notices, Route, apprise

URGENT = Escalation(queue="refunds", priority=90)


@workflow(version=1)
async def refund(run: Run, title: str) -> bool:
    return await run.ask(title, bool, escalate=URGENT)


def plan() -> Notices:
    address = "mailto://desk:${MAIL_PASSWORD}@127.0.0.1:${MAIL_PORT}?from=desk@example.com&to=team@example.com"
    return Notices(
        channels={"desk": apprise(f"{address}&mode=insecure")},
        routes=[Route(on="urgent", to="desk")],
        group_seconds=0,
    )
