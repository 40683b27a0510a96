#!/usr/bin/env bash
# Installs the Debian packages that the full test run uses, when it may; otherwise says what will be left out.
# Set-up and the demo need none of them.
set -euo pipefail

# package, what is left out without it
readonly WANTED='
postgresql          journeys on PostgreSQL
redis-server        tests of several gateways
chromium            browser
xvfb                phone windows
libgl1              phone windows
libgl1-mesa-dri     phone windows
libegl1             phone windows
libgles2            phone windows
libmtdev1           phone windows
fonts-noto-cjk      Chinese text in browser pictures
'

is_installed() {
  [ "$(dpkg-query -W -f '${db:Status-Status}' "$1" 2>/dev/null)" = installed ]
}

has_cjk_font() {
  command -v fc-list >/dev/null && [ -n "$(fc-list :lang=zh-cn 2>/dev/null | head -n 1)" ]
}

list_missing() {
  local name purpose
  while read -r name purpose; do
    [ -n "$name" ] || continue
    [ "$name" = fonts-noto-cjk ] && has_cjk_font && continue
    is_installed "$name" || printf '%s\t%s\n' "$name" "$purpose"
  done <<<"$WANTED"
}

install() {
  local -a names
  mapfile -t names < <(cut -f1 <<<"$1")
  printf '==> installing with apt: %s\n' "${names[*]}"
  export DEBIAN_FRONTEND=noninteractive
  apt-get -qq -o DPkg::Lock::Timeout=300 update &&
    apt-get -qq -y -o DPkg::Lock::Timeout=300 install --no-install-recommends "${names[@]}" >/dev/null
}

main() {
  if ! command -v dpkg-query >/dev/null || ! command -v apt-get >/dev/null; then
    printf '==> not a Debian system: suites whose programs are missing are skipped\n'
    return
  fi
  local missing
  missing=$(list_missing)
  [ -n "$missing" ] || return 0
  if [ "$(id -u)" = 0 ] && install "$missing"; then
    missing=$(list_missing)
  fi
  [ -z "$missing" ] || printf '==> not installed, so left out: %s\n' "$(awk -F'\t' '{printf "%s%s (%s)", s, $1, $2; s=", "}' <<<"$missing")"
}

main "$@"
