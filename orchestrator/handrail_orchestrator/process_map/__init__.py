"""The process map: which steps follow which in real runs, laid out and drawn."""
