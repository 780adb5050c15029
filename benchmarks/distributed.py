"""What many machines cost: beside the same steps written by hand in plain Temporal, and beside SQLite."""

import sys

from distributed_bench.main import main

if __name__ == "__main__":
    sys.exit(main())
