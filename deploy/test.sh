#!/usr/bin/env bash
# Runs the checks that gate a change. `all` is `make test`, `fast` is `make check`.
set -euo pipefail
cd "$(dirname "$0")/.."

bash deploy/setup.sh
if [ "${1:-all}" = all ]; then
  bash deploy/system_packages.sh
fi
exec .venv/bin/python -m deploy.suites "${1:-all}"
