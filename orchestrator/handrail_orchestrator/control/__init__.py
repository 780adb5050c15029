"""What holds runs back and lets them go: pauses, systems that are down, limits, and changes of many runs at once."""
