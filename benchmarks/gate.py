"""How often the gate is wrong, by simulation: one table, the bar beside each figure."""

import sys

from gate_bench.main import main

if __name__ == "__main__":
    sys.exit(main())
