"""What running a suite costs beside a plain asyncio loop and pydantic-evals: one table, the bar beside each figure."""

import sys

# A script's folder comes first on the path, where this file would hide the package it measures.
sys.path.append(sys.path.pop(0))

from evals_bench.main import main

if __name__ == "__main__":
    sys.exit(main())
