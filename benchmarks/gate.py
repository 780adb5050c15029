"""How often the gate is wrong, by simulation: one table, the bar beside each figure."""

import sys

# A script's folder comes first on the path, where files beside this one would hide the packages that are measured.
sys.path.append(sys.path.pop(0))

from gate_bench.main import main

if __name__ == "__main__":
    sys.exit(main())
