"""Keep what is compiled while tests are collected, whatever the caller says of it.

The conftest imports this first: pytest rewrites the assertions of every package that has a plugin, and what is loaded
before this, each test process rewrites again.
"""

import subprocess
import sys
from collections.abc import Iterable
from importlib.util import cache_from_source, find_spec
from pathlib import Path

CALLER_KEEPS_NOTHING = sys.dont_write_bytecode
sys.dont_write_bytecode = False

LOADED_LATE = (
    "sklearn.linear_model",
    "sklearn.svm",
    "scipy.optimize",
    "scipy.special",
    "openai",
    "instructor",
    "genai_prices",
    "apprise",
    "holidays",
    "temporalio.client",
    "schemathesis.cli",
)
"""Libraries that the product loads when they are needed: no test module loads them while tests are collected.

A process that keeps nothing compiles those of the local model in three seconds of a processor, and hundreds load them.
"""


def let_the_caller_decide() -> None:
    """Keep what is compiled from here on only if the caller does: tests write modules and import them."""
    sys.dont_write_bytecode = CALLER_KEEPS_NOTHING


def compile_what_is_loaded_late(modules: Iterable[str] = LOADED_LATE) -> None:
    """Compile once, in a process of its own, what each process would: those of the packages that are installed."""
    if missing := [module for module in modules if _is_uncompiled(module)]:
        imports = "".join(f"with suppress(Exception): import {module}\n" for module in missing)
        program = f"import sys\nfrom contextlib import suppress\nsys.dont_write_bytecode = False\n{imports}"
        subprocess.run([sys.executable, "-c", program], capture_output=True, check=False)


def _is_uncompiled(module: str) -> bool:
    """Tell whether a package is here and was not loaded by a process that keeps what it compiles."""
    top, *below = module.split(".")
    found = find_spec(top)
    if found is None or found.origin is None:
        return False
    source = Path(found.origin).parent.joinpath(*below, "__init__.py")
    return source.exists() and not Path(cache_from_source(str(source))).exists()
