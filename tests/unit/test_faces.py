"""What is public: ``handrail`` and its few submodules. Each name is written once, loaded when it is used, and found."""

import ast
import compileall
import importlib
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from importlib.metadata import version
from pathlib import Path

import pytest

import handrail

ROOT = Path(__file__).parents[2]
FACES = (
    "handrail",
    "handrail.ai_steps",
    "handrail.calibration",
    "handrail.documents",
    "handrail.drift",
    "handrail.evals",
    "handrail.guards",
    "handrail.orchestrator",
    "handrail.testing",
)
PACKAGES = ("handrail_ai_steps", "handrail_evals", "handrail_ground", "handrail_guards", "handrail_orchestrator")
OF_OURS, LAZY = ("handrail_", "handrail."), "handrail.lazy"
PLUGIN = "handrail_evals.pytest_plugin"
"""Named in a ``conftest.py`` or after ``pytest -p``, never imported."""

READ_BY_USERS = (
    "docs/*.md",
    "README.md",
    "CONTRIBUTING.md",
    "examples/**/*.py",
    "examples/**/*.md",
    "handrail/handrail/demo/triage.py",
)
OURS = re.compile(r"^[ >]*(?:from|import) (handrail[\w.]*)", re.MULTILINE)


def source(module: str) -> ast.Module:
    path = ROOT / "handrail" / Path(*module.split("."))
    return ast.parse((path / "__init__.py" if path.is_dir() else path.with_suffix(".py")).read_text(encoding="utf-8"))


def listed(face: str) -> Iterator[tuple[str, str]]:
    """Yield each name that type checkers see in a face, with the module that it comes from."""
    for statement in ast.walk(source(face)):
        match statement:
            case ast.ImportFrom(module=str(module), names=names) if module.startswith(OF_OURS) and module != LAZY:
                yield from ((alias.name, module) for alias in names)
            case _:
                pass


@pytest.mark.parametrize("face", FACES)
def test_a_face_offers_the_names_that_type_checkers_see_and_no_others(face: str) -> None:
    module = importlib.import_module(face)

    assert list(module.__all__) == sorted(name for name, _ in listed(face))
    with pytest.raises(AttributeError, match=f"module '{face}' has no attribute 'clasify'"):
        module.clasify  # noqa: B018 -- looking is the test


@pytest.mark.parametrize("face", FACES)
def test_every_name_of_a_face_is_what_its_module_has(face: str) -> None:
    module = importlib.import_module(face)

    for name, home in listed(face):
        assert getattr(module, name) is getattr(importlib.import_module(home), name), name


@pytest.mark.parametrize("face", FACES)
def test_a_face_lists_its_names_and_a_star_import_brings_them(face: str) -> None:
    assert {name for name, _ in listed(face)} <= set(dir(importlib.import_module(face)))
    names: dict[str, object] = {}
    exec(f"from {face} import *", names)  # noqa: S102 -- no other way to a star import in a function

    assert {name for name, _ in listed(face)} <= set(names)


def test_every_name_is_written_in_one_face() -> None:
    written = [entry for face in FACES for entry in listed(face)]

    assert len(written) == len(set(written))
    assert len(list(listed("handrail"))) <= 40, "the front door is for a first pipeline, its tests and its evaluation"


def test_there_are_no_other_faces() -> None:
    with_names = {
        "handrail" if path.stem == "__init__" else f"handrail.{path.stem}"
        for path in (ROOT / "handrail" / "handrail").glob("*.py")
        if "lazy_face(" in path.read_text(encoding="utf-8") and path.stem != "lazy"
    }

    assert with_names == set(FACES)


@pytest.mark.parametrize("package", PACKAGES)
def test_a_package_behind_the_faces_says_what_it_is_and_offers_nothing_itself(package: str) -> None:
    (path,) = ROOT.glob(f"*/{package}/__init__.py")
    init = ast.parse(path.read_text(encoding="utf-8"))

    assert (ast.get_docstring(init) or "").partition("\n")[0].endswith(".")
    assert len(init.body) == 1


