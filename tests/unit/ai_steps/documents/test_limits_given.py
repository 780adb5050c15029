"""Limits of reading that cannot be are refused by name when they are given, and not in the process that reads."""

from typing import Any

import pytest

from handrail import HandrailError
from handrail.documents import ReadingLimits


@pytest.mark.parametrize("name", ["bytes", "pages", "megapixels", "depth", "seconds", "page_seconds", "ocr_seconds"])
def test_a_limit_that_is_no_number_is_refused_by_its_name(name: str) -> None:
    wrong: list[Any] = ["5", True, None, -1, float("nan"), float("inf"), [], -0.5]
    for given in wrong:
        with pytest.raises(HandrailError, match=rf"ReadingLimits\({name}=.*give a"):
            ReadingLimits(**{name: given})


def test_limits_may_forbid_all_of_a_kind() -> None:
    assert ReadingLimits(parts=0, depth=0, page_seconds=0.0).parts == 0
