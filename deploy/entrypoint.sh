#!/bin/sh
# Reads secrets from the files that VARIABLE_FILE names into VARIABLE, then becomes handrail.
set -eu
for name in PGPASSWORD HANDRAIL_SECRET HANDRAIL_SECRET_OLD HANDRAIL_METRICS_TOKEN HANDRAIL_OIDC_SECRET TEMPORAL_API_KEY; do
    eval "file=\${${name}_FILE:-}"
    [ -n "$file" ] || continue
    if eval "[ -n \"\${$name:-}\" ]"; then
        echo "handrail-entrypoint: both $name and ${name}_FILE are set: which one holds? Leave one of them out" >&2
        exit 2
    fi
    if ! value=$(cat -- "$file") || [ -z "$value" ]; then
        echo "handrail-entrypoint: ${name}_FILE is $file, which cannot be read or is empty" >&2
        exit 2
    fi
    export "$name=$value"
    unset "${name}_FILE" value
done
exec handrail "$@"
