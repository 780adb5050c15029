"""What is read of documents, how well and how quickly, on the data beside the project and on files made here."""

import sys

from documents_bench.main import main

if __name__ == "__main__":
    sys.exit(main())
