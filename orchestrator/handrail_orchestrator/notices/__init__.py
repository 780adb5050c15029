"""Notices: who is told what, through which channel, when; and that each is told once."""
