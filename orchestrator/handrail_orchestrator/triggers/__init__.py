"""Triggers: what starts runs by itself, such as a folder that files are dropped into."""
