"""The demo: support triage on tickets written for it."""
