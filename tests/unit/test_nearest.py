"""The tests that run on the oldest allowed libraries reach every place where one of them is used."""

from pathlib import Path

import pytest

from tests.nearest import nearest, older, older_libraries, users

ROOT = Path(__file__).parents[2]
DATA = {"tzdata"}
"""What Python reads for us."""

pytestmark = pytest.mark.slow  # every file of the project is read


def test_every_older_library_is_used_somewhere_that_tests_are_near_to() -> None:
    libraries = frozenset[str]().union(*map(older, users()))

    assert older_libraries() - libraries <= DATA


def test_the_tests_of_each_use_are_those_of_its_own_name() -> None:
    files = nearest()

    assert files == sorted(set(files))
    assert {
        "tests/unit/ai_steps/documents/test_html.py",
        "tests/unit/ai_steps/openai/test_fuzz.py",
        "tests/unit/evals/numbers/test_statistics_paired.py",
        "tests/unit/guards/test_calendar.py",
        "tests/unit/handrail/console/test_forms_page.py",
        "tests/unit/handrail/test_every_option.py",
        "tests/unit/orchestrator/telemetry/test_exporting.py",
        "tests/unit/orchestrator/triggers/test_schedule.py",
    } <= set(files)
    assert all((ROOT / file).is_file() for file in files)
