"""Evidence: whether the audit log is as it was written, and what it says of every decision."""
