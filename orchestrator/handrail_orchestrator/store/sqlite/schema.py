"""The tables of a store file, and their version."""

from handrail_orchestrator.store.sqlite.machines_schema import ANSWERS, FORMAT_10, GRADES
from handrail_orchestrator.store.sqlite.operations_schema import OPERATIONS

FORMAT = 13
"""Raised with every change of the tables; a store with a higher one is refused."""
CHAINED = 7
"""The first format whose audit log is a chain."""

AWAITED = "CREATE INDEX IF NOT EXISTS steps_child ON steps (owner) WHERE kind = 'child' AND status = 'waiting'"
"""What finds all that wait for a run."""
COUNTING = """
CREATE INDEX IF NOT EXISTS runs_status ON runs (workflow, status);
CREATE INDEX IF NOT EXISTS steps_human ON steps (run, status) WHERE kind = 'human';
CREATE INDEX IF NOT EXISTS steps_ai ON steps (run) WHERE kind = 'ai'
"""
"""What counts runs without reading them, and says whose word ended one without reading its steps."""

FORGOTTEN = """
CREATE TEMP TABLE forgotten AS
    SELECT steps.run, steps.name, child.status, child.output, child.error, child.ended
    FROM steps JOIN runs AS child ON child.id = steps.owner JOIN runs AS up ON up.key = steps.run
    WHERE steps.kind = 'child' AND steps.status = 'waiting' AND child.ended IS NOT NULL AND up.ended IS NULL;
UPDATE steps SET status = iif(forgotten.status = 'completed', 'done', 'failed'),
    output = forgotten.output, error = forgotten.error, ended = forgotten.ended
    FROM forgotten WHERE forgotten.run = steps.run AND forgotten.name = steps.name;
UPDATE runs SET signals = signals + 1, wake = iif(status = 'waiting', 0.0, wake)
    WHERE key IN (SELECT run FROM forgotten);
DROP TABLE forgotten
"""
"""What tells runs of those they wait for that have ended, as older versions told none but the first that asked."""

LISTS = """
CREATE INDEX IF NOT EXISTS reviews_active ON reviews (
    priority DESC, id, title, run, queue, assignee, tier, due, created, kind, snoozed_until, step
) WHERE state IN ('open', 'leased');
CREATE INDEX IF NOT EXISTS reviews_queue ON reviews (
    queue, priority DESC, id, title, run, assignee, tier, due, created, kind, snoozed_until, step
) WHERE state IN ('open', 'leased');
CREATE INDEX IF NOT EXISTS reviews_waiting ON reviews (
    state, priority DESC, id, title, run, queue, assignee, tier, due, created, kind, snoozed_until, step
)
"""
"""Indexes of what waits, and of every state, in the order of the lists, with all that lists are filtered by: a filter
that few pass, or none, would read every row of a queue, with its text, 20 times as long."""

LISTS_AGAIN = f"""
DROP INDEX IF EXISTS reviews_active;
DROP INDEX IF EXISTS reviews_queue;
DROP INDEX IF EXISTS reviews_waiting;{LISTS}"""
"""Up to format 10 they had the order alone."""

DESK = f"""{LISTS};
CREATE INDEX IF NOT EXISTS reviews_due ON reviews (due, queue) WHERE due IS NOT NULL AND state IN ('open', 'leased');
CREATE INDEX IF NOT EXISTS reviews_timer ON reviews (timer) WHERE timer IS NOT NULL AND state IN ('open', 'leased');
CREATE INDEX IF NOT EXISTS reviews_commit ON reviews (commit_at) WHERE state = 'pending';
CREATE INDEX IF NOT EXISTS reviews_decided ON reviews (decided, id) WHERE decided IS NOT NULL;
CREATE INDEX IF NOT EXISTS review_log_left ON review_log (actor, review, id) WHERE action IN ('skip', 'send_up');
CREATE TABLE IF NOT EXISTS people (
    name TEXT PRIMARY KEY,
    roles TEXT NOT NULL,
    groups TEXT NOT NULL DEFAULT '[]',
    password TEXT,
    subject TEXT,
    email TEXT,
    zone TEXT,
    settings TEXT NOT NULL DEFAULT '{{}}',
    disabled INTEGER NOT NULL DEFAULT 0,
    created REAL NOT NULL
);
CREATE UNIQUE INDEX IF NOT EXISTS people_subject ON people (subject) WHERE subject IS NOT NULL;
CREATE TABLE IF NOT EXISTS passes (
    hash TEXT PRIMARY KEY,
    person TEXT NOT NULL,
    kind TEXT NOT NULL,
    label TEXT NOT NULL DEFAULT '',
    created REAL NOT NULL,
    expires REAL,
    used REAL
) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS passes_person ON passes (person);
CREATE TABLE IF NOT EXISTS views (
    person TEXT NOT NULL,
    name TEXT NOT NULL,
    query TEXT NOT NULL,
    PRIMARY KEY (person, name)
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS links (hash TEXT PRIMARY KEY, item INTEGER NOT NULL, used REAL NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS audit_gaps (
    first INTEGER PRIMARY KEY,
    last INTEGER NOT NULL,
    before TEXT NOT NULL,
    after TEXT NOT NULL,
    rows INTEGER NOT NULL,
    at REAL NOT NULL,
    signature TEXT NOT NULL
);
CREATE TABLE IF NOT EXISTS settings (name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID
"""
"""What a desk of several people needs: indexes of what waits, people, their passes and views, links, settings."""

