-- Which shares of what a rule of a promise accepts are asked blind, by confidence; NULL: the same of all.
ALTER TABLE promises ADD COLUMN grades TEXT COLLATE "C";
ALTER TABLE promise_rules ADD COLUMN grades TEXT COLLATE "C";
