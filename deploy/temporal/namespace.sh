#!/bin/sh
# Makes the namespace unless it is there. Temporal forgets ended runs after three days; Handrail's own store keeps them.
set -eu
if temporal operator namespace describe --namespace "$TEMPORAL_NAMESPACE" > /dev/null 2>&1; then
    exit 0
fi
temporal operator namespace create --namespace "$TEMPORAL_NAMESPACE" --retention 72h