PEOPLE = """
ALTER TABLE runs ADD COLUMN started_by TEXT;
ALTER TABLE review_log ADD COLUMN hash TEXT;
ALTER TABLE reviews ADD COLUMN tier INTEGER NOT NULL DEFAULT 1;
ALTER TABLE reviews ADD COLUMN assignee TEXT;
ALTER TABLE reviews ADD COLUMN snoozed_until REAL;
ALTER TABLE reviews ADD COLUMN commit_at REAL;
ALTER TABLE reviews ADD COLUMN timer REAL;
ALTER TABLE reviews ADD COLUMN late_step INTEGER NOT NULL DEFAULT 0;
ALTER TABLE reviews ADD COLUMN late TEXT;
ALTER TABLE reviews ADD COLUMN rules TEXT;
ALTER TABLE reviews ADD COLUMN answers TEXT;
ALTER TABLE reviews ADD COLUMN digest TEXT NOT NULL DEFAULT '';
ALTER TABLE reviews ADD COLUMN first_taken REAL;
ALTER TABLE reviews ADD COLUMN hands_on REAL NOT NULL DEFAULT 0;
UPDATE reviews SET late = json_array(json_object('policy', when_late, 'at', due))
    WHERE when_late != 'keep_waiting' AND due IS NOT NULL;
UPDATE reviews SET timer = due WHERE late IS NOT NULL AND state IN ('open', 'leased');
UPDATE reviews SET timer = NULL, late_step = 1 WHERE when_late = 'raise_priority' AND EXISTS (
    SELECT 1 FROM review_log WHERE review = reviews.id AND action = 'raise_priority'
);
UPDATE reviews SET
    digest = shown_digest(title, context, suggestion, (SELECT body FROM schemas WHERE id = schema)),
    first_taken = (SELECT min(at) FROM review_log WHERE review = reviews.id AND action = 'take');
"""
"""What older stores do not know of questions and of who answers them."""

LOOKING_BACK = """
CREATE INDEX IF NOT EXISTS reviews_age ON reviews (queue, created) WHERE state IN ('open', 'leased');
CREATE INDEX IF NOT EXISTS reviews_late ON reviews (queue, due) WHERE due IS NOT NULL AND state IN ('open', 'leased');
CREATE INDEX IF NOT EXISTS review_log_given ON review_log (actor, at, action, review)
    WHERE action IN ('decide', 'undo');
CREATE INDEX IF NOT EXISTS review_log_gave ON review_log (at, actor) WHERE action IN ('decide', 'undo');
CREATE TABLE IF NOT EXISTS waiting (queue TEXT PRIMARY KEY, items INTEGER NOT NULL) WITHOUT ROWID;
DELETE FROM waiting;
INSERT INTO waiting SELECT queue, count(*) FROM reviews WHERE state IN ('open', 'leased') GROUP BY queue;
CREATE TRIGGER IF NOT EXISTS waiting_asked AFTER INSERT ON reviews WHEN NEW.state IN ('open', 'leased') BEGIN
    INSERT INTO waiting VALUES (NEW.queue, 1) ON CONFLICT (queue) DO UPDATE SET items = items + 1;
END;
CREATE TRIGGER IF NOT EXISTS waiting_gone AFTER DELETE ON reviews WHEN OLD.state IN ('open', 'leased') BEGIN
    UPDATE waiting SET items = items - 1 WHERE queue = OLD.queue;
END;
CREATE TRIGGER IF NOT EXISTS waiting_moved AFTER UPDATE OF state, queue ON reviews
WHEN OLD.queue != NEW.queue OR (OLD.state IN ('open', 'leased')) != (NEW.state IN ('open', 'leased')) BEGIN
    UPDATE waiting SET items = items - 1 WHERE queue = OLD.queue AND OLD.state IN ('open', 'leased');
    INSERT INTO waiting SELECT NEW.queue, 1 WHERE NEW.state IN ('open', 'leased')
        ON CONFLICT (queue) DO UPDATE SET items = items + 1;
END;
CREATE TABLE IF NOT EXISTS known_cases (
    id INTEGER PRIMARY KEY,
    queue TEXT NOT NULL,
    workflow TEXT NOT NULL,
    step TEXT NOT NULL,
    name TEXT NOT NULL,
    input TEXT NOT NULL,
    answer TEXT NOT NULL,
    suggestion TEXT,
    confidence REAL,
    given INTEGER NOT NULL DEFAULT 0,
    UNIQUE (queue, workflow, step, name)
);
CREATE TABLE IF NOT EXISTS known_items (item INTEGER PRIMARY KEY, name TEXT NOT NULL, answer TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS sowing (
    queue TEXT NOT NULL,
    workflow TEXT NOT NULL,
    step TEXT NOT NULL,
    share REAL NOT NULL,
    seen INTEGER NOT NULL,
    PRIMARY KEY (queue, workflow, step)
) WITHOUT ROWID
"""
"""What figures are read from at once, however much there is, and the cases whose answers are known."""

