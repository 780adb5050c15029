"""What a store remembers, as people and programs read it: values as Python data, times in seconds since the epoch."""
