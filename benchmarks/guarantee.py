"""How often a promise about accepted values is broken, and how much may be accepted: ours beside other methods."""

import sys

from guarantee_bench.main import main

if __name__ == "__main__":
    sys.exit(main())
