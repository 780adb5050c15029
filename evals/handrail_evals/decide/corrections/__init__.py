"""What people decided, read from a store: audits that calibrate, corrections that train, cases that measure."""
