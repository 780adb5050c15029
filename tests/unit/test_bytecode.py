"""What test processes load late is compiled once, whatever the caller keeps."""

from importlib.util import cache_from_source
from pathlib import Path

import pytest

from tests.bytecode import compile_what_is_loaded_late


@pytest.mark.parametrize("keeps", ["", "1"])
def test_a_package_is_compiled_with_what_it_loads(keeps: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    package = tmp_path / "loaded_late"
    package.mkdir()
    (package / "__init__.py").write_text("from loaded_late import inner\n")
    (package / "inner.py").touch()
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    monkeypatch.setenv("PYTHONDONTWRITEBYTECODE", keeps)

    compile_what_is_loaded_late(["loaded_late", "not_installed_here"])

    assert [Path(cache_from_source(str(package / name))).exists() for name in ("__init__.py", "inner.py")] == [True] * 2
