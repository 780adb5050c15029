#!/bin/sh
# Makes the secrets that docker-compose.yml reads, each in a file of its own; one that is there stays as it is.
set -eu
folder="$(dirname -- "$0")/secrets"
mkdir -p -- "$folder"
chmod 700 -- "$folder" # Nobody else gets in; the users of the containers read the files that they are given.
for name in postgres_password handrail_db_password temporal_db_password handrail_secret handrail_metrics_token; do
    file="$folder/$name"
    [ -s "$file" ] && continue
    # Written beside it and moved: a script that is interrupted leaves no half of a secret.
    od -An -N32 -tx1 /dev/urandom | tr -d ' \n' > "$file.new"
    chmod 444 -- "$file.new"
    mv -- "$file.new" "$file"
    echo "made $file"
done