def test_docs_and_examples_import_from_public_faces_only() -> None:
    found = {
        (path.relative_to(ROOT).as_posix(), module)
        for pattern in READ_BY_USERS
        for path in ROOT.glob(pattern)
        for module in OURS.findall(path.read_text(encoding="utf-8"))
        if module not in FACES and not module.startswith("handrail.demo")
    }

    assert not found


@pytest.mark.parametrize("face", FACES)
def test_importing_a_face_loads_none_of_the_packages(face: str) -> None:
    program = f"import sys, {face}; print(*sorted(name for name in sys.modules if name.startswith('handrail_')))"

    assert subprocess.run([sys.executable, "-c", program], check=True, capture_output=True, text=True).stdout == "\n"


@pytest.mark.dear
def test_every_name_loads_where_no_optional_library_is_installed() -> None:
    missing = ("numpy", "pytest", "rapidfuzz", "scipy", "sklearn", "tokenizers")
    program = f"import sys\nfor each in {missing}: sys.modules[each] = None\n" + "".join(
        f"from {face} import *\n" for face in FACES
    )

    subprocess.run([sys.executable, "-c", program], check=True)


def printed(program: str, *paths: Path) -> str:
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(map(str, paths))}
    command = [sys.executable, "-c", program]
    return subprocess.run(command, check=True, capture_output=True, text=True, env=environment).stdout


@pytest.mark.dear
def test_faces_work_without_their_sources(tmp_path: Path) -> None:
    shutil.copytree(ROOT / "handrail" / "handrail", tmp_path / "handrail", ignore=shutil.ignore_patterns("__pycache__"))
    compileall.compile_dir(tmp_path / "handrail", quiet=1, legacy=True)
    for path in (tmp_path / "handrail").rglob("*.py"):
        path.unlink()

    told = printed("import handrail.evals as e; print(e.__file__, e.within.__name__, len(e.__all__))", tmp_path)

    assert told.split()[1:] == ["within", str(len(list(listed("handrail.evals"))))]
    assert told.startswith(str(tmp_path / "handrail" / "evals.pyc"))


@pytest.mark.dear
def test_faces_work_in_an_archive(tmp_path: Path) -> None:
    archive = shutil.make_archive(str(tmp_path / "ours"), "zip", ROOT / "handrail", "handrail")

    told = printed("import handrail; print(handrail.__file__, handrail.classify.__name__)", Path(archive))

    assert told.split() == [str(Path(archive) / "handrail" / "__init__.py"), "classify"]


@pytest.mark.dear
def test_threads_may_ask_for_the_first_time_at_once() -> None:
    program = """
import threading, handrail
started, found = threading.Barrier(16), []
def ask():
    started.wait()
    found.append([getattr(handrail, name) for name in handrail.__all__])
threads = [threading.Thread(target=ask) for _ in range(16)]
[thread.start() for thread in threads]
[thread.join() for thread in threads]
print(len(found), all(each == found[0] for each in found))
"""

    assert printed(program) == "16 True\n"


def test_a_name_is_the_same_object_wherever_it_is_pickled() -> None:
    program = "import pickle, handrail, handrail.guards as g\nprint(pickle.loads(pickle.dumps(g.Verdict)) is g.Verdict)"

    assert printed(program) == "True\n"


def test_it_says_its_version() -> None:
    assert handrail.__version__ == version("handrail")


@pytest.mark.parametrize("taken", ["ai_steps", "evals", "guards", "orchestrator", "tests"])
def test_an_install_makes_no_name_importable_that_others_use(taken: str, tmp_path: Path) -> None:
    program = f"import handrail, handrail_guards\ntry: import {taken}\nexcept ModuleNotFoundError as e: print(e.name)"
    command = [sys.executable, "-P", "-c", program]

    assert subprocess.run(command, check=True, capture_output=True, text=True, cwd=tmp_path).stdout == f"{taken}\n"
