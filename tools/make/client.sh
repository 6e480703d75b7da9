#!/usr/bin/env bash
# Installs the client's packages when their lock changed, and builds the client.
# client.sh install: packages only.
set -euo pipefail
cd "$(dirname "$0")/../../client-web"

stamp=node_modules/.vivarium-lock
lock=$(cksum package-lock.json package.json)
if [ ! -f "$stamp" ] || [ "$(cat "$stamp")" != "$lock" ]; then
  echo "installing the client's packages"
  npm ci --no-audit --no-fund
  printf '%s\n' "$lock" >"$stamp"
fi
if [ "${1:-}" != install ]; then
  npm run --silent build
fi
