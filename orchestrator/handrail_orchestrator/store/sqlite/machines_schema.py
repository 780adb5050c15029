"""The tables of formats 10, 12 and 13: what holds across machines, promises, and how values are sealed."""

MACHINES = """
ALTER TABLE runs ADD COLUMN claim INTEGER NOT NULL DEFAULT 0;
CREATE TABLE IF NOT EXISTS rung (run INTEGER PRIMARY KEY, again REAL NOT NULL, patience REAL NOT NULL)
"""
"""How often a run was claimed: what an execution was given then is what it may write with. And of which due runs an
engine elsewhere was told, and when it is told again."""

PROMISES = """
CREATE TABLE IF NOT EXISTS promise_streams (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    workflow TEXT NOT NULL,
    step TEXT NOT NULL,
    subject TEXT NOT NULL,
    told TEXT NOT NULL,
    secret TEXT NOT NULL,
    ladder TEXT,
    ladder_to INTEGER NOT NULL DEFAULT 0,
    begun REAL NOT NULL,
    frozen_to INTEGER NOT NULL DEFAULT 0,
    UNIQUE (workflow, step, subject)
);
CREATE TABLE IF NOT EXISTS promises (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    stream INTEGER NOT NULL,
    terms TEXT NOT NULL,
    target REAL NOT NULL,
    delta REAL NOT NULL,
    state TEXT NOT NULL DEFAULT 'keeping',
    why TEXT NOT NULL DEFAULT '',
    rule INTEGER NOT NULL DEFAULT 0,
    threshold REAL,
    accepted_share REAL NOT NULL DEFAULT 1.0,
    below_share REAL NOT NULL DEFAULT 1.0,
    band_from REAL,
    labels INTEGER NOT NULL DEFAULT 0,
    set_at REAL,
    read_to INTEGER NOT NULL DEFAULT 0,
    checkpoint TEXT,
    version INTEGER NOT NULL DEFAULT 0,
    keeper TEXT,
    kept_until REAL NOT NULL DEFAULT 0,
    begun REAL NOT NULL,
    second_looks INTEGER NOT NULL DEFAULT 0,
    stops_at REAL,
    believed TEXT,
    UNIQUE (stream, terms)
);
CREATE TABLE IF NOT EXISTS promise_rules (
    promise INTEGER NOT NULL,
    number INTEGER NOT NULL,
    at REAL NOT NULL,
    threshold REAL,
    accepted_share REAL NOT NULL,
    below_share REAL NOT NULL,
    band_from REAL,
    cases INTEGER NOT NULL,
    labels INTEGER NOT NULL,
    wrong INTEGER NOT NULL,
    why TEXT NOT NULL,
    believed TEXT,
    PRIMARY KEY (promise, number)
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS promise_cases (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    stream INTEGER NOT NULL,
    number INTEGER,
    run INTEGER NOT NULL,
    seq INTEGER NOT NULL,
    at REAL NOT NULL,
    score REAL NOT NULL,
    share REAL NOT NULL,
    drawn INTEGER NOT NULL,
    accepted INTEGER NOT NULL DEFAULT 0,
    promise INTEGER NOT NULL,
    rule INTEGER NOT NULL,
    copy TEXT NOT NULL,
    verdict TEXT,
    third INTEGER,
    repeated INTEGER,
    source INTEGER,
    teaches INTEGER NOT NULL DEFAULT 0,
    UNIQUE (stream, run, seq),
    UNIQUE (stream, copy)
);
CREATE INDEX IF NOT EXISTS promise_cases_read ON promise_cases (stream, number);
CREATE INDEX IF NOT EXISTS promise_cases_new ON promise_cases (stream) WHERE number IS NULL;
CREATE INDEX IF NOT EXISTS promise_cases_open ON promise_cases (stream, id) WHERE drawn = 1 AND verdict IS NULL;
CREATE TABLE IF NOT EXISTS promise_log (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    promise INTEGER NOT NULL,
    at REAL NOT NULL,
    action TEXT NOT NULL,
    "by" TEXT NOT NULL,
    why TEXT NOT NULL,
    data TEXT
);
CREATE INDEX IF NOT EXISTS promise_log_of ON promise_log (promise);
CREATE TABLE IF NOT EXISTS learned_models (
    stream INTEGER PRIMARY KEY,
    workflow TEXT NOT NULL,
    step TEXT NOT NULL,
    terms TEXT NOT NULL,
    version INTEGER NOT NULL,
    basis TEXT NOT NULL,
    frozen_to INTEGER NOT NULL,
    folder TEXT NOT NULL,
    state TEXT NOT NULL,
    examples INTEGER NOT NULL,
    options INTEGER NOT NULL,
    at REAL NOT NULL,
    why TEXT NOT NULL,
    decided_at REAL,
    verdict TEXT NOT NULL DEFAULT '',
    UNIQUE (workflow, step, version)
);
CREATE TABLE IF NOT EXISTS learned_sources (
    stream INTEGER NOT NULL,
    source INTEGER NOT NULL,
    taken_to INTEGER NOT NULL,
    upto INTEGER,
    PRIMARY KEY (stream, source)
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS learning (
    workflow TEXT NOT NULL,
    step TEXT NOT NULL,
    learner TEXT NOT NULL,
    until REAL NOT NULL,
    PRIMARY KEY (workflow, step)
) WITHOUT ROWID
"""
"""Promises of AI steps, the rules that keep them, and what was drawn for them."""

SEALING = ""
"""The keys that values were sealed with, by name; never the keys themselves."""

FORMAT_10 = ";".join(each for each in (MACHINES, PROMISES, SEALING) if each)
"""All of them; on a new store as on one of the format before."""

GRADES = """
ALTER TABLE promises ADD COLUMN grades TEXT;
ALTER TABLE promise_rules ADD COLUMN grades TEXT
"""
"""Which shares of what a rule accepts are asked blind, by confidence; NULL: the same of all, as up to format 11."""

ANSWERS = "ALTER TABLE promises ADD COLUMN answers TEXT NOT NULL DEFAULT 'usual'"
"""How many blind answers a promise asks for; up to format 12 the usual ones."""
