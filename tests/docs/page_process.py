"""Run the blocks of one page in order, as a reader does: ``python -m tests.docs.page_process PAGE FOLDER [once]``.

The Python blocks without a title are one program: each is put under the last in ``page.py``, which is run before a
command of the page and at its end. Titled blocks are files of their own, commands run in the same folder. The first
block that does not do what it says ends the process with its place on the page.
"""

import os
import subprocess
import sys
from pathlib import Path

from tests.docs.block import PYTHON, RUNNABLE, Block, blocks_of

FAILED = 1
PROGRAM = "page.py"
"""What readers are told to call the program of a page."""


class Page:
    """The folder that a reader works in, and the program that grows in it."""

    def __init__(self, folder: Path) -> None:
        self._program = folder / PROGRAM
        self._folder = folder
        self._lines: list[str] = []
        self._is_run = True
        self._runs = 0

    def run(self, block: Block) -> bool:
        """Run a block, or write the file it shows; return whether it did what the page says."""
        if block.title is not None:
            target = self._folder / block.title
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_text(block.text, encoding="utf-8")
        elif block.language in PYTHON:
            self._write(block)
        if block.language in RUNNABLE - PYTHON:
            return self.run_program() and self._run_shell(block)
        return True

    def run_program(self, *, again: bool = False) -> bool:
        """Run what was put into the program so far, unless it ran since; return whether it ended well.

        ``again`` has one that ran a single time run once more.
        """
        if self._is_run and not (again and self._runs == 1):
            return True
        self._is_run = True
        self._runs += 1
        sys.stdout.flush()
        done = subprocess.run([sys.executable, PROGRAM], cwd=self._folder, stdin=subprocess.DEVNULL, check=False)
        return done.returncode == 0

    def _write(self, block: Block) -> None:
        """Put a block under the last, with empty lines between, so that its lines have the page's numbers."""
        self._lines += [""] * (block.line - 1 - len(self._lines)) + block.text.splitlines()
        self._program.write_text("\n".join(self._lines) + "\n", encoding="utf-8")
        self._is_run = False

    def _run_shell(self, block: Block) -> bool:
        command = ["bash", "-euo", "pipefail", "-c", block.script]
        code = subprocess.run(command, cwd=self._folder, stdin=subprocess.DEVNULL, check=False).returncode
        if code != block.exit_code:
            print(f"exit code {code}, the page says {block.exit_code}, of:\n{block.script}", file=sys.stderr)
        return code == block.exit_code


def main(page: Path, folder: Path, *, once: bool) -> int:
    """Run the page in the folder; return the exit code."""
    reader = Page(folder)
    for block in blocks_of(page):
        if block.is_run and not reader.run(block):
            print(f"{block.place}: failed here, or in the program above it", file=sys.stderr)
            return FAILED
    # Twice: a reader runs it after each block, so what an earlier run left must not be in its way.
    if not (reader.run_program() and reader.run_program(again=not once)):
        print(f"{page}: the program of its Python blocks failed; line numbers are the page's", file=sys.stderr)
        return FAILED
    return 0


if __name__ == "__main__":
    os.environ["PYTHONPATH"] = str(Path(__file__).parent / "offline")
    sys.exit(main(Path(sys.argv[1]), Path(sys.argv[2]), once="once" in sys.argv[3:]))
