"""The HTTP API: operations written once, from which come the routes and the OpenAPI document."""
