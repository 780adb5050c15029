"""Loaded by every Python that a page starts: no page may leave this machine."""

import atexit
import importlib.util
import os
import sys
from pathlib import Path

_source = Path(__file__).parents[2] / "network.py"
_spec = importlib.util.spec_from_file_location("_network_of_the_tests", _source)
if _spec is None or _spec.loader is None:
    raise ImportError(f"{_source} is missing")
_network = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(_network)
_network.forbid_network()


def _say_what_was_loaded() -> None:
    """Note which libraries this process has loaded, so that a page can be held to the extras that it names."""
    if file := os.environ.get("HANDRAIL_PAGE_LOADS"):
        with Path(file).open("a", encoding="utf-8") as notes:
            notes.writelines(f"{name}\n" for name in {module.partition(".")[0] for module in sys.modules})


atexit.register(_say_what_was_loaded)
