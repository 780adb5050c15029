#!/bin/sh
# Run once by PostgreSQL's image, when its volume is empty: a user and databases for Handrail, others for Temporal.
# Neither user is a superuser, and neither gets into the other's databases.
set -eu
psql --username "${POSTGRES_USER:-postgres}" --dbname postgres --no-psqlrc --quiet --set ON_ERROR_STOP=1 <<'SQL'
\set handrail_password `cat "${SECRETS:-/run/secrets}/handrail_db_password"`
\set temporal_password `cat "${SECRETS:-/run/secrets}/temporal_db_password"`
CREATE ROLE handrail LOGIN PASSWORD :'handrail_password';
CREATE ROLE temporal LOGIN PASSWORD :'temporal_password';
CREATE DATABASE handrail OWNER handrail;
CREATE DATABASE temporal OWNER temporal;
CREATE DATABASE temporal_visibility OWNER temporal;
REVOKE CONNECT ON DATABASE handrail FROM PUBLIC;
REVOKE CONNECT ON DATABASE temporal FROM PUBLIC;
REVOKE CONNECT ON DATABASE temporal_visibility FROM PUBLIC;
SQL
