"""The guard that refuses personal data."""

from collections.abc import Collection

from handrail_guards.check import Check, Fields, Stage
from handrail_guards.found import none_found
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
    return none_found(
        "no_personal_data",
        "personal data",
        lambda text: find_personal_data(text, kinds),
        fields=fields,
        on_fail=on_fail,
        stage=stage,
        without=lambda text: mask(text, kinds).text,
    )
