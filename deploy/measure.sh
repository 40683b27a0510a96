#!/usr/bin/env bash
# Runs the measurements: `bench` all of tests/benchmarks in one resumable run with one table, `soak` the long ones.
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
    found=0
    for file in tests/soak/*.py; do
      name=$(basename "$file" .py)
      case "$name" in __init__ | '*') continue ;; esac
      printf '==> %s\n' "$name"
      .venv/bin/python -m "tests.soak.$name" "$@"
      found=1
    done
    [ "$found" = 1 ] || printf 'There is no endurance measurement in tests/soak yet.\n'
    ;;
esac
