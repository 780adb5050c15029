"""How long importing each package and listing the commands take, beside the libraries they stand on."""

import sys

from startup_bench.main import main

if __name__ == "__main__":
    sys.exit(main())
