"""What the embedded engine costs, beside a hand-written journal and its peers."""
