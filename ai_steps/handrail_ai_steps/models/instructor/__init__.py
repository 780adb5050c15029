"""Models of any provider that instructor knows, behind one adapter."""
