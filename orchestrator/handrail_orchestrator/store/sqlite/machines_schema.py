"""The tables of format 10: what holds across machines, promises, and how values are sealed."""

MACHINES = """
ALTER TABLE runs ADD COLUMN claim INTEGER NOT NULL DEFAULT 0
"""
"""How often a run was claimed: what an execution was given then is what it may write with."""

PROMISES = ""
"""Promises of AI steps, the rules that keep them, and what was drawn for them."""

SEALING = ""
"""The keys that values were sealed with, by name; never the keys themselves."""

FORMAT_10 = ";".join(each for each in (MACHINES, PROMISES, SEALING) if each)
"""All of them; on a new store as on one of the format before."""
