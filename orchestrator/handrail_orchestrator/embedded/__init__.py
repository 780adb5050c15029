"""The embedded engine: runs in this process, remembered in a store."""
