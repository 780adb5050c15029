"""Write the inboxes of the examples and what is true of each file in them.

    python -m examples.make_inbox

The same files each time, to the byte, with the versions of reportlab, pikepdf, Pillow and pypdfium2 that are pinned.
"""

import sys
from pathlib import Path

from examples.make_inbox.entry import write
from examples.make_inbox.inbox import entries
from examples.make_inbox.till import receipt_entries

EXAMPLES = Path(__file__).parents[1]


def main(folder: Path = EXAMPLES) -> None:
    """Write both inboxes below a folder."""
    for name, made in (("invoices", list(entries())), ("receipts", list(receipt_entries()))):
        size = write(made, folder / name / "inbox", folder / name / "truth.jsonl")
        print(f"{name}: {len(made)} files, {size / 1000:,.0f} kB")


if __name__ == "__main__":
    main(*map(Path, sys.argv[1:2]))