FILES = """
CREATE TABLE IF NOT EXISTS files (
    number INTEGER PRIMARY KEY AUTOINCREMENT,
    id TEXT UNIQUE,
    size INTEGER NOT NULL,
    kept REAL NOT NULL,
    purged REAL,
    unused_since REAL
);
CREATE INDEX IF NOT EXISTS files_unused ON files (unused_since) WHERE unused_since IS NOT NULL;
CREATE TABLE IF NOT EXISTS file_parts (
    file INTEGER NOT NULL,
    part INTEGER NOT NULL,
    bytes BLOB NOT NULL,
    PRIMARY KEY (file, part)
);
CREATE TABLE IF NOT EXISTS run_files (
    run INTEGER NOT NULL,
    file INTEGER NOT NULL,
    PRIMARY KEY (run, file)
) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS run_files_file ON run_files (file);
CREATE TABLE IF NOT EXISTS fired (
    source TEXT NOT NULL,
    key TEXT NOT NULL,
    run_id TEXT NOT NULL,
    at REAL NOT NULL,
    state TEXT NOT NULL,
    PRIMARY KEY (source, key)
) WITHOUT ROWID
"""
"""Files by the hash of their bytes, which runs use them, and what triggers have started runs for."""

UPGRADES = {
    2: "ALTER TABLE runs ADD COLUMN copied_seq INTEGER NOT NULL DEFAULT 0",
    # what was asked of people, which older versions kept with the review item only, to compare it on every replay
    3: """
UPDATE steps SET input = (
    SELECT asked_question(title, context, body) FROM reviews JOIN schemas ON schemas.id = reviews.schema
    WHERE reviews.run = steps.run AND reviews.step = steps.name AND reviews.kind = 'ask'
) WHERE kind = 'human' AND input IS NULL
""",
    4: COUNTING,
    5: """
ALTER TABLE runs ADD COLUMN died_among INTEGER NOT NULL DEFAULT 0;
ALTER TABLE runs ADD COLUMN died_alone INTEGER NOT NULL DEFAULT 0;
CREATE INDEX IF NOT EXISTS runs_suspect ON runs (crashes) WHERE crashes >= 2
""",
    6: f"{AWAITED};{FORGOTTEN}",
    7: f"{PEOPLE}{DESK};{LOOKING_BACK}",
    8: FILES,
    9: OPERATIONS,
    10: FORMAT_10,
    11: LISTS_AGAIN,
    12: GRADES,
    13: ANSWERS,
}
"""What brings a store to a format from the one before, with the functions that ``connection`` makes."""

APPLICATION_ID = 0x48524149
"""Marks the file as ours (``PRAGMA application_id``): the letters HRAI."""

