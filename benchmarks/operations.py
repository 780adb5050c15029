"""What operating costs: figures on a large store, rollups beside the engine, triggers, notices, the page."""

import sys

from operations_bench.main import main

if __name__ == "__main__":
    sys.exit(main())
