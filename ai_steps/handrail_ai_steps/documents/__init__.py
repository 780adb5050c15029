"""Documents: files as pages of text with places, read within limits, and what was found beside the text."""
