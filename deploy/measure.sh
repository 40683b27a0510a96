#!/usr/bin/env bash
# Runs the measurements: `bench` all of tests/benchmarks in one resumable run with one table, `soak` the long ones of
# tests/soak/programme.toml.
set -euo pipefail
cd "$(dirname "$0")/.."

readonly KIND=$1
shift
case "$KIND" in
  bench)
    .venv/bin/python -m tests.benchmarks.routing_speed
    exec .venv/bin/python -m tests.benchmarks.bench "$@"
    ;;
  soak)
    exec .venv/bin/python -m tests.soak "$@"
    ;;
esac
