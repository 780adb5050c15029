"""What drift costs: wrong accepted values with the loop, with audits alone, and with nothing."""

import sys

from drift_bench.main import main

if __name__ == "__main__":
    sys.exit(main())
