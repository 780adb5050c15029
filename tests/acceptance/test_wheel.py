"""What is shipped works beside packages that have names of ours; ``make wheel-test`` tries the ones that exist."""

import base64
import hashlib
import re
import subprocess
import sys
import sysconfig
import zipfile
from pathlib import Path

import pytest

from handrail.new.writing import TEMPLATES
from tests.install.project import Project
from tests.install.wheel import UV, Built, build, data_files, shipped_packages

STAND_INS = {
    "evals": {
        "evals/__init__.py": "raise ImportError('the evals of others')\n",
        "evals/record.py": "",
        "evals/report/page.css": "",
    },
    "guards": {"guards/__init__.py": "raise ImportError('the guards of others')\n", "guards/text.py": ""},
}
"""What the distributions of these names have, as far as it matters."""


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Built:
    return build(tmp_path_factory.mktemp("built"))


@pytest.fixture(scope="module")
def project(built: Built, tmp_path_factory: pytest.TempPathFactory) -> Project:
    """Return a project whose environment has the wheel and the stand-ins, and the libraries of this environment."""
    scratch = tmp_path_factory.mktemp("installed")
    environment, folder = scratch / "environment", scratch / "project"
    folder.mkdir()
    wheels = [stand_in(name, scratch) for name in STAND_INS]
    uv(["venv", "--python", sys.executable, str(environment)])
    python = environment / "bin" / "python"
    uv(["pip", "install", "--offline", "--no-index", "--no-deps", "--python", str(python), str(built.wheel), *wheels])
    (site,) = environment.glob("lib/python*/site-packages")
    (site / "libraries.pth").write_text(sysconfig.get_path("purelib") + "\n")
    return Project(folder, environment)


def uv(arguments: list[str]) -> None:
    done = subprocess.run([str(UV), "--quiet", *arguments], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def stand_in(name: str, folder: Path) -> str:
    """Build a wheel that has a package of this name."""
    about = f"{name}-1.0.dist-info"
    files = {
        **STAND_INS[name],
        f"{about}/METADATA": f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n",
        f"{about}/WHEEL": "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
    }
    record = "".join(
        f"{path},sha256={base64.urlsafe_b64encode(hashlib.sha256(text.encode()).digest()).rstrip(b'=').decode()},"
        f"{len(text.encode())}\n"
        for path, text in files.items()
    )
    wheel = folder / f"{name}-1.0-py3-none-any.whl"
    with zipfile.ZipFile(wheel, "w") as archive:
        for path, text in {**files, f"{about}/RECORD": f"{record}{about}/RECORD,,\n"}.items():
            archive.writestr(path, text)
    return str(wheel)


def test_the_wheel_has_all_that_the_packages_have_and_nothing_else(built: Built) -> None:
    assert not list(built.problems())
    shipped = {name for name in built.files if ".dist-info/" not in name}

    assert {"handrail/demo/tickets.jsonl", "handrail/py.typed"} <= shipped
    assert any(name.endswith("page.html.j2") for name in shipped)
    assert set(data_files()) <= shipped
    assert not [name for name in shipped if re.search(r"\.md$|/test_\w+\.py$", name)]
    assert {name.partition("/")[0] for name in shipped} == {package.name for package in shipped_packages()}


def test_the_wheel_is_what_is_used(project: Project) -> None:
    said = project.run(
        "python", "-c", "import handrail, handrail_evals; print(handrail.__file__, handrail_evals.__file__)"
    )

    assert said.code == 0, said.output
    assert said.output.count("/environment/lib/") == 2


@pytest.mark.parametrize("template", TEMPLATES)
def test_a_new_project_is_written_from_the_wheel(project: Project, template: str) -> None:
    name = f"bought_{template}"
    said = project.run("handrail", "new", name, "--template", template)

    assert said.code == 0, said.output
    tested = project.run("python", "-m", "pytest", "-q", name)
    assert tested.code == 0, tested.output
    assert " passed" in tested.output
