#!/usr/bin/env bash
# Runs the measurements of tests/benchmarks one after another: `bench` the short ones, `soak` those named soak_*.
set -euo pipefail
cd "$(dirname "$0")/.."

readonly KIND=$1
shift
found=0
for file in tests/benchmarks/*.py; do
  name=$(basename "$file" .py)
  case "$KIND:$name" in
    *:__init__ | *:'*') continue ;;
    bench:soak_* | bench:test_*) continue ;;
    soak:soak_*) ;;
    soak:*) continue ;;
  esac
  printf '==> %s\n' "$name"
  .venv/bin/python -m "tests.benchmarks.$name" "$@"
  found=1
done
[ "$found" = 1 ] || printf 'There is no %s measurement in tests/benchmarks.\n' "$KIND"
