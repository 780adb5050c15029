"""The pages that reviewers live in, and the HTTP API: what ``handrail serve`` serves."""
