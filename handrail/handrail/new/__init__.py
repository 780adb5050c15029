"""``handrail new``: a small project that runs, is tested and measured."""
