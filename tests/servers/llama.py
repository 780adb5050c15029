"""llama.cpp's own server, from a wheel, in a process of its own, with a tiny model."""

import subprocess
import sys
from pathlib import Path
from types import TracebackType
from typing import Self

NAME = "tiny"
READY = "READY "


class LlamaServer:
    """A running server on the loopback interface; use it as a context manager."""

    def __init__(self, model: Path) -> None:
        self._model = model

    def __enter__(self) -> Self:
        self._process = subprocess.Popen(
            [sys.executable, str(Path(__file__)), str(self._model)],
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            stdin=subprocess.PIPE,
            text=True,
        )
        assert self._process.stdout is not None
        for line in self._process.stdout:
            if line.startswith(READY):
                self.url = f"{line.removeprefix(READY).strip()}/v1"
                return self
        raise RuntimeError("llama.cpp's server did not start")

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._process.kill()
        self._process.wait()
        assert self._process.stdout is not None
        assert self._process.stdin is not None
        self._process.stdout.close()
        self._process.stdin.close()


def main() -> None:
    """Serve a model until standard input ends."""
    import xllamacpp  # noqa: PLC0415 -- in this process alone

    params = xllamacpp.CommonParams()
    params.model.path, params.model_alias, params.port = sys.argv[1], [NAME], 0
    params.n_ctx, params.n_parallel, params.cpuparams.n_threads = 8192, 4, 1
    params.use_jinja, params.ui, params.warmup, params.offline = True, False, False, True
    params.hostnames = ["127.0.0.1"]
    server = xllamacpp.Server(params)
    sys.stdout.write(f"{READY}{server.listening_address}\n")
    sys.stdout.flush()
    sys.stdin.read()


if __name__ == "__main__":
    main()
