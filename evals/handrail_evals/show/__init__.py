"""Results as people and programs read them: the command line, tables, the page."""
