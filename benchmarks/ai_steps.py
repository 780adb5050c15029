"""What an AI step costs beside the libraries it stands on: one table, the bar beside each figure."""

import sys

# A script's folder comes first on the path, where this file would hide the package it measures.
sys.path.append(sys.path.pop(0))

from ai_steps_bench.main import main

if __name__ == "__main__":
    sys.exit(main())
