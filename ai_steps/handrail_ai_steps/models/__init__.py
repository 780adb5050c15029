"""Models: whoever answers. Each lives in its own module, which loads its libraries when it is imported."""
