"""What other programs see of runs while they go on: traces, metrics, and the ids in log lines."""
