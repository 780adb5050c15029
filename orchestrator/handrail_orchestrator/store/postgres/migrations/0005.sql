-- How many blind answers a promise asks for.
ALTER TABLE promises ADD COLUMN answers TEXT COLLATE "C" NOT NULL DEFAULT 'usual';
