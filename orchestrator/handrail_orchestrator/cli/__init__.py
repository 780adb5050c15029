"""The orchestrator's commands; the ``handrail`` command puts them together with those of the other packages."""
