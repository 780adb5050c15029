"""What running a suite costs beside a plain asyncio loop and pydantic-evals: one table, the bar beside each figure."""

import sys

from evals_bench.main import main

if __name__ == "__main__":
    sys.exit(main())
