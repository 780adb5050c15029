"""The tables of operations, format 9: what starts runs, who is told, what is counted, and what holds runs back."""

TRIGGERS = ""
"""What is known of triggers beside what they fired."""
NOTICES = ""
"""The outbox: what people are told, and what became of it."""
FIGURES = ""
"""What is counted by the hour, outcomes, and baselines."""
ROLLOUTS = ""
"""How far steps and versions are rolled out."""
RUNNING = ""
"""Tags and statuses of runs, undo actions, and what correlates events."""
CONTROL = ""
"""Pauses, breakers, and limits that hold across processes."""

OPERATIONS = ";".join(each for each in (TRIGGERS, NOTICES, FIGURES, ROLLOUTS, RUNNING, CONTROL) if each)
"""All of them; on a new store as on one of the format before."""
