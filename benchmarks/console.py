"""What the review pages cost on a full queue: one table, the bar beside each figure."""

import sys

from console_bench.main import main

if __name__ == "__main__":
    sys.exit(main())
