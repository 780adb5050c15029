"""Failures of runs, those alike together: by the step that failed, the error's type, and the shape of its message."""
