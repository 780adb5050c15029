"""What follows from the numbers: thresholds, releases, alarms."""
