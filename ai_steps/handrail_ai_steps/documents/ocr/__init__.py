"""Reading pictures of text: engines in processes of their own, lines set upright and in reading order."""
