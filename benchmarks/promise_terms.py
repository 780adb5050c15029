"""How often each kind of promise is broken: in groups, for labels and fields, for what is missed, and with costs."""

import sys

from promise_bench.terms import main

if __name__ == "__main__":
    sys.exit(main())
