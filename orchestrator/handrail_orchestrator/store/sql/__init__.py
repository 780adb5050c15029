"""The statements of a store, written once for both databases, in words that each of them knows or is taught."""
