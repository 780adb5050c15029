"""Actions that are ready to be used: a call over HTTP, and a mail."""
