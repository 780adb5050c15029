"""Long documents: a model is asked window by window, and what it says is put together."""
