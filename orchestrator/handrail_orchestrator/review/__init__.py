"""Review items: who may do what to one, what it becomes, what was shown, and whether answers agree."""
