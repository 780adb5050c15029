"""Notices when accepted values go wrong: raises audits when scores move, stops acceptance when audits find too much."""
