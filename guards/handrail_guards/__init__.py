"""The vocabulary of trust: verdicts, outcomes, confidence, acceptance, escalation, and pure checks."""
