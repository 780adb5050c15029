"""What test processes load late is compiled once, whatever the caller keeps."""

from importlib.util import cache_from_source
from pathlib import Path

import pytest

from tests.bytecode import compile_what_is_loaded_late


@pytest.mark.parametrize("keeps", ["", "1"])
@pytest.mark.parametrize("late", ["loaded_late", "loaded_late.outer"])
def test_a_module_is_compiled_with_what_it_loads(
    late: str, keeps: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    package = tmp_path / "loaded_late"
    package.mkdir()
    (package / "__init__.py").write_text("from loaded_late import inner\n" if late == package.name else "")
    (package / "outer.py").write_text("from loaded_late import inner\n")
    (package / "inner.py").touch()
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    monkeypatch.setenv("PYTHONDONTWRITEBYTECODE", keeps)

    compile_what_is_loaded_late([late, "not_installed_here", "loaded_late.not_there"])

    assert [Path(cache_from_source(str(package / name))).exists() for name in ("__init__.py", "inner.py")] == [True] * 2
