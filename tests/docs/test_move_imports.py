"""Imports of the old names become imports of the public faces, and nothing is lost on the way."""

from pathlib import Path

import pytest

from docs.move_imports import main, moved, offers

HOMES = offers()


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("from guards import confidence\n", "from handrail import confidence\n"),
        (
            "from evals.calibrate import Promise, calibrate as set_it\n",
            "from handrail.calibration import Promise, calibrate as set_it\n",
        ),
        (
            "from guards import Accepted, Verdict  # both\n",
            "from handrail import Accepted\nfrom handrail.guards import Verdict  # both\n",
        ),
        (
            "def f():\n    from orchestrator.testing import (\n  FakeClock,\n  Rehearsal,\n )\n    return 1\n",
            "def f():\n    from handrail.testing import FakeClock, Rehearsal\n    return 1\n",
        ),
        ('pytest_plugins = ["evals.pytest_plugin"]\n', 'pytest_plugins = ["handrail_evals.pytest_plugin"]\n'),
        ("from handrail import Run\nimport evaluate\n", "from handrail import Run\nimport evaluate\n"),
        ("from .guards import confidence\n", "from .guards import confidence\n"),
    ],
)
def test_an_import_comes_from_the_face_that_has_the_name(before: str, after: str) -> None:
    assert moved(before, HOMES) == (after, [])


@pytest.mark.parametrize(
    ("before", "after", "left"),
    [
        ("from evals.cases import MINE\n", "from evals.cases import MINE\n", (1, "from evals.cases import MINE")),
        (
            "x = 1\nfrom guards import Accepted, Gone\n",
            "x = 1\nfrom handrail import Accepted\nfrom guards import Gone\n",
            (2, "from guards import Gone"),
        ),
        ("import guards.text\n", "import guards.text\n", (1, "import guards.text")),
        (
            "x = 1; from guards import Accepted\n",
            "x = 1; from guards import Accepted\n",
            (1, "from guards import … behind another statement"),
        ),
    ],
)
def test_what_no_face_has_is_left_and_told(before: str, after: str, left: tuple[int, str]) -> None:
    assert moved(before, HOMES) == (after, [left])


def test_files_and_folders_are_rewritten_and_what_is_left_is_told(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "steps").mkdir()
    (tmp_path / "steps" / "route.py").write_text("from guards import confidence\n")
    (tmp_path / "own.py").write_text("from evals import mine\n")
    (tmp_path / "broken.py").write_text("def\n")

    assert main([str(tmp_path)]) == 1
    assert (tmp_path / "steps" / "route.py").read_text() == "from handrail import confidence\n"
    told = capsys.readouterr().out
    assert "own.py:1: left as it is: from evals import mine" in told
    assert "broken.py:1: left as it is: is no Python that can be read" in told
    assert main([str(tmp_path / "steps" / "route.py")]) == 0


def test_every_rewritten_import_works() -> None:
    source = "\n".join(f"from guards import {name}" for name in HOMES)
    text, left = moved(f"{source}\n", HOMES)

    assert not left
    exec(text, {})  # noqa: S102 -- whether each name can be imported is the test
