#!/bin/sh
# Reads the password from its file, then becomes the image's own entrypoint.
set -eu
POSTGRES_PWD=$(cat /run/secrets/temporal_db_password)
export POSTGRES_PWD
exec /etc/temporal/entrypoint.sh
