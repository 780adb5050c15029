"""How long importing each package and listing the commands take, beside the libraries they stand on."""

import sys

# A script's folder comes first on the path, where scripts named after our packages would hide those packages.
sys.path.append(sys.path.pop(0))

from startup_bench.main import main

if __name__ == "__main__":
    sys.exit(main())
