"""Cases put to a target, answers scored, results kept."""
