"""Sealing what a store holds: values are encrypted on their way in, and opened on their way out."""
