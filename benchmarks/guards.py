"""What the guards catch and let through, on the data beside the project: one table, the bar beside each figure."""

import sys

from guards_bench.main import main

if __name__ == "__main__":
    sys.exit(main())
