"""Where the API and the probes stand in the console."""

API = "/api/v1"
"""Below it are all operations."""
PROBES = ("/healthz", "/readyz")
"""What a proxy or a supervisor asks, at the top of the console."""
