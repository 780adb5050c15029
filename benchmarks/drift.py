"""What drift costs: wrong accepted values with the loop, with audits alone, and with nothing."""

import sys

# A script's folder comes first on the path, where a benchmark would hide the package it measures.
sys.path.append(sys.path.pop(0))

from drift_bench.main import main

if __name__ == "__main__":
    sys.exit(main())
