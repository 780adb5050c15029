import inspect
from collections.abc import Callable
from typing import Any

import pytest

from handrail import ScriptedModel, classify, draft, extract
from handrail.ai_steps import StepOptions
from handrail_ai_steps.errors import InvalidTask, UnknownOption
from tests.unit.ai_steps.teams import SURE, Team

BUILDERS = pytest.mark.parametrize("build", [classify, extract, draft], ids=["classify", "extract", "draft"])


def built(build: Callable[..., Any], **options: Any) -> Any:
    output_type: Any = list[str] if build is extract else Team if build is classify else str
    return build("step", output_type, "Say.", models=ScriptedModel([]), accept=SURE, **options)


@BUILDERS
@pytest.mark.parametrize(
    ("given", "meant"),
    [("guard", "guards"), ("example", "examples"), ("limts", "limits"), ("keepsource", "keep_source")],
)
def test_a_misspelt_option_is_refused_with_what_was_meant(build: Callable[..., Any], given: str, meant: str) -> None:
    with pytest.raises(UnknownOption, match=f"'step'.*has no option '{given}'; did you mean '{meant}'"):
        built(build, **{given: ()})


@BUILDERS
def test_an_option_like_none_is_refused_with_all_there_are(build: Callable[..., Any]) -> None:
    with pytest.raises(UnknownOption, match=r"there are models, accept, .*keep_source") as raised:
        built(build, zzz=1)

    assert raised.value.option == "zzz"
    assert isinstance(raised.value, InvalidTask)
    assert isinstance(raised.value, TypeError)  # as Python says of any other unknown keyword


@pytest.mark.parametrize("build", [extract, draft])
def test_meanings_of_labels_are_for_classify_alone(build: Callable[..., Any]) -> None:
    with pytest.raises(UnknownOption, match="has no option 'labels'"):
        built(build, labels={"a": "b"})


@BUILDERS
def test_help_shows_every_option_with_its_default_and_what_it_is_for(build: Callable[..., Any]) -> None:
    signature = inspect.signature(build)
    documented = inspect.getdoc(build) or ""

    for option in StepOptions.__annotations__:
        assert option in signature.parameters
        assert f"\n{option}: " in documented
    assert signature.parameters["keep_source"].default is True
    assert documented.index("keep_source: ") < documented.index("Raises:")
