"""The whole circle on real requests: people's answers teach the model and set its threshold, and coverage rises."""

import sys

# A script's folder comes first on the path, where a benchmark would hide the package it measures.
sys.path.append(sys.path.pop(0))

from circle_bench.main import main

if __name__ == "__main__":
    sys.exit(main())
