"""How much hypothesis tries: `handrail` in `make test`, `fast` in the quick tests.

Each run draws other examples, so what one run leaves out the next may find.
"""

from hypothesis import settings
from hypothesis.internal.conjecture import engine

LARGEST_INPUT = 32 * 1024
"""Four times what hypothesis draws by itself: some tests need more for one example, and there is no setting for it."""


def register_profiles() -> None:
    """Register both, and take the one that nobody has to ask for; inputs may be large in either."""
    # A shared machine misses deadlines that say nothing about the code; the timeout of each test catches what hangs.
    settings.register_profile("handrail", deadline=None, print_blob=True, max_examples=30)
    settings.register_profile("fast", settings.get_profile("handrail"), max_examples=10)  # for `make test-fast`
    settings.load_profile("handrail")
    engine.BUFFER_SIZE = LARGEST_INPUT
