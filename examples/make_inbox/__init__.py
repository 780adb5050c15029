"""The documents of the examples, made by this script: invoices, receipts and what else lands in an inbox."""
