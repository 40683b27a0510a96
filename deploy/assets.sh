#!/usr/bin/env bash
# Installs the locked browser libraries and copies their unmodified files, with their licences, to the ignored vendor folder.
set -euo pipefail
cd "$(dirname "$0")/.."

# Installed outside server/static so that the package tree is never served.
readonly BUILD=.build/assets
readonly MODULES=$BUILD/node_modules
readonly VENDOR=server/static/vendor

copy() {
  local package=$1 folder=$VENDOR/$1 file
  shift
  mkdir -p "$folder"
  for file in "$@"; do
    cp "$MODULES/$package/$file" "$folder/"
  done
}

# Node trusts its own list of root certificates; the system's list is added, as pip and uv use it.
readonly SYSTEM_CERTS=/etc/ssl/certs/ca-certificates.crt
if [ -z "${NODE_EXTRA_CA_CERTS:-}" ] && [ -f "$SYSTEM_CERTS" ]; then
  export NODE_EXTRA_CA_CERTS=$SYSTEM_CERTS
fi

printf '==> installing the locked browser assets\n'
mkdir -p "$BUILD"
cp package.json package-lock.json .npmrc "$BUILD/"
npm ci --prefix "$BUILD" --loglevel=error --no-progress
copy maplibre-gl dist/maplibre-gl.mjs dist/maplibre-gl-shared.mjs dist/maplibre-gl-worker.mjs dist/maplibre-gl.css LICENSE.txt
copy pmtiles dist/pmtiles.js package.json # its licence stands in package.json only
copy socket.io-client dist/socket.io.esm.min.js LICENSE
copy gcoord dist/gcoord.esm-browser.prod.js package.json # its licence stands in package.json only
copy supercluster dist/supercluster.min.js LICENSE
copy terra-draw dist/terra-draw.module.js package.json # as above
copy terra-draw-maplibre-gl-adapter dist/terra-draw-maplibre-gl-adapter.module.js package.json
copy axe-core axe.min.js LICENSE # judges the pages in tests; no page loads it
