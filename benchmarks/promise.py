"""How soon a promise that keeps itself accepts, how much, what it asks for that, and how often it is broken."""

import sys

from promise_bench.main import main

if __name__ == "__main__":
    sys.exit(main())
