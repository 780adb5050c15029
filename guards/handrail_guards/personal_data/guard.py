"""The guard that refuses personal data."""

from collections.abc import Collection
from typing import Any

from handrail_guards.check import Check, Fields, Finding, Stage, as_paths, failed
from handrail_guards.guard import GuardContext
from handrail_guards.personal_data.find import KINDS, PersonalDataKind, check_kinds, find_personal_data
from handrail_guards.personal_data.mask import mask
from handrail_guards.verdict import OnFail


def no_personal_data(
    *,
    kinds: Collection[PersonalDataKind] = KINDS,
    fields: Fields = (),
    on_fail: OnFail = "review",
    stage: Stage = "output",
) -> Check:
    """Refuse texts with personal data of these kinds; ``fix`` replaces it by tokens such as ``[EMAIL_1]``.

    The reason names kinds and counts, never the data itself: verdicts are recorded.

    Raises:
        InvalidGuard: an unknown kind.
    """
    check_kinds(kinds)

    def test(text: Any, _: GuardContext) -> Finding | None:
        found = find_personal_data(text, kinds)
        if not found:
            return None
        counts = {kind: sum(each.kind == kind for each in found) for kind in KINDS}
        said = ", ".join(f"{count} {kind}" for kind, count in counts.items() if count)
        return failed(f"personal data: {said}", tuple(each.span for each in found))

    return Check(
        name="no_personal_data",
        test=test,
        on_fail=on_fail,
        fields=as_paths(fields),
        within="texts",
        stage=stage,
        cost="cheap",
        repair=lambda text, _: mask(text, kinds).text,
    )
