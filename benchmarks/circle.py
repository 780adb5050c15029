"""The whole circle on real requests: people's answers teach the model and set its threshold, and coverage rises."""

import sys

from circle_bench.main import main

if __name__ == "__main__":
    sys.exit(main())
