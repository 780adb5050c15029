"""The embedded engine: runs in this process, remembered in one SQLite file."""
