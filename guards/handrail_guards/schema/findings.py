"""What a schema's errors are told as."""

from collections.abc import Iterable

from handrail_guards.check import Finding, failed

_MOST_FINDINGS = 5
_LONGEST_REASON = 300


def findings(errors: Iterable[tuple[str, str]]) -> tuple[Finding, ...]:
    """Return the first 5 errors as findings, by path and message."""
    told = [failed(message[:_LONGEST_REASON], path=path) for path, message in errors]
    return tuple(told[:_MOST_FINDINGS])
