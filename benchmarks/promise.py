"""How soon a promise that keeps itself accepts, how much, what it asks for that, and how often it is broken."""

import os
import sys

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # its threads go on turning after a product, on the keeper's account

from promise_bench.main import main

if __name__ == "__main__":
    sys.exit(main())
