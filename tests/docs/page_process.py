"""Run the blocks of one page in order, in this process: ``python -m tests.docs.page_process PAGE FOLDER``.

All Python blocks share one namespace, as they do for a reader who types them in; shell blocks run between them in the
same folder. The first block that does not do what it says ends the process with its place on the page.
"""

import ast
import asyncio
import inspect
import linecache
import os
import subprocess
import sys
import traceback
from pathlib import Path
from types import ModuleType, TracebackType

from tests.docs.block import PYTHON, RUNNABLE, Block, blocks_of
from tests.network import forbid_network

FAILED = 1


class Page:
    """The state that the blocks of one page share: a module, an event loop and a folder."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        # Types written on the page are looked up in their module (annotations, pickled functions), so it has to be one.
        self._module = ModuleType("__main__")
        sys.modules["__main__"] = self._module

    def run(self, block: Block, loop: asyncio.Runner) -> bool:
        """Run a block or write the file it shows; return whether it did what the page says."""
        if block.title is not None:
            target = self._folder / block.title
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_text(block.text, encoding="utf-8")
        if block.language in PYTHON:
            return self._run_python(block, loop)
        return block.language not in RUNNABLE or self._run_shell(block)

    def _run_python(self, block: Block, loop: asyncio.Runner) -> bool:
        # Empty lines in front make every line number in a traceback the page's own.
        source = "\n" * (block.line - 1) + block.text
        name = str(block.page)
        linecache.cache[name] = (len(source), None, source.splitlines(keepends=True), name)
        try:
            # dont_inherit: this module's own future imports are not the page's.
            code = compile(source, name, "exec", flags=ast.PyCF_ALLOW_TOP_LEVEL_AWAIT, dont_inherit=True)
            result = eval(code, self._module.__dict__)  # noqa: S307 -- running the page's code is the purpose
            if code.co_flags & inspect.CO_COROUTINE:
                loop.run(result)
        except SystemExit as leaving:
            return not leaving.code
        except BaseException as error:  # noqa: BLE001 -- whatever a block raises is the page's failure
            traceback.print_exception(error.with_traceback(_on_the_page(error.__traceback__)))
            return False
        return True

    def _run_shell(self, block: Block) -> bool:
        sys.stdout.flush()
        command = ["bash", "-euo", "pipefail", "-c", block.script]
        code = subprocess.run(command, cwd=self._folder, stdin=subprocess.DEVNULL, check=False).returncode
        if code != block.exit_code:
            print(f"exit code {code}, the page says {block.exit_code}, of:\n{block.script}", file=sys.stderr)
        return code == block.exit_code


def _on_the_page(frames: TracebackType | None) -> TracebackType | None:
    """Leave out this module's own frame, which comes first and tells a reader nothing."""
    return frames.tb_next if frames is not None else None


def main(page: Path, folder: Path) -> int:
    """Run the page in the folder; return the exit code."""
    blocks = [block for block in blocks_of(page) if block.is_run]
    os.chdir(folder)
    sys.path[0] = str(folder)  # where a reader's own modules are; the checkout is not on a reader's path
    forbid_network()
    shared = Page(folder)
    with asyncio.Runner() as loop:
        for block in blocks:
            if not shared.run(block, loop):
                print(f"{block.place}: this block failed", file=sys.stderr)
                return FAILED
    return 0


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]), Path(sys.argv[2])))