TABLES = """
CREATE TABLE workflows (
    id INTEGER PRIMARY KEY,
    name TEXT NOT NULL,
    version INTEGER NOT NULL,
    UNIQUE (name, version)
);
CREATE TABLE targets (workflow TEXT PRIMARY KEY, target TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE runs (
    key INTEGER PRIMARY KEY,
    id TEXT NOT NULL,
    workflow INTEGER NOT NULL,
    status TEXT NOT NULL,
    wake REAL,
    owner INTEGER,
    signals INTEGER NOT NULL DEFAULT 0,
    cancel INTEGER NOT NULL DEFAULT 0,
    crashes INTEGER NOT NULL DEFAULT 0,
    claimed_steps INTEGER NOT NULL DEFAULT 0,
    created REAL NOT NULL,
    started REAL,
    ended REAL,
    deadline REAL,
    parent INTEGER,
    parent_step TEXT,
    code TEXT NOT NULL,
    input TEXT NOT NULL,
    output TEXT,
    error TEXT,
    copied_seq INTEGER NOT NULL DEFAULT 0,
    died_among INTEGER NOT NULL DEFAULT 0,
    died_alone INTEGER NOT NULL DEFAULT 0,
    started_by TEXT
);
CREATE UNIQUE INDEX runs_id ON runs (id);
CREATE INDEX runs_wake ON runs (workflow, wake) WHERE wake IS NOT NULL;
CREATE INDEX runs_owner ON runs (owner) WHERE owner IS NOT NULL;
CREATE INDEX runs_suspect ON runs (crashes) WHERE crashes >= 2;
CREATE INDEX runs_parent ON runs (parent) WHERE parent IS NOT NULL;
CREATE TABLE steps (
    run INTEGER NOT NULL,
    name TEXT NOT NULL,
    seq INTEGER NOT NULL,
    kind TEXT NOT NULL,
    status TEXT NOT NULL,
    attempt INTEGER NOT NULL,
    queued REAL,
    started REAL,
    ended REAL,
    input TEXT,
    output TEXT,
    owner TEXT,
    decided_by TEXT,
    due REAL,
    error TEXT,
    confidence REAL,
    source TEXT,
    verdicts TEXT,
    input_tokens INTEGER,
    output_tokens INTEGER,
    money REAL,
    PRIMARY KEY (run, name)
) WITHOUT ROWID;
CREATE TABLE archived_steps AS SELECT * FROM steps WHERE 0;
CREATE INDEX archived_steps_run ON archived_steps (run);
CREATE TABLE events (
    run INTEGER NOT NULL,
    name TEXT NOT NULL,
    number INTEGER NOT NULL,
    payload TEXT NOT NULL,
    sent REAL NOT NULL,
    event_id TEXT,
    PRIMARY KEY (run, name, number)
) WITHOUT ROWID;
CREATE UNIQUE INDEX events_id ON events (run, event_id) WHERE event_id IS NOT NULL;
CREATE TABLE schemas (id INTEGER PRIMARY KEY, body TEXT NOT NULL UNIQUE);
CREATE TABLE reviews (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    run INTEGER NOT NULL,
    step TEXT NOT NULL,
    queue TEXT NOT NULL,
    kind TEXT NOT NULL,
    title TEXT NOT NULL,
    created REAL NOT NULL,
    code TEXT NOT NULL,
    reason TEXT NOT NULL,
    priority INTEGER NOT NULL,
    due REAL,
    when_late TEXT NOT NULL,
    state TEXT NOT NULL,
    version INTEGER NOT NULL,
    lease_owner TEXT,
    lease_until REAL,
    suggestion TEXT,
    confidence REAL,
    source TEXT,
    alternatives TEXT NOT NULL,
    schema INTEGER NOT NULL,
    context TEXT NOT NULL,
    decided REAL,
    decided_by TEXT,
    decision TEXT,
    note TEXT,
    tier INTEGER NOT NULL DEFAULT 1,
    assignee TEXT,
    snoozed_until REAL,
    commit_at REAL,
    timer REAL,
    late_step INTEGER NOT NULL DEFAULT 0,
    late TEXT,
    rules TEXT,
    answers TEXT,
    digest TEXT NOT NULL DEFAULT '',
    first_taken REAL,
    hands_on REAL NOT NULL DEFAULT 0,
    UNIQUE (run, step)
);
CREATE TABLE review_log (
    id INTEGER PRIMARY KEY,
    review INTEGER NOT NULL,
    at REAL NOT NULL,
    actor TEXT NOT NULL,
    action TEXT NOT NULL,
    state TEXT NOT NULL,
    version INTEGER NOT NULL,
    data TEXT,
    hash TEXT
);
CREATE INDEX review_log_review ON review_log (review);
CREATE TABLE workers (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    pid INTEGER NOT NULL,
    host TEXT NOT NULL,
    beat INTEGER NOT NULL,
    bell TEXT NOT NULL,
    lock TEXT NOT NULL,
    started REAL NOT NULL
);
"""
