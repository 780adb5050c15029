-- What reviewers are asked again about cases of a promise.
ALTER TABLE promises ADD COLUMN second_looks BIGINT NOT NULL DEFAULT 0;
ALTER TABLE promise_cases ADD COLUMN third BIGINT;
ALTER TABLE promise_cases ADD COLUMN repeated BIGINT;
ALTER TABLE promises ADD COLUMN stops_at DOUBLE PRECISION;
ALTER TABLE promises ADD COLUMN believed TEXT COLLATE "C";
ALTER TABLE promise_rules ADD COLUMN believed TEXT COLLATE "C";
ALTER TABLE promise_cases ADD COLUMN accepted BIGINT NOT NULL DEFAULT 0;
ALTER TABLE promise_cases DROP CONSTRAINT promise_cases_run_seq_key;
ALTER TABLE promise_cases ADD CONSTRAINT promise_cases_stream_run_seq_key UNIQUE (stream, run, seq);
-- Models that are trained again, and what may be calibrated on which label.
ALTER TABLE promise_streams ADD COLUMN frozen_to BIGINT NOT NULL DEFAULT 0;
ALTER TABLE promise_cases ADD COLUMN source BIGINT;
ALTER TABLE promise_cases ADD COLUMN teaches BIGINT NOT NULL DEFAULT 0;
CREATE TABLE learned_models (
    stream BIGINT NOT NULL,
    workflow TEXT COLLATE "C" NOT NULL,
    step TEXT COLLATE "C" NOT NULL,
    terms TEXT COLLATE "C" NOT NULL,
    version BIGINT NOT NULL,
    basis TEXT COLLATE "C" NOT NULL,
    frozen_to BIGINT NOT NULL,
    folder TEXT COLLATE "C" NOT NULL,
    state TEXT COLLATE "C" NOT NULL,
    examples BIGINT NOT NULL,
    options BIGINT NOT NULL,
    at DOUBLE PRECISION NOT NULL,
    why TEXT COLLATE "C" NOT NULL,
    decided_at DOUBLE PRECISION,
    verdict TEXT COLLATE "C" NOT NULL DEFAULT '',
    PRIMARY KEY (stream),
    UNIQUE (workflow, step, version)
);
CREATE TABLE learned_sources (
    stream BIGINT NOT NULL,
    source BIGINT NOT NULL,
    taken_to BIGINT NOT NULL,
    upto BIGINT,
    PRIMARY KEY (stream, source)
);
CREATE TABLE learning (
    workflow TEXT COLLATE "C" NOT NULL,
    step TEXT COLLATE "C" NOT NULL,
    learner TEXT COLLATE "C" NOT NULL,
    until DOUBLE PRECISION NOT NULL,
    PRIMARY KEY (workflow, step)
);
