"""What an AI step costs beside the libraries it stands on: one table, the bar beside each figure."""

import sys

from ai_steps_bench.main import main

if __name__ == "__main__":
    sys.exit(main())
