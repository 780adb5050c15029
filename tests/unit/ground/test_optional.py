"""What only some need: loaded with its first use, or an error that says what to install."""

import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from handrail_ground.errors import HandrailError
from handrail_ground.optional import LibraryMissing, OptionalLibrary, needs

if TYPE_CHECKING:
    import wave
else:
    wave = OptionalLibrary("wave", extra="evals")


def test_a_library_is_what_its_module_is() -> None:
    assert wave.Error is __import__("wave").Error
    with pytest.raises(AttributeError, match="no_such_name"):
        wave.no_such_name  # type: ignore[attr-defined]  # noqa: B018 -- looking is the test


def test_a_library_is_loaded_with_its_first_use() -> None:
    program = (
        "import sys; from handrail_ground.optional import OptionalLibrary\n"
        "wave = OptionalLibrary('wave', extra='evals')\n"
        "before = 'wave' in sys.modules; wave.Error; print(before, 'wave' in sys.modules)"
    )

    assert printed_by(program) == "False True"


def test_a_module_that_is_put_off_is_loaded_with_its_first_use_or_when_all_are() -> None:
    program = (
        "import sys; from handrail_ground.optional import LaterModule, load_later_modules\n"
        "wave, sched = LaterModule('wave'), LaterModule('sched')\n"
        "seen = lambda: ['wave' in sys.modules, 'sched' in sys.modules]\n"
        "before = seen(); wave.Error; first = seen(); load_later_modules(); print(before, first, seen())"
    )

    assert printed_by(program) == "[False, False] [True, False] [True, True]"


@pytest.mark.parametrize(
    "use", ["OptionalLibrary('scipy.stats', extra='evals').norm", "needs('evals').__enter__(); import numpy"]
)
def test_a_missing_library_says_what_to_install(use: str) -> None:
    use = use.replace("needs('evals').__enter__(); ", "")
    program = (
        "import sys; sys.modules['numpy'] = sys.modules['scipy'] = None\n"
        "from handrail_ground.optional import OptionalLibrary, LibraryMissing, needs\n"
        f"try:\n    with needs('evals'): {use}\n"
        "except LibraryMissing as error: print(error.library, error.extra, error)"
    )

    printed = printed_by(program)

    assert printed.split()[1] == "evals"
    assert printed.endswith('which is not installed: pip install "handrail[evals]"')


def test_an_import_error_of_another_kind_is_not_called_a_missing_library() -> None:
    with pytest.raises(ModuleNotFoundError, match="no_such_module"), needs("evals"):
        import no_such_module  # type: ignore[import-not-found]  # noqa: F401, PLC0415 -- the fault under test


def test_one_class_stands_for_every_missing_library() -> None:
    error = LibraryMissing(library="scipy", extra="evals")

    assert isinstance(error, HandrailError)
    assert (error.library, error.extra) == ("scipy", "evals")


def printed_by(program: str) -> str:
    return subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True).stdout.strip()
