"""How often a promise about accepted values is broken, and how much may be accepted: ours beside other methods."""

import sys

# A script's folder comes first on the path, where a benchmark would hide the package it measures.
sys.path.append(sys.path.pop(0))

from guarantee_bench.main import main

if __name__ == "__main__":
    sys.exit(main())
