"""Loaded by every Python that a page starts: no page may leave this machine."""

import importlib.util
from pathlib import Path

_source = Path(__file__).parents[2] / "network.py"
_spec = importlib.util.spec_from_file_location("_network_of_the_tests", _source)
if _spec is None or _spec.loader is None:
    raise ImportError(f"{_source} is missing")
_network = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(_network)
_network.forbid_network()
