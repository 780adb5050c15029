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
