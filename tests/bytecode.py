"""Keep what is compiled while tests are collected, whatever the caller says of it.

The conftest imports this first: pytest rewrites the assertions of every package that has a plugin, and what is loaded
before this, each test process rewrites again.
"""

import sys

CALLER_KEEPS_NOTHING = sys.dont_write_bytecode
sys.dont_write_bytecode = False


def let_the_caller_decide() -> None:
    """Keep what is compiled from here on only if the caller does: tests write modules and import them."""
    sys.dont_write_bytecode = CALLER_KEEPS_NOTHING
