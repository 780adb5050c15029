"""Keeps a test's server from outliving whoever started it: its parent, which ends it when its own standard input does.

``python keeper.py ORDER``, the order as JSON: ``command``, ``environment``, ``folder``, ``log``, ``user`` (or null) and
``ends_by`` (a signal). The server's process id is the first line of the output. A test process that is killed with -9
closes the keeper's input, whatever it was doing, on every system; the server is ended then, and its folder removed.
"""

import json
import os
import shutil
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import Any

ENDS_WITHIN_SECONDS = 20


def main(order: dict[str, Any]) -> None:
    """Start the server, and stay as long as it does."""
    folder = Path(order["folder"])
    with Path(order["log"]).open("ab") as log:
        server = subprocess.Popen(
            order["command"],
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            cwd=folder,
            env=order["environment"],
            start_new_session=True,
            **({"user": order["user"], "extra_groups": []} if order["user"] else {}),
        )
    print(server.pid, flush=True)
    abandoned = threading.Event()

    def watch() -> None:
        while os.read(0, 4096):
            pass
        abandoned.set()
        server.send_signal(order["ends_by"])
        time.sleep(ENDS_WITHIN_SECONDS)
        server.kill()

    threading.Thread(target=watch, daemon=True).start()
    server.wait()
    if abandoned.is_set():
        for _ in range(ENDS_WITHIN_SECONDS * 10):  # what its own children still write
            shutil.rmtree(folder, ignore_errors=True)
            if not folder.exists():
                break
            time.sleep(0.1)


if __name__ == "__main__":
    main(json.loads(sys.argv[1]))
