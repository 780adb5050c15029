"""Many machines: the two sides, the servers between them, and the parts that are measured."""
