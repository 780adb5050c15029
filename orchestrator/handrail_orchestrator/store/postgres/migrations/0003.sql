-- Runs of a status or a workflow, newest first, without looking at others.
DROP INDEX runs_status;
CREATE INDEX runs_status ON runs (workflow, status, key);
-- Ids in which a text is looked for, with what reads their runs.
DROP INDEX runs_id;
CREATE UNIQUE INDEX runs_id ON runs (id) INCLUDE (key);
-- What waits, with most that its lists are filtered by; of what may be long, an entry of an index holds no more than 2,704 bytes.
DROP INDEX reviews_active;
CREATE INDEX reviews_active ON reviews (priority DESC, id)
    INCLUDE (state, run, assignee, tier, due, created, kind, snoozed_until) WHERE state IN ('open', 'leased');
