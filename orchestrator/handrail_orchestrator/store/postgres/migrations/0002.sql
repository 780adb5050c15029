-- What reviewers are asked again about cases of a promise.
ALTER TABLE promises ADD COLUMN second_looks BIGINT NOT NULL DEFAULT 0;
ALTER TABLE promise_cases ADD COLUMN third BIGINT;
ALTER TABLE promise_cases ADD COLUMN repeated BIGINT;
