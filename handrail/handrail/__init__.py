"""The command line and the demo: where the packages are put together."""
