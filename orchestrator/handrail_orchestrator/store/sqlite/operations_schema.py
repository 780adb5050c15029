"""The tables of operations, format 9: what starts runs, who is told, what is counted, and what holds runs back."""

TRIGGERS = """
CREATE TABLE IF NOT EXISTS triggers (
    name TEXT PRIMARY KEY,
    kind TEXT NOT NULL,
    workflow TEXT NOT NULL,
    says TEXT NOT NULL,
    declared REAL NOT NULL,
    seen REAL NOT NULL,
    looked TEXT,
    paused REAL,
    pauses TEXT NOT NULL DEFAULT '[]',
    trouble TEXT,
    trouble_at REAL,
    watched TEXT,
    statuses TEXT NOT NULL DEFAULT ''
) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS triggers_watched ON triggers (watched) WHERE watched IS NOT NULL;
CREATE TABLE IF NOT EXISTS trigger_log (
    id INTEGER PRIMARY KEY,
    source TEXT NOT NULL,
    at REAL NOT NULL,
    action TEXT NOT NULL,
    key TEXT,
    run_id TEXT,
    actor TEXT,
    reason TEXT
);
CREATE INDEX IF NOT EXISTS trigger_log_source ON trigger_log (source, id);
CREATE INDEX IF NOT EXISTS trigger_log_key ON trigger_log (source, key) WHERE key IS NOT NULL;
CREATE TABLE IF NOT EXISTS trigger_asks (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    source TEXT NOT NULL,
    at REAL NOT NULL,
    actor TEXT,
    payload TEXT
);
CREATE TABLE IF NOT EXISTS run_ends (
    number INTEGER PRIMARY KEY AUTOINCREMENT,
    source TEXT NOT NULL,
    run INTEGER NOT NULL,
    status TEXT NOT NULL,
    at REAL NOT NULL
);
CREATE INDEX IF NOT EXISTS run_ends_source ON run_ends (source, number);
ALTER TABLE fired ADD COLUMN actor TEXT;
ALTER TABLE fired ADD COLUMN reason TEXT;
CREATE INDEX IF NOT EXISTS fired_at ON fired (source, at);
CREATE INDEX IF NOT EXISTS fired_run ON fired (run_id);
CREATE TRIGGER IF NOT EXISTS run_ended AFTER UPDATE OF ended ON runs
WHEN NEW.ended IS NOT NULL AND OLD.ended IS NULL AND EXISTS (SELECT 1 FROM triggers WHERE watched IS NOT NULL)
BEGIN
    INSERT INTO run_ends (source, run, status, at)
    SELECT triggers.name, NEW.key, NEW.status, NEW.ended
    FROM workflows JOIN triggers ON triggers.watched = workflows.name
    WHERE workflows.id = NEW.workflow AND instr(triggers.statuses, ' ' || NEW.status || ' ')
    ORDER BY triggers.name;
END
"""
"""What is known of triggers beside what they fired."""
NOTICES = """
CREATE TABLE IF NOT EXISTS notices (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    kind TEXT NOT NULL,
    key TEXT NOT NULL UNIQUE,
    title TEXT NOT NULL,
    body TEXT NOT NULL,
    at REAL NOT NULL,
    queue TEXT,
    run INTEGER,
    item INTEGER,
    state TEXT NOT NULL
);
CREATE INDEX IF NOT EXISTS notices_new ON notices (at) WHERE state = 'new';
CREATE INDEX IF NOT EXISTS notices_run ON notices (run) WHERE run IS NOT NULL;
CREATE TABLE IF NOT EXISTS deliveries (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    channel TEXT NOT NULL,
    person TEXT,
    topic TEXT NOT NULL,
    message_id TEXT NOT NULL,
    due REAL NOT NULL,
    state TEXT NOT NULL,
    is_loud INTEGER NOT NULL,
    tries INTEGER NOT NULL DEFAULT 0,
    claim TEXT,
    claimed_until REAL,
    made REAL NOT NULL,
    ended REAL,
    error TEXT
);
CREATE INDEX IF NOT EXISTS deliveries_due ON deliveries (channel, due) WHERE state = 'waiting';
CREATE INDEX IF NOT EXISTS deliveries_topic ON deliveries (channel, topic, person, state);
CREATE TABLE IF NOT EXISTS delivered_notices (
    delivery INTEGER NOT NULL,
    notice INTEGER NOT NULL,
    PRIMARY KEY (delivery, notice)
) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS delivered_notices_notice ON delivered_notices (notice);
CREATE TABLE IF NOT EXISTS channels (
    name TEXT PRIMARY KEY,
    failures INTEGER NOT NULL DEFAULT 0,
    dead_since REAL,
    probe_at REAL,
    error TEXT
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS seen_requests (hash TEXT PRIMARY KEY, at REAL NOT NULL) WITHOUT ROWID
"""
"""The outbox: what people are told, and what became of it."""
FIGURES = """
CREATE TABLE IF NOT EXISTS figures (
    span INTEGER NOT NULL,
    place INTEGER NOT NULL,
    workflow INTEGER NOT NULL,
    measure TEXT NOT NULL,
    label TEXT NOT NULL,
    bucket INTEGER NOT NULL,
    times INTEGER NOT NULL,
    total INTEGER NOT NULL,
    PRIMARY KEY (span, place, workflow, measure, label, bucket)
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS rolled_up (
    only INTEGER PRIMARY KEY CHECK (only = 1),
    version INTEGER NOT NULL,
    upto INTEGER NOT NULL,
    looked INTEGER NOT NULL
);
CREATE TABLE IF NOT EXISTS not_rolled_up (run INTEGER PRIMARY KEY);
CREATE TABLE IF NOT EXISTS outcomes (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    run INTEGER NOT NULL,
    name TEXT NOT NULL,
    value TEXT NOT NULL,
    at REAL NOT NULL,
    recorded REAL NOT NULL,
    by TEXT NOT NULL,
    superseded_by INTEGER
);
CREATE INDEX IF NOT EXISTS outcomes_run ON outcomes (run, name);
CREATE TABLE IF NOT EXISTS baseline (
    workflow TEXT NOT NULL,
    metric TEXT NOT NULL,
    value REAL NOT NULL,
    unit TEXT NOT NULL DEFAULT '',
    cases INTEGER,
    note TEXT NOT NULL DEFAULT '',
    place INTEGER NOT NULL,
    PRIMARY KEY (workflow, metric)
) WITHOUT ROWID
"""
"""What is counted by the hour, outcomes, and baselines."""
ROLLOUTS = """
CREATE TABLE IF NOT EXISTS rollouts (
    workflow TEXT NOT NULL,
    step TEXT NOT NULL,
    version INTEGER NOT NULL,
    subject TEXT NOT NULL,
    terms TEXT NOT NULL,
    share REAL NOT NULL,
    slice TEXT NOT NULL,
    up_to REAL NOT NULL,
    challenger TEXT NOT NULL,
    declared REAL NOT NULL,
    promoted REAL,
    promoted_for TEXT,
    held INTEGER NOT NULL DEFAULT 0,
    number INTEGER NOT NULL DEFAULT 0,
    at REAL,
    "by" TEXT,
    why TEXT NOT NULL DEFAULT '',
    PRIMARY KEY (workflow, step, version)
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS rollout_log (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    workflow TEXT NOT NULL,
    step TEXT NOT NULL,
    version INTEGER NOT NULL,
    at REAL NOT NULL,
    action TEXT NOT NULL,
    share REAL,
    "by" TEXT NOT NULL,
    why TEXT NOT NULL,
    verdict TEXT
);
CREATE INDEX IF NOT EXISTS rollout_log_of ON rollout_log (workflow, step, version);
CREATE TABLE IF NOT EXISTS challenges (
    run INTEGER NOT NULL,
    step TEXT NOT NULL,
    at REAL NOT NULL,
    challenger TEXT NOT NULL,
    outcome TEXT,
    error TEXT,
    seconds REAL NOT NULL,
    money REAL,
    PRIMARY KEY (run, step)
) WITHOUT ROWID
"""
"""How far steps and versions are rolled out."""
RUNNING = """
ALTER TABLE runs ADD COLUMN progress TEXT;
ALTER TABLE runs ADD COLUMN round INTEGER NOT NULL DEFAULT 1;
ALTER TABLE runs ADD COLUMN round_began REAL;
ALTER TABLE runs ADD COLUMN round_seq INTEGER NOT NULL DEFAULT 0;
ALTER TABLE runs ADD COLUMN first_input TEXT;
ALTER TABLE runs ADD COLUMN undoing TEXT;
ALTER TABLE runs ADD COLUMN policy TEXT;
CREATE TABLE IF NOT EXISTS tags (
    run INTEGER NOT NULL,
    name TEXT NOT NULL,
    value TEXT NOT NULL,
    PRIMARY KEY (run, name)
) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS tags_value ON tags (name, value, run);
CREATE TABLE IF NOT EXISTS branches (
    run INTEGER NOT NULL,
    step TEXT NOT NULL,
    first TEXT NOT NULL,
    PRIMARY KEY (run, step)
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS keyed_events (
    id INTEGER PRIMARY KEY,
    name TEXT NOT NULL,
    key TEXT NOT NULL,
    payload TEXT NOT NULL,
    sent REAL NOT NULL,
    event_id TEXT,
    run INTEGER
);
CREATE UNIQUE INDEX IF NOT EXISTS keyed_events_id ON keyed_events (name, key, event_id) WHERE event_id IS NOT NULL;
CREATE INDEX IF NOT EXISTS keyed_events_kept ON keyed_events (name, key, id) WHERE run IS NULL;
CREATE INDEX IF NOT EXISTS keyed_events_run ON keyed_events (run) WHERE run IS NOT NULL;
CREATE TABLE IF NOT EXISTS keyed_waits (
    run INTEGER NOT NULL,
    step TEXT NOT NULL,
    name TEXT NOT NULL,
    key TEXT NOT NULL,
    since REAL NOT NULL,
    event INTEGER,
    PRIMARY KEY (run, step)
) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS keyed_waits_key ON keyed_waits (name, key, since);
CREATE TABLE IF NOT EXISTS inputs (
    workflow TEXT NOT NULL,
    version INTEGER NOT NULL,
    schema TEXT NOT NULL,
    code TEXT NOT NULL,
    deadline_seconds REAL,
    PRIMARY KEY (workflow, version)
) WITHOUT ROWID
"""
"""What runs say of themselves, which of their waits belong together, events by key, and the form of inputs."""
CONTROL = """
ALTER TABLE runs ADD COLUMN priority INTEGER NOT NULL DEFAULT 0;
DROP INDEX IF EXISTS runs_wake;
CREATE INDEX IF NOT EXISTS runs_due ON runs (workflow, priority, wake) WHERE wake IS NOT NULL;
CREATE TABLE IF NOT EXISTS pauses (
    kind TEXT NOT NULL,
    name TEXT NOT NULL,
    by TEXT,
    why TEXT,
    at REAL NOT NULL,
    PRIMARY KEY (kind, name)
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS systems (
    system TEXT PRIMARY KEY,
    state TEXT NOT NULL,
    failures INTEGER NOT NULL,
    since REAL,
    look_at REAL NOT NULL,
    probe INTEGER,
    worker INTEGER,
    error TEXT
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS held (
    run INTEGER NOT NULL,
    step TEXT NOT NULL,
    system TEXT NOT NULL,
    since REAL NOT NULL,
    left_seconds REAL,
    PRIMARY KEY (run, step)
) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS held_system ON held (system, since);
CREATE TABLE IF NOT EXISTS places (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    name TEXT NOT NULL,
    key TEXT NOT NULL,
    most INTEGER NOT NULL,
    worker INTEGER,
    has INTEGER NOT NULL
);
CREATE INDEX IF NOT EXISTS places_line ON places (name, key, has, id);
CREATE INDEX IF NOT EXISTS places_worker ON places (worker);
CREATE TABLE IF NOT EXISTS turns (
    name TEXT NOT NULL,
    key TEXT NOT NULL,
    free REAL NOT NULL,
    PRIMARY KEY (name, key)
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS bulks (
    id TEXT PRIMARY KEY,
    action TEXT NOT NULL,
    told TEXT NOT NULL,
    by TEXT,
    begun REAL NOT NULL,
    place TEXT NOT NULL,
    done INTEGER NOT NULL,
    refused TEXT NOT NULL,
    ended REAL
) WITHOUT ROWID;
ALTER TABLE runs ADD COLUMN forgotten REAL;
ALTER TABLE runs ADD COLUMN forgotten_by TEXT;
CREATE TABLE IF NOT EXISTS audit_blanks (
    row INTEGER PRIMARY KEY,
    before TEXT NOT NULL,
    after TEXT NOT NULL,
    content TEXT NOT NULL,
    at REAL NOT NULL,
    signature TEXT NOT NULL
)
"""
"""Pauses, breakers, and limits that hold across processes."""
MAP = """
CREATE INDEX IF NOT EXISTS steps_live ON steps (status, name, kind, queued, started)
    WHERE status IN ('waiting', 'started')
"""
"""What finds all that goes on now."""

TRACES = "ALTER TABLE runs ADD COLUMN trace TEXT"
"""The trace that a run belongs to, and its last execution that ended in a wait: JSON."""

OPERATIONS = ";".join(each for each in (TRIGGERS, NOTICES, FIGURES, ROLLOUTS, RUNNING, CONTROL, MAP, TRACES) if each)
"""All of them; on a new store as on one of the format before."""
