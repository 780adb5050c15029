"""The ground floor: what every package stands on, written once; it imports nothing of ours."""
